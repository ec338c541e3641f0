import LabCore

/// A small run that uses every field, for tests of reading, writing and judging.
enum ResultFixture {
    static let start = Metric(
        id: "start-up", title: LocalizedText(en: "Start-up", zh: "启动"), unit: .nanoseconds,
        source: .span(from: .requested, to: .ready))

    static func claim(_ rule: Claim.Rule) -> Claim {
        Claim(
            id: "claim", subject: .vm, source: "3", text: LocalizedText(en: "minutes", zh: "分钟级"), rule: rule)
    }

    static func lab(claims: [Claim] = []) -> LabDefinition {
        LabDefinition(
            id: "startup-latency", title: LocalizedText(en: "Start-up latency", zh: "启动延迟"),
            question: LocalizedText(en: "How long?", zh: "多久?"), dimension: "启动速度",
            engines: [.process, .kvm, .qemu], workload: "hello", method: .lifecycle, metrics: [start],
            samples: .init(default: 20, perEngine: [.qemu: 5, .kvm: 7, .process: 9], warmup: 1),
            budgetSeconds: 60,
            timeoutSeconds: 10, memoryBytes: 256 << 20, cpus: 1, claims: claims)
    }

    /// A run whose completed samples took these numbers of nanoseconds from `requested` to `ready`.
    static func result(_ times: [(EngineID, [UInt64])], claims: [Claim] = [], seed: UInt64 = .max)
        -> RunResult
    {
        var samples: [Observation] = []
        for (engine, nanoseconds) in times {
            for time in nanoseconds {
                samples.append(observation(samples.count, engine, ready: time))
            }
        }
        let engines = [
            EngineRecord(id: .process, kind: .process, steps: ["clone", "exec"]),
            EngineRecord(
                id: .kvm, kind: .virtualMachine,
                availability: .unavailable(
                    LabError(.unavailable, "KVM opens but does not work", remedy: "another host"))),
            EngineRecord(
                id: .qemu, kind: .virtualMachine, emulated: true, details: [.init("libvirt", "9.0.0")],
                digests: ["kernel": "ab"], footnotes: ["another kernel"]),
        ]
        let header = RunResult.Header(
            version: "0.1.0", runID: "20261124T064930-3fa9", startedAt: "2026-11-24T06:49:30Z",
            lab: lab(claims: claims), command: "./lab run startup-latency",
            plan: Plan(
                [
                    .init(.init(engine: .process), samples: 9, warmup: 1),
                    .init(.init(engine: .qemu), samples: 5, warmup: 1),
                ], seed: seed),
            environment: Environment(
                cpuModel: "A \"quoted\" CPU", memoryBytes: 1 << 40, mitigations: ["b": "x", "a": "y"],
                load: 0.1,
                warnings: [.init("noisy", remedy: "wait")]),
            engines: engines, digests: ["workload": "cd"])
        return RunResult(header: header, samples: samples, closing: .init(.complete))
    }

    static func observation(_ index: Int, _ engine: EngineID, ready: UInt64) -> Observation {
        var timeline = Timeline()
        let zero = MonotonicInstant(nanoseconds: 0)
        timeline.stamp(.requested, at: zero, since: zero)
        timeline.stamp(.ready, at: MonotonicInstant(nanoseconds: ready), since: zero)
        return Observation(
            index: index, engine: engine, warmup: false, outcome: .completed,
            timeline: timeline, stepNanoseconds: engine == .process ? [1, 2] : [],
            values: ["guest-uptime-ns": 0.1 + Double(index)])
    }

    static func failure(_ index: Int, _ engine: EngineID) -> Observation {
        var sample = observation(index, engine, ready: 5)
        sample.outcome = .failed(
            LabError(.timeout, "no ready", cause: "10 s", remedy: "wait"), after: .created)
        return sample
    }
}
