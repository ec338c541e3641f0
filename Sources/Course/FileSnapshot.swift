import Glibc
import LabCore

/// The files below a directory by their paths.
struct FileSnapshot: Equatable {
    enum Node: Equatable {
        case directory
        case file([UInt8])
        case link(String)
        /// A device, a FIFO or a socket.
        case other
        /// A name that its directory lists and that can't be opened: an overlay's, of a whiteout that hides nothing.
        case unseen
    }

    var nodes: [String: Node] = [:]

    private static let most = 4_096
    private static let deepest = 32

    init() {}

    /// Reads a tree in which nothing changes meanwhile; links are not followed.
    /// - Throws: `.input` when it can't be read, `.data` when it is larger than any that an exercise makes.
    init(_ directory: String) throws(LabError) { try add(directory, "", depth: 0) }

    private mutating func add(_ directory: String, _ prefix: String, depth: Int) throws(LabError) {
        guard depth < Self.deepest else { throw LabError(.data, "\(directory) is too deep") }
        for name in Files.list(directory) {
            let (path, shown) = ("\(directory)/\(name)", "\(prefix)\(name)")
            guard nodes.count < Self.most else { throw LabError(.data, "\(directory) has too many files") }
            var status = stat()
            guard lstat(path, &status) == 0 else {
                guard errno == ENOENT else { throw Files.unreadable(path, Errno(errno)) }
                nodes[shown] = .unseen
                continue
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                nodes[shown] = .directory
                try add(path, "\(shown)/", depth: depth + 1)
            case S_IFREG: nodes[shown] = .file(try Files.read(path, limit: 16 << 20))
            case S_IFLNK: nodes[shown] = .link(Files.target(ofLink: path) ?? "")
            default: nodes[shown] = .other
            }
        }
    }

    /// Writes its directories and files below a directory that is there.
    /// - Throws: `.output` when it can't be written.
    func write(to directory: String, mode: mode_t = 0o644) throws(LabError) {
        for (path, node) in nodes.sorted(by: { $0.key < $1.key }) {
            switch node {
            case .directory: try Files.makeDirectory("\(directory)/\(path)")
            case .file(let bytes): try Files.write(bytes, to: "\(directory)/\(path)", mode: mode)
            case .link, .other, .unseen: preconditionFailure("an exercise makes only directories and files")
            }
        }
    }

    /// The first path, in their order, at which it is not what it is to be; nil where there is none.
    func difference(from wanted: FileSnapshot) -> Message? {
        let paths = Set(nodes.keys).union(wanted.nodes.keys).filter { nodes[$0] != wanted.nodes[$0] }
        guard let path = paths.min() else { return nil }
        let shown = ForeignText.quoted(path)
        switch (nodes[path], wanted.nodes[path]) {
        case (nil, _): return "\(shown) is missing"
        case (_, nil): return "\(shown) is there, and is not to be"
        case (.file(let bytes), .file(let right)):
            return "\(shown) has other contents: \(bytes.count) bytes, and \(right.count) are right"
        default: return "\(shown) is of another kind: a file for a directory, a link or the like"
        }
    }

    /// Takes out what is at a path and below it.
    mutating func remove(_ path: String) {
        nodes = nodes.filter { $0.key != path && !$0.key.hasPrefix("\(path)/") }
    }
}
