/// The name of one way of running a workload.
///
/// `CodingKeyRepresentable`, so that a dictionary by engine is a JSON object with sorted keys and not an array in
/// the order of this process's hash seed.
public struct EngineID: RawRepresentable, Codable, CodingKeyRepresentable, Hashable, Comparable, Sendable,
    ExpressibleByStringLiteral, CustomStringConvertible
{
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }
    public var description: String { rawValue }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// fork+exec of the workload with nothing around it: the baseline of every ratio.
    public static let process: EngineID = "process"
    /// This project's own namespace, cgroup and overlay runtime.
    public static let container: EngineID = "container"
    /// libvirt domain type `kvm`: the hypervisor in the kernel.
    public static let kvm: EngineID = "kvm"
    /// libvirt domain type `qemu`: QEMU's TCG, emulation in user space.
    public static let qemu: EngineID = "qemu"
    /// libvirt domain type `xen`: a hypervisor below the host itself, whose kernel is a guest of it too.
    public static let xen: EngineID = "xen"

    /// QEMU's TCG without libvirt: same kernel, initramfs, machine and devices as `qemu`.
    public static let qemuDirect: EngineID = "qemu-direct"
}

/// The sort of boundary an engine puts around the workload.
public enum EngineKind: String, Codable, Sendable {
    case process, container, virtualMachine = "virtual-machine"
}

/// The availability of an engine on this machine, proved by using it.
public enum Availability: Codable, Equatable, Sendable {
    case available
    case unavailable(LabError)
}

/// One way of running a workload, for any number of runs. A new engine is one type that conforms to this, and its
/// `EngineDescriptor`.
///
/// Methods run synchronously on the thread that calls them, one at a time.
public protocol Engine: AnyObject {
    associatedtype Prepared: PreparedEngine

    var id: EngineID { get }
    /// The record of what is known of it without a run.
    var record: EngineRecord { get }

    /// Proves by use that this engine works here; may boot a guest. Cheap when asked again, by whichever run.
    /// - Parameter context: of the run whose journal knows what even a probe makes.
    func probe(_ context: RunContext) -> Availability

    /// Does once in a run what is the same for every sample, outside any measured time: unpacks, connects, compiles.
    /// - Throws: when nothing can be launched; everything made on the way has been undone.
    func prepare(_ context: RunContext) throws(LabError) -> Prepared
}

extension Engine {
    public var id: EngineID { record.id }
}

/// An engine that can start the instances of one run.
///
/// Methods run synchronously on the thread that calls them, one at a time, but for `launch`: several threads may call
/// it at once.
public protocol PreparedEngine: AnyObject {
    /// The record of what really runs, for the report.
    var record: EngineRecord { get }

    /// Starts one instance: `LaunchRequest.begin` stamps `requested`. Before it only what all instances share may be made,
    /// and texts may be composed.
    /// - Throws: `LabError` when there is no instance; everything made on the way has been undone.
    func launch(_ request: LaunchRequest) throws(LabError) -> any Instance

    /// Returns what would run, as text: a domain XML or a launch program. Runs nothing.
    func explain(_ request: LaunchRequest) throws(LabError) -> Message

    /// Gives back what preparing took. Nothing is launched afterwards.
    func shutDown()
}

extension PreparedEngine {
    public var id: EngineID { record.id }
    public var kind: EngineKind { record.kind }

    /// Proves by use that it works: a guest has to send back a nonce.
    public func prove(index: Int = 0, memoryBytes: UInt64, within limit: Duration) throws(LabError) {
        let began = MonotonicInstant.now()
        let (nonce, deadline) = ("probe-\(began.nanoseconds)", began.advanced(by: limit))
        let instance = try launch(
            LaunchRequest(
                index: index, workload: .hello(nonce: nonce), memoryBytes: memoryBytes, cpus: 1,
                deadline: deadline))
        let end = Result { () throws(LabError) in try instance.waitForExit(deadline: deadline) }
        try instance.dispose()
        let status = try end.get()
        guard status == 0, instance.transcript.outputs == [nonce] else {
            throw LabError(
                .instance, "\(id) did not run the guest that was to prove it", cause: "exit status \(status)")
        }
    }
}

/// A prepared engine whose instances are virtual machines.
public protocol HypervisorBased: PreparedEngine {
    /// The programs that run them with their versions, and who executes the guest's instructions.
    var versions: [EngineRecord.Detail] { get }
}

/// One running workload. Blocking calls return as soon as what they wait for happened.
public protocol Instance: AnyObject {
    /// The marks that were seen so far; complete after `dispose`.
    var timeline: Timeline { get }
    /// The guest's output so far.
    var transcript: GuestTranscript { get }
    /// Waits for the record `ready`.
    /// - Throws: `.timeout` at the deadline; `.instance` when the guest died or broke the protocol.
    func waitUntilReady(deadline: MonotonicInstant) throws(LabError)
    /// Waits until so many records `output` have come, the same way.
    func wait(forOutputs count: Int, deadline: MonotonicInstant) throws(LabError)
    /// Waits for the end of the workload and returns its exit status (128 + N for signal N).
    func waitForExit(deadline: MonotonicInstant) throws(LabError) -> Int32
    /// Ends it if it still runs and removes everything of it. May be called more than once.
    func dispose() throws(LabError)
    /// Nanoseconds at the end of each step of `EngineRecord.steps`, counted from `requested`.
    var stepNanoseconds: [UInt64] { get }
}

extension Instance {
    /// Waits for the first record `output`.
    public func waitForOutput(deadline: MonotonicInstant) throws(LabError) {
        try wait(forOutputs: 1, deadline: deadline)
    }
}

/// An instance that a signal can be sent to, as kill(1) sends one to a process.
public protocol SignalReceiving: Instance {
    /// Sends it to the command. Where that is the first process of a PID namespace and has no handler, the kernel would drop
    /// the signal: what it would do to any other process is done, which is to end it.
    func send(signal: Int32)
}

/// An instance whose memory the host can account for.
public protocol MemoryAccounting: Instance {
    /// Bytes by source, while it lives:
    /// - `host-pss`: proportional set size of every process of the instance (VMM, helpers, payload), summed;
    /// - `cgroup-charge`: what its memory cgroup is charged, `memory.usage_in_bytes` or `memory.current`;
    /// - `cgroup-kernel`: the part of that which is kernel memory, `memory.kmem.usage_in_bytes` or `kernel` of
    ///   `memory.stat`.
    ///
    /// A source that the engine does not have is absent.
    func memoryBytes() throws(LabError) -> [String: UInt64]
}

/// An instance whose memory the host can ask back while it runs.
public protocol MemoryReclaiming: Instance {
    /// True when this one was made so that it can be asked.
    var isReclaimable: Bool { get }
    /// Asks it to keep no more than so many bytes; returns before it has given up the rest.
    /// - Throws: `.unavailable` where it can't be asked.
    func shrinkMemory(to bytes: UInt64) throws(LabError)
}

/// An instance whose use of host CPU is known, work done on its behalf outside the guest included.
public protocol CPUAccounting: Instance {
    /// Nanoseconds of host CPU time so far, user and system, VMM threads included; after `dispose` the total, in
    /// which children that were waited for are counted too.
    func hostCPUNanoseconds() throws(LabError) -> UInt64
    /// Nanoseconds for which its CPU limit made it wait so far, `throttled_time` (v1) or `throttled_usec` (v2) of
    /// `cpu.stat`; nil where it has no such limit. To be asked before `dispose`.
    var throttledNanoseconds: UInt64? { get }
}

/// An instance whose processes on the host can be named.
public protocol HostVisible: Instance {
    /// Every process of the host that exists for it now, the one that stands for it first: its VMM, or its payload.
    /// - Throws: `.instance` when it has ended; `.unavailable` where it belongs to somebody else's daemon.
    func hostProcesses() throws(LabError) -> [HostProcess]
}

/// An instance whose hypervisor counts how often the guest's processors had to leave guest code.
public protocol ExitCounting: Instance {
    /// Returns the counts so far over all processors, by names of the hypervisor's own statistics: `exits` for all of
    /// them, `io_exits`, `halt_exits` and others by reason. Empty under emulation, which runs no guest code to leave.
    ///
    /// Source: KVM's binary statistics, `KVM_GET_STATS_FD` in https://docs.kernel.org/virt/kvm/api.html, which QEMU reads
    /// (`query-stats`, 7.1 and later) and libvirt hands on (8.9 and later).
    func exitCounts() throws(LabError) -> [String: UInt64]
}

/// The names of `ExitCounting`'s counts among the values of a sample.
public enum ExitCount {
    /// `io-exits-count` for the hypervisor's `io_exits`, and `io-exits-per-round-count` where it is a round's.
    public static func value(of reason: String, perRound: Bool = false) -> String {
        "\(reason.replacing("_", with: "-"))\(perRound ? "-per-round" : "")-count"
    }
}

/// The facts about a run that an engine needs to serve it.
public struct RunContext: Sendable {
    /// In the name of every resource of the run, for example `20261124T064930-3fa9`.
    public let runID: String
    public let paths: LabPaths
    public let journal: RunJournal
    /// The root file system that every engine runs from.
    public let rootFilesystem: RootFilesystem
    /// Goes into the poll set of every wait, so that Ctrl-C ends it.
    public let interrupt: Interrupt
    /// True when the user lets lab use the network: `--fetch`.
    public var mayFetch: Bool
    /// The processors that instances are held to; nil for all.
    public var placement: Placement?
    /// The complete system that is started where a series does so, or the reason why there is none.
    public var system: Result<SystemTree, LabError>
    /// The command that the run's instances run; nil for lab-guest.
    public var command: CommandPayload?
    /// The network of a command that has one, or the reason why it can't be had; nil where none was asked for.
    public var network: Result<HostNetwork, LabError>?

    public init(
        runID: String, paths: LabPaths, journal: RunJournal, rootFilesystem: RootFilesystem,
        interrupt: Interrupt = .never, mayFetch: Bool = false, placement: Placement? = nil,
        system: Result<SystemTree, LabError> = .failure(
            LabError(.unavailable, "no complete system was asked for")),
        command: CommandPayload? = nil
    ) {
        self.runID = runID
        self.paths = paths
        self.journal = journal
        self.rootFilesystem = rootFilesystem
        self.interrupt = interrupt
        self.mayFetch = mayFetch
        self.placement = placement
        self.system = system
        self.command = command
    }
}

extension RunContext {
    /// The same run for lab-guest.
    public var withoutCommand: RunContext {
        var context = self
        context.command = nil
        context.network = nil
        return context
    }

    /// SHA-256 of what runs in every engine, by names of a result.
    public var digests: [String: String] {
        guard let command else { return rootFilesystem.digests }
        return command.tree.digest.map { ["root-filesystem": $0] } ?? [:]
    }

    /// True when there is a complete system to start.
    public var hasSystem: Bool { (try? system.get()) != nil }

    /// The complete system that a request is for; nil where lab-guest runs alone.
    /// - Throws: the reason why there is none.
    public func system(of request: LaunchRequest) throws(LabError) -> SystemTree? {
        request.condition.system == .complete ? try system.get() : nil
    }
}

extension EngineRecord {
    /// Adds the complete system that its instances may start.
    public mutating func add(_ system: SystemTree) {
        details.append(Detail("complete system", system.title))
        digests["system"] = system.digest
    }
}

/// One instance to start.
public struct LaunchRequest: Sendable {
    /// Counts the instances of a run, from 0; together with the run's id it names every resource.
    public var index: Int
    /// What runs inside.
    public var payload: Payload
    /// Where a command's output goes; nil keeps it in memory.
    public var output: CommandOutput?
    /// Memory of the VM, or limit of the container, in bytes.
    public var memoryBytes: UInt64
    /// Virtual CPUs of the VM, or CPU limit of the container.
    public var cpus: Int
    /// The moment at which the start has failed if the guest has not said `ready`.
    public var deadline: MonotonicInstant
    /// The condition of the trial: engines read `isolation`, `system`, `cgroups`, `count` and `variant`. One that can't make an
    /// instance so throws.
    public var condition: Condition
    /// The room on a disk of the host's for what it writes; nil for none beyond what its engine gives any.
    public var storage: InstanceStorage?
    /// The path of a network namespace that the instance is to enter; nil for one of its own making.
    public var networkNamespace: String?
    /// Called right before `requested` is stamped, for who wants to see what is there by then.
    public var willBegin: (@Sendable () -> Void)?

    public init(
        index: Int, workload: Workload, memoryBytes: UInt64, cpus: Int, deadline: MonotonicInstant,
        condition: Condition = [:]
    ) {
        self.init(
            index: index, payload: .guest(workload), memoryBytes: memoryBytes, cpus: cpus,
            deadline: deadline, condition: condition)
    }

    public init(
        index: Int, payload: Payload, memoryBytes: UInt64, cpus: Int, deadline: MonotonicInstant,
        condition: Condition = [:]
    ) {
        self.index = index
        self.payload = payload
        self.memoryBytes = memoryBytes
        self.cpus = cpus
        self.deadline = deadline
        self.condition = condition
    }

    /// The moment of `requested`: whatever belongs to this instance alone is made after it, and is gone again before
    /// `cleaned-up` is stamped.
    public func begin() -> MonotonicInstant {
        willBegin?()
        return .now()
    }

    /// For an engine that runs nothing but lab-guest.
    /// - Throws: `.usage` when a complete system, or a variant, is asked for.
    public func refuseSystem(in engine: EngineID) throws(LabError) {
        try refuseVariant(of: engine)
        guard condition.system == .complete else { return }
        throw LabError(
            .usage, "\(engine) does not start a complete system",
            remedy: "name the engine container, or one that is a VM")
    }

    /// For an engine that can't hold its instances to anything.
    /// - Throws: `.unavailable` when the trial is about how much memory or how many processors an instance has.
    public func refuseLimits(of engine: EngineID) throws(LabError) {
        guard !Factor.limits.allSatisfy({ condition[$0] == nil }) else { return }
        throw LabError(
            .unavailable, "\(engine) holds an instance to no memory and no processors",
            cause: "nothing of it has a cgroup of its own", remedy: "name engines that do: container, or a VM"
        )
    }

    /// For an engine that is made in one way only.
    /// - Throws: `.usage` when a variant is asked for.
    public func refuseVariant(of engine: EngineID) throws(LabError) {
        guard let variant = condition.variant else { return }
        throw LabError(
            .usage, "\(engine) knows no variant, and \(variant.description.debugDescription) was asked for",
            remedy: "name only engines that are VMs")
    }
}

/// The work that `lab-guest` is told to do.
public struct Workload: Codable, Equatable, Sendable {
    public var name: String
    public var arguments: [String]

    public init(name: String, arguments: [String] = []) {
        self.name = name
        self.arguments = arguments
    }

    /// The words of its command line: its own behind the program's name.
    public var commandLine: [String] { ["lab-guest", name] + arguments }

    /// Says `ready` and exits.
    public static let noop = Workload(name: "noop")
    /// Says `ready`, then sends `nonce` back as its output.
    public static func hello(nonce: String) -> Workload { Workload(name: "hello", arguments: [nonce]) }
    /// Says `ready` and waits to be killed.
    public static let idle = Workload(name: "idle")

    /// Writes to so much memory, says `ready` and waits to be killed; 0 is an idle guest. Then sends the metrics
    /// `memory-total-bytes` and `memory-available-bytes`, what its own kernel says in /proc/meminfo.
    public static func touch(mebibytes: Int) -> Workload {
        Workload(name: "touch", arguments: ["\(mebibytes)"])
    }
    /// Prepares, says `ready`, does `rounds` rounds (1 to 1,000,000) of the fixed work of `kind`, sends a digest of
    /// their results, which is the same in every engine, as its output, and waits to be killed.
    /// - Parameter directory: where files are written; by default in memory, see BlockFile in lab-guest.
    public static func compute(kind: String, rounds: Int, directory: String? = nil) -> Workload {
        Workload(name: "compute", arguments: [kind, "\(rounds)"] + (directory.map { [$0] } ?? []))
    }

    /// Says `ready`, then does `rounds` rounds of each of `kinds` of `compute`, one kind after the other: sends the kind's
    /// name, rests, does the work, sends its digest, rests again, and tells the metrics `work-ns`,
    /// `operations`, `entries` and `switches` of that kind. After the last it sends `end` and waits to be killed.
    public static func sequence(_ kinds: [String], rounds: Int, restMilliseconds: Int) -> Workload {
        Workload(name: "sequence", arguments: ["\(rounds)", "\(restMilliseconds)"] + kinds)
    }

    /// Says `ready`, then does `rounds` rounds of `compute integer` and sends their number as an output, counted from 1,
    /// until it is killed.
    public static func pace(rounds: Int) -> Workload { Workload(name: "pace", arguments: ["\(rounds)"]) }
    /// Says `ready`, sends `nonce` back, and again after each so many milliseconds, until it is killed.
    public static func pulse(nonce: String, milliseconds: Int) -> Workload {
        Workload(name: "pulse", arguments: [nonce, "\(milliseconds)"])
    }

    /// Uses memory as the tide comes and goes: says `ready` and the output `idle`, waits for `tideInterval`, writes to
    /// every page of so much memory, says `touched`, waits again, gives the memory back to its kernel, says `freed` and
    /// waits to be killed.
    public static func tide(mebibytes: Int) -> Workload {
        Workload(name: "tide", arguments: ["\(mebibytes)"])
    }
    /// The time that `tide` waits at each stage, for the host to read its accounts.
    public static let tideInterval = Duration.seconds(1)

    /// Says `ready`, sends `nonce` back, then what its kernel says of itself, uname(2): `Linux 6.1.0-40-amd64`.
    public static func release(nonce: String) -> Workload { Workload(name: "release", arguments: [nonce]) }

    /// Says `ready` and takes as much of a processor as it is given, until it is killed.
    public static let burn = Workload(name: "burn")
    /// Says `ready`, starts children until there are `count` or the kernel refuses one, sends the metrics `forks` (how
    /// many there are) and `refusal` (an error number, 0 for none), then `count` as its output, and stays.
    public static func forks(_ count: Int) -> Workload { Workload(name: "forks", arguments: ["\(count)"]) }
    /// Says `ready` and writes over the first 16 MiB of a file for ever, past the page cache.
    /// - Parameter file: a path in the instance, of a file that is as large as that.
    public static func disk(file: String) -> Workload { Workload(name: "disk", arguments: [file]) }

    /// Fills a file of 64 MiB, says `ready`, and does each of `blockOperations` on it for so many milliseconds: sends the
    /// operation's name, does it, sends `done`. After the last it looks through the whole file, tells how often it did each
    /// (a metric of the operation's name), sends `seed` back, and waits to be killed. What is read is held against what was
    /// written; the rest is a failure.
    /// - Parameter place: of `InstanceStorage`.
    /// - Parameter isDirect: past the page cache of its kernel, O_DIRECT of open(2).
    public static func blockIO(place: String, isDirect: Bool, seed: UInt32, milliseconds: Int) -> Workload {
        Workload(
            name: "block-io",
            arguments: [place, isDirect ? "direct" : "cached", "\(seed)", "\(milliseconds)"])
    }
    /// In their order: 1 MiB after the other, 4 KiB at offsets drawn by the seed, and 4 KiB with fsync(2) after each.
    public static let blockOperations = [
        "sequential-write", "sequential-read", "random-read", "random-write", "fsync",
    ]

    /// Becomes the unprivileged `user`, says `ready`, and tries what a delegated cgroup v2 allows and forbids: the
    /// metrics `make`, `move`, `raise` and `leave` are error numbers. Then it sends `user` and stays.
    public static func delegate(directory: String, user: UInt32) -> Workload {
        Workload(name: "delegate", arguments: [directory, "\(user)"])
    }

    /// Tries each of `probes` (a name, or `name=parameter`; `all` for every one there is), says `ready`, sends
    /// `NAME RESULT DETAIL` as an output for each and `done` after the last, and waits to be killed. See
    /// `ProbeAnswer`.
    public static func probe(_ probes: [String]) -> Workload { Workload(name: "probe", arguments: probes) }

    /// Says `ready` and waits for a line on its standard input that says what to do: another workload's name and its
    /// arguments, joined with tabs. What a VM is saved in.
    public static let awaitOrder = Workload(name: "await")

    /// Every workload that a lab may name.
    public static let knownNames = [
        "noop", "hello", "idle", "touch", "tide", "release", "compute", "sequence", "pace", "pulse", "probe",
    ]
    /// The kinds of `compute`, one round of each about 1 ms of a bare process on the machine it was written on.
    public static let computeKinds = [
        "integer", "float", "memory-bandwidth", "memory-random", "syscall", "context-switch", "page-fault",
        "fork-exec", "file-write", "file-read", "network-loopback", "yardstick-float", "yardstick-entry",
        "yardstick-switch",
    ]
}

/// The record of what really ran for one engine: goes into the result and beside every table.
public struct EngineRecord: Codable, Equatable, Sendable {
    public var id: EngineID
    public var kind: EngineKind
    public var role: EngineRole
    /// The program that the user named for it; nil for the engine's own.
    public var build: EngineBuild?
    public var availability: Availability
    /// True when its instances run on no real processor: it emulates, or is a VM on a machine that is emulated
    /// itself. Every table says so.
    public var emulated: Bool
    /// True when the engine itself emulates. A hypervisor doesn't: it is emulated only with its whole machine, which
    /// the report says of every engine at once.
    public var emulates: Bool
    /// Versions and settings worth a line in the report, in order: `("libvirt", "9.0.0")`.
    public var details: [Detail]
    /// SHA-256 of what ran, by name: `kernel`, `initramfs`, `domain-xml`.
    public var digests: [String: String]
    /// Names of the steps that `Observation.stepNanoseconds` times; empty when the engine has none.
    public var steps: [Message]
    /// What there is before the first mark of any trial: made once, shared by all of them. Nil for one that was not
    /// prepared.
    public var prepared: [Message]?
    /// Notes on what this engine can't do equally to the others.
    public var footnotes: [Message]

    /// The engine that it is, or is a build of.
    public var engine: EngineID { build?.kind ?? id }
    /// True for a build under a name of its own, which stands beside the engines of the document's comparison.
    public var isNamedBuild: Bool { engine != id }

    public struct Detail: Codable, Equatable, Sendable {
        public var name: Message
        public var value: Message
        public init(_ name: Message, _ value: Message) {
            self.name = name
            self.value = value
        }
    }

    public init(
        id: EngineID, kind: EngineKind, role: EngineRole = .own, build: EngineBuild? = nil,
        availability: Availability = .available,
        emulated: Bool = false, emulates: Bool? = nil, details: [Detail] = [],
        digests: [String: String] = [:],
        steps: [Message] = [], footnotes: [Message] = []
    ) {
        self.id = id
        self.kind = kind
        self.role = role
        self.build = build
        self.availability = availability
        self.emulated = emulated
        self.emulates = emulates ?? emulated
        self.details = details
        self.digests = digests
        self.steps = steps
        self.footnotes = footnotes
    }
}
