import Glibc
import LabCore

extension RootFilesystem {
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
        try make(bytes, at: building)
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
}
