import Glibc
import LabCore

/// A test that the limit of a cgroup's processes holds: a program that forks until it is refused, with `setting` as the
/// limit, itself included.
///
/// Values: `processes-count` as the host counts them, `refusals-count` of the controller, and the truth `refused`.
struct PidsLimit: Experiment {
    let id = "pids-limit"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let limit = bench.setting.flatMap({ Int($0) }), (1...4_096).contains(limit) else {
            throw LabError(.usage, "pids-limit needs a setting from 1 to 4096")
        }
        return try TrialCgroup.with(.init(controllers: ["pids"]), bench) { (cgroup) throws(LabError) in
            try cgroup.set("pids", v1: ("pids.max", "\(limit)"), v2: ("pids.max", "\(limit)"))
            return try TrialChild.with(.forks(limit * 2), .init(cgroup: cgroup), bench) {
                (child) throws(LabError) in
                try child.wait(forOutputs: 1, deadline: bench.deadline)
                let places = cgroup.places["pids"]
                let count = places.map { ControlFile.processes(of: $0.directory).count } ?? 0
                let refusals = cgroup.number("max", "pids", v1: "pids.events", v2: "pids.events") ?? 0
                let refusal = Errno(Int32(clamping: child.transcript.metrics["refusal"] ?? 0))
                var finding = Finding(values: [
                    "processes-count": Double(count), "refusals-count": Double(refusals),
                ])
                finding.note(
                    "refused", count == limit && refusals >= 1 && refusal == Errno(EAGAIN),
                    answer: refusal.rawValue == 0 ? "not refused" : "\(refusal.name)", mechanism: .cgroup,
                    evidence: "\(count) processes in the cgroup; pids.events: max \(refusals)")
                // Refused before it came to the limit, by another one.
                if count < limit { finding.stop("refused", by: Stop(refusal)) }
                return finding
            }
        }
    }
}
