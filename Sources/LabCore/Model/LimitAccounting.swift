/// An instance whose limits the host sets and counts the meetings of: one with cgroups.
public protocol LimitAccounting: Instance {
    /// Returns the kernel's account so far; nil where this instance has no limits. To be asked before `dispose`, also
    /// after the end of the workload.
    /// - Throws: `.instance` where it ended and nobody can say any more.
    func limitAccount() throws(LabError) -> LimitAccount?
}

/// The limits of an instance, how much of each is used, and how often each was met. Nil is what the kernel doesn't tell
/// and a limit that is not set.
public struct LimitAccount: Equatable, Sendable {
    /// Processes and threads: `pids.max`, `pids.current`, and `max` of `pids.events`, how many were refused.
    public var processLimit: UInt64?
    public var processes: UInt64?
    public var refusedProcesses: UInt64?
    /// Bytes: `memory.max` and `memory.current` (v1: `memory.limit_in_bytes`, `memory.usage_in_bytes`).
    public var memoryLimitBytes: UInt64?
    public var memoryBytes: UInt64?
    /// The number of times that the memory limit was met: `max` of `memory.events` (v1: `memory.failcnt` and
    /// `memory.memsw.failcnt`).
    public var memoryLimitHits: UInt64?
    /// The number of processes killed because of it: `oom_kill` of `memory.events` (v1: of `memory.oom_control`).
    public var outOfMemoryKills: UInt64?
    /// Processors: the quota of `cpu.max` (v1: `cpu.cfs_quota_us`) over its period.
    public var cpus: Double?
    /// In how many periods that quota was used up: `nr_throttled` of `cpu.stat`.
    public var throttledPeriods: UInt64?

    public init() {}

    /// The use of each limit, and how often it was met where that happened, for the evidence of a fact.
    public var text: String {
        func use(_ value: UInt64?, of limit: UInt64?) -> String? {
            value.map { "\($0)" + (limit.map { "/\($0)" } ?? "") }
        }
        func events(_ count: UInt64?) -> UInt64? { count.flatMap { $0 > 0 ? $0 : nil } }
        // Names of the files that it was read in, which are the same in every language.
        return [
            use(processes, of: processLimit).map { "pids.current \($0)" },
            events(refusedProcesses).map { "pids.events \($0)" },
            use(memoryBytes, of: memoryLimitBytes).map { "memory \($0)" },
            events(memoryLimitHits).map { "memory.events max \($0)" },
            events(outOfMemoryKills).map { "oom_kill \($0)" },
            events(throttledPeriods).map { "nr_throttled \($0)" },
        ].compactMap { $0 }.joined(separator: "; ")
    }
}
