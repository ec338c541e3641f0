import Glibc
import LabCore

/// A cgroup v2 subtree in the hands of a user without privileges, see cgroups(7), "Cgroups v2 delegation": it makes a
/// cgroup of its own in it and moves there, and can neither raise its giver's limit nor leave.
///
/// Values: the truths `makes-own`, `moves-itself`, `limit-is-held` and `cannot-leave`.
struct Delegation: Experiment {
    let id = "delegation"

    /// `nobody`: it owns nothing on any machine.
    private static let user: uid_t = 65_534

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        try TrialCgroup.with(.init(isUnified: true), bench) { (cgroup) throws(LabError) in
            guard let directory = cgroup.unified else { return Finding() }
            for name in ["", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"] {
                try SeparateThread.kernel("give \(directory)\(name) to the user \(Self.user)") {
                    chown("\(directory)\(name)", Self.user, Self.user)
                }
            }
            let workload = Workload.delegate(directory: directory, user: Self.user)
            return try TrialChild.with(workload, .init(cgroup: cgroup), bench) {
                (child) throws(LabError) in
                try child.wait(forOutputs: 1, deadline: bench.deadline)
                return try finding(child, directory)
            }
        }
    }

    private func finding(_ child: ChildInstance, _ directory: String) throws(LabError) -> Finding {
        func answer(_ metric: String) -> (Errno, Message) {
            let code = Errno(Int32(truncatingIfNeeded: child.transcript.metrics[metric] ?? UInt64(ENOSYS)))
            return (code, code.rawValue == 0 ? "done" : "\(code.name)")
        }
        let own = "\(directory)/own"
        var status = stat()
        let isOwners = stat(own, &status) == 0 && status.st_uid == Self.user
        let membership = try Files.readText("/proc/\(child.pid)/cgroup")
        let isInside = ControlFile.processes(of: own) == [child.pid]
        let here: Message = "the process is in \(isInside ? "own" : "the cgroup that was given")"
        var finding = Finding()
        let (make, move, raise, leave) = (answer("make"), answer("move"), answer("raise"), answer("leave"))
        finding.note(
            "makes-own", make.0.rawValue == 0 && isOwners, answer: make.1,
            evidence: "own belongs to user \(status.st_uid)")
        finding.note(
            "moves-itself", move.0.rawValue == 0 && isInside, answer: move.1,
            evidence: "\(membership.split(separator: "\n").last { $0.hasPrefix("0::") } ?? "")")
        let depth = Files.line("\(directory)/cgroup.max.depth") ?? ""
        finding.note(
            "limit-is-held", raise.0 == Errno(EACCES) && depth == "max", answer: raise.1,
            mechanism: .hostKernel, evidence: "cgroup.max.depth is \(depth)")
        finding.note(
            "cannot-leave", leave.0 == Errno(EACCES) && isInside, answer: leave.1, mechanism: .hostKernel,
            evidence: here)
        return finding
    }
}
