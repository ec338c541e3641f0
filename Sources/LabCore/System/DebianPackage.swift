/// A package of the distribution, downloaded with apt-get(8) and unpacked without being installed: nothing outside the
/// given directory changes.
public enum DebianPackage {
    /// The longest that one step may take: a kernel package has some 100 MB at most.
    private static let patience = Duration.seconds(600)

    /// Downloads `package` into `directory` and unpacks it to `directory/root`, which it returns.
    /// - Throws: `.unavailable` when apt-get knows no such package or is offline.
    public static func unpack(_ package: String, in directory: String) throws(LabError) -> String {
        // As root, apt-get would hand the download to the user _apt, who can't write here.
        try run("apt-get", ["-o", "APT::Sandbox::User=root", "-q", "download", package], in: directory)
        guard let archive = Files.list(directory).first(where: { $0.hasPrefix("\(package)_") }) else {
            throw LabError(.unavailable, "apt-get downloaded nothing for \(package)")
        }
        try Files.makeDirectory("\(directory)/root")
        try run("dpkg-deb", ["-x", archive, "root"], in: directory)
        return "\(directory)/root"
    }

    /// The package with the guest kernel that this distribution's meta package stands for today.
    /// - Throws: `.unavailable` when this is not Debian or Ubuntu, or apt knows none.
    public static func guestKernel(in directory: String) throws(LabError) -> String {
        let meta = try kernelMetaPackage()
        let text = try run("apt-cache", ["depends", "--important", meta], in: directory)
        guard let package = kernel(in: text) else {
            throw LabError(
                .unavailable, "apt knows no kernel package for \(meta)", remedy: "apt-get update, then again")
        }
        return package
    }

    private static func kernelMetaPackage() throws(LabError) -> String {
        let release = OSRelease.ofThisMachine
        let identity = "\(release["ID"] ?? "") \(release["ID_LIKE"] ?? "")"
        if identity.contains("ubuntu") { return "linux-image-virtual" }
        if identity.contains("debian") { return "linux-image-cloud-amd64" }
        throw LabError(
            .unavailable, "lab can fetch a guest kernel on Debian and Ubuntu only",
            remedy: "name an x86-64 kernel image with --kernel")
    }

    /// The first `linux-image-…` that apt-cache(8) lists as a dependency.
    static func kernel(in dependencies: String) -> String? {
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
                .unavailable, "cannot fetch a package: \(program) failed with status \(output.status)",
                cause: Message(
                    verbatim: words.isEmpty ? output.text.trimmingWhitespace() : words.joined(separator: " ")),
                remedy: "check the network and run apt-get update")
        }
        return output.text
    }
}
