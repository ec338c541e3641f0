import Glibc
import LabCore

/// Kills the process that stands for an instance on the host, its VMM or its payload, looks what is left, and has a
/// fresh instance ready as soon as it can.
///
/// - `detected-ns`: from the kill until lab knew;
/// - `recovery-ns`: from the kill until a fresh instance was ready, what the dead one left removed first;
/// - `leftover-count`: what carried the run's id after the death, before anybody removed anything, see `Traces`;
/// - `remaining-count`: the same after it was removed.
struct CrashRecovery: Experiment {
    let id = "crash-recovery"

    /// The longest that the kernel may take to be done with a killed process.
    private static let dying = Duration.seconds(10)
    private static let settling = Duration.seconds(3)

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        var before = Traces(of: bench.context)
        before.expect(try bench.context.journal.recorded())
        let request = bench.request(.idle)
        let instance = try engine.launch(request)
        // Once more does no harm.
        defer { bench.dispose(instance) }
        try instance.waitUntilReady(deadline: request.deadline)
        let target = try target(instance, engine.id)

        let killed = MonotonicInstant.now()
        guard kill(target.pid, SIGKILL) == 0 else {
            throw LabError(.permission, "cannot kill process \(target.pid)", cause: "\(Errno(errno))")
        }
        // The way it ended is an error of a VM and a status of a container; either tells that it has.
        var stop: Stop?
        do throws(LabError) {
            _ = try instance.waitForExit(deadline: killed.advanced(by: Self.dying))
        } catch {
            stop = error.stop
        }
        let detected = MonotonicInstant.now().nanoseconds(since: killed)
        try bench.context.interrupt.check()
        let left = Traces(of: bench.context).subtracting(before)

        // The time that the look took is nobody's recovery.
        let resumed = MonotonicInstant.now()
        bench.dispose(instance)
        let fresh = bench.request(.idle)
        let restored = try bench.with(fresh, on: engine) { (instance) throws(LabError) in
            try instance.waitUntilReady(deadline: fresh.deadline)
            return MonotonicInstant.now().nanoseconds(since: resumed)
        }
        let remaining = try settled(bench, since: before)

        var finding = Finding()
        finding.values["detected-ns"] = Double(detected)
        finding.values["recovery-ns"] = Double(detected + restored)
        finding.stop("detected-ns", "recovery-ns", by: stop)
        finding.values["leftover-count"] = Double(left.count)
        finding.values["leftover-processes-count"] = Double(left.processes.count)
        finding.values["leftover-cgroups-count"] = Double(left.cgroups.count)
        finding.values["leftover-files-count"] = Double(left.files.count + left.mounts.count)
        finding.values["remaining-count"] = Double(remaining.count)
        finding.facts["leftovers"] = Fact(
            answer: "\(left.count) → \(remaining.count)", evidence: "\(left.text) → \(remaining.text)")
        return finding
    }

    /// Returns what is left for good: a tool's own helpers may take a moment to be done.
    private func settled(_ bench: Bench, since before: Traces) throws(LabError) -> Traces {
        let deadline = MonotonicInstant.now().advanced(by: Self.settling)
        while true {
            let remaining = Traces(of: bench.context).subtracting(before)
            if remaining.count == 0 || MonotonicInstant.now() >= deadline { return remaining }
            try bench.pause(.milliseconds(20))
        }
    }

    private func target(_ instance: any Instance, _ engine: EngineID) throws(LabError) -> HostProcess {
        guard let visible = instance as? any HostVisible else {
            throw LabError(.unavailable, "the processes of \(engine) are unknown")
        }
        guard let target = try visible.hostProcesses().first else {
            throw LabError(.instance, "\(engine) has no process to kill")
        }
        return target
    }
}
