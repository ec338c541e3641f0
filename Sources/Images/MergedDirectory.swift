import Artifacts
import CLinux
import Glibc
import LabCore

extension MergedTree {
    /// Makes one directory of several layers, for engines that stack none. Directories are made; a file is another name of the
    /// layer's own, so that it takes no space and stays what it is.
    /// - Parameter target: it is made, on the layers' file system, where nobody else makes anything.
    /// - Throws: `.output` when it can't be made.
    static func write(_ layers: [String], to target: String) throws(LabError) {
        func failed(_ error: Errno, _ path: [UInt8]) -> LabError {
            LabError(
                .output, "cannot make \"/\(ForeignText.line(path, most: 200))\" in \(target)", cause: error,
                remedy: FullFileSystem.remedy(error, at: target))
        }
        let root: FileDescriptor = try opened(target, failed)
        try walk(layers) { entry throws(LabError) in
            let path = entry.path.map { CChar(bitPattern: $0) } + [0]
            do throws(Errno) {
                guard entry.type == S_IFDIR else { return try entry.link(to: path, in: root.rawValue) }
                try checked { mkdirat(root.rawValue, path, 0o700) }
                let made = FileDescriptor(
                    owning: try checked {
                        openat(root.rawValue, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                    })
                try dress(made.rawValue, as: entry.status)
                for (name, value) in try entry.attributes() {
                    try checked { fsetxattr(made.rawValue, name, value, value.count, 0) }
                }
            } catch {
                throw failed(error, entry.path)
            }
        }
        do throws(Errno) {
            var status = stat()
            // The uppermost layer's root is that of the whole, as in overlayfs.
            if let top = layers.last { try checked { stat(top, &status) } }
            try dress(root.rawValue, as: status)
        } catch {
            throw failed(error, [])
        }
    }

    private static func opened(
        _ target: String, _ failed: (Errno, [UInt8]) -> LabError
    ) throws(LabError) -> FileDescriptor {
        do throws(Errno) {
            try checked { mkdir(target, 0o700) }
            return try .open(target, O_RDONLY | O_DIRECTORY)
        } catch {
            throw failed(error, [])
        }
    }

    private static func dress(_ directory: Int32, as status: stat) throws(Errno) {
        try checked { fchown(directory, status.st_uid, status.st_gid) }
        try checked { fchmod(directory, status.st_mode & 0o7777) }
    }
}
