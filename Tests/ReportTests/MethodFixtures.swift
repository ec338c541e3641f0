import LabCore

/// Runs of the other methods and of more conditions, with figures as this machine gave them.
extension RunFixture {
    static let layers = [
        "limits", "pid", "mount", "network", "ipc", "uts", "cgroup-namespace", "kernel-files", "devices",
        "capabilities", "no-new-privileges", "seccomp",
    ]
    static let absentPeers: [EngineRecord] = ["runc", "podman"].map {
        EngineRecord(
            id: $0, kind: .container, role: .peer,
            availability: .unavailable(
                LabError(
                    .unavailable, "\($0) is not installed", cause: "it is not in PATH",
                    remedy: "apt-get install \($0)", detail: .notInstalled)))
    }

    /// A start under all conditions, with the ablation of the container.
    static func conditions() -> RunFixture {
        var fixture = complete()
        fixture.engines += absentPeers
        fixture.shape.harnessNanoseconds = (0..<200).map { 3_000 + UInt64($0) }
        let words = ["none"] + layers.map { "only-\($0)" } + layers.map { "without-\($0)" }
        fixture.shape.samples.precision = 0.05
        fixture.shape.samples.growth = 2
        fixture.shape.series = [
            .plain,
            Series(
                id: "cold", parameters: [.init(.cache, ["cold"])], samples: .init(default: 10, warmup: 0)),
            Series(
                id: "together", parameters: [.init(.concurrency, ["4"])],
                samples: .init(default: 20, warmup: 0)),
            Series(
                id: "ablation", parameters: [.init(.isolation, words)], engines: [.container],
                samples: .init(default: 30, warmup: 0)),
        ]
        for engine in [EngineID.process, .container, .qemu] {
            fixture.add(engine, count: 10, factor: 1.8, at: [.cache: "cold"])
            fixture.add(engine, count: engine == .qemu ? 3 : 20, factor: 2.4, at: [.concurrency: "4"])
        }
        // Each layer costs 5 % of the container's life; those that need the mount layer cost it too.
        let none = 0.4
        for word in words {
            let layer = word.split(separator: "-", maxSplits: 1).last.map(String.init) ?? ""
            let needy = ["devices", "kernel-files"].contains(layer)
            var factor = none
            if word.hasPrefix("only-") { factor += needy ? 0.1 : 0.05 }
            if word.hasPrefix("without-") { factor = layer == "mount" ? 0.85 : 0.95 }
            fixture.add(.container, count: 30, factor: factor, at: [.isolation: word])
        }
        return fixture
    }

    static let memoryMetrics: [Metric] = [
        Metric(
            id: "marginal",
            title: LocalizedText(en: "host memory per instance", zh: "每个实例占用的宿主机内存"), unit: .bytes,
            source: .slope("host-bytes", over: .instances)),
        Metric(
            id: "pss", title: LocalizedText(en: "PSS per instance", zh: "每个实例的 PSS"), unit: .bytes,
            source: .slope("host-pss-bytes", over: .instances)),
        Metric(
            id: "charge", title: LocalizedText(en: "cgroup charge per instance", zh: "每个实例的 cgroup 记账"),
            unit: .bytes, source: .slope("cgroup-charge-bytes", over: .instances)),
        Metric(
            id: "guest-used", title: LocalizedText(en: "used as the guest sees it", zh: "客户机看到的已用内存"),
            unit: .bytes, source: .value("guest-used-bytes")),
        Metric(
            id: "configured", title: LocalizedText(en: "configured", zh: "配置的内存"), unit: .bytes,
            source: .value("configured-bytes")),
    ]

    /// Bytes that one more idle instance takes.
    static let idleBytes: [EngineID: Double] = [.process: 0.4e6, .container: 1.2e6, .qemu: 92e6]

    static func memory(touch: [String] = ["0", "64"], instances: [String] = ["1", "2", "4", "8"])
        -> RunFixture
    {
        var fixture = RunFixture()
        fixture.title = LocalizedText(en: "Memory footprint", zh: "内存占用")
        fixture.engines += absentPeers
        fixture.shape = Shape(
            id: "memory-footprint", method: .memory, workload: "touch", metrics: memoryMetrics,
            series: [
                Series(id: "scale", parameters: [.init(.touch, touch), .init(.instances, instances)])
            ], samples: .init(default: 5, warmup: 0))
        fixture.claims = [
            Claim(
                id: "vm-preallocated", subject: .vm, source: "3 · 资源分配方式",
                text: LocalizedText(en: "allocated in advance", zh: "预先分配"),
                rule: .init(
                    metric: "marginal", engines: [.kvm, .qemu], at: [.touch: "0"], atLeast: 0x1p28,
                    emulation: .contradictsLowerBound)),
            Claim(
                id: "container-on-demand", subject: .container, source: "3 · 资源分配方式",
                text: LocalizedText(en: "on demand", zh: "按需使用"),
                rule: .init(
                    metric: "marginal", engines: [.container], at: [.touch: "0"], atMost: 25 * 0x1p20)),
        ]
        for point in fixture.shape.series[0].points {
            for (engine, idle) in idleBytes.sorted(by: { $0.key < $1.key }) {
                fixture.addMemory(engine, idle: idle, at: point, count: 5)
            }
        }
        return fixture
    }

    private mutating func addMemory(_ engine: EngineID, idle: Double, at point: Condition, count: Int) {
        let instances = Double(point[.instances] ?? "1") ?? 1
        let touched = (Double(point[.touch] ?? "0") ?? 0) * 0x1p20
        for _ in 0..<count {
            let each = idle + touched
            let noise = 0.3e6 * Double.random(in: -1..<1, using: &generator)
            let shared = engine == .qemu ? 20e6 : 0.1e6
            var values = [
                "host-bytes": max(0, shared + each * instances + noise),
                "configured-bytes": 0x1p28 * instances,
                "host-pss-bytes": each * instances * 0.9 + shared,
            ]
            if engine != .process { values["cgroup-charge-bytes"] = each * instances * 0.8 }
            if engine == .qemu { values["guest-used-bytes"] = 30e6 + touched }
            samples.append(
                Observation(
                    index: samples.count, engine: engine, parameters: point, warmup: false,
                    outcome: .completed, timeline: Timeline(), values: values))
        }
    }

    /// How many times a process's time a kind of work takes.
    static let losses: [(kind: String, container: Double, qemu: Double)] = [
        ("integer", 1.0, 8.4), ("float", 1.01, 21), ("memory-bandwidth", 0.95, 1.6), ("syscall", 1.3, 30),
        ("file-write", 1.08, 0.5), ("network-loopback", 1.2, 12),
    ]

    static func compute() -> RunFixture {
        var fixture = RunFixture()
        fixture.title = LocalizedText(en: "CPU overhead", zh: "性能损耗")
        fixture.engines += absentPeers
        fixture.shape = Shape(
            id: "cpu-overhead", method: .compute, workload: "compute",
            metrics: [
                Metric(
                    id: "round", title: LocalizedText(en: "time per round of work", zh: "每轮工作的用时"),
                    unit: .nanoseconds, source: .value("round-ns")),
                Metric(
                    id: "cpu",
                    title: LocalizedText(en: "host CPU time per round of work", zh: "每轮工作的宿主机 CPU 时间"),
                    unit: .nanoseconds, source: .value("cpu-round-ns")),
            ],
            series: [Series(id: "kinds", parameters: [.init(.compute, losses.map(\.kind))])],
            rounds: .init(default: 60, perEngine: [.qemu: 10]), samples: .init(default: 12, warmup: 0))
        fixture.claims = [
            Claim(
                id: "container-one-to-five", subject: .container, source: "3 · 性能损耗",
                text: LocalizedText(en: "1 %–5 %, nearly negligible", zh: "1%-5%,几乎可忽略"),
                rule: .init(
                    metric: "round", engines: [.container], each: .compute, relativeTo: .process,
                    atMost: 1.05))
        ]
        for _ in 0..<12 {
            for loss in losses {
                fixture.addWork(.process, kind: loss.kind, factor: 1)
                fixture.addWork(.container, kind: loss.kind, factor: loss.container)
                fixture.addWork(.qemu, kind: loss.kind, factor: loss.qemu)
            }
        }
        return fixture
    }

    mutating func addWork(_ engine: EngineID, kind: String, factor: Double) {
        let rounds = engine == .qemu ? 10.0 : 60.0
        let round = 1e6 * factor * (1 + 0.02 * Double.random(in: 0..<1, using: &generator))
        var timeline = Timeline()
        let zero = MonotonicInstant(nanoseconds: 0)
        timeline.stamp(.requested, at: zero, since: zero)
        timeline.stamp(.ready, at: MonotonicInstant(nanoseconds: 1_000_000), since: zero)
        let end = UInt64(1e6 + round * rounds)
        timeline.stamp(.firstOutput, at: MonotonicInstant(nanoseconds: end), since: zero)
        timeline.stamp(.cleanedUp, at: MonotonicInstant(nanoseconds: end + 500_000), since: zero)
        var values = ["round-ns": round, "cpu-round-ns": round * 1.1, "host-steal-ns": 0]
        if engine == .container {
            values["throttled-ns"] = kind == "file-write" ? round * rounds * 0.04 : 0
        }
        samples.append(
            Observation(
                index: samples.count, engine: engine, parameters: [.compute: kind], warmup: false,
                outcome: .completed, timeline: timeline, values: values))
    }

    /// One run of each shape that a report can have.
    static var all: [(name: String, fixture: RunFixture)] {
        [
            ("lifecycle", complete()), ("conditions", conditions()), ("memory", memory()),
            ("compute", compute()), ("experiment", experiment()), ("variants", variants()),
        ]
    }
}
