import Glibc
import LabCore

/// The distribution's own kernel for virtual machines, downloaded with apt-get(8) and unpacked without being
/// installed: nothing outside the cache changes.
enum KernelPackage {
    static func directory(_ paths: LabPaths) -> String { "\(paths.cache)/kernels" }

    /// The longest that one step may take: a kernel package has some 100 MB at most.
    private static let patience = Duration.seconds(600)

    /// Downloads the kernel and returns the path of its image in the cache.
    /// - Throws: `.unavailable` when this is not Debian or Ubuntu, apt-get knows no such package, or is offline.
    static func fetch(paths: LabPaths) throws(LabError) -> String {
        let meta = try metaPackage()
        let work = "\(directory(paths))/.fetching-\(getpid())"
        try Files.removeTree(work)
        try Files.makeDirectory("\(work)/root")
        defer { try? Files.removeTree(work) }

        let package = try imagePackage(meta, in: work)
        try unpack(package, in: work)
        guard let image = Files.list("\(work)/root/boot").first(where: { $0.hasPrefix("vmlinuz-") }) else {
            throw LabError(.data, "the package \(package) holds no /boot/vmlinuz-…")
        }
        return try keep("\(work)/root/boot/\(image)", name: image, paths)
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
            try unpack("linux-\(name)-\(version)", in: work)
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

    /// Keeps those that lab has a use for, a few hundred KiB of 100 MB: drivers of what a hypervisor pretends to be.
    private static func keepModules(_ found: String, at place: String) throws(LabError) {
        var links: [String] = ["\(found)/modules.builtin"]
        for directory in ["drivers/virtio", "drivers/char"] {
            links += Files.list("\(found)/kernel/\(directory)").filter { $0.hasPrefix("virtio") }.map {
                "\(found)/kernel/\(directory)/\($0)"
            }
        }
        let building = "\(place).building-\(getpid())"
        try Files.makeDirectory(building)
        for file in links {
            let name = file.split(separator: "/").last.map(String.init) ?? ""
            guard rename(file, "\(building)/\(name)") == 0 else {
                throw LabError(.output, "cannot keep \(place)/\(name)", cause: "\(Errno(errno))")
            }
        }
        // Another run may have been faster; then its copy does as well.
        if rename(building, place) != 0 { try Files.removeTree(building) }
    }

    /// Downloads a package into `work` and unpacks it below `work`/root.
    private static func unpack(_ package: String, in work: String) throws(LabError) {
        // As root, apt-get would hand the download to the user _apt, who can't write here.
        try run("apt-get", ["-o", "APT::Sandbox::User=root", "-q", "download", package], in: work)
        guard let archive = Files.list(work).first(where: { $0.hasPrefix("\(package)_") }) else {
            throw LabError(.unavailable, "apt-get downloaded nothing for \(package)")
        }
        try run("dpkg-deb", ["-x", archive, "root"], in: work)
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

    private static func metaPackage() throws(LabError) -> String {
        let lines = (Files.line("/etc/os-release") ?? "").split(separator: "\n")
        let identity = lines.filter { $0.hasPrefix("ID=") || $0.hasPrefix("ID_LIKE=") }.joined(separator: " ")
        if identity.contains("ubuntu") { return "linux-image-virtual" }
        if identity.contains("debian") { return "linux-image-cloud-amd64" }
        throw LabError(
            .unavailable, "lab can fetch a guest kernel on Debian and Ubuntu only",
            remedy: "name an x86-64 kernel image with --kernel")
    }

    /// The package that the meta package depends on, and that holds the image.
    private static func imagePackage(_ meta: String, in directory: String) throws(LabError) -> String {
        let text = try run("apt-cache", ["depends", "--important", meta], in: directory)
        guard let package = imagePackage(in: text) else {
            throw LabError(
                .unavailable, "apt knows no kernel package for \(meta)", remedy: "apt-get update, then again")
        }
        return package
    }

    /// The first `linux-image-…` that apt-cache(8) lists as a dependency.
    static func imagePackage(in dependencies: String) -> String? {
        for line in dependencies.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "|" }
            if words.count == 2, words[0] == "Depends:", words[1].hasPrefix("linux-image-") {
                return String(words[1])
            }
        }
        return nil
    }

    @discardableResult
    private static func run(
        _ program: String, _ arguments: [String], in directory: String
    ) throws(LabError) -> String {
        let output = try Tool.run(program, arguments, in: directory, deadline: .now().advanced(by: patience))
        guard output.status == 0 else {
            let words = output.text.split(separator: "\n").filter {
                $0.hasPrefix("E:") || $0.hasPrefix("dpkg")
            }
            throw LabError(
                .unavailable, "cannot fetch a guest kernel: \(program) failed with status \(output.status)",
                cause: words.isEmpty ? output.text.trimmingWhitespace() : words.joined(separator: " "),
                remedy: "check the network and run apt-get update, or name a kernel image with --kernel")
        }
        return output.text
    }
}
