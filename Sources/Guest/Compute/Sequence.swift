import CGuest

// sequence ROUNDS MILLISECONDS KIND…: work of several kinds, one after the other, so that one start serves them all.
//
// The guest stays on the processor it runs on and says `ready`. For each kind it prepares, sends `output KIND`, rests for
// MILLISECONDS, does ROUNDS rounds, sends `output DIGEST`, rests, and tells what it knows of them:
//
//     metric work-ns N       what the rounds took by the guest's own clock
//     metric operations N    operations on doubles
//     metric entries N       calls of the kernel
//     metric switches N      how often the kernel gave the processor to another thread, getrusage(2)
//
// The last record is `output end`; then it waits to be killed. In the rests the host reads its accounts: what it reads
// before the rounds and after them differs by the rounds, and by two waits of a timer.

/// Runs what the command line names.
func sequence(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let rounds = arguments.number(0, limit: mostRounds), rounds > 0,
        let rest = arguments.number(1, limit: 60_000), arguments.count > 2
    else { return refuse("lab-guest: sequence needs 1 to 1000000 rounds, a rest and kinds\n") }
    let setting = Setting(machine: session.machine, directory: nil)
    for index in 2..<arguments.count where kind(arguments[index]) == nil {
        return refuse("lab-guest: no such kind of work\n")
    }
    do throws(Failure) {
        guard cguest_pin() == 0 else { throw Failure("cannot stay on one processor") }
        session.ready()
        for index in 2..<arguments.count {
            try kind(arguments[index])?.runPart(UInt64(rounds), rest, setting, session.channel)
        }
    } catch {
        complain(error)
        return Status.system
    }
    session.channel.send("output end")
    session.waitForever()
}

private func kind(_ name: Text?) -> ComputeKind? {
    guard let name else { return nil }
    for kind in computeKinds where strcmp(name, literal(kind.name)) == 0 { return kind }
    return nil
}

func performPart<Work: FixedWork>(
    _: Work.Type, _ name: StaticString, _ rounds: UInt64, _ rest: UInt, _ setting: Setting, _ channel: Channel
) throws(Failure) {
    var work = try Work(setting)
    var digest = Digest()
    channel.send("output", text: literal(name))
    sleep(milliseconds: rest)
    let switches = cguest_switches()
    let began = cguest_uptime()
    for number in 0..<rounds { try work.round(number, &digest) }
    let ended = cguest_uptime()
    channel.send("output", hexadecimal: digest.value)
    sleep(milliseconds: rest)
    // Only now: until here the host finds what the work started among the living.
    try work.finish()
    let counts = work.counts(rounds)
    channel.send("metric work-ns", number: ended - began)
    channel.send("metric operations", number: counts.operations)
    channel.send("metric entries", number: counts.entries)
    channel.send("metric switches", number: cguest_switches() - switches)
}
