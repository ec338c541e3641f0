import CLinux
import Glibc

/// An open file descriptor that has one owner and closes itself.
public struct FileDescriptor: ~Copyable, Sendable {
    public let rawValue: Int32

    /// Takes over `rawValue`, which must be open and owned by nobody else.
    public init(owning rawValue: Int32) { self.rawValue = rawValue }

    deinit { close(rawValue) }

    /// Opens a file, close-on-exec always. The corresponding C function is `open`.
    ///
    /// Nothing is waited for: not for who opens the other end of a FIFO, nor for a lease that somebody holds. Files
    /// on a disk are read and written as without O_NONBLOCK.
    public static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o644) throws(Errno)
        -> FileDescriptor
    {
        FileDescriptor(
            owning: try checked { Glibc.open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode) })
    }

    /// Opens a regular file to read it. Anything else could have no end, or keep its reader waiting: a FIFO, a terminal.
    /// - Throws: EISDIR for a directory, EINVAL for what else is no regular file.
    public static func openRegular(_ path: String) throws(Errno) -> FileDescriptor {
        let file = try open(path, O_RDONLY)
        var status = stat()
        try checked { fstat(file.rawValue, &status) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return file
        case S_IFDIR: throw Errno(EISDIR)
        default: throw Errno(EINVAL)
        }
    }

    /// A pipe with both ends close-on-exec. The corresponding C function is `pipe2`.
    public static func pipe() throws(Errno) -> Pipe {
        var ends: [Int32] = [-1, -1]
        try checked { clinux_pipe2(&ends, O_CLOEXEC) }
        return Pipe(read: FileDescriptor(owning: ends[0]), write: FileDescriptor(owning: ends[1]))
    }

    /// The two ends of a pipe; frozen, so that a caller may take them apart.
    @frozen public struct Pipe: ~Copyable {
        public let read: FileDescriptor
        public let write: FileDescriptor
    }

    /// Gives the number to the caller, who closes it.
    public consuming func release() -> Int32 {
        let number = rawValue
        discard self
        return number
    }

    /// Writes all of `bytes`. The corresponding C function is `write`.
    public func writeAll(_ bytes: some Collection<UInt8>) throws(Errno) {
        var rest = ContiguousArray(bytes)[...]
        while !rest.isEmpty {
            let chunk = rest
            let written = try checked { chunk.withUnsafeBytes { write(rawValue, $0.baseAddress, $0.count) } }
            rest = rest.dropFirst(written)
        }
    }

    /// Writes what is left to read here to another, piece by piece: a file may be larger than memory.
    public func copyAll(to target: borrowing FileDescriptor) throws(Errno) {
        while true {
            let chunk = try read(upTo: 1 << 20)
            if chunk.isEmpty { return }
            try target.writeAll(chunk)
        }
    }

    /// Reads at most `count` bytes; empty at the end of the file. The corresponding C function is `read`.
    public func read(upTo count: Int) throws(Errno) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        let length = try checked {
            buffer.withUnsafeMutableBytes { Glibc.read(rawValue, $0.baseAddress, $0.count) }
        }
        buffer.removeLast(count - length)
        return buffer
    }
}
