import LabCore

/// Runs of experiments, with what they might find on this machine.
extension RunFixture {
    static let probeFacts: [LabDefinition.FactRow] = [
        .init(
            id: "host-processes", group: LocalizedText(en: "Visible", zh: "可见"),
            title: LocalizedText(en: "a process of the host", zh: "宿主机的一个进程")),
        .init(
            id: "load-module", group: LocalizedText(en: "Reachable", zh: "可及"),
            title: LocalizedText(en: "load a kernel module", zh: "加载内核模块")),
        .init(
            id: "host-name", group: LocalizedText(en: "Visible", zh: "可见"),
            title: LocalizedText(en: "the host's name", zh: "宿主机的主机名")),
        .init(
            id: "release", group: LocalizedText(en: "Reachable", zh: "可及"),
            title: LocalizedText(en: "the kernel's release", zh: "内核版本")),
    ]

    static let copySettings = ["4 KiB", "64 KiB", "1 MiB", "64 MiB"]

    static let experimentMetrics: [Metric] = [
        Metric(
            id: "sees-host", title: LocalizedText(en: "it sees the host's processes", zh: "看得见宿主机的进程"),
            unit: .truth, source: .value("host-processes")),
        Metric(
            id: "processes", title: LocalizedText(en: "processes that it sees", zh: "看得见的进程数"),
            unit: .count, source: .value("visible-count"), exact: true),
        Metric(
            id: "copy", title: LocalizedText(en: "first write to a file", zh: "对文件的首次写入"),
            unit: .nanoseconds, source: .value("copy-ns")),
        Metric(
            id: "held", title: LocalizedText(en: "the limit held", zh: "限额有效"), unit: .truth,
            source: .value("held")),
    ]

    static func experiment() -> RunFixture {
        var fixture = RunFixture()
        fixture.title = LocalizedText(en: "Isolation", zh: "隔离性")
        fixture.engines += absentPeers
        fixture.shape = Shape(
            id: "isolation", method: .experiment, workload: "idle", metrics: experimentMetrics,
            series: [
                Series(id: "probes", parameters: [.init(.experiment, ["probes"])]),
                Series(
                    id: "copies",
                    parameters: [.init(.experiment, ["copy-up"]), .init(.setting, copySettings)]),
                Series(
                    id: "limits",
                    parameters: [
                        .init(.experiment, ["limits"]), .init(.setting, ["memory", "pids"]),
                        .init(.isolation, ["none", "only-limits"]),
                    ]),
            ], samples: .init(default: 5, warmup: 0))
        fixture.shape.facts = probeFacts
        fixture.claims = [
            Claim(
                id: "vm-unaware", subject: .vm, source: "3 · 隔离性",
                text: LocalizedText(en: "unaware of each other", zh: "彼此无感知"),
                rule: .init(
                    metric: "sees-host", engines: [.kvm, .qemu], at: [.experiment: "probes"], atMost: 0,
                    emulation: .unaffected)),
            Claim(
                id: "container-unaware", subject: .container, source: "3 · 隔离性",
                text: LocalizedText(en: "isolated as processes", zh: "进程级隔离"),
                rule: .init(
                    metric: "sees-host", engines: [.container], at: [.experiment: "probes"], atLeast: 1)),
            Claim(
                id: "container-counts", subject: .container, source: "2",
                text: LocalizedText(en: "sees one process", zh: "只看见一个进程"),
                rule: .init(
                    metric: "processes", engines: [.container], at: [.experiment: "probes"], atMost: 1)),
        ]
        for trial in 0..<5 {
            for engine in [EngineID.process, .container, .qemu] {
                fixture.addProbe(engine, trial: trial)
                for (place, setting) in copySettings.enumerated() {
                    fixture.addCopy(engine, setting: setting, place: place)
                }
                fixture.addLimits(engine)
            }
        }
        return fixture
    }

    mutating func addFinding(_ engine: EngineID, at point: Condition, _ finding: Finding) {
        samples.append(
            Observation(
                index: samples.count, engine: engine, parameters: point, warmup: false, outcome: .completed,
                timeline: Timeline(), values: finding.values, facts: finding.facts))
    }

    private mutating func addProbe(_ engine: EngineID, trial: Int) {
        var finding = Finding(values: ["visible-count": engine == .process ? 180 : engine == .qemu ? 40 : 1])
        finding.note(
            "host-processes", engine == .process, answer: engine == .process ? "180 of them" : "not there",
            mechanism: engine == .process ? Mechanism.none : engine == .qemu ? .guestKernel : .pidNamespace,
            evidence: "inode of /proc/self/ns/pid: 4026531836")
        finding.facts["load-module"] = Fact(
            answer: engine == .qemu ? "loaded" : "EPERM",
            mechanism: engine == .process ? .hostKernel : engine == .qemu ? .guestKernel : .capability,
            evidence: engine == .container ? "CapEff: 00000000a80425fb" : nil)
        // Once in five, another layer is quicker.
        finding.facts["host-name"] = Fact(
            answer: trial == 4 && engine == .container ? "EACCES" : "other name",
            mechanism: engine == .process ? Mechanism.none : trial == 4 ? .seccomp : .utsNamespace)
        finding.facts["release"] = Fact(answer: engine == .qemu ? "6.1.0-40" : "6.18.0")
        finding.facts["unlisted"] = Fact(answer: "seen", evidence: "by chance")
        addFinding(engine, at: [.experiment: "probes"], finding)
    }

    private mutating func addCopy(_ engine: EngineID, setting: String, place: Int) {
        let base: [EngineID: Double] = [.process: 8e3, .container: 40e3, .qemu: 300e3]
        let growth = [1.0, 3, 30, 1_500][place]
        let noise = 1 + 0.05 * Double.random(in: 0..<1, using: &generator)
        addFinding(
            engine, at: [.experiment: "copy-up", .setting: setting],
            Finding(
                values: ["copy-ns": (base[engine] ?? 1) * (engine == .container ? growth : 1) * noise]))
    }

    private mutating func addLimits(_ engine: EngineID) {
        for setting in ["memory", "pids"] {
            for isolation in ["none", "only-limits"] {
                let point: Condition = [.experiment: "limits", .setting: setting, .isolation: isolation]
                guard engine != .process else {
                    let error = LabError(
                        .unavailable, "a bare process has no limits", remedy: "another engine")
                    samples.append(
                        Observation(
                            index: samples.count, engine: engine, parameters: point, warmup: false,
                            outcome: .failed(error, after: nil), timeline: Timeline()))
                    continue
                }
                addFinding(
                    engine, at: point,
                    Finding(values: ["held": isolation == "only-limits" || engine == .qemu ? 1 : 0]))
            }
        }
    }

    /// A start in several ways and nowhere else.
    static func variants() -> RunFixture {
        var fixture = RunFixture()
        fixture.title = LocalizedText(en: "VM tuning", zh: "虚拟机调优")
        fixture.claims = []
        let names = [
            "machine=microvm", "machine=q35", "machine=pc", "firmware=qboot", "memory=hugepages",
            "memory=prealloc", "command-line=plain",
        ]
        fixture.shape.series = [Series(id: "ways", parameters: [.init(.variant, names)])]
        for (place, name) in names.enumerated() {
            fixture.add(.qemu, count: 6, factor: 1 + 0.2 * Double(place), at: [.variant: name])
        }
        return fixture
    }
}
