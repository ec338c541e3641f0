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

    @Test("a shift beyond the threshold is a regression, one way only")
    func aShiftBeyondTheThresholdIsARegression() throws {
        let (fast, slow) = (result(), result(qemu: 1.2, seed: 5))
        let worse = ResultComparison(old: fast, new: slow)
        #expect(worse.differences.isEmpty && worse.tested == 2)
        #expect(worse.regressions.map(\.engine) == [.qemu])
        let row = try row(worse, .qemu)
        #expect(row.verdict == .slower && row.emulated)
        let ratio = try #require(row.ratio)
        #expect((1.15...1.25).contains(ratio.value) && ratio.interval?.contains(1.2) == true)
        #expect(try #require(row.correctedP) < 0.01)
        #expect(try self.row(worse, .process).verdict == .noDifference)

        let better = ResultComparison(old: slow, new: fast)
        #expect(better.regressions.isEmpty)
        #expect(try self.row(better, .qemu).verdict == .faster)
        // The same two results give the same figures.
        #expect(ResultComparison(old: fast, new: slow) == worse)
    }

    @Test("below the threshold it is slower, and no regression")
    func aShiftBelowTheThresholdIsNoRegression() throws {
        let (old, new) = (result(spread: 0.005), result(process: 1.03, spread: 0.005, seed: 7))
        let row = try row(ResultComparison(old: old, new: new), .process)
        #expect(row.verdict == .slower && !row.isRegression)
        #expect(ResultComparison(old: old, new: new, threshold: 0.01).regressions.map(\.engine) == [.process])
        #expect(ResultComparison(old: old, new: new, threshold: 0.5).regressions.isEmpty)
    }

    @Test func sizesAreLargerAndNotSlower() throws {
        var (old, new) = (result(), result(process: 1.3, seed: 3))
        old.header.lab.metrics[0].unit = .bytes
        new.header.lab.metrics[0].unit = .bytes
        #expect(try row(ResultComparison(old: old, new: new), .process).verdict == .larger)
        #expect(try row(ResultComparison(old: new, new: old), .process).verdict == .smaller)
    }

    @Test func fewSamplesDecideNothingAndNoneAreMissed() throws {
        let old = result()
        let few = ResultComparison(old: old, new: result(process: 9, qemu: 9, count: 4, seed: 3))
        #expect(few.rows.allSatisfy { $0.verdict == .tooFew && !$0.isRegression && $0.correctedP == nil })
        #expect(few.tested == 0)

        var gone = result()
        for place in gone.samples.indices where gone.samples[place].engine == .qemu {
            gone.samples[place] = ResultFixture.failure(place, .qemu)
        }
        let row = try row(ResultComparison(old: old, new: gone), .qemu)
        #expect(row.verdict == .missing && row.isRegression && row.newFailures == 40)
        let back = try self.row(ResultComparison(old: gone, new: old), .qemu)
        #expect(back.verdict == .tooFew && !back.isRegression && back.oldFailures == 40)
    }

    @Test func aFigureOfZeroHasNoRatio() throws {
        var (old, new) = (result(), result())
        let zero = Metric(
            id: "zero", title: LocalizedText(en: "Zero", zh: "零"), unit: .count, source: .value("zero"))
        for place in old.samples.indices {
            old.samples[place].values["zero"] = 0
            new.samples[place].values["zero"] = 1
        }
        old.header.lab.metrics = [zero]
        new.header.lab.metrics = [zero]
        #expect(ResultComparison(old: old, new: new).rows.map(\.verdict) == [.noRatio, .noRatio])
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
        #expect(comparison.rows.allSatisfy { $0.old?.n == 15 && $0.new?.n == 15 })
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
        #expect(worse.rows.count == 2 && worse.tested == 0)
        #expect(row.verdict == .larger && row.isRegression && row.p == nil && row.point.isEmpty)
        #expect((1.4...1.6).contains(try #require(row.ratio).value))
        let same = ResultComparison(old: grown(by: 1e6, seed: 1), new: grown(by: 1e6, seed: 3))
        #expect(same.rows.allSatisfy { $0.verdict == .noDifference })
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
