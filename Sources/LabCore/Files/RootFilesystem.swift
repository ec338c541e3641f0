import Glibc

/// The one root file system of every engine: the lower layer of a container, the initramfs of a VM,
/// and the directory from which a bare process is started.
public struct RootFilesystem: Sendable, Equatable {
    /// A read-only directory in the cache, named for its digest.
    public let directory: String
    /// SHA-256 over the sorted list of `mode path digest` lines.
    public let digest: String
    /// SHA-256 of `lab-guest`.
    public let guestDigest: String

    package init(directory: String, digest: String, guestDigest: String) {
        (self.directory, self.digest, self.guestDigest) = (directory, digest, guestDigest)
    }

    /// By their names in a result.
    public var digests: [String: String] { ["workload": guestDigest, "root-filesystem": digest] }

    /// Path of the guest inside the root.
    public static let guestPath = "/lab-guest"
    /// Mount points that every root has.
    public static let directories = ["dev", "etc", "proc", "sys", "tmp"]

    /// Path of the guest on the host.
    public var hostGuestPath: String { directory + Self.guestPath }

    /// Makes a root at `directory` that holds just a program, in the guest's place.
    package static func make(_ program: [UInt8], at directory: String) throws(LabError) {
        for name in directories { try Files.makeDirectory("\(directory)/\(name)") }
        try Files.write(program, to: directory + guestPath, mode: 0o755)
        Files.waitUntilUnwritten(directory + guestPath)
        // The digest covers the modes, so the user's umask must not change them.
        for path in ["", guestPath] + directories.map({ "/\($0)" }) { chmod(directory + path, 0o755) }
    }

    /// Returns true when a file belongs to who could have put this program here anyway, and not everybody may write to
    /// it: it is run with all that this process may do, and one of the directories above may be /tmp.
    static func isOfOwner(ofProgram program: String, _ candidate: String) -> Bool {
        var ours = stat()
        var status = stat()
        guard stat(candidate, &status) == 0 else { return false }
        let owners = [0, geteuid()] + (stat(program, &ours) == 0 ? [ours.st_uid] : [])
        return owners.contains(status.st_uid) && status.st_mode & 0o002 == 0
    }

    /// Returns the place where the build puts `lab-guest`: beside the running program.
    public static func locateGuest(environment: [String: String]) throws(LabError) -> String {
        if let path = environment["LAB_GUEST"], !path.isEmpty { return path }
        if let program = Files.target(ofLink: "/proc/self/exe") {
            var directory = program[...]
            // A test bundle may run from a deeper directory than the products'.
            for _ in 0..<4 {
                guard let slash = directory.lastIndex(of: "/") else { break }
                directory = directory[..<slash]
                let candidate = "\(directory)/lab-guest"
                if access(candidate, X_OK) == 0, isOfOwner(ofProgram: program, candidate) { return candidate }
            }
        }
        throw LabError(
            .input, "lab-guest was not found beside lab",
            remedy: "build it with `swift build`, or name it with LAB_GUEST=/path/to/lab-guest")
    }
}
