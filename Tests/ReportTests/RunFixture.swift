import LabCore

/// A run as a small machine would make it: figures of that size, spread like latencies.
struct RunFixture {
    var generator = SeededGenerator(seed: 20_261_124)
    var samples: [Observation] = []
    var engines: [EngineRecord] = [
        EngineRecord(
            id: .process, kind: .process, details: [.init("method", "fork + exec")],
            steps: processSteps.map(\.0)),
        EngineRecord(
            id: .container, kind: .container, details: [.init("namespaces", "pid mnt net ipc uts cgroup")],
            steps: containerSteps.map(\.0),
            footnotes: ["shares the host's kernel"]),
        EngineRecord(
            id: .kvm, kind: .virtualMachine,
            availability: .unavailable(
                LabError(
                    .unavailable, "KVM opens, but the guest kernel never reached its init",
                    remedy: "use a host with hardware virtualisation"))),
        EngineRecord(
            id: .qemu, kind: .virtualMachine, emulated: true,
            details: [.init("libvirt", "9.0.0"), .init("machine", "microvm")],
            digests: ["kernel": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"]),
    ]
    var claims: [Claim] = [
        Claim(
            id: "vm-minutes", subject: .vm, source: "3 · 启动速度",
            text: LocalizedText(en: "A VM takes minutes to start", zh: "分钟级(需加载完整 OS)"),
            rule: .init(
                metric: "start-up", engines: [.kvm, .qemu], atLeast: 60e9, emulation: .contradictsLowerBound)),
        Claim(
            id: "container-second", subject: .container, source: "2 · 优缺点",
            text: LocalizedText(en: "A container usually starts in less than 1 second", zh: "通常 < 1 秒"),
            rule: .init(metric: "start-up", engines: [.container], atMost: 1e9)),
        Claim(
            id: "container-loss", subject: .container, source: "3",
            text: LocalizedText(en: "at most 5 % slower", zh: "1%-5%"),
            rule: .init(metric: "start-up", engines: [.container], relativeTo: .process, atMost: 1.05)),
        Claim(
            id: "vm-ratio", subject: .vm, source: "3", text: LocalizedText(en: "at most 20 %", zh: "5%-20%"),
            rule: .init(metric: "start-up", engines: [.kvm, .qemu], relativeTo: .process, atMost: 1.2)),
    ]
    var ending = RunResult.Ending.complete
    var title = LocalizedText(en: "Start-up latency", zh: "启动延迟")
    var warnings: [Environment.Warning] = [.init("the load is 2.10", remedy: "stop what else runs")]

    /// Steps that fill the lives below but for the last microseconds: name and nanoseconds.
    static let processSteps: [(Message, Double)] = [
        ("pipes", 20e3), ("clone3", 90e3), ("execve", 40e3), ("workload", 377e3),
    ]
    static let containerSteps: [(Message, Double)] = [
        ("cgroups", 150e3), ("pipes", 22e3), ("clone3", 240e3), ("mounts", 160e3),
        ("pivot_root", 60e3), ("seccomp filter", 40e3), ("execve", 60e3), ("workload", 441e3),
        ("remove cgroups", 780e3),
    ]
    /// What the lab varies and how, where that is not the default.
    var shape = Shape()

    struct Shape {
        var id = "startup-latency"
        var method = LabDefinition.Method.lifecycle
        var workload = "hello"
        var metrics: [Metric]?
        var series: [Series] = [.plain]
        var rounds: LabDefinition.PerEngine?
        var samples = LabDefinition.Samples(default: 200, perEngine: [.qemu: 12], warmup: 2)
        /// The run's own plan by the series; else one of the plain point.
        var plan: Plan?
        var harnessNanoseconds: [UInt64] = []
        var facts: [LabDefinition.FactRow]?
    }

    /// Median nanoseconds of each phase by the mark at its end.
    static let lives: [EngineID: [(Mark, Double)]] = [
        .process: [
            (.created, 150e3), (.initStarted, 300e3), (.ready, 8e3), (.firstOutput, 9e3), (.exited, 60e3),
            (.cleanedUp, 5e3),
        ],
        .container: [
            (.created, 420e3), (.initStarted, 650e3), (.ready, 9e3), (.firstOutput, 9e3), (.exited, 90e3),
            (.cleanedUp, 800e3),
        ],
        .qemu: [
            (.kernelEntered, 340e6), (.created, 70e6), (.initStarted, 1_250e6), (.ready, 2e6),
            (.firstOutput, 1e6), (.exited, 4e6), (.cleanedUp, 160e6),
        ],
    ]

    mutating func add(
        _ engine: EngineID, count: Int, warmup: Bool = false, factor: Double = 1, at point: Condition = [:]
    ) {
        for _ in 0..<count {
            // One factor for the whole life and a little for each phase: phases of a slow start are slow together.
            let common = 1 + 0.3 * skewed()
            var timeline = Timeline()
            let zero = MonotonicInstant(nanoseconds: 0)
            timeline.stamp(.requested, at: zero, since: zero)
            var now = 0.0
            for (mark, median) in Self.lives[engine] ?? [] {
                now += median * common * factor * (0.98 + 0.04 * Double.random(in: 0..<1, using: &generator))
                timeline.stamp(mark, at: MonotonicInstant(nanoseconds: UInt64(now)), since: zero)
            }
            samples.append(
                Observation(
                    index: samples.count, engine: engine, parameters: point, warmup: warmup,
                    outcome: .completed, timeline: timeline,
                    stepNanoseconds: point.isEmpty ? stepEnds(engine, within: now) : [],
                    values: ["guest-uptime-ns": now * 0.8, "harness-ns": 2_000]))
        }
    }

    /// The ends of an engine's steps, which together take all of a life but its last 3 µs.
    private mutating func stepEnds(_ engine: EngineID, within life: Double) -> [UInt64] {
        let steps = [.process: Self.processSteps, .container: Self.containerSteps][engine] ?? []
        let lengths = steps.map { $0.1 * (0.9 + 0.2 * Double.random(in: 0..<1, using: &generator)) }
        let scale = (life - 3_000) / max(lengths.reduce(0, +), 1)
        var end = 0.0
        return lengths.map { length in
            end += length * scale
            return UInt64(end)
        }
    }

    mutating func addFailures(
        _ engine: EngineID, count: Int, message: Message = "the guest did not get ready",
        at point: Condition = [:]
    ) {
        for _ in 0..<count {
            let error = LabError(.timeout, message, cause: "deadline of 30 s", remedy: "a longer --timeout")
            samples.append(
                Observation(
                    index: samples.count, engine: engine, parameters: point, warmup: false,
                    outcome: .failed(error, after: .created),
                    timeline: Timeline()))
        }
    }

    /// Between 0 and 1, small ones more often.
    mutating func skewed() -> Double {
        let u = Double.random(in: 0..<1, using: &generator)
        return u * u * u
    }

    /// 200 processes, 100 containers, 12 emulated VMs and a failure, interleaved.
    static func complete() -> RunFixture {
        var fixture = RunFixture()
        fixture.add(.process, count: 2, warmup: true)
        for _ in 0..<12 {
            fixture.add(.process, count: 16)
            fixture.add(.qemu, count: 1)
            fixture.add(.container, count: 8)
        }
        fixture.addFailures(.qemu, count: 1)
        return fixture
    }

    var result: RunResult {
        let metrics = [
            Metric(
                id: "start-up", title: title, unit: .nanoseconds, source: .span(from: .requested, to: .ready)),
            Metric(
                id: "uptime", title: LocalizedText(en: "Guest's own uptime", zh: "客体自身的运行时间"),
                unit: .nanoseconds, source: .value("guest-uptime-ns")),
        ]
        let lab = LabDefinition(
            id: shape.id, title: title,
            question: LocalizedText(
                en: "How long from the request until the workload is ready?", zh: "从请求到工作负载就绪要多久?"),
            dimension: "启动速度", engines: [.process, .container, .kvm, .qemu], workload: shape.workload,
            method: shape.method, rounds: shape.rounds, metrics: shape.metrics ?? metrics,
            samples: shape.samples, series: shape.series,
            budgetSeconds: 120, timeoutSeconds: 30, memoryBytes: 256 << 20, cpus: 1, claims: claims,
            facts: shape.facts)
        let environment = Environment(
            cpuModel: "AMD EPYC", cpuCount: 2, memoryBytes: 24 << 30, kernel: "6.18.0",
            mitigations: ["meltdown": "Not affected"], cgroupLayout: "hybrid", load: 2.1, hypervisor: "KVM",
            root: true, warnings: warnings)
        let header = RunResult.Header(
            version: "0.1.0", runID: "20261124T064930-3fa9", startedAt: "2026-11-24T06:49:30Z", lab: lab,
            command: "./lab run startup-latency --seed 7",
            plan: plan(lab),
            environment: environment, engines: engines,
            digests: ["workload": "ab12", "root-filesystem": "cd34"],
            harnessNanoseconds: shape.harnessNanoseconds)
        return RunResult(header: header, samples: samples, closing: .init(ending))
    }

    private func plan(_ lab: LabDefinition) -> Plan {
        if let plan = shape.plan { return plan }
        if lab.series != [.plain] { return Plan(lab, engines: [.process, .container, .qemu], seed: 7) }
        return Plan(
            [
                .init(.init(engine: .process), samples: 200, warmup: 2),
                .init(.init(engine: .container), samples: 100, warmup: 2),
                .init(.init(engine: .qemu), samples: 12, warmup: 2),
            ], seed: 7)
    }
}
