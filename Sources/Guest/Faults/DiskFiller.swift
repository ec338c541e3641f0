import CGuest

/// `fill-disk DIRECTORY MOST`: a child writes to a file without a name, which goes with it, until it is refused or
/// killed, or has written MOST MiB; sends `metric written-mib` and what stopped it. Then it keeps the file, and keeps
/// trying to write more if it was refused.
func fillDisk(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let directory = arguments[0], let most = arguments.number(1, limit: 1 << 20), most > 0,
        arguments.count == 2
    else { return refuse("lab-guest: fill-disk needs a directory and a number of MiB\n") }
    session.ready()
    session.finish()
    do throws(Failure) {
        let shared = try SharedCount()
        while true {
            try runCulprit(shared, metric: "metric written-mib", on: session.channel) { gate in
                writeFile(in: directory, UInt32(most), shared, gate)
            }
        }
    } catch {
        return giveUp(error)
    }
}

private func writeFile(in directory: Text, _ most: UInt32, _ shared: SharedCount, _ gate: Gate) -> Never {
    // Of memory that is its own and written to: where memory runs out, the kernel ends the largest, which is this
    // child and not its parent.
    let chunk = 8 << 20
    guard let file = try? namelessFile(in: directory), let source = cguest_map(chunk) else {
        shared.code = cguest_errno()
        gate.signal()
        _exit(0)
    }
    memset(source, 0x5a, chunk)
    let mebibyte = 1 << 20
    while shared.count < most {
        // On a full disk the last write is a short one.
        let count = write(file, source, mebibyte)
        guard count < 0 else {
            if count == mebibyte { shared.count += 1 }
            continue
        }
        if cguest_errno() == EINTR { continue }
        shared.code = cguest_errno()
        break
    }
    gate.signal()
    while shared.code != 0 { _ = write(file, source, mebibyte) }
    while true { pause() }
}
