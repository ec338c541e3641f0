import Glibc
import LabCore

/// A test that a cgroup can be made to stand still: a program that never rests is frozen, looked at, and thawed.
/// `cgroup.freeze` where there is a cgroup v2, else the freezer controller of v1.
///
/// Values: `freeze-nanoseconds`, `thaw-nanoseconds`, `frozen-cpu-nanoseconds` (CPU time while frozen), and the truths
/// `stands-still` and `runs-again`.
struct Freezer: Experiment {
    let id = "freezer"

    private static let pause = Duration.milliseconds(100)

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let isV2 = (try? ControllerMounts.current().unified()) != nil
        let needs = TrialCgroup.Needs(controllers: isV2 ? [] : ["freezer"], isUnified: isV2)
        return try TrialCgroup.with(needs, bench) { (cgroup) throws(LabError) in
            guard let directory = cgroup.unified ?? cgroup.places["freezer"]?.directory else {
                return Finding()
            }
            let freezer = try ControlSwitch("\(directory)/\(isV2 ? "cgroup.freeze" : "freezer.state")")
            let state = try ControlGauge("\(directory)/\(isV2 ? "cgroup.events" : "freezer.state")")
            return try TrialChild.with(.burn, .init(cgroup: cgroup), bench) { (child) throws(LabError) in
                try child.waitUntilReady(deadline: bench.deadline)
                let began = try freezer.turn(isV2 ? "1" : "FROZEN")
                let frozen = state.wait(for: isV2 ? "frozen 1" : "FROZEN", deadline: bench.deadline)
                guard let frozen else {
                    throw LabError(.timeout, "the cgroup \(directory) did not freeze in time")
                }
                let before = try child.hostCPUNanoseconds()
                try bench.pause(Self.pause)
                let after = try child.hostCPUNanoseconds()
                let thawing = try freezer.turn(isV2 ? "0" : "THAWED")
                let thawed = state.wait(for: isV2 ? "frozen 0" : "THAWED", deadline: bench.deadline)
                try bench.pause(Self.pause)
                let later = try child.hostCPUNanoseconds()

                var finding = Finding(values: [
                    "freeze-nanoseconds": Double(frozen.nanoseconds(since: began)),
                    "frozen-cpu-nanoseconds": Double(after.grown(since: before)),
                ])
                if let thawed {
                    finding.values["thaw-nanoseconds"] = Double(thawed.nanoseconds(since: thawing))
                }
                finding.note(
                    "stands-still", after == before,
                    answer: "\(after.grown(since: before)) ns of CPU in 100 ms",
                    mechanism: .cgroup, evidence: "\(directory): frozen")
                finding.note(
                    "runs-again", later > after, answer: "\(later.grown(since: after)) ns of CPU in 100 ms",
                    evidence: "\(directory): thawed")
                return finding
            }
        }
    }
}
