import LabCore

/// What the kernel writes down about one instance's cgroups; nothing of it is left once they are removed.
public struct CgroupAccounts: Equatable, Sendable {
    /// A cgroup of the instance, in a hierarchy of either version.
    public struct Place: Equatable, Sendable {
        var version: CgroupMounts.Hierarchy.Version
        var directory: String
    }
    /// Where its memory is accounted for.
    var memory: Place
    /// Where its CPU time is limited.
    var cpu: Place
    /// Where its processes are counted.
    var pids: Place

    /// The limits and how often they were met.
    var limits: LimitAccount? { CgroupLimits(memory: memory, cpu: cpu, pids: pids).account }

    /// `cgroup-charge` and `cgroup-kernel` as `MemoryAccounting` defines them, as far as this kernel tells them.
    var memoryBytes: [String: UInt64] {
        let directory = memory.directory
        var bytes: [String: UInt64] = [:]
        switch memory.version {
        case .v1:
            bytes["cgroup-charge"] = ControlFile.number("\(directory)/memory.usage_in_bytes")
            bytes["cgroup-kernel"] = ControlFile.number("\(directory)/memory.kmem.usage_in_bytes")
        case .v2:
            bytes["cgroup-charge"] = ControlFile.number("\(directory)/memory.current")
            bytes["cgroup-kernel"] = Self.value(of: "kernel", in: Self.text("\(directory)/memory.stat"))
        }
        return bytes
    }

    /// For how long its CPU limit made it wait; nil when the kernel doesn't tell.
    var throttledNanoseconds: UInt64? {
        Self.throttledNanoseconds(cpu.version, Self.text("\(cpu.directory)/cpu.stat"))
    }

    /// The figure in the text of `cpu.stat`: `throttled_time` in nanoseconds (v1) or `throttled_usec` (v2).
    static func throttledNanoseconds(_ version: CgroupMounts.Hierarchy.Version, _ text: String) -> UInt64? {
        switch version {
        case .v1: return value(of: "throttled_time", in: text)
        case .v2:
            return value(of: "throttled_usec", in: text).flatMap { $0.times(1_000) }
        }
    }

    /// The number of `key` in a flat keyed file, lines of `KEY VALUE` (Documentation/admin-guide/cgroup-v2.rst in
    /// Linux); nil when no line has it or its value is no number.
    static func value(of key: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            guard fields.count == 2, fields[0] == key else { continue }
            return UInt64(fields[1])
        }
        return nil
    }

    private static func text(_ path: String) -> String { (try? Files.readText(path)) ?? "" }
}
