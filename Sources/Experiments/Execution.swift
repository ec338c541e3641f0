import LabCore

/// The work that one round makes the host's processors do, as far as it can be counted: the exits from guest code
/// under a hypervisor in the kernel, the guest's instructions under emulation, and the events that the work consists of.
///
/// `setting` is a kind of `compute`, or `boot`: from the request until the guest is ready.
///
/// Values, per round of the kind or per boot: `round-ns` (of a boot, by the host's clock), `cpu-round-ns` (host CPU time,
/// all of the VMM's threads included), `exits-per-round-count` and one such count for each reason that the hypervisor
/// names, `operations-per-round-count`, `entries-per-round-count` and `switches-per-round-count` (see
/// Sources/Guest/Compute/Sequence.swift), and under emulation `instructions-per-round-count`.
///
/// One instance does all the kinds that the lab asks for, one after the other: each is a sample of its own. In the variant
/// `clock=instructions` nothing but these is counted, by the guest's virtual clock.
struct Execution: Experiment {
    let id = "execution"

    static let boot = "boot"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
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

    private func boot(_ engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
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

    private func work(_ kind: String, _ engine: any PreparedEngine, _ bench: Bench) throws(LabError)
        -> Finding
    {
        let asked = bench.lab.values(of: .setting, at: bench.condition.without(.setting))
            .filter(Workload.computeKinds.contains)
        let kinds = asked.contains(kind) ? asked : [kind]
        var findings =
            bench.condition.variant?.clock == .instructions
            ? try Self.instructions(of: kinds, rounds: 10, on: engine, bench)
            : try Self.findings(of: kinds, rounds: engine.record.emulates ? 20 : 60, on: engine, bench)
        var own = findings.removeValue(forKey: kind) ?? Finding()
        for (kind, finding) in findings {
            var other = bench.condition
            other.setting = kind
            own.others[other] = finding
        }
        return own
    }

    /// Returns the cost of so many rounds of each kind, per round, without the instructions.
    private static func findings(
        of kinds: [String], rounds: Int, on engine: any PreparedEngine, _ bench: Bench
    ) throws(LabError) -> [String: Finding] {
        let digests = kinds.map { bench.digests.digest($0, rounds: rounds) }
        // Long enough for the host to notice and to ask a hypervisor for its counts: where the machine itself is emulated,
        // that takes many times as long.
        let rest = engine.record.emulated && !engine.record.emulates ? 400 : 40
        let request = bench.request(.sequence(kinds, rounds: rounds, restMilliseconds: rest))
        return try bench.with(request, on: engine) { instance throws(LabError) in
            var findings: [String: Finding] = [:]
            let counting = instance as? any ExitCounting
            let cpu = instance as? any CPUAccounting
            var sequence = SequenceTranscript(instance, deadline: request.deadline)
            for (kind, digest) in zip(kinds, digests) {
                var finding = Finding()
                try sequence.wait(for: kind)
                // The cost of the asking itself is left out: the CPU time is read last here, and first below.
                let exitsBefore = try counting?.exitCounts() ?? [:]
                let cpuBefore = try cpu?.hostCPUNanoseconds()
                try sequence.checkRest()
                try sequence.wait(for: digest)
                let cpuAfter = try cpu?.hostCPUNanoseconds()
                finding.note(exits: try counting?.exitCounts() ?? [:], since: exitsBefore, per: rounds)
                try sequence.checkRest()
                if let cpuBefore, let cpuAfter, cpuAfter >= cpuBefore {
                    finding.values["cpu-round-ns"] = Double(cpuAfter - cpuBefore) / Double(rounds)
                }
                findings[kind] = finding
            }
            try sequence.wait(for: "end")
            for (place, kind) in kinds.enumerated() {
                for event in ["operations", "entries", "switches"] {
                    guard let count = sequence.metrics[place][event] else { continue }
                    findings[kind]?.values["\(event)-per-round-count"] = Double(count) / Double(rounds)
                }
            }
            return findings
        }
    }

    /// The guest's instructions in a round of each kind, its kernel's included, in the variant `clock=instructions`: in a
    /// guest whose every instruction takes one nanosecond of its own clock, what the clock says is how many they were.
    /// - Throws: `.unavailable` where a processor executes them and nobody counts.
    static func instructions(
        of kinds: [String], rounds: Int, on engine: any PreparedEngine, _ bench: Bench
    ) throws(LabError) -> [String: Finding] {
        let digests = kinds.map { bench.digests.digest($0, rounds: rounds) }
        let request = bench.request(.sequence(kinds, rounds: rounds, restMilliseconds: 0))
        return try bench.with(request, on: engine) { instance throws(LabError) in
            var sequence = SequenceTranscript(instance, deadline: request.deadline)
            for (kind, digest) in zip(kinds, digests) {
                try sequence.wait(for: kind)
                try sequence.wait(for: digest)
            }
            try sequence.wait(for: "end")
            var counts: [String: Finding] = [:]
            for (place, kind) in kinds.enumerated() {
                guard let count = sequence.metrics[place]["work-ns"] else {
                    throw LabError(
                        .instance, "the guest did not say how long its work took by its own clock")
                }
                counts[kind] = Finding(
                    values: ["instructions-per-round-count": Double(count) / Double(rounds)])
            }
            return counts
        }
    }
}

/// The output of an instance of the workload `sequence`, in the order in which it has to come.
private struct SequenceTranscript {
    private let instance: any Instance
    private let deadline: MonotonicInstant
    private var outputs = 0
    /// The metrics of each kind that is done, in their order.
    private(set) var metrics: [[String: UInt64]] = []

    init(_ instance: any Instance, deadline: MonotonicInstant) {
        self.instance = instance
        self.deadline = deadline
    }

    /// Waits for the next output, which has to be this one.
    mutating func wait(for output: String?) throws(LabError) {
        outputs += 1
        try instance.wait(forOutputs: outputs, deadline: deadline)
        let said = instance.transcript.outputs
        guard said.count >= outputs, let output, said[outputs - 1] == output else {
            throw LabError(
                .instance, "the guest did not do its work", cause: "its digest is another one than the host's"
            )
        }
        // Before each kind but the first, and at the end, the one before has been told of.
        if !outputs.isMultiple(of: 2), outputs > 1 { metrics.append(instance.transcript.metrics) }
    }

    /// Checks that the guest still rests, so that what was read is what stood between its rounds.
    /// - Throws: `.instance` when it has gone on meanwhile.
    func checkRest() throws(LabError) {
        guard instance.transcript.outputs.count == outputs else {
            throw LabError(
                .instance, "the accounts of a guest were read too late",
                cause: "the host took longer than the guest's rest", remedy: "run it on an idle machine")
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
