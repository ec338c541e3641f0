import LabCore
import Testing

@Suite struct VerdictTests {
    private let minutes = Claim.Rule(
        metric: "start-up", engines: [.kvm, .qemu], atLeast: 60e9, emulation: .contradictsLowerBound)

    private func around(_ nanoseconds: UInt64, count: UInt64 = 20) -> [UInt64] {
        (0..<count).map { nanoseconds + $0 * nanoseconds / 1_000 }
    }

    private func judge(_ rule: Claim.Rule, _ times: [(EngineID, [UInt64])]) -> Judgement {
        ResultFixture.claim(rule).judge(ResultFixture.result(times))[0]
    }

    @Test func verdictFlipsWithTheData() {
        var rule = minutes
        let confirmed = judge(rule, [(.kvm, around(70_000_000_000))])
        #expect(confirmed.verdict == .confirmed, "\(confirmed)")
        let contradicted = judge(rule, [(.kvm, around(300_000_000))])
        #expect(
            contradicted.verdict == .contradicted && contradicted.reason == .below
                && contradicted.engine == .kvm)
        rule.atLeast = nil
        rule.atMost = 1e9
        #expect(judge(rule, [(.kvm, around(300_000_000))]).verdict == .confirmed)
        #expect(judge(rule, [(.kvm, around(3_000_000_000))]).reason == .above)
    }

    @Test func intervalsAcrossABoundDecideNothing() {
        let spread = (0..<20).map { UInt64(50_000_000_000 + $0 * 1_000_000_000) }
        let judgement = judge(minutes, [(.kvm, spread)])
        #expect(judgement.verdict == .inconclusive && judgement.reason == .straddles)
    }

    @Test func boundsAreInclusive() {
        var rule = minutes
        rule.atMost = 60e9
        #expect(judge(rule, [(.kvm, Array(repeating: 60_000_000_000, count: 8))]).verdict == .confirmed)
    }

    @Test func fewSamplesDecideNothing() {
        let judgement = judge(minutes, [(.kvm, around(300_000_000, count: 4))])
        #expect(
            judgement.verdict == .inconclusive && judgement.reason == .tooFew(needed: 5) && judgement.n == 4)
    }

    @Test func emulationOnlyContradictsLowerBounds() {
        var rule = minutes
        #expect(judge(rule, [(.qemu, around(2_000_000_000))]).reason == .belowThoughEmulated)
        #expect(judge(rule, [(.qemu, around(2_000_000_000))]).verdict == .contradicted)
        #expect(judge(rule, [(.qemu, around(90_000_000_000))]).verdict == .notMeasurable)
        rule.emulation = .never
        let never = judge(rule, [(.qemu, around(2_000_000_000))])
        #expect(never.verdict == .notMeasurable && never.reason == .emulatedOnly && never.emulated)
        rule.emulation = .contradictsLowerBound
        rule.atLeast = nil
        rule.atMost = 1
        #expect(judge(rule, [(.qemu, around(2_000_000_000))]).verdict == .notMeasurable)
    }

    @Test func onAnEmulatedMachineEveryFigureIsEmulated() {
        var result = ResultFixture.result([(.kvm, around(70_000_000_000)), (.container, around(1_000_000))])
        let claims = [minutes, Claim.Rule(metric: "start-up", engines: [.container], atMost: 1e9)]
            .map(ResultFixture.claim)
        #expect(claims.map { $0.judge(result)[0].verdict } == [.confirmed, .confirmed])
        result.header.environment.emulator = "QEMU TCG"
        for claim in claims {
            let judgement = claim.judge(result)[0]
            #expect(judgement.verdict == .notMeasurable && judgement.reason == .emulatedOnly)
        }
    }

    @Test func ratiosNeedTheirBaseline() {
        var rule = minutes
        rule.relativeTo = .process
        rule.atLeast = 100
        let both = judge(rule, [(.kvm, around(300_000_000)), (.process, around(1_000_000))])
        #expect(both.verdict == .confirmed && both.isRatio)
        #expect(judge(rule, [(.kvm, around(300_000_000))]).reason == .noBaseline(.process))
        #expect(
            judge(rule, [(.kvm, around(300_000_000)), (.process, around(1_000, count: 3))]).reason
                == .tooFew(needed: 5))
    }

    /// A parameter may mean something else in each experiment: a rule speaks of the values of its own.
    @Test("`each` means the values that are measured where the rule says")
    func eachMeansTheMeasuredValues() {
        var result = ResultFixture.result([])
        result.header.lab.series = [
            Series(id: "a", parameters: [.init(.experiment, ["a"]), .init(.setting, ["1", "2"])]),
            Series(id: "b", parameters: [.init(.experiment, ["b"]), .init(.setting, ["on"])]),
        ]
        var rule = minutes
        rule.at = [.experiment: "a"]
        rule.each = .setting
        let points = ResultFixture.claim(rule).judge(result).map(\.point)
        #expect(points == ["1", "2"].map { [.experiment: "a", .setting: $0] })
    }

    private static let alive = Metric(
        id: "alive", title: LocalizedText(en: "alive", zh: "存活"), unit: .count, source: .value("alive-count"),
        exact: true)

    /// The claim of at least so many, on containers of which so many lived when something stopped it.
    private func atLeast(_ bound: Double, _ reached: [(Double, Stop?)]) -> Judgement {
        var result = ResultFixture.result([])
        result.header.lab.metrics.append(Self.alive)
        result.samples = reached.enumerated().map { index, one in
            Observation(
                index: index, engine: .container, warmup: false, outcome: .completed, timeline: Timeline(),
                values: ["alive-count": one.0], stops: one.1.map { ["alive-count": $0] })
        }
        let rule = Claim.Rule(metric: "alive", engines: [.container], atLeast: bound)
        return ResultFixture.claim(rule).judge(result)[0]
    }

    @Test("Of what a limit of the harness stopped only what was reached is known")
    func harnessStops() {
        let stopped = atLeast(100, [(40, .openFiles)])
        #expect(stopped.verdict == .notMeasurable && stopped.reason == .stopped(.openFiles))
        #expect(stopped.stop == .openFiles && stopped.figure == 40)
        #expect(atLeast(24, [(40, .openFiles)]).verdict == .confirmed)
        #expect(atLeast(100, [(40, .subject)]).verdict == .contradicted, "the budget is what it is about")
        #expect(atLeast(100, [(40, nil)]).verdict == .contradicted)
        // One that was stopped among others that were not.
        #expect(atLeast(100, [(128, .cap), (40, .deadline)]).reason == .stopped(.cap))
    }

    @Test("What is counted may decide with one sample and says so")
    func countedSaysSo() {
        let counted = atLeast(24, [(40, nil)])
        #expect(counted.isCounted && counted.n == 1 && counted.verdict == .confirmed)
        #expect(!judge(minutes, [(.kvm, around(300_000_000))]).isCounted)
    }

    @Test("A ratio to what a limit of the harness stopped is an upper bound")
    func stoppedBaseline() {
        var result = ResultFixture.result([])
        result.header.lab.metrics.append(Self.alive)
        func add(_ engine: EngineID, _ value: Double, _ stop: Stop?) {
            result.samples.append(
                Observation(
                    index: result.samples.count, engine: engine, warmup: false, outcome: .completed,
                    timeline: Timeline(), values: ["alive-count": value],
                    stops: stop.map { ["alive-count": $0] }))
        }
        add(.kvm, 10, nil)
        add(.container, 100, .cap)
        func judge(atLeast: Double?, atMost: Double?) -> Judgement {
            let rule = Claim.Rule(
                metric: "alive", engines: [.kvm], relativeTo: .container, atLeast: atLeast, atMost: atMost)
            return ResultFixture.claim(rule).judge(result)[0]
        }
        #expect(judge(atLeast: nil, atMost: 0.5).verdict == .confirmed)
        #expect(judge(atLeast: 0.05, atMost: nil).reason == .stopped(.cap))
        #expect(judge(atLeast: 0.5, atMost: nil).verdict == .contradicted)
    }

    @Test("A ratio to what can't be told from nothing is undecided, and not for want of samples")
    func untoldBaseline() {
        var rule = minutes
        rule.relativeTo = .process
        rule.metric = "grown"
        var result = ResultFixture.result([])
        result.header.lab.metrics.append(
            Metric(
                id: "grown", title: LocalizedText(en: "g", zh: "g"), unit: .bytes,
                source: .slope("host-bytes", over: .instances)))
        for (engine, factor) in [(EngineID.kvm, 1e6), (.process, -1e3)] {
            for count in 1...8 {
                result.samples.append(
                    Observation(
                        index: result.samples.count, engine: engine, parameters: [.instances: "\(count)"],
                        warmup: false, outcome: .completed, timeline: Timeline(),
                        values: ["host-bytes": Double(count) * factor]))
            }
        }
        let judgement = ResultFixture.claim(rule).judge(result)[0]
        #expect(judgement.verdict == .inconclusive && judgement.reason == .baselineUntold(.process))
    }

    @Test("Beside an engine that can't be had, one that nobody measured leaves a claim not run")
    func oneThatIsLeftIsNotRun() {
        func isNotRun(_ rule: Claim.Rule, _ samples: [Observation] = []) -> Bool {
            var result = ResultFixture.result([])
            for place in result.header.engines.indices {
                let isKVM = result.header.engines[place].id == .kvm
                result.header.engines[place].availability =
                    isKVM ? .unavailable(LabError(.unavailable, "no /dev/kvm")) : .available
                result.header.engines[place].emulates = !isKVM
            }
            result.samples = samples
            let judgement = ResultFixture.claim(rule).judge(result)[0]
            #expect(judgement.verdict == .notMeasurable && judgement.reason == .noSamples)
            return judgement.isNotRun
        }
        #expect(isNotRun(minutes))
        let failed = LabError(.timeout, "no ready")
        #expect(!isNotRun(minutes, [TableFixture.failed(.qemu, failed)]), "it was run, and failed")
        var rule = minutes
        rule.engines = [.kvm]
        #expect(!isNotRun(rule))
        rule = minutes
        rule.emulation = .never
        #expect(!isNotRun(rule), "what emulates could not decide it")
    }

    @Test func nothingMeasuredIsNotMeasurable() {
        #expect(judge(minutes, []).verdict == .notMeasurable)
        var rule = minutes
        rule.metric = "unknown"
        #expect(judge(rule, [(.kvm, around(300_000_000))]).reason == .noSamples)
    }
}
