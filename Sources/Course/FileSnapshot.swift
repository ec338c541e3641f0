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
            guard lstat(path, &status) == 0 else { throw Files.unreadable(path, Errno(errno)) }
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
    func write(to directory: String, mode: mode_t = 0o644) throws(LabError) {
        for (path, node) in nodes.sorted(by: { $0.key < $1.key }) {
            switch node {
            case .directory: try Files.makeDirectory("\(directory)/\(path)")
            case .file(let bytes): try Files.write(bytes, to: "\(directory)/\(path)", mode: mode)
            case .link, .other: preconditionFailure("an exercise makes only directories and files")
            }
        }
    }

    /// Takes out what is at a path and below it.
    mutating func remove(_ path: String) {
        nodes = nodes.filter { $0.key != path && !$0.key.hasPrefix("\(path)/") }
    }
}
