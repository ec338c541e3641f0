import CGuest

/// `network-loopback`: a message of 1 KiB through TCP over 127.0.0.1 and an answer back, both ends held by this process:
/// what is measured is the network stack, not the scheduler.
struct LoopbackWork: FixedWork {
    private static let exchanges = 100
    private static let words = 128
    private static let bytes = words * MemoryLayout<UInt64>.size

    private let client: Int32
    private let server: Int32
    private let message = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
    private let answer = UnsafeMutablePointer<UInt64>.allocate(capacity: words)

    init(_ setting: Setting) throws(Failure) {
        try setting.machine.raiseLoopback()
        let listener = try Self.makeSocket()
        client = try Self.makeSocket()
        // Port 0: the kernel chooses a free one.
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connection = client
        server = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(listener, address, length) == 0, listen(listener, 1) == 0,
                    getsockname(listener, address, &length) == 0, connect(connection, address, length) == 0
                else { return -1 }
                return accept(listener, nil, nil)
            }
        }
        guard server >= 0 else { throw Failure("cannot connect to itself over 127.0.0.1") }
        close(listener)
        try Self.sendAtOnce(client)
        try Self.sendAtOnce(server)
        for index in 0..<Self.words { message[index] = mix(UInt64(index)) }
    }

    func round(_ number: UInt64, _ digest: inout Digest) throws(Failure) {
        for _ in 0..<Self.exchanges {
            try Self.send(message, through: client)
            try Self.receive(answer, from: server)
            var sum: UInt64 = 0
            for index in 0..<Self.words { sum = sum &* 31 &+ answer[index] }
            answer[0] = sum
            try Self.send(answer, through: server)
            try Self.receive(message, from: client)
        }
        digest.absorb(message[0])
    }

    private static func makeSocket() throws(Failure) -> Int32 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw Failure("cannot make a socket") }
        return socket
    }

    /// Sets TCP_NODELAY, tcp(7): a message does not wait for the acknowledgement of the one before.
    private static func sendAtOnce(_ socket: Int32) throws(Failure) {
        var on: Int32 = 1
        guard setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4) == 0 else {
            throw Failure("cannot set TCP_NODELAY")
        }
    }

    private static func send(_ words: UnsafeMutablePointer<UInt64>, through socket: Int32) throws(Failure) {
        // A message is far smaller than the socket's buffer, which is empty: it is taken whole.
        guard write(socket, words, bytes) == bytes else { throw Failure("cannot send over 127.0.0.1") }
    }

    private static func receive(_ words: UnsafeMutablePointer<UInt64>, from socket: Int32) throws(Failure) {
        guard recv(socket, words, bytes, Int32(MSG_WAITALL)) == bytes else {
            throw Failure("cannot receive over 127.0.0.1")
        }
    }
}
