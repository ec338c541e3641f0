import Artifacts
import Glibc
import LabCore

/// The kernel that a VM boots.
public struct GuestKernel: Equatable, Sendable {
    /// File that QEMU loads.
    public let path: String
    /// SHA-256 of that file.
    public let digest: String
    /// File that the kernel came in; the same as `path` unless it was unpacked.
    public let source: String
    /// Its version as `uname -r` would print it; empty when the file doesn't say.
    public let version: String
    /// True when QEMU enters the kernel proper through PVH; otherwise the guest first unpacks a bzImage.
    public let isUnpacked: Bool

    /// Takes the kernel at `path`; a bzImage is unpacked into the cache, since a guest under TCG needs 0.3 s for it.
    /// - Throws: `.input` when the file can't be read, `.data` when it is no x86 kernel image.
    public static func open(_ path: String, unpack: Bool, paths: LabPaths) throws(LabError) -> GuestKernel {
        let bytes = try Files.read(path, limit: 1 << 30)
        let digest = Digest.sha256(bytes)
        switch KernelImage(bytes) {
        case nil:
            throw LabError(
                .data, "\(path) is not an x86 Linux kernel image",
                cause: "it is neither a bzImage nor an ELF file with a PVH entry",
                remedy: "name a file like /boot/vmlinuz-… or leave --kernel out")
        case .pvh:
            return GuestKernel(path: path, digest: digest, source: path, version: "", isUnpacked: true)
        case .bzImage(let version, let payload):
            if unpack, let kernel = try unpacked(bytes[payload], digest, paths) {
                return GuestKernel(
                    path: kernel.path, digest: kernel.digest, source: path, version: version, isUnpacked: true
                )
            }
            return GuestKernel(path: path, digest: digest, source: path, version: version, isUnpacked: false)
        }
    }

    /// The cached kernel proper of the bzImage with that digest; nil when it can't be unpacked or has no PVH entry.
    private static func unpacked(
        _ payload: ArraySlice<UInt8>, _ digest: String, _ paths: LabPaths
    ) throws(LabError) -> (path: String, digest: String)? {
        let path = "\(paths.cache)/vmlinux/\(digest)"
        // Beside it lies its own digest, so that a damaged copy is noticed.
        if let expected = Files.line("\(path).sha256"), (try? Digest.sha256(file: path)) == expected {
            return (path, expected)
        }
        guard let kernel = Unpacker.unpack(Array(payload)), KernelImage(kernel) == .pvh else { return nil }
        let kernelDigest = Digest.sha256(kernel)
        try Files.makeDirectory("\(paths.cache)/vmlinux")
        try Files.write(kernel, to: path)
        try Files.write(kernelDigest + "\n", to: "\(path).sha256")
        return (path, kernelDigest)
    }

    /// Finds a kernel on this machine or in the cache: the smallest flavour first, then the newest version.
    ///
    /// - Parameter fetch: whether to download one with apt-get when there is none.
    /// - Throws: `.unavailable` when there is none.
    public static func find(
        explicit: String?, unpack: Bool = true, fetch: Bool, paths: LabPaths
    ) throws(LabError) -> GuestKernel {
        if let explicit { return try open(explicit, unpack: unpack, paths: paths) }
        var unreadable: [String] = []
        for candidate in candidates(paths) {
            guard access(candidate, R_OK) == 0 else {
                unreadable.append(candidate)
                continue
            }
            if let kernel = try? open(candidate, unpack: unpack, paths: paths) { return kernel }
        }
        guard fetch else {
            throw LabError(
                .unavailable, "there is no guest kernel on this machine",
                cause: unreadable.isEmpty
                    ? "nothing in /boot and /lib/modules" : "\(unreadable[0]) can't be read",
                remedy: "let lab fetch one (lab doctor --fetch), or name a file with --kernel")
        }
        return try open(try KernelPackage.fetch(paths: paths), unpack: unpack, paths: paths)
    }

    /// Files that may be a kernel, the best first.
    private static func candidates(_ paths: LabPaths) -> [String] {
        var found = Files.list("/boot").filter { $0.hasPrefix("vmlinuz-") }.map { "/boot/\($0)" }
        for base in ["/lib/modules", "/usr/lib/modules"] {
            found += Files.list(base).map { "\(base)/\($0)/vmlinuz" }.filter { access($0, F_OK) == 0 }
        }
        let cache = KernelPackage.directory(paths)
        for entry in Files.list(cache) {
            found += Files.list("\(cache)/\(entry)").filter { $0.hasPrefix("vmlinuz-") }.map {
                "\(cache)/\(entry)/\($0)"
            }
        }
        return found.sorted { isBetter($0, $1) }
    }

    /// Kernels made for VMs are smaller and start sooner; among equals the newer version wins.
    static func isBetter(_ left: String, _ right: String) -> Bool {
        func isForVMs(_ path: String) -> Bool {
            ["-cloud-", "-kvm", "-virtual"].contains { path.contains($0) }
        }
        if isForVMs(left) != isForVMs(right) { return isForVMs(left) }
        let (first, second) = (numbers(left), numbers(right))
        return first == second ? left < right : second.lexicographicallyPrecedes(first)
    }

    /// The numbers in a name, in order: `vmlinuz-6.1.0-56` gives 6, 1, 0, 56.
    private static func numbers(_ path: String) -> [Int] {
        let name = path.split(separator: "/").last { $0.contains { $0.isNumber } && $0.contains(".") } ?? ""
        return name.split { !("0"..."9").contains($0) }.compactMap { Int($0) }
    }
}
