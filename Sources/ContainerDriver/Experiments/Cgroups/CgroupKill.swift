import Glibc
import LabCore

/// The emptying of a cgroup, of whose processes all but one are nobody's children that we know: `at-once` by
/// `cgroup.kill` (Linux 5.14, v2 only), or `one-by-one` by a signal to each that the cgroup lists.
///
/// Values: `kill-nanoseconds` from the first write or signal until nobody lives in it, `processes-count`, and the truth
/// `emptied`.
struct CgroupKill: Experiment {
    let id = "cgroup-kill"

    private static let children = 31

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let setting = bench.setting, ["at-once", "one-by-one"].contains(setting) else {
            throw LabError(.usage, "cgroup-kill needs the setting at-once or one-by-one")
        }
        return try TrialCgroup.with(.init(isUnified: true), bench) { (cgroup) throws(LabError) in
            guard let directory = cgroup.unified else { return Finding() }
            let gauge = try ControlGauge("\(directory)/cgroup.events")
            return try TrialChild.with(.forks(Self.children), .init(cgroup: cgroup), bench) {
                (child) throws(LabError) in
                try child.wait(forOutputs: 1, deadline: bench.deadline)
                let count = ControlFile.processes(of: directory).count
                let began =
                    setting == "at-once"
                    ? try ControlSwitch("\(directory)/cgroup.kill").turn("1") : signalAll(directory)
                let ended = gauge.wait(for: "populated 0", deadline: bench.deadline)
                var finding = Finding(values: ["processes-count": Double(count)])
                if let ended { finding.values["kill-nanoseconds"] = Double(ended.nanoseconds(since: began)) }
                let left = ControlFile.processes(of: directory).count
                finding.note(
                    "emptied", ended != nil && left == 0 && count == Self.children + 1,
                    answer: "\(count) processes, then \(left)", mechanism: .cgroup,
                    evidence: "cgroup.events: populated \(ended == nil ? 1 : 0)")
                return finding
            }
        }
    }

    /// Signals whatever the cgroup lists, as a tool must that has no `cgroup.kill`.
    private func signalAll(_ directory: String) -> MonotonicInstant {
        let began = MonotonicInstant.now()
        for pid in ControlFile.processes(of: directory) { kill(pid, SIGKILL) }
        return began
    }
}
