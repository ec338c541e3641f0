import LabCore

/// Something that goes wrong in one instance, the culprit, and what is to be read of it on the host.
protocol Fault: Sendable {
    /// The value of the parameter `experiment`.
    var id: String { get }

    /// True when the culprit's CPU time is to be taken: to add it up over a thousand processes takes time itself.
    var takesCPUTime: Bool { get }

    /// Returns the culprit's work: never more than what is known to hold it, and little where nothing is.
    func workload(_ place: FaultPlace) -> Workload

    /// Finds out whether, after `culprit` has been at it for a while, something other than its own limit holds it.
    func examine(_ culprit: any Instance, _ scene: FaultScene) throws(LabError) -> Containment
}

extension Fault {
    var takesCPUTime: Bool { false }
}

/// The place in which a culprit is let loose.
struct FaultPlace {
    var kind: EngineKind
    /// The limits of an instance like it; nil where it has none.
    var limits: LimitAccount?
    var memoryBytes: UInt64
    /// A directory of ours on the host, for an engine that shows the culprit the host's files.
    var directory: String

    /// Returns true when something besides the culprit itself is there to hold it: a machine of its own, or this limit.
    func isHeld(by limit: UInt64?) -> Bool { kind == .virtualMachine || limit != nil }
}

/// The state of the place when a fault is examined.
struct FaultScene {
    var place: FaultPlace
    var neighbour: any Instance
    /// Processors that the culprit was given, and how much CPU time in how much time it took, in nanoseconds.
    var cpus: Int
    var cpuNanoseconds: UInt64?
    var elapsedNanoseconds: UInt64
    var deadline: MonotonicInstant
}

/// Who held a culprit.
struct Containment {
    var isContained: Bool
    /// In the kernel's words: `EAGAIN`, `SIGKILL`.
    var answer: Message
    var mechanism: Mechanism
    var evidence: Message
    /// More of `Finding.values`.
    var values: [String: Double] = [:]
    /// What kept it from coming to where it would have been held.
    var stop: Stop?

    /// The word of a culprit that only its own limit stopped.
    static let ownLimit = "own-limit"

    /// A fault that the culprit itself says the end of.
    /// - Parameters:
    ///   - isOnTheAccount: whether the instance's cgroup counted it.
    ///   - isBeyond: whether its own limit lies beyond what was to hold it.
    init(
        said word: String, kind: EngineKind, isOnTheAccount: Bool, isBeyond: Bool, evidence: Message,
        values: [String: Double] = [:]
    ) {
        self.values = values
        isContained = word != Self.ownLimit
        if !isContained && !isBeyond { stop = .cap }
        self.evidence = evidence
        answer = isContained ? "\(word)" : "stopped by its own limit: nothing contained it"
        if !isContained {
            mechanism = .none
        } else if kind == .virtualMachine {
            mechanism = .guestKernel
        } else {
            mechanism = isOnTheAccount ? .cgroup : .hostKernel
        }
    }

    init(
        _ isContained: Bool, answer: Message, mechanism: Mechanism, evidence: Message,
        values: [String: Double] = [:]
    ) {
        self.isContained = isContained
        self.answer = answer
        self.mechanism = mechanism
        self.evidence = evidence
        self.values = values
    }
}

extension Instance {
    /// The account of its limits; nil where it has none or has ended.
    var account: LimitAccount? { (try? (self as? any LimitAccounting)?.limitAccount()) ?? nil }

    /// The number of processes the host has because of it; nil where nobody can say.
    var hostProcessCount: Int? { (try? (self as? any HostVisible)?.hostProcesses())?.count }

    /// The host's word on it, for an evidence: its limits, or how many processes it sees.
    var hostEvidence: Message {
        if let text = account?.text { return "\(text)" }
        return hostProcessCount.map { "processes on the host: \($0)" } ?? "not visible to the host"
    }
}
