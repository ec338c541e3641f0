import CLinux
import Glibc
import LabCore

/// An upper directory of an overlay, made of an archive's entries.
enum UpperDirectory {
    /// Makes the directory and what is in it. No name of the archive leads out of it, whatever links it has.
    /// - Throws: `.data` for what does not fit together, `.output` or `.unavailable` for what this machine does not make.
    static func unpack(_ entries: [Archive.Entry], to directory: String) throws(LabError) {
        try Files.makeDirectory(directory)
        let root: FileDescriptor
        do throws(Errno) { root = try FileDescriptor.open(directory, clinux_path_only) } catch {
            throw LabError(.output, "cannot open \(directory)", cause: error)
        }
        for entry in entries { try put(entry, in: root, directory) }
    }

    private static func put(
        _ entry: Archive.Entry, in root: borrowing FileDescriptor, _ directory: String
    ) throws(LabError) {
        let names = entry.path.split(separator: "/").map(String.init)
        do throws(Errno) {
            var parent = try open(".", in: root)
            for name in names.dropLast() {
                // One that the archive names later, or not at all.
                if mkdirat(parent.rawValue, name, 0o755) != 0 && errno != EEXIST { throw Errno(errno) }
                parent = try open(name, in: parent)
            }
            guard let name = names.last else { return }
            switch entry.kind {
            case .directory(let isOpaque):
                if mkdirat(parent.rawValue, name, 0o755) != 0 && errno != EEXIST { throw Errno(errno) }
                let own = try open(name, in: parent)
                guard isOpaque else { return }
                // By its descriptor: the name may be a link by nobody, but the rule is kept.
                try checked {
                    clinux_set_attribute("/proc/self/fd/\(own.rawValue)", "user.overlay.opaque", "y", 1)
                }
            case .file(let bytes):
                let file = FileDescriptor(
                    owning: try checked {
                        openat(
                            parent.rawValue, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644
                        )
                    })
                try file.writeAll(bytes)
            case .link(let target): try checked { symlinkat(target, parent.rawValue, name) }
            case .whiteout: try checked { mknodat(parent.rawValue, name, S_IFCHR | 0o644, 0) }
            }
        } catch {
            // What a name can bring about is the archive's; the rest is this machine's.
            let isTheirs = [EEXIST, ELOOP, EXDEV, ENOENT, EISDIR, ENOTDIR, ENAMETOOLONG, EINVAL].contains(
                error.rawValue)
            throw LabError(
                isTheirs ? .data : .output,
                "\(ForeignText.quoted(entry.path)) of the archive can't be unpacked",
                cause: error)
        }
    }

    private static func open(
        _ name: String, in directory: borrowing FileDescriptor
    ) throws(Errno) -> FileDescriptor {
        FileDescriptor(
            owning: try checked { clinux_open_beneath(directory.rawValue, name, clinux_path_only) })
    }
}
