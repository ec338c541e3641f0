import CGuest

/// `hog-memory MOST`: a child takes memory, MiB by MiB, until it is refused, killed, or has MOST MiB; sends
/// `metric memory-mib` and what stopped it. A child that was killed or refused is followed by another, as a program is
/// that is started again; one that has all it wants writes to it over and over.
func hogMemory(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let most = arguments.number(0, limit: 1 << 20), most > 0, arguments.count == 1 else {
        return refuse("lab-guest: hog-memory needs a number of MiB\n")
    }
    session.ready()
    session.finish()
    do throws(Failure) {
        let shared = try SharedCount()
        while true {
            try runCulprit(shared, metric: "metric memory-mib", on: session.channel) { gate in
                takeMemory(UInt32(most), shared, gate)
            }
        }
    } catch {
        return giveUp(error)
    }
}

/// Runs `body` in a child, and sends how far it came and what stopped it: it says so itself by a byte through the gate,
/// with the errno in `shared`, or it is killed. Returns when the child has ended.
func runCulprit(
    _ shared: SharedCount, metric: StaticString, on channel: Channel, _ body: (Gate) -> Never
) throws(Failure) {
    shared.count = 0
    shared.code = 0
    let gate = try Gate()
    defer { close(gate.read) }
    let child = cguest_fork_bound()
    if child == 0 {
        close(gate.read)
        body(gate)
    }
    gate.open()
    guard child > 0 else { throw Failure("cannot fork") }
    if gate.waits() {
        channel.send(metric, number: UInt64(shared.count))
        reportStop(shared.code, on: channel)
        _ = cguest_wait_end(child)
    } else {
        let end = cguest_wait_end(child)
        channel.send(metric, number: UInt64(shared.count))
        channel.send("output", text: literal(end == 128 + SIGKILL ? "SIGKILL" : "ended"))
        // Whatever keeps it from living, it is not to be asked a thousand times a second.
        if end != 128 + SIGKILL { sleep(milliseconds: 100) }
    }
}

private func takeMemory(_ most: UInt32, _ shared: SharedCount, _ gate: Gate) -> Never {
    let chunk = 1 << 20
    var first: UnsafeMutablePointer<UInt8>?
    while shared.count < most {
        guard let memory = cguest_map(chunk) else {
            shared.code = cguest_errno()
            gate.signal()
            _exit(0)
        }
        first = first ?? memory
        // No two pages alike, so that none can be merged.
        for offset in stride(from: 0, to: chunk, by: 4_096) {
            UnsafeMutableRawPointer(memory + offset).storeBytes(
                of: UInt64(shared.count) << 32 | UInt64(offset) + 1, as: UInt64.self)
        }
        shared.count += 1
    }
    gate.signal()
    var value: UInt8 = 0
    while true {
        value = value &+ 1
        if let first { memset(first, Int32(value), chunk) }
    }
}
