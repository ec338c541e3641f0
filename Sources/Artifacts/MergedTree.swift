import CLinux
import Glibc
import LabCore

/// The tree that overlayfs makes of unpacked layers, walked without mounting anything.
package enum MergedTree {
    /// The attribute of a directory that hides all below it in lower layers: overlayfs.rst.
    package static let opaque = "trusted.overlay.opaque"

    /// Whether an extended attribute belongs to a tree: those that a file's user gave it, and capabilities. Others are
    /// this machine's (SELinux), overlayfs's own, or only seen with privilege.
    package static func isKept(attribute: String) -> Bool {
        attribute == "security.capability"
            || attribute.hasPrefix("user.") && !attribute.hasPrefix("user.overlay.")
    }

    /// One name of the tree.
    package struct Entry {
        /// From the root, without a slash at the beginning.
        package let path: [UInt8]
        package let status: stat
        fileprivate let directory: Int32
        fileprivate let name: [CChar]

        package var type: mode_t { status.st_mode & S_IFMT }

        /// Gives the inode, which is no directory's, a name in another place of the same file system.
        package func link(to path: [CChar], in directory: Int32) throws(Errno) {
            try checked { linkat(self.directory, name, directory, path, 0) }
        }

        /// Takes its name, which is no directory's, away.
        package func remove() throws(Errno) { try checked { unlinkat(directory, name, 0) } }

        /// Opens a file to be read.
        package func open() throws(Errno) -> FileDescriptor {
            FileDescriptor(
                owning: try checked {
                    openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
                })
        }

        /// The words of a symbolic link.
        package func target() throws(Errno) -> [UInt8] {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = try checked { readlinkat(directory, name, &buffer, buffer.count) }
            return buffer[..<count].map { UInt8(bitPattern: $0) }
        }

        /// The attributes that are kept, sorted by name; files and directories alone have any.
        package func attributes() throws(Errno) -> [(name: String, value: [UInt8])] {
            guard type == S_IFREG || type == S_IFDIR else { return [] }
            let file = try open()
            var list = [CChar](repeating: 0, count: 1 << 16)
            let count = flistxattr(file.rawValue, &list, list.count)
            // A file system without them.
            if count <= 0 { return [] }
            let names = list[..<count].split(separator: 0).map {
                String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
            var found: [(name: String, value: [UInt8])] = []
            for name in names.filter(MergedTree.isKept).sorted(by: {
                $0.utf8.lexicographicallyPrecedes($1.utf8)
            }) {
                var value = [UInt8](repeating: 0, count: 1 << 16)
                let size = try checked { fgetxattr(file.rawValue, name, &value, value.count) }
                found.append((name, Array(value[..<size])))
            }
            return found
        }
    }

    /// The most entries that a tree may have.
    package static let mostEntries = 1_000_000

    /// Visits every entry below the root: a directory before what is in it, the names of a directory in the order of
    /// their bytes. What is mounted in a directory is no part of the tree: no engine sees it there.
    /// - Parameter layers: directories, the lowest first.
    /// - Throws: `.input` when something can't be looked at, `.data` for a tree that is too deep or too large.
    package static func walk(
        _ layers: [String], interrupt: Interrupt = .ofProcess, visit: (Entry) throws(LabError) -> Void
    ) throws(LabError) {
        var open: [Int32] = []
        defer { for file in open { close(file) } }
        for layer in layers.reversed() {
            do throws(Errno) {
                let file = try FileDescriptor.open(layer, O_RDONLY | O_DIRECTORY)
                open.append(file.release())
            } catch {
                throw LabError(.input, "cannot read the directory \(layer)", cause: error)
            }
            if isOpaque(open[open.count - 1]) { break }
        }
        var left = mostEntries
        try walk(open, [], &left, interrupt, visit)
    }

    private static func isOpaque(_ directory: Int32) -> Bool {
        var value: UInt8 = 0
        return fgetxattr(directory, opaque, &value, 1) == 1 && value == UInt8(ascii: "y")
    }

    private static func isMount(_ directory: Int32, below parent: Int32) -> Bool {
        var (inner, outer) = (stat(), stat())
        return fstat(directory, &inner) == 0 && fstat(parent, &outer) == 0 && inner.st_dev != outer.st_dev
    }

    /// - Parameter directories: the one directory of all layers that have it, the uppermost first.
    private static func walk(
        _ directories: [Int32], _ path: [[UInt8]], _ left: inout Int, _ interrupt: Interrupt,
        _ visit: (Entry) throws(LabError) -> Void
    ) throws(LabError) {
        func failed(_ error: Errno, _ path: [[UInt8]]) -> LabError {
            LabError(.input, "cannot look at \"/\(shown(path))\"", cause: error)
        }
        try interrupt.check()
        guard path.count < DiskUsage.deepest else {
            throw LabError(
                .data, "\"/\(shown(path))\" can't be walked",
                cause: "it is deeper than \(DiskUsage.deepest) directories")
        }
        var first: [[UInt8]: Int] = [:]
        for (number, directory) in directories.enumerated() {
            do throws(Errno) {
                for name in try Files.names(in: directory) {
                    let bytes = name.dropLast().map { UInt8(bitPattern: $0) }
                    if first[bytes] == nil { first[bytes] = number }
                }
            } catch { throw failed(error, path) }
        }
        for (bytes, number) in first.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let name = bytes.map { CChar(bitPattern: $0) } + [0]
            let inner = path + [bytes]
            var status = stat()
            guard fstatat(directories[number], name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw failed(Errno(errno), inner)
            }
            let type = status.st_mode & S_IFMT
            if type == S_IFCHR, status.st_rdev == 0 { continue }
            left -= 1
            guard left >= 0 else {
                throw LabError(
                    .data, "\"/\(shown(inner))\" can't be walked",
                    cause: "the tree has more than \(mostEntries) entries")
            }
            try visit(
                Entry(
                    path: Array(inner.joined(separator: [UInt8(ascii: "/")])), status: status,
                    directory: directories[number], name: name))
            guard type == S_IFDIR else { continue }
            var below: [Int32] = []
            defer { for file in below { close(file) } }
            for directory in directories[number...] {
                let file = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                if file < 0 {
                    let code = errno
                    if code == ENOENT { continue }
                    // No directory: it hides what lower layers have.
                    if code == ENOTDIR || code == ELOOP { break }
                    throw failed(Errno(code), inner)
                }
                below.append(file)
                if isMount(file, below: directory) || isOpaque(file) { break }
            }
            if below.count == 1, isMount(below[0], below: directories[number]) { continue }
            try walk(below, inner, &left, interrupt, visit)
        }
    }

    private static func shown(_ path: [[UInt8]]) -> String {
        ForeignText.line(Array(path.joined(separator: [UInt8(ascii: "/")])), most: 200)
    }
}

extension MergedTree {
    /// The digest of a tree, which its layers and a mount of them have alike: SHA-256 over one record for each entry below
    /// the root, in the order of the walk. A record is four texts, each with a NUL behind it:
    ///
    ///     path                       from the root, no slash before or behind it
    ///     TYPE MODE UID GID          one of f d l p c b; octal without the type; decimal
    ///     DETAIL                     f: SIZE SHA256 of the contents; l: the link's words; c, b: MAJOR MINOR; else nothing
    ///     NAME=SHA256 of the value   for each extended attribute that `isKept`, in the order of the names' bytes, each
    ///                                with a LF behind it
    ///
    /// Left out are the root's own mode, times, the number of links, and the sizes of directories: they are those of who
    /// mounts it, or of its file system.
    package static func digest(_ layers: [String], interrupt: Interrupt = .ofProcess) throws(LabError)
        -> String
    {
        var whole = Digest.Stream()
        try walk(layers, interrupt: interrupt) { entry throws(LabError) in
            whole.add(entry.path + [0])
            whole.add(try record(of: entry, interrupt))
        }
        return whole.end()
    }

    /// An entry's record without its path.
    package static func record(of entry: Entry, _ interrupt: Interrupt) throws(LabError) -> [UInt8] {
        do {
            let status = entry.status
            var type = "?"
            var detail: [UInt8] = []
            switch entry.type {
            case S_IFREG:
                type = "f"
                detail = Array("\(status.st_size) \(try contents(of: entry, interrupt))".utf8)
            case S_IFDIR: type = "d"
            case S_IFLNK:
                type = "l"
                detail = try entry.target()
            case S_IFIFO: type = "p"
            case S_IFCHR, S_IFBLK:
                type = entry.type == S_IFCHR ? "c" : "b"
                detail = Array(
                    "\(gnu_dev_major(status.st_rdev)) \(gnu_dev_minor(status.st_rdev))".utf8)
            default: break
            }
            let mode = String(status.st_mode & 0o7777, radix: 8)
            var record = Array("\(type) \(mode) \(status.st_uid) \(status.st_gid)".utf8) + [0] + detail + [0]
            for (name, value) in try entry.attributes() {
                record += Array("\(name)=\(Digest.sha256(value))\n".utf8)
            }
            return record + [0]
        } catch let error as LabError {
            throw error
        } catch {
            throw LabError(
                .input, "cannot look at \"/\(ForeignText.line(entry.path, most: 200))\"", cause: "\(error)")
        }
    }

    private static func contents(of entry: Entry, _ interrupt: Interrupt) throws -> String {
        let file = try entry.open()
        var digest = Digest.Stream()
        while true {
            let chunk = try file.read(upTo: 1 << 20)
            if chunk.isEmpty { return digest.end() }
            digest.add(chunk)
            try interrupt.check()
        }
    }
}
