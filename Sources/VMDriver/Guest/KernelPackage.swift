import Artifacts
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

    /// The directory of the modules that were fetched for a kernel in the cache.
    static func modules(beside kernel: String) -> String {
        let parts = kernel.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast().joined(separator: "/") + "/modules"
    }

    /// Downloads the modules of a kernel and returns their directory, beside the kernel where that is in the cache.
    /// - Throws: `.unavailable` when no package of that version can be had any more, or none holds modules.
    static func fetchModules(of version: String, paths: LabPaths) throws(LabError) -> String {
        let work = "\(directory(paths))/.fetching-\(getpid())"
        try Files.removeTree(work)
        try Files.makeDirectory("\(work)/root")
        defer { try? Files.removeTree(work) }
        // Debian has them in the kernel's package, Ubuntu in one of their own.
        for name in ["image", "modules"] {
            _ = try DebianPackage.unpack("linux-\(name)-\(version)", in: work)
            let found = ["lib", "usr/lib"].map { "\(work)/root/\($0)/modules/\(version)" }.first {
                Files.exists("\($0)/kernel")
            }
            guard let found else { continue }
            let image = Files.list(directory(paths)).map { "\(directory(paths))/\($0)/vmlinuz-\(version)" }
                .first(where: Files.exists)
            let place = modules(beside: image ?? "\(directory(paths))/\(version)/vmlinuz")
            try keepModules(found, at: place)
            return place
        }
        throw LabError(.unavailable, "no package of the kernel \(version) holds its modules")
    }

    /// The modules that lab has a use for: drivers of what a hypervisor pretends to be, file systems, and the links of
    /// containers' networks.
    private static let useful = [
        "virtio_pci", "virtio_mmio", "virtio_balloon", "virtio_blk", "virtio_console", "virtio_net", "ext4",
        "erofs", "overlay", "bridge", "veth",
    ]

    /// Keeps those, with all that they need: a few hundred KiB of 100 MB. What this kernel has not, nobody gets.
    private static func keepModules(_ found: String, at place: String) throws(LabError) {
        let all = KernelModules(below: found)
        let building = "\(place).building-\(getpid())"
        try Files.makeDirectory(building)
        for module in useful.flatMap({ (try? all.inOrder([$0])) ?? [] }) {
            try Files.write(module.bytes, to: "\(building)/\(module.name).ko")
        }
        let builtIn = "modules.builtin"
        guard rename("\(found)/\(builtIn)", "\(building)/\(builtIn)") == 0 else {
            throw LabError(.output, "cannot keep \(place)/\(builtIn)", cause: "\(Errno(errno))")
        }
        // What an older lab kept there has fewer; another run may have been faster, and then its copy does as well.
        try Files.removeTree(place)
        if rename(building, place) != 0 { try Files.removeTree(building) }
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
