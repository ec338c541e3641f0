import Glibc
import LabCore

/// Replaces N running instances by N fresh ones, and finds out how many kernels run them.
///
/// - `kernels-count`: the kernels that would each have to be replaced to close a hole in them;
/// - `own-kernels-count`: those of them that are not the host's;
/// - `rollout-ns`: from the moment at which the first old one is ended until the last new one is ready.
struct Rollout: Experiment {
    let id = "rollout"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let count = bench.condition.instances ?? 1
        var finding = Finding()
        var living: [any Instance] = []
        defer { for instance in living { bench.dispose(instance) } }

        try start(count, on: engine, bench, &living)
        let kernels = Kernels(of: living, guest: bench.context.rootFilesystem.hostGuestPath)
        let began = MonotonicInstant.now()
        for instance in living { bench.dispose(instance) }
        living = []
        try start(count, on: engine, bench, &living)
        finding.values["rollout-ns"] = Double(MonotonicInstant.now().nanoseconds(since: began))

        guard kernels.unknown == 0 else {
            throw LabError(
                .instance,
                "whose kernel runs \(kernels.unknown) of \(count) instances of \(engine.id) is unknown",
                cause: "no process of theirs runs lab-guest, and no kernel of theirs spoke")
        }
        finding.values["own-kernels-count"] = Double(kernels.own)
        finding.values["kernels-count"] = Double(kernels.own + (kernels.onHost > 0 ? 1 : 0))
        finding.facts["kernel-hole"] = Fact(
            answer: "\(kernels.own + (kernels.onHost > 0 ? 1 : 0)) ×",
            mechanism: kernels.own > 0 ? .guestKernel : .hostKernel,
            evidence: "\(kernels.onHost) × /proc/PID/exe, \(kernels.own) × kernel-entered")
        return finding
    }

    private func start(
        _ count: Int, on engine: any PreparedEngine, _ bench: Bench, _ living: inout [any Instance]
    ) throws(LabError) {
        for _ in 0..<count { living.append(try engine.launch(bench.request(.idle))) }
        for instance in living { try instance.waitUntilReady(deadline: bench.deadline) }
    }
}

/// Whose kernels run some instances, as the host sees it.
private struct Kernels {
    /// Instances whose workload is a process of the host's kernel.
    private(set) var onHost = 0
    /// Instances whose workload is none, and in which another kernel was heard on the console.
    private(set) var own = 0
    private(set) var unknown = 0

    /// - Parameter guest: the program of the workload.
    init(of instances: [any Instance], guest: String) {
        let workload = Self.inode(guest)
        for instance in instances {
            let processes = (try? (instance as? any HostVisible)?.hostProcesses()) ?? []
            // The file that a process executes, whatever path it has in the process's own mounts. An image that was
            // imported by an engine is a copy: then the name decides.
            let runsHere = processes.contains { process in
                Self.inode("/proc/\(process.pid)/exe").map { $0 == workload } == true
                    || process.name == "lab-guest"
            }
            if runsHere {
                onHost += 1
            } else if instance.timeline[.kernelEntered] != nil {
                own += 1
            } else {
                unknown += 1
            }
        }
    }

    private static func inode(_ path: String) -> [UInt64]? {
        var status = stat()
        return stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
    }
}
