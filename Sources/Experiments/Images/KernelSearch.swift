import LabCore

/// Looks for a kernel among files: by what they hold, as far as a kernel's file says so itself.
struct KernelSearch {
    /// Bytes of kernels and modules.
    private(set) var bytes: UInt64 = 0
    /// Names of the kernels, without their directories.
    private(set) var kernels: [String] = []
    private(set) var modules = 0
    /// The number of files that were looked into.
    private(set) var files = 0

    /// The endings of a module's file name, see modprobe(8).
    private static let endings = [".ko", ".ko.xz", ".ko.gz", ".ko.zst"]

    mutating func look(at entry: DiskUsage.Entry) throws(LabError) {
        guard entry.isFile else { return }
        files += 1
        let name = entry.path.split(separator: "/").last.map(String.init) ?? ""
        if Self.endings.contains(where: { name.hasSuffix($0) }) {
            modules += 1
        } else if try Self.isKernel(entry) {
            kernels.append(name)
        } else {
            return
        }
        bytes += UInt64(entry.status.st_size)
    }

    /// Returns true when it begins as Linux for x86 does: Documentation/arch/x86/boot.rst, `boot_flag` and `header`.
    private static func isKernel(_ entry: DiskUsage.Entry) throws(LabError) -> Bool {
        guard entry.status.st_size > 0x206 else { return false }
        let head = try entry.head(0x206)
        return head.count == 0x206 && head[0x1fe..<0x200].elementsEqual([0x55, 0xaa])
            && head[0x202..<0x206].elementsEqual("HdrS".utf8)
    }
}
