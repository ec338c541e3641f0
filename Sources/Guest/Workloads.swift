import CGuest

/// The means of a workload: a channel to the host, on which it says `ready` once.
struct Session {
    let channel: Channel
    let machine: Machine
    /// The guest's uptime when `init` was sent, or when it was given an order; nil outside a machine.
    private var uptime: UInt64?
    private var isReported = false

    init(channel: Channel, machine: Machine) {
        self.channel = channel
        self.machine = machine
        uptime = machine.uptime()
    }

    /// From here on it is a machine that has waited until now.
    mutating func begin() { uptime = machine.uptime() }

    func ready() { channel.send("ready") }

    /// Sends what must not delay a mark; before a workload that never ends waits.
    mutating func finish() {
        guard !isReported, let uptime else { return }
        isReported = true
        channel.send("metric uptime-ns", number: uptime)
    }

    /// Reports, then waits until somebody kills us.
    mutating func waitForever() -> Never {
        finish()
        while true { pause() }
    }
}

/// One thing that lab-guest can do. A new workload is one entry of the table below.
struct GuestWorkload: Sendable {
    let name: StaticString
    /// Does it and returns the exit status.
    let run: @Sendable (Arguments, inout Session) -> Int32
}

let workloads: [GuestWorkload] = [
    // Says ready and exits.
    GuestWorkload(name: "noop") { _, session in
        session.ready()
        return 0
    },
    // hello NONCE: sends the nonce back, which proves that this very guest ran.
    GuestWorkload(name: "hello") { arguments, session in
        guard let nonce = arguments[0] else { return refuse("lab-guest: hello needs a nonce\n") }
        session.ready()
        session.channel.send("output", text: nonce)
        return 0
    },
    // Says ready and waits to be killed.
    GuestWorkload(name: "idle") { _, session in
        session.ready()
        session.waitForever()
    },
    // exit N: ends with that status.
    GuestWorkload(name: "exit") { arguments, session in
        guard let status = arguments.number(0, limit: 255) else {
            return refuse("lab-guest: exit needs a status from 0 to 255\n")
        }
        session.ready()
        return Int32(status)
    },
    // touch MIB: writes to every page of so much memory, says ready, tells what /proc/meminfo says, sends MIB back as a
    // sign that this was all, and keeps the memory.
    GuestWorkload(name: "touch") { arguments, session in
        guard let text = arguments[0], let mebibytes = arguments.number(0, limit: 1 << 24) else {
            return refuse("lab-guest: touch needs a number of MiB\n")
        }
        do throws(Failure) {
            try keep(bytes: Int(mebibytes) << 20)
        } catch {
            complain(error)
            return Status.system
        }
        session.machine.mountProc()
        session.ready()
        reportMemory(on: session.channel)
        session.channel.send("output", text: text)
        session.waitForever()
    },
    // tide MIB: see Tide.swift.
    GuestWorkload(name: "tide") { arguments, session in tide(arguments, &session) },
    // release NONCE: sends the nonce back, then the name and the release of its kernel.
    GuestWorkload(name: "release") { arguments, session in
        guard let nonce = arguments[0] else { return refuse("lab-guest: release needs a nonce\n") }
        session.ready()
        session.channel.send("output", text: nonce)
        session.channel.send("output", text: cguest_kernel())
        return 0
    },
    // probe NAME[=PARAMETER]…: tries what it can see, reach and do, see ProbeRun.swift.
    GuestWorkload(name: "probe") { arguments, session in probe(arguments, &session) },
    // Shows and changes settings of its kernel, see Settings.swift.
    GuestWorkload(name: "settings") { _, session in settings(&session) },
    // compute KIND ROUNDS [DIRECTORY]: fixed work, see Compute.swift.
    GuestWorkload(name: "compute") { arguments, session in compute(arguments, &session) },
    // sequence ROUNDS MILLISECONDS KIND…: such work of several kinds, see Sequence.swift.
    GuestWorkload(name: "sequence") { arguments, session in sequence(arguments, &session) },
    // pace ROUNDS: rounds of fixed work without end, see Pace.swift.
    GuestWorkload(name: "pace") { arguments, session in pace(arguments, &session) },
    // pulse NONCE MILLISECONDS: sends the nonce back, again and again, see Pace.swift.
    GuestWorkload(name: "pulse") { arguments, session in pulse(arguments, &session) },
    // The faults, each within a limit of its own, see Faults.
    GuestWorkload(name: "fork-bomb") { arguments, session in forkBomb(arguments, &session) },
    GuestWorkload(name: "hog-memory") { arguments, session in hogMemory(arguments, &session) },
    GuestWorkload(name: "hog-cpu") { arguments, session in hogCPU(arguments, &session) },
    GuestWorkload(name: "fill-disk") { arguments, session in fillDisk(arguments, &session) },
    GuestWorkload(name: "panic") { _, session in panic(&session) },
    // Waits for a line that says what to do, see Order.swift.
    GuestWorkload(name: "await") { _, session in awaitOrder(&session) },
    // Hands the machine over to the system on its disk, see System.swift.
    GuestWorkload(name: "system") { _, session in startSystem(&session) },
    // Runs the command of an image that is on its disk, see CommandLife.swift.
    GuestWorkload(name: "command") { arguments, session in startCommand(arguments, &session) },
    // The workloads that limits are tried with, see Limits.swift.
    GuestWorkload(name: "burn") { _, session in burn(&session) },
    GuestWorkload(name: "forks") { arguments, session in forks(arguments, &session) },
    GuestWorkload(name: "disk") { arguments, session in disk(arguments, &session) },
    // block-io PLACE direct|cached SEED MILLISECONDS: reads and writes on a disk, see BlockIO.swift.
    GuestWorkload(name: "block-io") { arguments, session in blockIO(arguments, &session) },
    // The two ends of a network, see Network.swift.
    GuestWorkload(name: "serve") { arguments, session in serve(arguments, &session) },
    GuestWorkload(name: "drive") { arguments, session in drive(arguments, &session) },
    // A cgroup subtree in the hands of an unprivileged user, see Delegate.swift.
    GuestWorkload(name: "delegate") { arguments, session in delegate(arguments, &session) },
    // Sends what is not a record: the host must take it as a failure, and as nothing worse.
    GuestWorkload(name: "garbage") { _, session in
        let bytes: StaticString = "\u{1b}[2J not a record \u{7}\n"
        session.channel.sendRaw(bytes.utf8Start, count: bytes.utf8CodeUnitCount)
        session.waitForever()
    },
    // Says more than any host should listen to.
    GuestWorkload(name: "flood") { _, session in
        session.ready()
        while true { session.channel.send("output", text: literal("flood")) }
    },
]

/// Runs the workload that the command line names; `Status.usage` when there is none of that name.
func runWorkload(_ invocation: Invocation, _ session: inout Session) -> Int32 {
    guard let name = invocation.workload else { return refuse("lab-guest: no workload given\n") }
    return runWorkload(name, invocation.arguments, &session, mayAwait: true)
}

/// Runs the workload of that name.
/// - Parameter mayAwait: whether it may be `await`.
func runWorkload(_ name: Text, _ arguments: Arguments, _ session: inout Session, mayAwait: Bool) -> Int32 {
    guard mayAwait || strcmp(name, literal("await")) != 0 else {
        return refuse("lab-guest: an order can't be to await another\n")
    }
    for workload in workloads where strcmp(name, literal(workload.name)) == 0 {
        return workload.run(arguments, &session)
    }
    return refuse("lab-guest: no such workload\n")
}

/// Says what is wrong with the command line.
func refuse(_ text: StaticString) -> Int32 {
    complain(text)
    return Status.usage
}
