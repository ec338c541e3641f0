import CGuest

/// `hog-cpu N`: N children keep a processor busy each, until they are killed; sends `output N` once all run.
func hogCPU(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let text = arguments[0], let count = arguments.number(0, limit: 256), count > 0,
        arguments.count == 1
    else { return refuse("lab-guest: hog-cpu needs a number of processes, 1 to 256\n") }
    session.ready()
    for _ in 0..<count {
        let child = cguest_fork_bound()
        if child == 0 { keepBusy() }
        guard child > 0 else { return giveUp(Failure("cannot fork")) }
    }
    session.channel.send("output", text: text)
    session.waitForever()
}

private func keepBusy() -> Never {
    var work = IntegerWork(Setting(machine: Machine(false), directory: nil))
    var digest = Digest()
    while true { work.round(0, &digest) }
}
