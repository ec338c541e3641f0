import Glibc
import LabCore

extension FileTree {
    /// The tree that a word of the user's names. A store of images is another case here.
    /// - Throws: `.usage` for a word that names none, `.input` for a directory that is none or empty.
    public static func named(_ reference: String) throws(LabError) -> FileTree {
        guard reference.hasPrefix("rootfs:"), reference.utf8.count > "rootfs:".utf8.count else {
            throw LabError(
                .usage, "\(ForeignText.quoted(reference)) names no image",
                remedy: "name a directory with a root file system: --image rootfs:DIR")
        }
        let given = String(reference.dropFirst("rootfs:".count))
        guard let resolved = realpath(given, nil) else {
            throw LabError(
                .input, "cannot look into \(ForeignText.quoted(given))", cause: "\(Errno(errno))",
                remedy: "name a directory with a root file system: --image rootfs:DIR")
        }
        defer { free(resolved) }
        let directory = String(cString: resolved)
        guard Files.isDirectory(directory) else {
            throw LabError(
                .input, "\(ForeignText.quoted(directory)) is no root file system",
                cause: "it is no directory", remedy: "unpack it, and name the directory")
        }
        guard !Files.list(directory).isEmpty else {
            throw LabError(
                .input, "\(ForeignText.quoted(directory)) is no root file system", cause: "it is empty",
                remedy: "name a directory that holds the program and what it needs: --image rootfs:DIR")
        }
        let digest = directory == "/" ? nil : try TreeDigest.of(directory)
        return FileTree(reference: "rootfs:\(directory)", layers: [directory], digest: digest)
    }
}

/// The digest of a directory with all below it: SHA-256 over a sorted line for each entry, with its type and mode, owner,
/// path, and the digest of its contents or the target of its link. Times are left out: a copy of a tree is the same tree.
enum TreeDigest {
    /// The most entries that a tree may have.
    static let mostEntries = 1_000_000

    static func of(_ directory: String) throws(LabError) -> String {
        var lines: [String] = []
        var root = stat()
        guard lstat(directory, &root) == 0 else { throw Files.unreadable(directory, Errno(errno)) }
        try add(directory, below: "", on: root.st_dev, to: &lines)
        return Digest.sha256(lines.sorted().joined().utf8)
    }

    private static func add(
        _ directory: String, below path: String, on device: dev_t, to lines: inout [String]
    ) throws(LabError) {
        for name in Files.list(directory) {
            let (place, inner) = ("\(directory)/\(name)", "\(path)/\(name)")
            var status = stat()
            // One that goes meanwhile was not to be counted on.
            guard lstat(place, &status) == 0 else { continue }
            guard lines.count < mostEntries, inner.utf8.count < Int(PATH_MAX) else {
                throw LabError(
                    .data, "\(ForeignText.quoted(directory)) is too large for a root file system",
                    cause: "it has more than \(mostEntries) entries, or too long a path",
                    remedy: "name the directory of one system alone")
            }
            var contents = "-"
            switch status.st_mode & S_IFMT {
            case S_IFREG: contents = try Digest.sha256(file: place)
            case S_IFLNK: contents = Files.target(ofLink: place) ?? "-"
            case S_IFCHR, S_IFBLK: contents = "\(status.st_rdev)"
            default: break
            }
            let mode = String(status.st_mode, radix: 8)
            lines.append("\(mode) \(status.st_uid):\(status.st_gid) \(inner) \(contents)\n")
            // Another file system is not a part of the tree: no engine sees it there.
            if status.st_mode & S_IFMT == S_IFDIR, status.st_dev == device {
                try add(place, below: inner, on: device, to: &lines)
            }
        }
    }
}
