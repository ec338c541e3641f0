import CGuest

// The two ends of a connection that a network is measured with. A client's first byte says what is to be done.

/// The words of what is done, and the bytes for it on a connection.
private enum Exchange {
    /// A message there and back, again and again.
    static let roundTrip = UInt8(ascii: "e")
    /// Blocks in one direction.
    static let stream = UInt8(ascii: "s")
    /// The same between two processes of the server's, over 127.0.0.1: its answer is the client's own report.
    static let roundTripInside = UInt8(ascii: "E")
    static let streamInside = UInt8(ascii: "S")

    static func of(_ word: Text) -> UInt8? {
        if strcmp(word, literal("wire-round-trip")) == 0 { return roundTrip }
        if strcmp(word, literal("wire-stream")) == 0 { return stream }
        if strcmp(word, literal("loopback-round-trip")) == 0 { return roundTripInside }
        if strcmp(word, literal("loopback-stream")) == 0 { return streamInside }
        return nil
    }

    static let messageBytes = 64
    static let blockBytes = 1 << 16
    /// Nanoseconds of work.
    static let span: UInt64 = 500_000_000
}

/// serve PORT: listens, and serves one connection after the other until it is killed.
func serve(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let port = arguments.number(0, limit: 65_535), port > 0 else {
        return refuse("lab-guest: serve needs a port\n")
    }
    let listener = cguest_listen(UInt32(port))
    guard listener >= 0 else {
        complain(Failure("cannot listen on its port"))
        return Status.system
    }
    session.ready()
    let block = UnsafeMutableRawPointer.allocate(byteCount: Exchange.blockBytes, alignment: 4_096)
    while true {
        let connection = cguest_accept(listener)
        // Who comes to see that the port is open has gone by now.
        guard connection >= 0 else { continue }
        answer(connection, of: listener, port: UInt32(port), block)
        close(connection)
    }
}

private func answer(
    _ connection: Int32, of listener: Int32, port: UInt32, _ block: UnsafeMutableRawPointer
) {
    switch serve(connection, block) {
    case Exchange.roundTripInside: driveInside(Exchange.roundTrip, connection, of: listener, port, block)
    case Exchange.streamInside: driveInside(Exchange.stream, connection, of: listener, port, block)
    default: break
    }
}

/// Takes the first byte of a connection, and serves what it asks for, unless that is to be done inside.
/// - Returns: that byte, 0 for none.
private func serve(_ connection: Int32, _ block: UnsafeMutableRawPointer) -> UInt8 {
    guard recv(connection, block, 1, 0) == 1 else { return 0 }
    let kind = block.load(as: UInt8.self)
    if kind == Exchange.roundTrip {
        let bytes = Exchange.messageBytes
        while recv(connection, block, bytes, Int32(MSG_WAITALL)) == bytes,
            send(connection, block, bytes, Int32(MSG_NOSIGNAL)) == bytes
        {}
    } else if kind == Exchange.stream {
        while recv(connection, block, Exchange.blockBytes, 0) > 0 {}
    }
    return kind
}

/// Starts a client of its own, serves it, and lets it report to who asked.
private func driveInside(
    _ kind: UInt8, _ connection: Int32, of listener: Int32, _ port: UInt32,
    _ block: UnsafeMutableRawPointer
) {
    let child = cguest_fork()
    guard child >= 0 else { return }
    if child == 0 {
        cguest_die_with_parent()
        _exit(exchange(kind, with: literal("127.0.0.1"), port, reportTo: connection, block))
    }
    let own = cguest_accept(listener)
    if own >= 0 {
        _ = serve(own, block)
        close(own)
    }
    _ = cguest_wait(child)
}

/// drive ADDRESS PORT WHAT: is the client of `serve` for half a second, and says how many operations that were, on standard
/// output: messages of 64 bytes there and back, or blocks of 64 KiB.
func drive(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let address = arguments[0], let port = arguments.number(1, limit: 65_535),
        let kind = arguments[2].flatMap({ Exchange.of($0) })
    else {
        return refuse(
            "lab-guest: drive needs an address, a port and wire-round-trip, wire-stream, loopback-round-trip or loopback-stream\n"
        )
    }
    let block = UnsafeMutableRawPointer.allocate(byteCount: Exchange.blockBytes, alignment: 4_096)
    memset(block, 0x5a, Exchange.blockBytes)
    if kind == Exchange.roundTrip || kind == Exchange.stream {
        return exchange(kind, with: address, UInt32(port), reportTo: 1, block)
    }
    let connection = begin(kind, with: address, UInt32(port))
    guard connection >= 0 else { return Status.system }
    var said = 0
    while true {
        let count = recv(connection, block, Exchange.blockBytes, 0)
        guard count > 0, write(1, block, count) == count else { break }
        said += count
    }
    return said > 0 ? 0 : Status.system
}

/// A connection that was told what it is for; -1 where there is none, which is said.
private func begin(_ kind: UInt8, with address: Text, _ port: UInt32) -> Int32 {
    let connection = cguest_connect(address, port)
    var first = kind
    guard connection >= 0, send(connection, &first, 1, Int32(MSG_NOSIGNAL)) == 1 else {
        complain(Failure("cannot connect to the server"))
        return -1
    }
    return connection
}

private func exchange(
    _ kind: UInt8, with address: Text, _ port: UInt32, reportTo file: Int32,
    _ block: UnsafeMutableRawPointer
) -> Int32 {
    let connection = begin(kind, with: address, port)
    guard connection >= 0 else { return Status.system }
    let bytes = kind == Exchange.roundTrip ? Exchange.messageBytes : Exchange.blockBytes
    let end = cguest_uptime() + Exchange.span
    var operations: UInt64 = 0
    while cguest_uptime() < end {
        var sent = 0
        while sent < bytes {
            let count = send(connection, block + sent, bytes - sent, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return lost() }
            sent += count
        }
        if kind == Exchange.roundTrip {
            guard recv(connection, block, bytes, Int32(MSG_WAITALL)) == bytes else { return lost() }
        }
        operations += 1
    }
    // All has arrived when the other side has closed.
    shutdown(connection, Int32(SHUT_WR))
    while recv(connection, block, Exchange.blockBytes, 0) > 0 {}
    close(connection)
    report(operations, to: file)
    return 0
}

private func lost() -> Int32 {
    complain(Failure("the connection to the server was lost"))
    return Status.system
}

/// `operations N` and the end of the line.
private func report(_ operations: UInt64, to file: Int32) {
    let word: StaticString = "operations "
    _ = write(file, word.utf8Start, word.utf8CodeUnitCount)
    let digits = UnsafeMutablePointer<UInt8>.allocate(capacity: 24)
    defer { digits.deallocate() }
    var place = 23
    digits[place] = 0x0a
    var rest = operations
    repeat {
        place -= 1
        digits[place] = UInt8(rest % 10) + 0x30
        rest /= 10
    } while rest > 0
    _ = write(file, digits + place, 24 - place)
}
