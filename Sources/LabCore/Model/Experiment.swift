/// The work with an engine in one trial of the method `experiment`: a procedure with a name, for what is neither a
/// start, nor memory, nor work alone.
///
/// It proves what it says by an oracle of its own, read on the host, and never by what a guest printed alone.
public protocol Experiment: Sendable {
    /// The value of the factor `experiment`.
    var id: String { get }

    /// Does it once. Whatever it made is gone when this returns or throws, and nothing is kept for another trial: what it
    /// found of other cells on the way goes into `Finding.others`.
    /// - Throws: `.unavailable` where the engine or the machine can't do it, with the reason; `.usage` for a value of a
    ///   parameter that it does not know. Either is the outcome of the trial.
    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding
}

/// The findings of an experiment.
public struct Finding: Equatable, Sendable {
    /// For `Observation.values`: the unit is the name's last word, and 0 or 1 for what is or isn't so.
    public var values: [String: Double]
    /// For `Observation.facts`.
    public var facts: [String: Fact]
    /// For `Observation.stops`.
    public var stops: [String: Stop] = [:]
    /// Findings of the same trial where other conditions hold: samples in place of trials that were yet to be made.
    public var others: [Condition: Finding] = [:]

    public init(values: [String: Double] = [:], facts: [String: Fact] = [:]) {
        self.values = values
        self.facts = facts
    }

    /// Notes one thing that is or isn't so, as a value and a fact of the same name.
    public mutating func note(
        _ name: String, _ isSo: Bool, answer: Message, mechanism: Mechanism? = nil, evidence: Message? = nil
    ) {
        values[name] = isSo ? 1 : 0
        facts[name] = Fact(answer: answer, mechanism: mechanism, evidence: evidence)
    }

    /// Notes what stopped some values; nothing where nothing did.
    public mutating func stop(_ names: String..., by stop: Stop?) {
        for name in names { stops[name] = stop ?? stops[name] }
    }
}

/// Something that was seen and is no number.
public struct Fact: Codable, Equatable, Sendable {
    /// The outcome, in the kernel's words where it has some: `EPERM`, `6.1.0-40-cloud-amd64`.
    public var answer: Message
    /// Who gave that answer; nil where nothing stood in the way or it is not known.
    public var mechanism: Mechanism?
    /// The host's own reading, on which answer and mechanism rest.
    public var evidence: Message?

    public init(answer: Message, mechanism: Mechanism? = nil, evidence: Message? = nil) {
        self.answer = answer
        self.mechanism = mechanism
        self.evidence = evidence
    }
}

/// The barrier between a workload and something of the host's.
public enum Mechanism: String, Codable, Sendable, CaseIterable {
    /// Nothing: it was reached.
    case none
    case pidNamespace = "pid-namespace"
    case mountNamespace = "mount-namespace"
    case networkNamespace = "network-namespace"
    case ipcNamespace = "ipc-namespace"
    case utsNamespace = "uts-namespace"
    case cgroupNamespace = "cgroup-namespace"
    case userNamespace = "user-namespace"
    /// A capability that the workload does not have, see capabilities(7).
    case capability
    case seccomp
    /// The limit of a cgroup controller, or the devices controller.
    case cgroup
    /// A path of /proc or /sys that is hidden or read-only (`maskedPaths`, `readonlyPaths` of the OCI specification).
    case maskedPath = "masked-path"
    case readOnlyMount = "read-only-mount"
    /// `nodev`, or no such node in a /dev of its own.
    case noDevice = "no-device"
    /// The image lacks it: no isolation, only absence.
    case absent
    /// Another kernel answered: the VM's own.
    case guestKernel = "guest-kernel"
    /// The host's kernel refused what every process of this user is refused.
    case hostKernel = "host-kernel"
}

/// The means with which an experiment works in one trial.
public final class Bench {
    public let lab: LabDefinition
    public let context: RunContext
    /// The condition of the trial.
    public let condition: Condition
    /// The digests that guests must arrive at.
    public let digests: ComputeDigests
    /// A trial's own random numbers: nonces, offsets. Seeded by the run's seed and the trial.
    public var generator: SeededGenerator
    /// Set when something could not be removed: the journal must be replayed.
    public private(set) var disposalFailure: LabError?
    private var takeInstance: () -> Int

    init(
        lab: LabDefinition, context: RunContext, condition: Condition, digests: ComputeDigests, seed: UInt64,
        takeInstance: @escaping () -> Int
    ) {
        self.lab = lab
        self.context = context
        self.condition = condition
        self.digests = digests
        generator = SeededGenerator(seed: seed)
        self.takeInstance = takeInstance
    }

    /// The value of the factor `setting`, nil where the lab varies none.
    public var setting: String? { condition.setting }

    /// The trial's deadline for an instance that is started now.
    public var deadline: MonotonicInstant {
        MonotonicInstant.now().advanced(by: .seconds(lab.timeoutSeconds))
    }

    /// A word that nobody can know who was not told it in this trial: 32 hexadecimal digits. Not from `generator`: a program
    /// that knows the seed must not know this.
    public func nonce() -> String { TrialProcedure.freshNonce() }

    /// A request for one instance of the trial, with the lab's memory and CPUs where the trial's condition holds.
    public func request(_ workload: Workload) -> LaunchRequest {
        LaunchRequest(
            index: takeInstance(), workload: workload, memoryBytes: lab.memoryBytes, cpus: lab.cpus,
            deadline: deadline, condition: condition)
    }

    /// Starts an instance, hands it to `body` and removes it, whatever happens.
    public func with<Result>(
        _ request: LaunchRequest, on engine: any PreparedEngine,
        _ body: (any Instance) throws(LabError) -> Result
    ) throws(LabError) -> Result {
        let instance = try engine.launch(request)
        defer { dispose(instance) }
        return try body(instance)
    }

    /// Removes an instance; that it could not be is remembered, and makes the trial a failure.
    public func dispose(_ instance: any Instance) {
        do { try instance.dispose() } catch { disposalFailure = disposalFailure ?? error }
    }

    /// Waits so long, or until the user interrupts.
    public func pause(_ duration: Duration) throws(LabError) {
        try context.interrupt.wait(until: MonotonicInstant.now().advanced(by: duration))
    }
}
