import Glibc
import LabCore

/// A test that the memory limit of a cgroup holds: a program that writes to half as much (`below`) or twice as much
/// (`beyond`) as it may, and the kernel's own counters.
///
/// Values: `limit-bytes`, `peak-bytes` (the most that was ever charged), `peak-ratio` (the one over the other),
/// `oom-kills-count`, `host-available-bytes`, and as truths `killed-beyond` or `alive-below`.
struct MemoryLimit: Experiment {
    let id = "memory-limit"

    private static let limitMebibytes = 32

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let isBeyond: Bool
        switch bench.setting {
        case "below": isBeyond = false
        case "beyond": isBeyond = true
        default: throw LabError(.usage, "memory-limit needs the setting below or beyond")
        }
        let limit = Self.limitMebibytes << 20
        return try TrialCgroup.with(.init(controllers: ["memory"]), bench) { (cgroup) throws(LabError) in
            try cgroup.set(
                "memory", v1: ("memory.limit_in_bytes", "\(limit)"), v2: ("memory.max", "\(limit)"))
            // Swap is no way out either, where it is accounted.
            try? cgroup.set(
                "memory", v1: ("memory.memsw.limit_in_bytes", "\(limit)"), v2: ("memory.swap.max", "0"))
            let available = HostMemory.availableBytes() ?? 0
            let mebibytes = isBeyond ? Self.limitMebibytes * 2 : Self.limitMebibytes / 2
            let workload = Workload.touch(mebibytes: mebibytes)
            let status = try TrialChild.with(workload, .init(cgroup: cgroup), bench) {
                (child) throws(LabError) -> Int32? in
                if isBeyond { return try child.waitForExit(deadline: bench.deadline) }
                try child.wait(forOutputs: 1, deadline: bench.deadline)
                return nil
            }
            return try finding(cgroup, status, isBeyond, available: available)
        }
    }

    private func finding(
        _ cgroup: TrialCgroup, _ status: Int32?, _ isBeyond: Bool, available: UInt64
    ) throws(LabError) -> Finding {
        let kills =
            cgroup.number("oom_kill", "memory", v1: "memory.oom_control", v2: "memory.events") ?? 0
        let met =
            cgroup.version(of: "memory") == .v1
            ? ["memory.failcnt", "memory.memsw.failcnt"]
                .compactMap { cgroup.number("memory", v1: $0, v2: "") }.reduce(0, +)
            : cgroup.number("max", "memory", v1: "", v2: "memory.events") ?? 0
        var finding = Finding(values: [
            "limit-bytes": Double(Self.limitMebibytes << 20), "oom-kills-count": Double(kills),
            "host-available-bytes": Double(available),
        ])
        // memory.peak came with Linux 5.19.
        if let peak = cgroup.number("memory", v1: "memory.max_usage_in_bytes", v2: "memory.peak") {
            finding.values["peak-bytes"] = Double(peak)
            finding.values["peak-ratio"] = Double(peak) / Double(Self.limitMebibytes << 20)
        }
        let evidence: Message = "oom_kill \(kills); the limit was met \(met) times"
        if isBeyond {
            let isKilled = status == 128 + SIGKILL && kills == 1
            finding.note(
                "killed-beyond", isKilled,
                answer: status == 128 + SIGKILL ? "SIGKILL" : "exit status \(status ?? -1)",
                mechanism: .cgroup, evidence: evidence)
        } else {
            finding.note(
                "alive-below", status == nil && kills == 0, answer: "alive", mechanism: Mechanism.none,
                evidence: evidence)
        }
        return finding
    }
}
