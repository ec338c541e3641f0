import CGuest

/// `fork-bomb MOST`: makes children until it is refused or there are MOST; sends `metric processes` and what stopped it;
/// then the first of them keep trying (or, where only the own limit stopped it, keep a processor busy), until they are
/// killed. More than `keen` of them would only make it slower for the host to put an end to it.
func forkBomb(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let most = arguments.number(0, limit: 16_384), most > 0, arguments.count == 1 else {
        return refuse("lab-guest: fork-bomb needs a number of processes, 1 to 16384\n")
    }
    do throws(Failure) {
        let gate = try Gate()
        let shared = try SharedCount()
        session.ready()
        while shared.count < UInt32(most) {
            let child = cguest_fork_bound()
            if child == 0 { bombChild(gate, shared, isKeen: shared.count < keen) }
            guard child > 0 else {
                shared.code = cguest_errno()
                break
            }
            shared.count += 1
        }
        session.channel.send("metric processes", number: UInt64(shared.count))
        reportStop(shared.code, on: session.channel)
        // Only now, or the first of them would keep the bomb from going off: they would take all the time there is.
        gate.open()
    } catch {
        return giveUp(error)
    }
    session.waitForever()
}

private let keen: UInt32 = 32

private func bombChild(_ gate: Gate, _ shared: SharedCount, isKeen: Bool) -> Never {
    close(gate.write)
    while !isKeen { pause() }
    _ = gate.waits()
    while true {
        guard shared.code != 0 else {
            // Nothing but its own limit holds it: one more child would be one too many.
            _ = getppid()
            continue
        }
        let child = cguest_fork_bound()
        if child == 0 { _exit(0) }
        if child > 0 { _ = cguest_wait_end(child) }
    }
}
