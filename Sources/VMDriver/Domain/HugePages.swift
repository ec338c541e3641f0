import LabCore

/// The host's pool of huge pages of the default size, Documentation/admin-guide/mm/hugetlbpage.rst in Linux.
enum HugePages {
    /// Of one page on x86-64, unless the host's command line says otherwise.
    static let bytes: UInt64 = 2 << 20

    /// True when the pool's file system is mounted anywhere.
    static var isMounted: Bool {
        (try? Files.readText("/proc/self/mounts"))?.split(separator: "\n").contains { line in
            line.split(separator: " ").dropFirst(2).first == "hugetlbfs"
        } ?? false
    }

    /// Proves that the pool has enough for a guest.
    /// - Parameter mounted: whether it must be mounted, too: QEMU's memory is a memfd(2) and needs no mount, but libvirt
    ///   refuses it without one, and looks for one when a connection is opened.
    /// - Throws: `.unavailable` with how to fill it.
    static func check(for memoryBytes: UInt64, mounted: Bool) throws(LabError) {
        guard !mounted || isMounted else {
            throw LabError(
                .unavailable, "libvirt gives a VM no huge pages where no hugetlbfs is mounted",
                remedy: "mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages")
        }
        let needed = (memoryBytes + bytes - 1) / bytes
        let pool = "/sys/kernel/mm/hugepages/hugepages-\(bytes >> 10)kB"
        let free = Files.line("\(pool)/free_hugepages").flatMap { UInt64($0) } ?? 0
        let reserved = Files.line("\(pool)/resv_hugepages").flatMap { UInt64($0) } ?? 0
        guard free < needed + reserved else { return }
        throw LabError(
            .unavailable, "the host has too few huge pages for a VM of \(memoryBytes >> 20) MiB",
            cause: "\(free) are free and \(needed) are needed",
            remedy: "echo \(needed) > \(pool)/nr_hugepages, and 0 afterwards")
    }
}
