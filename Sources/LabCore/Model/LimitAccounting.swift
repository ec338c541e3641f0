/// An instance whose limits the host sets and counts the meetings of: one with cgroups.
public protocol LimitAccounting: Instance {
    /// What the kernel has written down so far; nil where this instance has no limits. To be asked before `dispose`, also
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
    /// How often the memory limit was met: `max` of `memory.events` (v1: `memory.failcnt` and
    /// `memory.memsw.failcnt`).
    public var memoryLimitHits: UInt64?
    /// How many processes the kernel killed because of it: `oom_kill` of `memory.events` (v1: of `memory.oom_control`).
    public var outOfMemoryKills: UInt64?
    /// Processors: the quota of `cpu.max` (v1: `cpu.cfs_quota_us`) over its period.
    public var cpus: Double?
    /// In how many periods that quota was used up: `nr_throttled` of `cpu.stat`.
    public var throttledPeriods: UInt64?

    public init() {}

    /// What is used of each limit, and how often it was met where that happened, for the evidence of a fact.
    public var text: String {
        func use(_ name: String, _ value: UInt64?, of limit: UInt64?) -> String? {
            value.map { "\(name) \($0)" + (limit.map { " of \($0)" } ?? "") }
        }
        func events(_ name: String, _ count: UInt64?) -> String? {
            count.flatMap { $0 > 0 ? "\(name) \($0)" : nil }
        }
        return [
            use("pids", processes, of: processLimit), events("pids refused", refusedProcesses),
            use("memory", memoryBytes, of: memoryLimitBytes), events("memory limit met", memoryLimitHits),
            events("oom_kill", outOfMemoryKills), events("nr_throttled", throttledPeriods),
        ].compactMap { $0 }.joined(separator: "; ")
    }
}
