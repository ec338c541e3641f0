import CGuest

/// The way between a command and the host: a port of virtio-serial, `/dev/vportNp1` (drivers/char/virtio_console.c in
/// Linux). It carries megabytes in a second, where a console takes a trap for each byte; and where the host is slow, the
/// command waits, so that nothing is lost and nothing piles up.
///
/// To the host go frames: a byte that says what it is, four of its length, little-endian, and so many more.
///
///     o e   a piece of standard output, of standard error
///     r     it is ready: it listens on its port, or another command has said so
///     x     it has ended: one byte, its exit status, 128 + N for signal N
///     f     it could not be started: two bytes, the step that failed and its errno
///
/// From the host comes one byte for each signal that the command is to get. CommandFrames.swift of VMDriver is the other side.
struct CommandPort {
    enum Kind: UInt8 {
        case output = 0x6f
        case errors = 0x65
        case ready = 0x72
        case ended = 0x78
        case failed = 0x66
    }

    let descriptor: Int32
    /// As much as the driver takes at once.
    private static let longest = 32_768
    private static let header = 5
    private let buffer: UnsafeMutablePointer<UInt8>

    /// Waits for it: the driver makes it some time after it has found its device.
    init() throws(Failure) {
        // Which device it is depends on how many others there are.
        let path = UnsafeMutablePointer<CChar>.allocate(capacity: 16)
        defer { path.deallocate() }
        strcpy(path, "/dev/vport0p1")
        var found: Int32 = -1
        for _ in 0..<20_000 where found < 0 {
            for digit: CChar in 0x30...0x39 where found < 0 {
                path[10] = digit
                found = cguest_open_port(path)
            }
            if found < 0 { cguest_sleep(500_000) }
        }
        guard found >= 0 else { throw Failure("there is no port to the host") }
        descriptor = found
        buffer = .allocate(capacity: CommandPort.longest)
    }

    func send(_ kind: Kind) { send(kind, count: 0) }

    func send(_ kind: Kind, _ byte: UInt8) {
        buffer[CommandPort.header] = byte
        send(kind, count: 1)
    }

    func send(_ kind: Kind, _ first: UInt8, _ second: UInt8) {
        buffer[CommandPort.header] = first
        buffer[CommandPort.header + 1] = second
        send(kind, count: 2)
    }

    enum Piece { case sent, none, end }

    /// Sends a piece of what comes from a pipe that never makes its reader wait.
    func forward(_ kind: Kind, from pipe: Int32) -> Piece {
        let count = CGuest.read(
            pipe, buffer + CommandPort.header, CommandPort.longest - CommandPort.header)
        if count == 0 { return .end }
        guard count > 0 else { return .none }
        send(kind, count: count)
        return .sent
    }

    /// The signals that the host has sent by now go to the command.
    func deliverSignals(to command: pid_t) {
        let count = CGuest.read(descriptor, buffer, 64)
        for index in 0..<max(count, 0) { kill(command, Int32(buffer[index])) }
    }

    private func send(_ kind: Kind, count: Int) {
        buffer[0] = kind.rawValue
        for place in 0..<4 { buffer[1 + place] = UInt8(truncatingIfNeeded: count >> (8 * place)) }
        var sent = 0
        while sent < CommandPort.header + count {
            let written = write(descriptor, buffer + sent, CommandPort.header + count - sent)
            if written > 0 {
                sent += written
            } else if cguest_errno() != EINTR {
                return
            }
        }
    }
}
