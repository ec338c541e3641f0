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

    /// By their names in a result.
    public var digests: [String: String] { ["workload": guestDigest, "root-filesystem": digest] }

    /// Path of the guest inside the root.
    public static let guestPath = "/lab-guest"
    /// Mount points that every root has.
    public static let directories = ["dev", "etc", "proc", "sys", "tmp"]

    /// Path of the guest on the host.
    public var hostGuestPath: String { directory + Self.guestPath }

    /// Builds the root that holds just `lab-guest`, or finds it in the cache.
    public static func minimal(guest: String, paths: LabPaths) throws(LabError) -> RootFilesystem {
        let bytes = try Files.read(guest)
        let guestDigest = Digest.sha256(bytes)
        let listing = directories.map { "755 /\($0) -\n" }.joined() + "755 \(guestPath) \(guestDigest)\n"
        let digest = Digest.sha256(listing.utf8)
        let target = "\(paths.cache)/rootfs/\(digest)"
        let root = RootFilesystem(directory: target, digest: digest, guestDigest: guestDigest)
        if root.isIntact { return root }

        // Built beside its place and renamed, so that another run never sees half of it.
        let building = "\(target).building-\(getpid())"
        try Files.removeTree(building)
        for name in directories { try Files.makeDirectory("\(building)/\(name)") }
        try Files.write(bytes, to: building + guestPath, mode: 0o755)
        Files.waitUntilUnwritten(building + guestPath)
        // The digest covers the modes, so the user's umask must not change them.
        for path in ["", guestPath] + directories.map({ "/\($0)" }) { chmod(building + path, 0o755) }
        if rename(building, target) != 0 {
            let code = errno
            if code == EEXIST || code == ENOTEMPTY {
                // Another run was faster, or the cached copy was damaged and is replaced.
                if root.isIntact {
                    try Files.removeTree(building)
                } else {
                    try Files.removeTree(target)
                    try checkedRename(building, target)
                }
            } else {
                try? Files.removeTree(building)
                throw LabError(.output, "cannot make \(target)", cause: "\(Errno(code))")
            }
        }
        return root
    }

    /// True when the copy in the cache is what its digest says.
    private var isIntact: Bool {
        Self.directories.allSatisfy { Files.exists("\(directory)/\($0)") }
            && (try? Digest.sha256(file: hostGuestPath)) == guestDigest
    }

    private static func checkedRename(_ from: String, _ to: String) throws(LabError) {
        guard rename(from, to) == 0 else {
            throw LabError(.output, "cannot make \(to)", cause: "\(Errno(errno))")
        }
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
