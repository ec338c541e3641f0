import LabCore

/// The files in which the kernel keeps the limits of one instance's cgroups and counts how often they were met. See
/// cgroups(7); Documentation/admin-guide/cgroup-v1/memory.rst and Documentation/admin-guide/cgroup-v2.rst in Linux.
struct CgroupLimits {
    typealias Place = CgroupAccounts.Place
    /// Where each controller accounts for it; nil where it does not.
    var memory: Place?
    var cpu: Place?
    var pids: Place?

    /// All of it now; nil when there is no limit at all.
    var account: LimitAccount? {
        var account = LimitAccount()
        if let pids { Self.add(pids: pids, to: &account) }
        if let memory { Self.add(memory: memory, to: &account) }
        if let cpu { Self.add(cpu: cpu, to: &account) }
        let isLimited =
            account.processLimit != nil || account.memoryLimitBytes != nil || account.cpus != nil
        return isLimited ? account : nil
    }

    private static func add(pids: Place, to account: inout LimitAccount) {
        // `max`, no limit, is no number.
        account.processLimit = ControlFile.number("\(pids.directory)/pids.max")
        account.processes = ControlFile.number("\(pids.directory)/pids.current")
        account.refusedProcesses = value(of: "max", in: "\(pids.directory)/pids.events")
    }

    private static func add(memory: Place, to account: inout LimitAccount) {
        let directory = memory.directory
        switch memory.version {
        case .v1:
            // v1 writes no limit as the largest number of pages that it can count.
            account.memoryLimitBytes = ControlFile.number("\(directory)/memory.limit_in_bytes")
                .flatMap { $0 < 1 << 62 ? $0 : nil }
            account.memoryBytes = ControlFile.number("\(directory)/memory.usage_in_bytes")
            // The limit on memory and swap together, where there is one, is met first: it is asked first.
            let hits = ["memory.failcnt", "memory.memsw.failcnt"].compactMap {
                ControlFile.number("\(directory)/\($0)")
            }
            account.memoryLimitHits = hits.isEmpty ? nil : hits.reduce(0, +)
            account.outOfMemoryKills = value(of: "oom_kill", in: "\(directory)/memory.oom_control")
        case .v2:
            account.memoryLimitBytes = ControlFile.number("\(directory)/memory.max")
            account.memoryBytes = ControlFile.number("\(directory)/memory.current")
            account.memoryLimitHits = value(of: "max", in: "\(directory)/memory.events")
            account.outOfMemoryKills = value(of: "oom_kill", in: "\(directory)/memory.events")
        }
    }

    private static func add(cpu: Place, to account: inout LimitAccount) {
        let directory = cpu.directory
        switch cpu.version {
        case .v1:
            // −1, no quota, is no number here.
            account.cpus = cpus(
                quota: ControlFile.number("\(directory)/cpu.cfs_quota_us"),
                period: ControlFile.number("\(directory)/cpu.cfs_period_us"))
        case .v2:
            let words = (Files.line("\(directory)/cpu.max") ?? "").split(separator: " ").map { UInt64($0) }
            account.cpus = words.count == 2 ? cpus(quota: words[0], period: words[1]) : nil
        }
        account.throttledPeriods = value(of: "nr_throttled", in: "\(directory)/cpu.stat")
    }

    private static func cpus(quota: UInt64?, period: UInt64?) -> Double? {
        guard let quota, let period, period > 0 else { return nil }
        return Double(quota) / Double(period)
    }

    private static func value(of key: String, in path: String) -> UInt64? {
        (try? Files.readText(path, limit: 1 << 16)).flatMap { CgroupAccounts.value(of: key, in: $0) }
    }
}
