import LabCore
import LabFile
import Testing

@testable import LabRunner
@testable import Report

extension RunResult {
    /// The samples of one cell that count.
    func measured(_ engine: EngineID, at point: Condition = [:]) -> [Observation] {
        Figures(self).samples(engine, at: point)
    }
}

extension Series.Varied {
    init(_ factor: Factor, _ words: [String]) { self.init(factor, words.map { [factor: $0] }) }
}

/// The figures of a result are made once, and are the same wherever they are shown.
@Suite struct FiguresTests {
    /// A run of the lab behind the first row of the table, with samples that are spread.
    private func result(seed: UInt64 = 7) throws -> RunResult {
        let lab = try LabDirectory.open("\(checkout)/labs", engines: EngineFactory.ids).definition(
            "startup-latency")
        var generator = SeededGenerator(seed: seed)
        var samples: [Observation] = []
        for (engine, time) in [(EngineID.process, 500_000.0), (.container, 1_500_000), (.kvm, 2e8)] {
            for point in [[:], [.cache: "cold"], [.concurrency: "4"]] as [Condition] {
                for _ in 0..<12 {
                    var timeline = Timeline()
                    timeline.stamp(.requested, at: .zero, since: .zero)
                    var late = 0.0
                    for mark in [Mark.ready, .firstOutput, .exited, .cleanedUp] {
                        late += time * Double.random(in: 1...1.4, using: &generator)
                        timeline.stamp(mark, at: MonotonicInstant(nanoseconds: UInt64(late)), since: .zero)
                    }
                    samples.append(
                        Observation(
                            index: samples.count, engine: engine, parameters: point, warmup: false,
                            outcome: .completed, timeline: timeline))
                }
            }
        }
        let header = RunResult.Header(
            version: "0", runID: "r", startedAt: "2026-11-24T00:00:00Z", lab: lab, command: "lab run",
            plan: Plan(lab, engines: [.process, .container, .kvm], seed: seed), environment: Environment(),
            engines: [
                EngineRecord(id: .process, kind: .process), EngineRecord(id: .container, kind: .container),
                EngineRecord(id: .kvm, kind: .virtualMachine),
            ], digests: [:])
        return RunResult(header: header, samples: samples, closing: .init(.complete))
    }

    /// Everything that shows figures, as `lab run` of several labs and `lab report` make it.
    private func show(_ figures: () -> Figures, beside old: () -> Figures) throws -> [String] {
        var shown: [String] = []
        for language in Language.allCases {
            shown += Report.files(for: figures(), language: language).map(\.contents)
            shown += Report.summaryLines(for: figures(), language: language)
            shown.append(Report.page(for: [figures()], language: language))
        }
        shown.append(try Terminal.json(RunAnswer(figures(), directory: "d", files: [])))
        let table = FilledTable([TableSource(figures(), path: "result.json")], labs: [])
        shown.append(try Terminal.json(TableAnswer(table)))
        shown.append(Report.markdown(for: table))
        let comparison = ResultComparison(old: [old()], new: [figures()], metrics: ["startup"])
        shown.append(try Terminal.json(ComparisonAnswer(comparison, old: ["a"], new: ["b"])))
        return shown
    }

    @Test("Report, page, answer, table and comparison make each interval of a result once")
    func madeOnce() throws {
        let result = try result()
        var made: [String] = []
        let figures = Figures(result) { made.append($0) }
        let old = Figures(try self.result(seed: 8))
        let shown = try show({ figures }, beside: { old })
        #expect(made.count == Set(made).count, "\(made.count - Set(made).count) were made again")
        #expect(made.contains("startup of container ") && made.contains("startup of kvm to container"))

        // Figures of their own for each, and the same are made many times: to the same numbers.
        var again: [String] = []
        #expect(try show({ Figures(result) { again.append($0) } }, beside: { old }) == shown)
        #expect(again.count > 3 * made.count && Set(again) == Set(made))
    }

    @Test("Report, answer, table and comparison show the same figure for a cell")
    func sameEverywhere() throws {
        let figures = Figures(try result())
        let metric = try #require(figures.result.header.lab.metrics.first)
        let estimate = try #require(figures.estimate(metric, .container))
        let interval = try #require(estimate.interval)

        let answer = try #require(
            RunAnswer(figures, directory: "d", files: []).engines.first { $0.id == .container })
        let answered = try #require(answer.metrics[metric.id])
        #expect(answered.median == estimate.value && answered.lower95 == interval.lower)

        let table = FilledTable([TableSource(figures, path: "p")], labs: [])
        let row = try #require(table.rows.first { $0.source != nil })
        #expect(row.cells[.container]?[0].content == .figure(estimate, unit: .nanoseconds, relativeTo: nil))
        #expect(row.container.claims.first?.judgements.first?.interval == interval)

        let comparison = ResultComparison(old: [figures], new: [figures])
        let same = comparison.rows.first {
            $0.engine == .container && $0.metric == metric && $0.point.isEmpty
        }
        #expect(same?.old.figure == estimate && same?.new.figure == estimate)

        let words = Format.quantity(estimate.value, .nanoseconds)
        #expect(Report.files(for: figures)[0].contents.contains(words))
        #expect(Report.markdown(for: table).contains(words))
    }
}
