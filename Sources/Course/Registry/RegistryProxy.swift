import Glibc
import LabCore

/// Stands before a registry at a Unix socket: writes down what is asked for and sent, and sends what it is told to wrongly.
///
/// It understands just as much of HTTP/1.1 (RFC 9112) as that needs: GET and HEAD, one request a connection.
final class RegistryProxy: Sendable {
    /// A request that was answered.
    struct Entry: Sendable {
        let method: String
        let path: String
        /// Bytes of the answer's body that were sent.
        let bytes: Int
    }

    /// What goes wrong on the way, by digest.
    struct Faults: Sendable {
        /// The first answer with this blob ends after so many bytes.
        var broken: [String: Int] = [:]
        /// Every answer with one of these blobs has another byte somewhere.
        var flipped: Set<String> = []
    }

    private struct State {
        var log: [Entry] = []
        var faults = Faults()
        var connections: Set<Int32> = []
        var isOver = false
    }

    private let state = Monitor(State())
    private let listener: FileDescriptor
    private let registry: String

    private static let mostConnections = 16
    private static let mostHeader = 1 << 16
    private static let mostAnswer = 8 << 20

    /// Listens at `socket` in a directory while `body` runs.
    /// - Parameter registry: the socket of the registry itself.
    static func with<Value>(
        _ directory: String, before registry: String, _ body: (RegistryProxy) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        let proxy: RegistryProxy
        do throws(Errno) {
            proxy = try RegistryProxy(directory, before: registry)
            _ = try OSThread.start { proxy.listen() }
        } catch {
            throw LabError(.output, "cannot listen at a socket in \(directory)", cause: error)
        }
        defer { proxy.end() }
        return try body(proxy)
    }

    private init(_ directory: String, before registry: String) throws(Errno) {
        let place = try FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY)
        // A name by the directory's descriptor is short enough, however long its path is.
        let path = "/proc/self/fd/\(place.rawValue)/socket"
        listener = try Self.socket(path) { bind($0, $1, $2) == 0 && Glibc.listen($0, 16) == 0 ? 0 : -1 }
        try checked { chmod(path, 0o666) }
        self.registry = registry
    }

    /// Empties the log, and lets other faults come about.
    func begin(_ faults: Faults = Faults()) {
        state.withLock { ($0.log, $0.faults) = ([], faults) }
    }

    var log: [Entry] { state.withLock { $0.log } }

    /// A connection to a Unix socket.
    static func connect(to path: String) throws(Errno) -> FileDescriptor {
        try socket(path) { Glibc.connect($0, $1, $2) }
    }

    private static func socket(
        _ path: String, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(Errno) -> FileDescriptor {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = FileDescriptor(owning: try checked { Glibc.socket(AF_UNIX, type, 0) })
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard path.utf8.count <= room else { throw Errno(ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let number = socket.rawValue
        try checked {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    use(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        return socket
    }

    private func end() {
        state.withLock { state in
            state.isOver = true
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
        shutdown(listener.rawValue, Int32(SHUT_RDWR))
        _ = state.wait(deadline: .now().advanced(by: .seconds(10))) { $0.connections.isEmpty }
    }

    private func listen() {
        while true {
            let connection = accept(listener.rawValue, nil, nil)
            guard connection >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            let isTaken = state.withLock { state in
                guard !state.isOver, state.connections.count < Self.mostConnections else { return false }
                return state.connections.insert(connection).inserted
            }
            do throws(Errno) {
                guard isTaken else { throw Errno(EAGAIN) }
                _ = try OSThread.start { self.serve(connection) }
            } catch {
                finish(connection)
            }
        }
    }

    /// Under the lock: once it is closed, the number may be another's.
    private func finish(_ connection: Int32) {
        state.withLock { state in
            state.connections.remove(connection)
            _ = close(connection)
        }
    }

    private func serve(_ connection: Int32) {
        defer { finish(connection) }
        let header = Self.receive(connection, most: Self.mostHeader, until: Self.blankLine)
        guard let end = Self.place(of: Self.blankLine, in: header) else { return }
        let lines = String(decoding: header[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ").map(String.init)
        guard words.count == 3, ["GET", "HEAD"].contains(words[0]) else {
            return Self.send(
                Array("HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n".utf8), connection)
        }
        // One request a connection: then the end of an answer is the end of its connection.
        let kept = lines.dropFirst().filter { !$0.lowercased().hasPrefix("connection:") }
        let request = ([lines[0]] + kept + ["Connection: close", "", ""]).joined(separator: "\r\n")
        var answer = ask(request)
        guard let start = Self.place(of: Self.blankLine, in: answer).map({ $0 + Self.blankLine.count }) else {
            return Self.send(Array("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n".utf8), connection)
        }
        let body = answer.count - start
        let digest = words[1].split(separator: "/").last.map(String.init) ?? ""
        let sent = state.withLock { state in
            if state.faults.flipped.contains(digest), body > 0 { answer[start + body / 2] ^= 1 }
            let most = body > 0 ? state.faults.broken.removeValue(forKey: digest) : nil
            let sent = min(body, most ?? body)
            state.log.append(Entry(method: words[0], path: words[1], bytes: sent))
            return sent
        }
        Self.send(Array(answer.prefix(start + sent)), connection)
    }

    /// What the registry says to a request; empty when it says nothing.
    private func ask(_ request: String) -> [UInt8] {
        guard let connection = try? Self.connect(to: registry) else { return [] }
        Self.send(Array(request.utf8), connection.rawValue)
        return Self.receive(connection.rawValue, most: Self.mostAnswer)
    }

    private static let blankLine = Array("\r\n\r\n".utf8)

    private static func place(of words: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= words.count else { return nil }
        return (0...bytes.count - words.count).first { bytes[$0..<$0 + words.count].elementsEqual(words) }
    }

    /// What comes, to its end, to these words, or up to so many bytes.
    private static func receive(_ connection: Int32, most: Int, until words: [UInt8]? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < most {
            let count = recv(connection, &chunk, chunk.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
            if let words, place(of: words, in: bytes) != nil { break }
        }
        return bytes
    }

    /// Who has gone away is told nothing more, and nobody is killed for it.
    private static func send(_ bytes: [UInt8], _ connection: Int32) {
        var place = 0
        while place < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                Glibc.send(
                    connection, all.baseAddress.map { $0 + place }, all.count - place, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            place += count
        }
    }
}
