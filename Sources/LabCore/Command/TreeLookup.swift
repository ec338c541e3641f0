import CLinux
import Glibc

/// Looks names up in a tree of layers as a process in it would, without leaving it: each link is read and followed here,
/// and the kernel refuses whatever else would lead out (openat2(2)).
package struct TreeLookup {
    /// The highest first.
    private let layers: [String]

    /// The most links that one path may lead through, as in the kernel.
    private static let mostLinks = 40

    package init(_ tree: FileTree) { layers = tree.layers.reversed() }

    /// An entry that is no link.
    package struct Entry {
        /// The path below the tree without links, such as `usr/bin/env`.
        package let path: String
        let mode: mode_t
        fileprivate let layer: String

        var isFile: Bool { mode & S_IFMT == S_IFREG }
        package var isDirectory: Bool { mode & S_IFMT == S_IFDIR }
        var isExecutable: Bool { isFile && mode & 0o111 != 0 }
    }

    /// - Throws: ENOENT, ENOTDIR, ELOOP and what else the kernel says.
    package func find(_ path: String) throws(Errno) -> Entry {
        var pending = Array(path.split(separator: "/").reversed())
        var current: [Substring] = []
        var links = 0
        var found = Entry(path: ".", mode: S_IFDIR | 0o755, layer: layers.last ?? "/")
        while let name = pending.popLast() {
            guard found.isDirectory else { throw Errno(ENOTDIR) }
            if name == "." { continue }
            if name == ".." {
                _ = current.popLast()
                continue
            }
            let (entry, target) = try look(for: String(name), in: current.joined(separator: "/"))
            if let target {
                links += 1
                guard links <= Self.mostLinks, pending.count < 4_096 else { throw Errno(ELOOP) }
                if target.hasPrefix("/") { current = [] }
                pending += target.split(separator: "/").reversed().map { Substring(String($0)) }
                continue
            }
            current.append(name)
            found = entry
        }
        return found
    }

    /// One name in a directory without links, in the highest layer that has it; with its target where it is a link.
    private func look(for name: String, in directory: String) throws(Errno) -> (Entry, target: String?) {
        for layer in layers {
            guard let parent = try Self.openDirectory(directory, in: layer) else { continue }
            var status = stat()
            guard fstatat(parent.rawValue, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                let code = Errno(errno)
                if code == Errno(ENOENT) { continue }
                throw code
            }
            // A whiteout: what the layers below have by this name was removed.
            if status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0 { throw Errno(ENOENT) }
            let path = directory.isEmpty ? name : "\(directory)/\(name)"
            let entry = Entry(path: path, mode: status.st_mode, layer: layer)
            guard status.st_mode & S_IFMT == S_IFLNK else { return (entry, nil) }
            var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let length = try checked { readlinkat(parent.rawValue, name, &buffer, buffer.count) }
            return (entry, String(decoding: buffer[..<length], as: UTF8.self))
        }
        throw Errno(ENOENT)
    }

    /// The first bytes of a file.
    func read(_ entry: Entry, upTo count: Int) throws(Errno) -> [UInt8] {
        guard entry.isFile else { throw Errno(EINVAL) }
        let file = try Self.open(entry.path, in: entry.layer, O_RDONLY | O_NONBLOCK)
        var bytes: [UInt8] = []
        while bytes.count < count {
            let chunk = try file.read(upTo: count - bytes.count)
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    /// Nil where a layer has nothing by that name. What is a file or a link there hides the directories below it: an error.
    private static func openDirectory(_ path: String, in layer: String) throws(Errno) -> FileDescriptor? {
        do throws(Errno) {
            return try open(path.isEmpty ? "." : path, in: layer, clinux_path_only)
        } catch {
            guard error == Errno(ENOENT) else { throw error }
            return nil
        }
    }

    private static func open(
        _ path: String, in layer: String, _ flags: Int32
    ) throws(Errno) -> FileDescriptor {
        let root = try FileDescriptor.open(layer, O_RDONLY | O_DIRECTORY)
        return FileDescriptor(
            owning: try checked { clinux_open_beneath(root.rawValue, path, flags) })
    }
}
