import LabCore

/// What one round of work makes the host's processors do, and what can be counted of it: the exits from guest code
/// under a hypervisor in the kernel, the guest's instructions under emulation.
///
/// `setting` is a kind of `compute`, or `boot`: from the request until the guest is ready.
///
/// Values, per round of the kind or per boot: `round-ns` (the host's clock), `cpu-round-ns` (host CPU time, all of the
/// VMM's threads included), `exits-per-round-count` and one such count for each reason that the hypervisor names, and
/// `instructions-per-round-count`, which needs a second instance, whose virtual clock counts instructions.
struct Execution: Experiment {
    let id = "execution"

    static let boot = "boot"

    func perform(on engine: any Engine, _ bench: Bench) throws(LabError) -> Finding {
        let kind = bench.setting ?? ""
        guard kind == Self.boot || Workload.computeKinds.contains(kind) else {
            let known = [Self.boot] + Workload.computeKinds
            throw LabError(
                .usage,
                "the experiment \(id) has no setting \(kind.debugDescription)\(didYouMean(kind, in: known))",
                remedy: "choose one of \(known.joined(separator: ", "))")
        }
        return try kind == Self.boot ? boot(engine, bench) : work(kind, engine, bench)
    }

    private func boot(_ engine: any Engine, _ bench: Bench) throws(LabError) -> Finding {
        try bench.with(bench.request(.idle), on: engine) { instance throws(LabError) in
            try instance.waitUntilReady(deadline: bench.deadline)
            var finding = Finding()
            if let span = instance.timeline.span(from: .requested, to: .ready) {
                finding.values["round-ns"] = Double(span)
            }
            if let cpu = instance as? any CPUAccounting {
                finding.values["cpu-round-ns"] = Double(try cpu.hostCPUNanoseconds())
            }
            if let counting = instance as? any ExitCounting {
                finding.note(exits: try counting.exitCounts(), since: [:], per: 1)
            }
            return finding
        }
    }

    private func work(_ kind: String, _ engine: any Engine, _ bench: Bench) throws(LabError) -> Finding {
        let emulates = engine.record.emulates
        let rounds = emulates ? 30 : 150
        let workload = Workload.compute(kind: kind, rounds: rounds)
        let expected = ComputeReference.digest(kind: kind, rounds: rounds)
        var finding = try bench.with(bench.request(workload), on: engine) { instance throws(LabError) in
            var finding = Finding()
            let counting = instance as? any ExitCounting
            let cpu = instance as? any CPUAccounting
            try instance.waitUntilReady(deadline: bench.deadline)
            // What is asked of libvirt here takes a millisecond or two of some hundred: the first exits are lost.
            let cpuBefore = try cpu?.hostCPUNanoseconds()
            let before = try counting?.exitCounts() ?? [:]
            try instance.waitForOutput(deadline: bench.deadline)
            let cpuAfter = try cpu?.hostCPUNanoseconds()
            finding.note(exits: try counting?.exitCounts() ?? [:], since: before, per: rounds)
            try Self.check(instance.transcript, expected)
            if let span = instance.timeline.span(from: .ready, to: .firstOutput) {
                finding.values["round-ns"] = Double(span) / Double(rounds)
            }
            if let cpuBefore, let cpuAfter, cpuAfter >= cpuBefore {
                finding.values["cpu-round-ns"] = Double(cpuAfter - cpuBefore) / Double(rounds)
            }
            return finding
        }
        if engine.record.kind == .virtualMachine, emulates {
            finding.values["instructions-per-round-count"] =
                Double(
                    try Self.instructions(of: kind, rounds: rounds, on: engine, bench)) / Double(rounds)
        }
        return finding
    }

    /// The guest's instructions in so many rounds, its kernel's included: in a guest whose every instruction takes one
    /// nanosecond of its own clock, what the clock says is how many they were.
    /// - Throws: `.unavailable` where a processor executes them and nobody counts.
    static func instructions(
        of kind: String, rounds: Int, on engine: any Engine, _ bench: Bench
    ) throws(LabError) -> UInt64 {
        let expected = ComputeReference.digest(kind: kind, rounds: rounds)
        var request = bench.request(.compute(kind: kind, rounds: rounds))
        request.variant = "clock=instructions"
        return try bench.with(request, on: engine) { instance throws(LabError) in
            try instance.waitForOutput(deadline: bench.deadline)
            try check(instance.transcript, expected)
            // The count comes after the output, so that it stands between no marks.
            let patience = MonotonicInstant.now().advanced(by: .seconds(5))
            while instance.transcript.metrics["work-ns"] == nil, MonotonicInstant.now() < patience {
                try bench.pause(.milliseconds(5))
            }
            guard let count = instance.transcript.metrics["work-ns"] else {
                throw LabError(.instance, "the guest did not say how long its work took by its own clock")
            }
            return count
        }
    }

    private static func check(_ transcript: GuestTranscript, _ expected: String?) throws(LabError) {
        guard let expected, transcript.outputs == [expected] else {
            throw LabError(
                .instance, "the guest did not do its work", cause: "its digest is another one than the host's"
            )
        }
    }
}

extension Finding {
    /// Notes how often the guest was left per round, in all and by reason. A reason that does not occur is 0 as well.
    fileprivate mutating func note(
        exits after: [String: UInt64], since before: [String: UInt64], per rounds: Int
    ) {
        for (reason, count) in after {
            values[ExitCount.value(of: reason, perRound: true)] =
                Double(count &- before[reason, default: 0]) / Double(rounds)
        }
    }
}
