import Glibc

/// TCP on 127.0.0.1 of the calling thread's network namespace.
package enum Loopback {
    private static let number = UInt32(0x7f00_0001).bigEndian

    private static func socket(_ flags: Int32 = 0) throws(Errno) -> FileDescriptor {
        FileDescriptor(
            owning: try checked {
                Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | flags, 0)
            })
    }

    /// A socket that listens.
    /// - Parameters:
    ///   - port: 0 for any that is free.
    ///   - blocks: whether accept(2) waits for a connection.
    package static func listen(_ port: UInt16 = 0, blocks: Bool = true) throws(Errno) -> FileDescriptor {
        let socket = try socket(blocks ? 0 : O_NONBLOCK)
        var place = sockaddr_in(number, port: port)
        try checked { place.withGeneric { bind(socket.rawValue, $0, $1) } }
        try checked { Glibc.listen(socket.rawValue, 16) }
        return socket
    }

    /// A socket that listens on a port of the kernel's choice. It is the caller's to close.
    package static func listener(blocks: Bool = true) throws(Errno) -> (descriptor: Int32, port: UInt16) {
        let socket = try listen(blocks: blocks)
        let port = try port(of: socket)
        return (socket.release(), port)
    }

    private static func port(of socket: borrowing FileDescriptor) throws(Errno) -> UInt16 {
        var place = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let number = socket.rawValue
        try checked { place.withGeneric { address, _ in getsockname(number, address, &length) } }
        return UInt16(bigEndian: place.sin_port)
    }

    package static func connect(to port: UInt16) throws(Errno) -> FileDescriptor {
        let socket = try socket()
        var place = sockaddr_in(number, port: port)
        try checked { place.withGeneric { Glibc.connect(socket.rawValue, $0, $1) } }
        return socket
    }

    /// A port on which nobody listens yet.
    package static func freePort() throws(Errno) -> UInt16 {
        let socket = try listen()
        return try port(of: socket)
    }

    package static func answers(_ port: UInt16) -> Bool {
        do throws(Errno) {
            let socket = try connect(to: port)
            return socket.rawValue >= 0
        } catch { return false }
    }
}

extension sockaddr_in {
    /// - Parameter number: the address as it travels.
    init(_ number: in_addr_t, port: UInt16) {
        self.init()
        sin_family = sa_family_t(AF_INET)
        sin_port = port.bigEndian
        sin_addr.s_addr = number
    }

    /// Calls a function with the address as any family's.
    mutating func withGeneric(_ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        withUnsafeMutablePointer(to: &self) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
