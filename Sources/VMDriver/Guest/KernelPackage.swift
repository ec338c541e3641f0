import Glibc
import LabCore

/// The distribution's own kernel for virtual machines, kept in the cache.
enum KernelPackage {
    static func directory(_ paths: LabPaths) -> String { "\(paths.cache)/kernels" }

    /// Downloads the kernel and returns the path of its image in the cache.
    /// - Throws: `.unavailable` when this is not Debian or Ubuntu, apt-get knows no such package, or is offline.
    static func fetch(paths: LabPaths) throws(LabError) -> String {
        let work = "\(directory(paths))/.fetching-\(getpid())"
        try Files.removeTree(work)
        try Files.makeDirectory(work)
        defer { try? Files.removeTree(work) }

        let package = try DebianPackage.guestKernel(in: work)
        let root = try DebianPackage.unpack(package, in: work)
        guard let image = Files.list("\(root)/boot").first(where: { $0.hasPrefix("vmlinuz-") }) else {
            throw LabError(.data, "the package \(package) holds no /boot/vmlinuz-…")
        }
        return try keep("\(root)/boot/\(image)", name: image, paths)
    }

    /// Moves the image to its place in the cache, which its digest names.
    private static func keep(_ image: String, name: String, _ paths: LabPaths) throws(LabError) -> String {
        let place = "\(directory(paths))/\(try Digest.sha256(file: image))"
        try Files.makeDirectory(place)
        guard rename(image, "\(place)/\(name)") == 0 else {
            throw LabError(.output, "cannot keep \(place)/\(name)", cause: "\(Errno(errno))")
        }
        return "\(place)/\(name)"
    }
}
