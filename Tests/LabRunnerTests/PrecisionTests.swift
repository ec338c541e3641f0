import Glibc
import Results
import Testing

@testable import LabCore

/// When a cell has been measured well enough, with an engine whose times are made up.
@Suite struct PrecisionTests {
    let home: TemporaryDirectory

    init() throws { home = try TemporaryDirectory() }

    /// Takes so many nanoseconds as it is told for the n-th instance of an isolation; nothing runs.
    private final class SyntheticEngine: Engine, PreparedEngine {
        let record: EngineRecord
        var id: EngineID { record.id }
        private let nanoseconds: (_ isolation: LayerSelection?, _ turn: Int) -> UInt64
        private var turns: [LayerSelection?: Int] = [:]

        init(_ id: EngineID, _ nanoseconds: @escaping (LayerSelection?, Int) -> UInt64) {
            record = EngineRecord(id: id, kind: .process)
            self.nanoseconds = nanoseconds
        }

        func probe(_ context: RunContext) -> Availability { .available }
        func prepare(_ context: RunContext) -> SyntheticEngine { self }
        func explain(_ request: LaunchRequest) -> Message { "" }
        func shutDown() {}

        func launch(_ request: LaunchRequest) -> any Instance {
            let isolation = request.condition.isolation
            let turn = turns[isolation, default: 0]
            turns[isolation] = turn + 1
            return SyntheticInstance(nanoseconds(isolation, turn))
        }
    }

    private final class SyntheticInstance: Instance {
        private(set) var timeline = Timeline()
        let transcript = GuestTranscript()
        let stepNanoseconds: [UInt64] = []

        init(_ nanoseconds: UInt64) {
            let zero = MonotonicInstant(nanoseconds: 0)
            timeline.stamp(.requested, at: zero, since: zero)
            timeline.stamp(.ready, at: MonotonicInstant(nanoseconds: nanoseconds), since: zero)
        }

        func waitUntilReady(deadline: MonotonicInstant) {}
        func wait(forOutputs count: Int, deadline: MonotonicInstant) {}
        func waitForExit(deadline: MonotonicInstant) -> Int32 { 0 }
        func dispose() {}
    }

    /// Scattered from 1 to 3 ms, however often it is asked.
    private static func noisy(_ turn: Int) -> UInt64 {
        var generator = SeededGenerator(seed: UInt64(turn))
        return UInt64.random(in: 1_000_000...3_000_000, using: &generator)
    }

    private func run(
        _ engines: [SyntheticEngine], _ samples: LabDefinition.Samples, series: [Series] = [.plain],
        budget: Double = 60
    ) throws -> RunResult {
        let text = LocalizedText(en: "Test", zh: "测试")
        let ready = Metric(
            id: "ready", title: text, unit: .nanoseconds, source: .span(from: .requested, to: .ready))
        let lab = LabDefinition(
            id: "test", title: text, question: text, dimension: "", engines: engines.map(\.id),
            workload: "noop", method: .lifecycle, metrics: [ready], samples: samples, series: series,
            budgetSeconds: budget, timeoutSeconds: 1, memoryBytes: 64 << 20, cpus: 1, claims: [])
        let paths = LabPaths(cache: "\(home.path)/cache", state: "\(home.path)/state")
        let context = RunContext(
            runID: "test", paths: paths, journal: try RunJournal(runID: "test", paths: paths),
            rootFilesystem: RootFilesystem(directory: "/", digest: "root", guestDigest: "guest"))
        defer { context.journal.finish() }
        let setup = Runner.Setup(
            lab: lab, command: "lab run test", version: "1.2.3", startedAt: "2026-11-24T00:00:00Z", seed: 7,
            environment: Environment())
        return try Runner(setup: setup, engines: engines, context: context).run(samplesIn: nil) { _ in }
    }

    @Test("a noisy cell grows to its limit, and a quiet one stops at the planned number")
    func aNoisyCellGrowsAndAQuietOneStops() throws {
        let noisy = SyntheticEngine("container") { Self.noisy($1) }
        let quiet = (["process", "qemu"] as [EngineID]).map {
            SyntheticEngine($0) { 1_000_000 + UInt64($1 % 3) }
        }
        let result = try run(
            [quiet[0], noisy, quiet[1]], .init(default: 10, warmup: 2, precision: 0.001, growth: 3))
        #expect(result.ending == .complete)
        #expect(result.measured("container").count == 30)
        #expect(result.measured("qemu").count == 10)
        #expect(result.measured("process").count == 30, "what a noisy one is compared with")
        #expect(result.samples.count { $0.warmup } == 6, "warm-ups are not made again")
    }

    @Test("Without a bare process the lab's first engine is what the others are compared with")
    func theFirstIsTheBaseline() throws {
        // What slows one down slows the other: each by itself is wide, one to the other is not.
        let both = (["crun", "runc"] as [EngineID]).map {
            SyntheticEngine($0) { _, turn in Self.noisy(turn) }
        }
        let result = try run(both, .init(default: 20, warmup: 0, precision: 0.001, growth: 3))
        #expect(result.measured("crun").count == 20 && result.measured("runc").count == 20)
    }

    @Test func aCellThatBecomesNarrowGetsNoFurtherRound() throws {
        // Wide in the first ten trials and quiet ever after.
        let engine = SyntheticEngine("process") { $1 < 10 ? Self.noisy($1) : 2_000_000 }
        let samples = LabDefinition.Samples(default: 10, warmup: 0, precision: 0.01, growth: 50)
        let count = try run([engine], samples).measured("process").count
        #expect(count > 10 && count < 500 && count.isMultiple(of: 10), "\(count)")
    }

    /// A disturbance that both feel leaves their ratio as it is: then neither needs more.
    @Test func theRatioToTheBaselineIsWhatMustBeNarrow() throws {
        func engines(_ factor: @escaping (Int) -> UInt64) -> [SyntheticEngine] {
            [
                SyntheticEngine("process") { Self.noisy($1) },
                SyntheticEngine("container") { Self.noisy($1) * factor($1) },
            ]
        }
        let samples = LabDefinition.Samples(default: 10, warmup: 0, precision: 0.01, growth: 3)
        let together = try run(engines { _ in 3 }, samples)
        #expect(together.measured("process").count == 10 && together.measured("container").count == 10)
        let apart = try run(engines { UInt64(2 + $0 % 3) }, samples)
        #expect(apart.measured("process").count == 30 && apart.measured("container").count == 30)
    }

    @Test(
        "What costs nearly nothing gets the blocks of an interval also where something dear used up the budget"
    )
    func theCheapDoNotWaitForTheDear() throws {
        let cheap = SyntheticEngine("container") { _, _ in 2_000_000 }
        let dear = SyntheticEngine("qemu") { _, _ in
            usleep(1_100_000)
            return 1_000_000_000
        }
        let result = try run(
            [cheap, dear], .init(default: 20, warmup: 0, precision: 0.05, growth: 3), budget: 1)
        #expect(result.ending == .budget)
        #expect(
            result.measured("container").count == BlockInterval.fewest && result.measured("qemu").count == 1)
    }

    @Test func withoutAWantedPrecisionNothingGrows() throws {
        let engine = SyntheticEngine("process") { Self.noisy($1) }
        let result = try run([engine], .init(default: 10, warmup: 0, growth: 5))
        #expect(result.measured("process").count == 10)
    }

    @Test func pointsGrowEachByItself() throws {
        let engine = SyntheticEngine("process") { isolation, turn in
            isolation == LayerSelection.none ? Self.noisy(turn) : 1_000_000
        }
        let series = Series(
            id: "ablation", parameters: [.init(.isolation, ["none", "only-mount"])],
            samples: .init(default: 8, warmup: 0, precision: 0.001, growth: 4))
        // The series has numbers of its own; those of the lab are not its.
        let result = try run([engine], .init(default: 99, warmup: 0), series: [series])
        #expect(result.measured("process", at: [.isolation: "none"]).count == 32)
        #expect(result.measured("process", at: [.isolation: "only-mount"]).count == 8)
    }

    @Test func theBudgetEndsTheGrowth() throws {
        let samples = LabDefinition.Samples(default: 10, warmup: 0, precision: 0.000_001, growth: 1_000)
        let engine = SyntheticEngine("process") { _, turn in
            usleep(2_000)
            return Self.noisy(turn)
        }
        let result = try run([engine], samples, budget: 0.3)
        #expect(result.ending == .budget)
        #expect(result.measured("process").count >= 10)
        #expect(result.measured("process").count < 1_000)
    }

    /// Failures are no values: an engine that yields none is never narrow, and grows to its limit or is stopped.
    @Test func aCellWithoutValuesIsNotNarrow() {
        let text = LocalizedText(en: "", zh: "")
        var lab = LabDefinition(
            id: "x", title: text, question: text, dimension: "", engines: ["process"], workload: "noop",
            method: .lifecycle,
            metrics: [Metric(id: "m", title: text, unit: .count, source: .value("v"))],
            samples: .init(default: 5, warmup: 0, precision: 0.1, growth: 9), budgetSeconds: 1,
            timeoutSeconds: 1, memoryBytes: 1, cpus: 1, claims: [])
        let cell = Plan.Cell(engine: "process")
        func values(_ values: [Double]) -> [Observation] {
            values.enumerated().map {
                Observation(
                    index: $0, engine: "process", warmup: false, outcome: .completed, timeline: Timeline(),
                    values: ["v": $1])
            }
        }
        func looks(_ cell: Plan.Cell, _ samples: [Double]...) -> [Bool] {
            var precision = Precision(lab, Plan([], seed: 1))
            return samples.map { precision.isEnough(cell, values($0)) }
        }
        #expect(looks(cell, []) == [false])
        #expect(looks(cell, [0, 0, 0, 0, 0]) == [false], "the width around 0 is not known")
        #expect(looks(cell, [7, 7, 7, 7, 7]) == [true])
        // Four values have no interval. A look counts for its round: what narrows within it is seen in the next.
        #expect(
            looks(cell, [7, 7, 7, 7], [7, 7, 7, 7, 7, 7], Array(repeating: 7, count: 9)) == [
                false, false, true,
            ])
        // Once narrow, a cell gets no trial that could make it wide again.
        #expect(looks(cell, [7, 7, 7, 7, 7], [7, 7, 7, 7, 7, 1, 90, 4, 50, 3]) == [true, true])
        #expect(
            looks(Plan.Cell(engine: "xen"), []) == [true], "it is not in the lab and has nothing to reach")
        lab.metrics = []
        #expect(looks(cell, []) == [true])
    }
}
