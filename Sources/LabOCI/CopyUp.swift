import CLinux
import Glibc
import LabCore

/// What a directory holds, copied to a memory that will cover it: the mount option `tmpcopyup`, which podman asks for.
enum CopyUp {
    static func copy(from source: borrowing FileDescriptor, to target: borrowing FileDescriptor) throws {
        let readable = try Kernel.openInRoot(source.rawValue, ".", O_RDONLY | O_DIRECTORY, isBeneath: true)
        for name in try names(readable) {
            let entry = try Kernel.openInRoot(
                readable.rawValue, name, clinux_o_path | O_NOFOLLOW, isBeneath: true)
            let status = try Kernel.status(entry.rawValue)
            try copyEntry(name, entry, status, readable, target)
        }
        let status = try Kernel.status(source.rawValue)
        try Kernel.check { fchown(target.rawValue, status.st_uid, status.st_gid) }
        try Kernel.check { fchmod(target.rawValue, status.st_mode & 0o7777) }
    }

    private static func copyEntry(
        _ name: String, _ entry: borrowing FileDescriptor, _ status: stat,
        _ source: borrowing FileDescriptor, _ target: borrowing FileDescriptor
    ) throws {
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            try Kernel.check { mkdirat(target.rawValue, name, 0o700) }
            let inner = try Kernel.openInRoot(
                target.rawValue, name, O_RDONLY | O_DIRECTORY, isBeneath: true)
            try copy(from: entry, to: inner)
        case S_IFREG:
            let from = try Kernel.openInRoot(source.rawValue, name, O_RDONLY | O_NOFOLLOW, isBeneath: true)
            let to = try Kernel.openInRoot(
                target.rawValue, name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600, isBeneath: true)
            try from.copyAll(to: to)
            try Kernel.check { fchown(to.rawValue, status.st_uid, status.st_gid) }
            try Kernel.check { fchmod(to.rawValue, status.st_mode & 0o7777) }
        case S_IFLNK:
            var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let length = try Kernel.check { readlinkat(source.rawValue, name, &buffer, buffer.count) }
            let text = String(decoding: buffer[..<length], as: UTF8.self)
            try Kernel.check { symlinkat(text, target.rawValue, name) }
            try Kernel.check {
                fchownat(target.rawValue, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW)
            }
        default:
            try Kernel.check { mknodat(target.rawValue, name, status.st_mode, status.st_rdev) }
            try Kernel.check {
                fchownat(target.rawValue, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW)
            }
        }
    }

    private static func names(_ directory: borrowing FileDescriptor) throws -> [String] {
        let copy = try Kernel.check { fcntl(directory.rawValue, F_DUPFD_CLOEXEC, 3) }
        guard let stream = fdopendir(copy) else {
            close(copy)
            throw Errno(errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
