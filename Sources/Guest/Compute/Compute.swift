import CGuest

// compute KIND ROUNDS [DIRECTORY]: fixed work, in order to time it and to account for it.
//
// The guest stays on the processor it runs on, prepares, says `ready`, does ROUNDS rounds, sends `output DIGEST`, and
// waits to be killed. The host times from `ready` to `output` by its own clock. One round takes about 1 ms on the
// machine that this was written on; what it consists of is a constant of each kind and the same everywhere.
//
// The digest (16 hexadecimal digits) follows from the kind and the number of rounds alone, whatever the engine, and
// takes in a result of every round: work that was left out or done wrongly shows. It is specified a second time, in
// another language, in Tests/Fixtures/compute.py.
//
// A kind that can't run here says why and ends with a status other than 0.

/// One kind of work; a new one is a type that conforms, and a line of the table below.
protocol FixedWork: SendableMetatype {
    /// Prepares: allocates, fills, opens. Not part of what is timed.
    init(_ setting: Setting) throws(Failure)
    /// Does one round, `number` counted from 0, and takes its result into the digest.
    mutating func round(_ number: UInt64, _ digest: inout Digest) throws(Failure)
    /// Ends and waits for what it started, so that the host's account of it is complete; part of what is timed.
    func finish() throws(Failure)
    /// Sends metrics after the digest.
    func report(on channel: Channel) throws(Failure)
    /// Returns the counts of `rounds` rounds; asked after `finish`.
    func counts(_ rounds: UInt64) -> WorkCounts
}

extension FixedWork {
    func finish() throws(Failure) {}
    func report(on channel: Channel) throws(Failure) {}
    func counts(_ rounds: UInt64) -> WorkCounts { WorkCounts() }
}

/// Events that work consists of, as far as it knows them.
struct WorkCounts {
    /// Operations on doubles: + − × ÷ √.
    var operations: UInt64 = 0
    /// Calls of the kernel.
    var entries: UInt64 = 0
}

/// The machine and the directory of the work.
struct Setting {
    let machine: Machine
    /// The directory for files, as the command line names it.
    let directory: Text?
}

/// A name on the command line and what it does.
struct ComputeKind: Sendable {
    let name: StaticString
    let run: @Sendable (UInt64, Setting, inout Session) -> Int32
    /// The same as a part of `sequence`.
    let runPart: @Sendable (UInt64, UInt, Setting, Channel) throws(Failure) -> Void

    init<Work: FixedWork>(name: StaticString, _: Work.Type) {
        self.name = name
        run = { rounds, setting, session in perform(Work.self, rounds, setting, &session) }
        runPart = { (rounds, rest, setting, channel) throws(Failure) in
            try performPart(Work.self, name, rounds, rest, setting, channel)
        }
    }
}

let computeKinds: [ComputeKind] = [
    ComputeKind(name: "integer", IntegerWork.self),
    ComputeKind(name: "float", FloatWork.self),
    ComputeKind(name: "memory-bandwidth", BandwidthWork.self),
    ComputeKind(name: "memory-random", RandomAccessWork.self),
    ComputeKind(name: "syscall", SyscallWork.self),
    ComputeKind(name: "context-switch", SwitchWork.self),
    ComputeKind(name: "page-fault", PageFaultWork.self),
    ComputeKind(name: "fork-exec", ForkWork.self),
    ComputeKind(name: "file-write", FileWriteWork.self),
    ComputeKind(name: "file-read", FileReadWork.self),
    ComputeKind(name: "network-loopback", LoopbackWork.self),
    ComputeKind(name: "yardstick-float", FloatYardstick.self),
    ComputeKind(name: "yardstick-entry", EntryYardstick.self),
    ComputeKind(name: "yardstick-switch", SwitchYardstick.self),
]

/// A quarter of an hour on the machine that this was written on.
let mostRounds: UInt = 1_000_000

/// Runs what the command line names.
func compute(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let name = arguments[0], let rounds = arguments.number(1, limit: mostRounds), rounds > 0,
        arguments.count <= 3
    else { return refuse("lab-guest: compute needs a kind and 1 to 1000000 rounds\n") }
    let setting = Setting(machine: session.machine, directory: arguments[2])
    for kind in computeKinds where strcmp(name, literal(kind.name)) == 0 {
        return kind.run(UInt64(rounds), setting, &session)
    }
    return refuse("lab-guest: no such kind of work\n")
}

private func perform<Work: FixedWork>(
    _: Work.Type, _ rounds: UInt64, _ setting: Setting, _ session: inout Session
) -> Int32 {
    do throws(Failure) {
        guard cguest_pin() == 0 else { throw Failure("cannot stay on one processor") }
        var work = try Work(setting)
        var digest = Digest()
        // Before the mark and after the output: nothing may stand between the marks but the work.
        let began = cguest_uptime()
        session.ready()
        for number in 0..<rounds { try work.round(number, &digest) }
        try work.finish()
        session.channel.send("output", hexadecimal: digest.value)
        session.channel.send("metric work-ns", number: cguest_uptime() - began)
        try work.report(on: session.channel)
    } catch {
        complain(error)
        return Status.system
    }
    session.waitForever()
}
