import Testing

@testable import LabCore

@Suite struct ResultComparisonTests {
    /// A run of `process` and `qemu` with latencies around `factor` × 500 µs.
    private func result(
        process: Double = 1, qemu: Double = 1, spread: Double = 0.05, count: Int = 40, seed: UInt64 = 1
    ) -> RunResult {
        var first = Latencies(seed: seed, spread: spread, factor: process)
        var second = Latencies(seed: seed &+ 99, spread: spread, factor: qemu)
        return ResultFixture.result(
            [
                (.process, first.take(count).map { UInt64($0) }),
                (.qemu, second.take(count).map { UInt64($0) }),
            ], seed: seed)
    }

    private func row(_ comparison: ResultComparison, _ engine: EngineID) throws -> ResultComparison.Row {
        try #require(comparison.rows.first { $0.engine == engine })
    }

    @Test func whatMayDifferFreelyIsNoDifference() {
        let old = result()
        var new = result(count: 20, seed: 2)
        new.header.version = "9.9.9"
        new.header.runID = "another"
        new.header.startedAt = "2027-01-01T00:00:00Z"
        new.header.command = "lab run startup-latency --quick"
        new.header.environment.load = 1.5
        new.header.environment.stealShare = 0.5
        new.header.environment.throttleEvents = 8
        new.header.environment.warnings = []
        new.header.environment.memoryBytes = new.header.environment.memoryBytes.map { $0 - $0 / 200 }
        new.header.lab.samples = .init(default: 3, warmup: 0, precision: 0.1, growth: 4)
        new.header.lab.budgetSeconds = 1
        new.header.lab.title = LocalizedText(en: "Another title", zh: "")
        new.header.engines[0].footnotes = ["a note"]
        #expect(new.header.differences(from: old.header).isEmpty)
        #expect(ResultComparison.refusal(new.header.differences(from: old.header)) == nil)
    }

    @Test func everyUnlikenessIsNamedWithBothValues() throws {
        let edits: [(field: String, old: String, new: String, (inout RunResult.Header) -> Void)] = [
            ("environment.cpuModel", #"A "quoted" CPU"#, "B", { $0.environment.cpuModel = "B" }),
            ("environment.cpuCount", "1", "2", { $0.environment.cpuCount = 2 }),
            ("environment.kernel", "unknown", "7.0", { $0.environment.kernel = "7.0" }),
            ("environment.microcode", "unknown", "0x1", { $0.environment.microcode = "0x1" }),
            ("environment.mitigations.a", "y", "off", { $0.environment.mitigations["a"] = "off" }),
            ("environment.mitigations.b", "x", "unknown", { $0.environment.mitigations["b"] = nil }),
            ("environment.cgroupLayout", "none", "v2", { $0.environment.cgroupLayout = "v2" }),
            ("environment.governor", "unknown", "powersave", { $0.environment.governor = "powersave" }),
            ("environment.turbo", "unknown", "on", { $0.environment.turbo = "on" }),
            ("environment.smt", "unknown", "off", { $0.environment.smt = "off" }),
            ("environment.memoryBytes", "1099511627776", "1024", { $0.environment.memoryBytes = 1_024 }),
            ("environment.distribution", "unknown", "D", { $0.environment.distribution = "D" }),
            ("environment.hypervisor", "none", "KVM", { $0.environment.hypervisor = "KVM" }),
            ("environment.swapBytes", "unknown", "0", { $0.environment.swapBytes = 0 }),
            ("environment.root", "false", "true", { $0.environment.root = true }),
            ("digests.workload", "cd", "ef", { $0.digests["workload"] = "ef" }),
            ("digests.root-filesystem", "unknown", "1", { $0.digests["root-filesystem"] = "1" }),
            ("lab.id", "startup-latency", "x", { $0.lab.id = "x" }),
            ("lab.method", "lifecycle", "memory", { $0.lab.method = .memory }),
            ("lab.workload", "hello", "idle", { $0.lab.workload = "idle" }),
            (
                "lab.rounds", "unknown", "5, qemu: 1",
                { $0.lab.rounds = .init(default: 5, perEngine: [.qemu: 1]) }
            ),
            ("lab.memoryBytes", "268435456", "1", { $0.lab.memoryBytes = 1 }),
            ("lab.cpus", "1", "2", { $0.lab.cpus = 2 }),
            ("lab.timeoutSeconds", "10.0", "9.0", { $0.lab.timeoutSeconds = 9 }),
            (
                "lab.metrics.start-up", "requested to ready in nanoseconds",
                "requested to init in nanoseconds",
                { $0.lab.metrics[0].source = .span(from: .requested, to: .initStarted) }
            ),
            (
                "lab.series.plain", "nothing varied", "cache cold on qemu",
                {
                    $0.lab.series[0] = Series(
                        id: "plain", parameters: [.init(.cache, ["cold"])], engines: [.qemu])
                }
            ),
            (
                "plan.engines", "process, qemu", "process",
                { $0.plan.trials.removeAll { $0.engine == .qemu } }
            ),
            ("engines.qemu.emulated", "true", "false", { $0.engines[2].emulated = false }),
            ("engines.process.kind", "process", "container", { $0.engines[0].kind = .container }),
            (
                "engines.qemu.details.libvirt", "9.0.0", "10.0.0",
                { $0.engines[2].details[0].value = "10.0.0" }
            ),
            ("engines.qemu.digests.kernel", "ab", "cd", { $0.engines[2].digests["kernel"] = "cd" }),
        ]
        let old = result().header
        for (field, before, after, edit) in edits {
            var new = old
            edit(&new)
            let differences = new.differences(from: old)
            let found = try #require(differences.first)
            #expect(differences.count == 1 && found.field == field)
            #expect(found.old.english == before && found.new.english == after, "\(found)")
            let refusal = try #require(ResultComparison.refusal(differences))
            #expect(refusal.exitCode == 65 && refusal.remedy?.english.contains("--force") == true)
            #expect(refusal.description.contains("\(field): \(before) before, \(after) now"))
        }
    }

    @Test func onlyTheEnginesThatAreComparedMustBeAlike() {
        let old = result().header
        var new = old
        new.engines[2].details[0].value = "10.0.0"
        new.plan.trials.removeAll { $0.engine == .qemu }
        #expect(new.differences(from: old, engines: [.process]).isEmpty)
        #expect(new.differences(from: old, engines: [.qemu]).map(\.field) == ["plan.engines"])
    }

    @Test func whatAResultSaysCannotStirTheTerminal() throws {
        var (old, new) = (result().header, result().header)
        old.environment.kernel = "a\u{1b}[2J\nb"
        new.environment.kernel = String(repeating: "x", count: 999)
        let difference = try #require(new.differences(from: old).first)
        #expect(difference.old.english == "a\\x1b[2J b" && difference.new.english.count == 201)
    }

    private func compare(_ old: [RunResult], _ new: [RunResult], threshold: Double = 0.05)
        -> ResultComparison
    {
        ResultComparison(old: old.map { Figures($0) }, new: new.map { Figures($0) }, threshold: threshold)
    }

    /// Runs that are disturbed as a whole, both engines alike, by up to 20 % either way.
    private func runs(_ count: Int, qemu: Double = 1, process: Double = 1, seed: UInt64) -> [RunResult] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { run in
            let disturbance = Double.random(in: 0.8...1.2, using: &generator)
            return result(
                process: process * disturbance, qemu: qemu * disturbance, seed: seed &* 1_000 &+ UInt64(run))
        }
    }

    @Test("One run a side: a shift of the ratio is a regression, one way only")
    func oneRunASide() throws {
        let (fast, slow) = (result(), result(qemu: 1.2, seed: 5))
        let worse = ResultComparison(old: fast, new: slow)
        #expect(worse.differences.isEmpty && worse.tested == 1 && worse.baseline == .process)
        #expect(worse.regressions.map(\.engine) == [.qemu])
        let row = try row(worse, .qemu)
        #expect(row.verdict == .slower && row.emulated && row.basis == .ratio && row.reason == nil)
        #expect(row.judged == row.relativeChange && row.judged?.interval?.contains(1.2) == true)
        #expect((1.15...1.25).contains(try #require(row.change).value) && row.change?.interval == nil)
        #expect(try #require(row.correctedP) < 0.01)
        let baseline = try self.row(worse, .process)
        #expect(baseline.verdict == .undecided && baseline.reason == .isBaseline && baseline.p == nil)

        let better = ResultComparison(old: slow, new: fast)
        #expect(better.regressions.isEmpty)
        #expect(try self.row(better, .qemu).verdict == .faster)
        // The same two results give the same figures.
        #expect(ResultComparison(old: fast, new: slow) == worse)
    }

    @Test(
        "One run a side: what slows both engines alike is no regression, and without a second engine nothing is decided"
    )
    func commonDisturbance() throws {
        let both = ResultComparison(old: result(), new: result(process: 1.3, qemu: 1.3, seed: 5))
        #expect(both.regressions.isEmpty)
        #expect((1.25...1.35).contains(try #require(row(both, .qemu).change).value))

        func alone(_ result: RunResult) -> RunResult {
            var result = result
            result.samples.removeAll { $0.engine == .process }
            return result
        }
        let single = ResultComparison(old: alone(result()), new: alone(result(qemu: 1.3, seed: 5)))
        #expect(single.baseline == nil && single.regressions.isEmpty && single.tested == 0)
        #expect(try row(single, .qemu).reason == .noBaseline)
        // With several runs a side the times themselves are judged.
        let (old, new) = ([1, 2, 3].map { result(seed: $0) }, [4, 5, 6].map { result(qemu: 1.3, seed: $0) })
        let several = compare(old.map(alone), new.map(alone))
        #expect(several.regressions.map(\.engine) == [.qemu])
        #expect(try row(several, .qemu).basis == .figure)
    }

    @Test(
        "Several runs a side: a disturbance of whole runs hides a shift of the times and not of their ratio")
    func severalRunsASide() throws {
        let comparison = compare(runs(5, seed: 1), runs(5, qemu: 1.15, seed: 2))
        #expect(comparison.oldRuns == 5 && comparison.newRuns == 5 && comparison.tested == 2)
        let qemu = try row(comparison, .qemu)
        #expect(qemu.verdict == .slower && qemu.isRegression && qemu.basis == .ratio)
        #expect(qemu.relativeChange?.interval?.contains(1.15) == true)
        let (wide, narrow) = (qemu.change?.interval, qemu.relativeChange?.interval)
        #expect(try #require(wide).upper / #require(wide).lower > 1.2)
        #expect(try #require(narrow).upper / #require(narrow).lower < 1.1)
        #expect(qemu.old.runs == 5 && qemu.old.n == 200 && qemu.old.figure?.n == 5)
        let process = try row(comparison, .process)
        #expect(process.basis == .figure && process.verdict == .undecided && process.reason == .wide)
    }

    @Test("A baseline that is far noisier than what is judged does not hide a change of it")
    func noisyBaseline() throws {
        func runs(_ factor: Double, seed: UInt64) -> [RunResult] {
            [0.4, 2.1, 1.2, 0.5, 1.9].enumerated().map { turn, process in
                result(process: process, qemu: factor, seed: seed + UInt64(turn))
            }
        }
        let comparison = compare(runs(1, seed: 1), runs(1.5, seed: 11))
        let qemu = try row(comparison, .qemu)
        #expect(qemu.basis == .figure && qemu.verdict == .slower && comparison.undecided == 1)
        #expect(qemu.relativeChange?.interval?.contains(1) == true)
    }

    @Test(
        "What a limit of the harness ended is not compared, and what an unfinished run lacks is not missing")
    func openRows() throws {
        func stopped(_ result: RunResult) -> RunResult {
            var result = result
            result.header.lab.metrics = [
                Metric(
                    id: "v", title: LocalizedText(en: "v", zh: "v"), unit: .count, source: .value("v"),
                    exact: true)
            ]
            for place in result.samples.indices {
                result.samples[place].values["v"] = 7
                result.samples[place].stops = ["v": .openFiles]
            }
            return result
        }
        let (old, new) = (valued([7], exact: true), stopped(result()))
        #expect(compare([new], [old]).rows.allSatisfy { $0.verdict == .undecided && $0.reason == .stopped })
        var killed = result()
        killed.samples.removeAll { $0.engine == .qemu }
        killed.closing = .init(.killed)
        let row = try row(compare([result()], [killed]), .qemu)
        #expect(row.verdict == .undecided && row.reason == .unfinished && !row.isRegression)
    }

    @Test("Two runs of one sample each that happen to be alike are no certainty")
    func tooFewInAll() throws {
        let (old, new) = (
            [1, 2].map { result(count: 1, seed: $0) }, [3, 4].map { result(qemu: 9, count: 1, seed: $0) }
        )
        #expect(compare(old, new).rows.allSatisfy { $0.verdict == .undecided && $0.p == nil })
    }

    @Test("An interval beside 1 that is none too many among so many rows says so")
    func correctedAway() throws {
        var row = try row(compare(runs(5, seed: 1), runs(5, qemu: 1.15, seed: 2)), .qemu)
        (row.verdict, row.reason, row.correctedP) = (.undecided, .wide, 0.2)
        row.judge(threshold: 0.05)
        #expect(row.verdict == .undecided && row.reason == .corrected)
    }

    @Test("One run beside several is judged by the spread of these")
    func oneBesideSeveral() throws {
        let old = runs(6, seed: 3)
        #expect(compare(old, runs(1, qemu: 1.3, seed: 4)).regressions.map(\.engine) == [.qemu])
        #expect(compare(runs(1, qemu: 1.3, seed: 4), old).regressions.isEmpty)
        let usual = try row(compare(old, runs(1, seed: 5)), .process)
        #expect(usual.verdict == .undecided && usual.p != nil && usual.old.runs == 6 && usual.new.runs == 1)
    }

    @Test("No larger difference is shown where the interval ends within the threshold")
    func noLargerDifference() throws {
        let (old, new) = (runs(8, seed: 6), runs(8, seed: 7))
        let row = try row(compare(old, new), .qemu)
        let bound = try #require(row.bound)
        let interval = try #require(row.relativeChange?.interval)
        #expect(row.verdict == .noLargerDifference && row.reason == nil && bound <= 0.05)
        #expect(bound == max(interval.upper - 1, 1 - interval.lower))
        let narrow = try self.row(compare(old, new, threshold: bound / 2), .qemu)
        #expect(narrow.verdict == .undecided && narrow.reason == .wide && narrow.bound == bound)
    }

    @Test("below the threshold it is slower, and no regression")
    func aShiftBelowTheThresholdIsNoRegression() throws {
        let (old, new) = (result(spread: 0.005), result(qemu: 1.03, spread: 0.005, seed: 7))
        let row = try row(ResultComparison(old: old, new: new), .qemu)
        #expect(row.verdict == .slower && !row.isRegression)
        #expect(ResultComparison(old: old, new: new, threshold: 0.01).regressions.map(\.engine) == [.qemu])
        #expect(ResultComparison(old: old, new: new, threshold: 0.5).regressions.isEmpty)
    }

    @Test("Sizes are compared as they are, and are larger and not slower")
    func sizes() throws {
        var (old, new) = (result(), result(process: 1.3, seed: 3))
        old.header.lab.metrics[0].unit = .bytes
        new.header.lab.metrics[0].unit = .bytes
        let row = try row(ResultComparison(old: old, new: new), .process)
        #expect(row.verdict == .larger && row.isRegression && row.basis == .figure)
        #expect(row.change?.interval?.contains(1.3) == true)
        #expect(try self.row(ResultComparison(old: new, new: old), .process).verdict == .smaller)
    }

    @Test func fewSamplesDecideNothingAndNoneAreMissed() throws {
        let old = result()
        let few = ResultComparison(old: old, new: result(process: 9, qemu: 90, count: 4, seed: 3))
        #expect(few.rows.allSatisfy { $0.verdict == .undecided && !$0.isRegression && $0.correctedP == nil })
        #expect(try few.tested == 0 && row(few, .qemu).reason == .tooFew)

        var gone = result()
        for place in gone.samples.indices where gone.samples[place].engine == .qemu {
            gone.samples[place] = ResultFixture.failure(place, .qemu)
        }
        let row = try row(ResultComparison(old: old, new: gone), .qemu)
        #expect(row.verdict == .missing && row.isRegression && row.new.failures == 40)
        let back = try self.row(ResultComparison(old: gone, new: old), .qemu)
        #expect(back.verdict == .undecided && !back.isRegression && back.old.failures == 40)
        #expect(try self.row(compare([old, old], [gone, gone]), .qemu).verdict == .missing)
    }

    /// The same result with one counted or sampled value of so much in each sample.
    private func valued(
        _ values: [Double], exact: Bool? = nil, unit: Metric.Unit = .count, of result: RunResult? = nil
    ) -> RunResult {
        var result = result ?? self.result()
        result.header.lab.metrics = [
            Metric(
                id: "v", title: LocalizedText(en: "v", zh: "v"), unit: unit, source: .value("v"), exact: exact
            )
        ]
        for place in result.samples.indices {
            result.samples[place].values["v"] = values[place % values.count]
        }
        return result
    }

    @Test func aFigureOfZeroHasNoRatio() throws {
        let rows = ResultComparison(old: valued([0]), new: valued([1])).rows
        #expect(
            rows.map(\.verdict) == [.undecided, .undecided] && rows.map(\.reason) == [.noRatio, .noRatio])
    }

    @Test(
        "What is counted differs when it does",
        arguments: [
            ([7], [7], ResultComparison.Verdict.noLargerDifference, nil, false),
            ([7], [8], .larger, nil, true),
            ([100], [101], .larger, nil, false), ([8], [7], .smaller, nil, false),
            ([0], [3], .larger, nil, true), ([0], [0], .noLargerDifference, nil, false),
            ([7, 9], [8], .undecided, .varies, false), ([100, 101], [100], .noLargerDifference, nil, false),
        ] as [([Double], [Double], ResultComparison.Verdict, ResultComparison.Reason?, Bool)])
    func counts(
        old: [Double], new: [Double], verdict: ResultComparison.Verdict, reason: ResultComparison.Reason?,
        isRegression: Bool
    ) {
        let (old, new) = (valued(old, exact: true), valued(new, exact: true))
        for comparison in [compare([old], [new]), compare([old, old], [new, new, new])] {
            #expect(comparison.tested == 0 && comparison.rows.count == 2)
            for row in comparison.rows {
                #expect(row.verdict == verdict && row.reason == reason && row.isRegression == isRegression)
                #expect(row.basis == .count)
            }
        }
    }

    @Test(
        "A count that was taken once or twice, or differs from trial to trial, may differ by chance",
        arguments: [
            ([7], [8], 1, false), ([7], [8], 2, false), ([7], [8], 3, true), ([7, 8], [9, 10], 4, false),
            ([7, 8], [9, 10], 5, true),
        ] as [([Double], [Double], Int, Bool)])
    func fewCounts(old: [Double], new: [Double], trials: Int, isDecided: Bool) {
        let (old, new) = (
            valued(old, exact: true, of: result(count: trials)),
            valued(new, exact: true, of: result(count: trials))
        )
        for row in compare([old], [new]).rows {
            #expect(row.verdict == (isDecided ? .larger : .undecided))
            #expect(row.reason == (isDecided ? nil : .tooFew) && row.isRegression == isDecided)
        }
    }

    @Test("Of a truth neither answer is a regression")
    func truths() {
        for (old, new) in [(0.0, 1.0), (1, 0)] {
            let rows = compare([valued([old], unit: .truth)], [valued([new], unit: .truth)]).rows
            #expect(rows.allSatisfy { !$0.isRegression && $0.verdict == (new > old ? .larger : .smaller) })
        }
    }

    @Test("Each unlikeness of any run is named once")
    func everyRunMustBeAlike() {
        let alike = result()
        var other = result(seed: 2)
        other.header.environment.kernel = "7.0"
        let differences = compare([alike, alike], [other, alike, other]).differences
        #expect(differences.map(\.field) == ["environment.kernel"])
        #expect(compare([alike, other], [alike]).differences == differences)
    }

    @Test func metricsAndEnginesCanBeChosen() {
        let (old, new) = (result(), result())
        #expect(ResultComparison(old: old, new: new, engines: [.qemu]).rows.map(\.engine) == [.qemu])
        #expect(ResultComparison(old: old, new: new, metrics: []).rows.isEmpty)
        #expect(ResultComparison(old: old, new: new, metrics: ["start-up"]).rows.count == 2)
    }

    @Test("points are compared each by itself, in the lab's order")
    func pointsAreComparedEachByItself() {
        func varied(_ seed: UInt64) -> RunResult {
            var result = result(count: 60, seed: seed)
            result.header.lab.series = [
                Series(
                    id: "touch", parameters: [.init(.touch, ["64", "8"]), .init(.instances, ["2", "10"])])
            ]
            let points = result.header.lab.series[0].points
            for place in result.samples.indices {
                result.samples[place].parameters = points[place % points.count]
            }
            return result
        }
        let comparison = ResultComparison(old: varied(1), new: varied(2), engines: [.process])
        #expect(
            comparison.rows.map(\.point.text) == [
                "instances=2, touch=64", "instances=10, touch=64", "instances=2, touch=8",
                "instances=10, touch=8",
            ])
        #expect(comparison.rows.allSatisfy { $0.old.n == 15 && $0.new.n == 15 })
    }

    @Test func slopesAreJudgedByTheirIntervals() throws {
        let metric = Metric(
            id: "marginal", title: LocalizedText(en: "Each more", zh: "每增一个"), unit: .bytes,
            source: .slope("host-pss-bytes", over: .instances))
        func grown(by slope: Double, seed: UInt64) -> RunResult {
            var latencies = Latencies(seed: seed, spread: 0.01)
            var result = result(count: 40)
            result.header.lab.metrics = [metric]
            for (place, noise) in zip(result.samples.indices, latencies.take(result.samples.count)) {
                let instances = [1, 2, 4, 8][place % 4]
                result.samples[place].parameters = [.instances: "\(instances)"]
                result.samples[place].values["host-pss-bytes"] =
                    (1e6 + slope * Double(instances)) * noise / 500_000
            }
            return result
        }
        let worse = ResultComparison(old: grown(by: 1e6, seed: 1), new: grown(by: 1.5e6, seed: 2))
        let row = try #require(worse.rows.first)
        #expect(worse.rows.count == 2 && worse.tested == 2)
        #expect(row.verdict == .larger && row.isRegression && row.basis == .figure && row.point.isEmpty)
        #expect((1.4...1.6).contains(try #require(row.change).value))
        let same = ResultComparison(old: grown(by: 1e6, seed: 1), new: grown(by: 1e6, seed: 3))
        #expect(same.regressions.isEmpty && same.tested == 2)
    }

    /// Holm's correction, against the worked example of his method and against chance itself.
    @Test func pValuesAreCorrectedAfterHolm() {
        let corrected = Statistics.holm([0.01, 0.04, 0.03, 0.005])
        for (value, expected) in zip(corrected, [0.03, 0.06, 0.06, 0.02]) {
            #expect(abs(value - expected) < 1e-12)
        }
        #expect(Statistics.holm([]).isEmpty && Statistics.holm([0.5, 0.9]) == [1, 1])

        var generator = SeededGenerator(seed: 12)
        let families = 10_000
        let alarms = (0..<families).count { _ in
            let luck = (0..<10).map { _ in Double.random(in: 0..<1, using: &generator) }
            return Statistics.holm(luck).contains { $0 < 0.05 }
        }
        #expect((400...600).contains(alarms), "\(alarms) of \(families)")
    }
}
