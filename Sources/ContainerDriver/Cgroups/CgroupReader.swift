import LabCore

/// Reads what the kernel writes down about one process's cgroups; nothing of it is left once they are removed. See
/// cgroups(7); Documentation/admin-guide/cgroup-v1/memory.rst and Documentation/admin-guide/cgroup-v2.rst in Linux.
public struct CgroupReader: Equatable, Sendable {
    /// A cgroup in a hierarchy of either version.
    public struct Place: Equatable, Sendable {
        var version: CgroupMounts.Hierarchy.Version
        var directory: String
    }
    private let places: [CgroupMounts.Controller: Place]

    init(_ places: [CgroupMounts.Controller: Place]) { self.places = places }

    /// Returns the cgroup in which a controller accounts for it; nil where it does not.
    subscript(_ controller: CgroupMounts.Controller) -> Place? { places[controller] }

    /// The cgroups that a process is in.
    init(_ process: HostProcess) {
        let hierarchies = CgroupMounts.current().hierarchies
        // hierarchy-ID:controller-list:cgroup-path
        let memberships = process.cgroups.map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }.filter { $0.count == 3 }
        var places: [CgroupMounts.Controller: Place] = [:]
        for controller in CgroupMounts.Controller.allCases {
            guard let hierarchy = hierarchies.first(where: { $0.controllers.contains(controller) }),
                let fields = memberships.first(where: { fields in
                    hierarchy.version == .v2
                        ? fields[0] == "0"
                        : fields[1].split(separator: ",").contains { $0 == controller.rawValue }
                })
            else { continue }
            places[controller] = Place(
                version: hierarchy.version, directory: hierarchy.mountPoint + fields[2])
        }
        self.init(places)
    }

    /// `cgroup-charge` and `cgroup-kernel` as `MemoryAccounting` defines them, as far as this kernel tells them.
    var memoryBytes: [String: UInt64] {
        guard let memory = self[.memory] else { return [:] }
        let directory = memory.directory
        var bytes: [String: UInt64] = [:]
        switch memory.version {
        case .v1:
            bytes["cgroup-charge"] = ControlFile.number("\(directory)/memory.usage_in_bytes")
            bytes["cgroup-kernel"] = ControlFile.number("\(directory)/memory.kmem.usage_in_bytes")
        case .v2:
            bytes["cgroup-charge"] = ControlFile.number("\(directory)/memory.current")
            bytes["cgroup-kernel"] = ControlFile.number(of: "kernel", in: "\(directory)/memory.stat")
        }
        return bytes
    }

    /// The memory limit; nil when there is none.
    var memoryLimitBytes: UInt64? {
        guard let memory = self[.memory] else { return nil }
        return switch memory.version {
        // v1 writes no limit as the largest number of pages that it can count.
        case .v1:
            ControlFile.number("\(memory.directory)/memory.limit_in_bytes").flatMap {
                $0 < 1 << 62 ? $0 : nil
            }
        case .v2: ControlFile.number("\(memory.directory)/memory.max")
        }
    }

    /// For how long its CPU limit made it wait; nil when the kernel doesn't tell.
    var throttledNanoseconds: UInt64? {
        self[.cpu].flatMap {
            Self.throttledNanoseconds($0.version, (try? Files.readText("\($0.directory)/cpu.stat")) ?? "")
        }
    }

    /// The figure in the text of `cpu.stat`: `throttled_time` in nanoseconds (v1) or `throttled_usec` (v2).
    static func throttledNanoseconds(_ version: CgroupMounts.Hierarchy.Version, _ text: String) -> UInt64? {
        switch version {
        case .v1: return ControlFile.value(of: "throttled_time", in: text)
        case .v2:
            return ControlFile.value(of: "throttled_usec", in: text).flatMap { $0.times(1_000) }
        }
    }

    /// The limits and how often they were met; nil when there is no limit at all.
    var limits: LimitAccount? {
        var account = LimitAccount()
        if let pids = self[.pids] { add(pids: pids, to: &account) }
        if let memory = self[.memory] { add(memory: memory, to: &account) }
        if let cpu = self[.cpu] { add(cpu: cpu, to: &account) }
        let isLimited =
            account.processLimit != nil || account.memoryLimitBytes != nil || account.cpus != nil
        return isLimited ? account : nil
    }

    private func add(pids: Place, to account: inout LimitAccount) {
        // `max`, no limit, is no number.
        account.processLimit = ControlFile.number("\(pids.directory)/pids.max")
        account.processes = ControlFile.number("\(pids.directory)/pids.current")
        account.refusedProcesses = ControlFile.number(of: "max", in: "\(pids.directory)/pids.events")
    }

    private func add(memory: Place, to account: inout LimitAccount) {
        let directory = memory.directory
        account.memoryLimitBytes = memoryLimitBytes
        account.memoryBytes = memoryBytes["cgroup-charge"]
        switch memory.version {
        case .v1:
            // The limit on memory and swap together, where there is one, is met first: it is asked first.
            let hits = ["memory.failcnt", "memory.memsw.failcnt"].compactMap {
                ControlFile.number("\(directory)/\($0)")
            }
            account.memoryLimitHits = hits.isEmpty ? nil : hits.reduce(0, +)
            account.outOfMemoryKills = ControlFile.number(
                of: "oom_kill", in: "\(directory)/memory.oom_control")
        case .v2:
            account.memoryLimitHits = ControlFile.number(of: "max", in: "\(directory)/memory.events")
            account.outOfMemoryKills = ControlFile.number(of: "oom_kill", in: "\(directory)/memory.events")
        }
    }

    private func add(cpu: Place, to account: inout LimitAccount) {
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
        account.throttledPeriods = ControlFile.number(of: "nr_throttled", in: "\(directory)/cpu.stat")
    }

    private func cpus(quota: UInt64?, period: UInt64?) -> Double? {
        guard let quota, let period, period > 0 else { return nil }
        return Double(quota) / Double(period)
    }
}
