import LabCore

/// The part of the price of emulation that counted events explain: see `GapModel`.
///
/// The gap of a kind of work is `cpu(emulated) − cpu(reference)` per round. Whatever the events do not explain is shown,
/// and not explained away.
struct ExecutionSection {
    let analysis: Analysis
    let text: Language

    private static let cpu = metric("cpu-round-ns", .nanoseconds)
    private static let draws = 2_000

    /// A value of the samples; the lab need not show it.
    private static func metric(_ value: String, _ unit: Metric.Unit) -> Metric {
        Metric(id: "gap:\(value)", title: LocalizedText(en: "", zh: ""), unit: unit, source: .value(value))
    }

    /// One kind of work, with the samples of its cost.
    private struct Row {
        var work: GapModel.Work
        var emulated: [Double]
        var reference: [Double]

        func gap(_ values: ([Double]) -> Double) -> Double { values(emulated) - values(reference) }
    }

    var blocks: [Block] {
        guard let (emulated, reference) = engines else { return [] }
        let rows = rows(emulated, reference)
        guard !rows.isEmpty else { return [] }
        let model = GapModel(rows.map(\.work))
        return [
            .heading(2, text.say("What pays for the emulation, in counted events")),
            .paragraph(text.executionNote),
            .heading(3, text.prices), .table(prices(model, rows)),
        ] + explanation(model, rows, emulated, reference) + .list(gaps(model, rows))
    }

    /// The emulated engine and what it is held against: a VM on a hypervisor where one was measured, else the bare
    /// process.
    private var engines: (emulated: EngineRecord, reference: EngineRecord)? {
        let measured = analysis.engines.filter(\.isMeasured).map(\.record)
        guard let emulated = measured.first(where: \.emulates),
            let reference = measured.first(where: { $0.kind == .virtualMachine && !$0.emulates })
                ?? measured.first(where: { $0.id == Analysis.baseline })
        else { return nil }
        return (emulated, reference)
    }

    /// The kinds of work that both were measured at and whose instructions were counted.
    private func rows(_ emulated: EngineRecord, _ reference: EngineRecord) -> [Row] {
        analysis.points.compactMap { point in
            func values(_ engine: EngineRecord) -> [Double] {
                analysis.figures.samples(engine.id, at: point).compactMap { Self.cpu.value(of: $0) }
            }
            func count(_ name: String, at point: Condition) -> Double? {
                analysis.figures.summary(
                    Self.metric("\(name)-per-round-count", .count), emulated.id, at: point
                ).median
            }
            // By a guest of its own, whose clock counts them.
            var counted = point
            counted.variant = .countingInstructions
            let (costs, others) = (values(emulated), values(reference))
            guard let kind = point.setting, let instructions = count("instructions", at: counted),
                let cost = Statistics.median(costs), let other = Statistics.median(others)
            else { return nil }
            var counts: [GapModel.Event: Double] = [.instruction: instructions]
            counts[.operation] = count("operations", at: point)
            counts[.entry] = count("entries", at: point)
            counts[.contextSwitch] = count("switches", at: point)
            return Row(
                work: GapModel.Work(kind: kind, gap: cost - other, counts: counts), emulated: costs,
                reference: others)
        }
    }

    private func prices(_ model: GapModel, _ rows: [Row]) -> Table {
        var table = Table([
            .words(text.say("event")), .words(text.say("yardstick")), .figures(text.say("its gap per round")),
            .figures(text.say("of them in a round")), .figures(text.say("price of one")),
        ])
        for event in GapModel.Event.allCases {
            let work = rows.first { $0.work.kind == event.yardstick }?.work
            table.add([
                .words(text.name(event)), .code(event.yardstick), .duration(work?.gap),
                .quantity(work?.counts[event], .count),
                model.prices[event].map { .duration($0) }
                    ?? .words(text.say("none: the yardstick shows no price")),
            ])
        }
        return table
    }

    private func explanation(
        _ model: GapModel, _ rows: [Row], _ emulated: EngineRecord, _ reference: EngineRecord
    ) -> [Block] {
        let explained = rows.filter { !GapModel.isYardstick($0.work.kind) }
        guard !explained.isEmpty else { return [] }
        let events = GapModel.Event.allCases
        var table = Table(
            [
                .words(text.say("kind of work")), .figures(text.name(emulated)),
                .figures(text.name(reference)),
                .figures(text.say("gap")),
            ] + events.map { .figures(text.name($0)) } + [
                .figures(text.say("not explained")), .figures(text.say("explained")),
            ])
        let intervals = shareIntervals(rows)
        for row in explained {
            let work = row.work
            table.add(
                [
                    .code(work.kind), .duration(Statistics.median(row.emulated)),
                    .duration(Statistics.median(row.reference)), .duration(work.gap),
                ] + events.map { cell($0, work, model) } + [
                    .signed(work.gap - model.explained(work), .nanoseconds),
                    share(model.share(work), intervals[work.kind]),
                ])
        }
        return [
            .heading(3, text.say("What the events explain")), .table(table), .paragraph(text.explanationNote),
        ]
    }

    /// `23.0 ms = 4,400,000 × 5.24 ns`.
    private func cell(_ event: GapModel.Event, _ work: GapModel.Work, _ model: GapModel) -> Cell {
        guard work.consists(of: event) else { return .none }
        let count = Format.quantity(work.counts[event], .count)
        guard let part = model.part(of: event, in: work) else { return .words("\(count) × ?") }
        let product: Phrase = "\(count) × \(Format.duration(model.prices[event]))"
        return .figure(part, [Phrase(Format.duration(part)), product].lines)
    }

    private func share(_ share: Double?, _ interval: ConfidenceInterval?) -> Cell {
        guard let share else { return .words(text.say("there is no gap")) }
        let range = interval.map { " (\(Format.percent($0.lower))–\(Format.percent($0.upper)))" } ?? ""
        return .figure(share, "\(strong: "\(Format.percent(share))")\(range)")
    }

    /// Returns what the table lacks, in words.
    private func gaps(_ model: GapModel, _ rows: [Row]) -> [Phrase] {
        rows.filter { !GapModel.isYardstick($0.work.kind) }.flatMap { row in
            model.unpriced(row.work).map {
                text.unpriced(text.name($0), .code(row.work.kind), .code($0.yardstick))
            }
        }
    }

    /// Percentile bootstrap intervals, 95 %, of the shares: in each draw every sample of every kind, the yardsticks'
    /// too, is drawn again, so that the prices' spread is in them.
    private func shareIntervals(_ rows: [Row]) -> [String: ConfidenceInterval] {
        guard rows.allSatisfy({ min($0.emulated.count, $0.reference.count) >= BlockInterval.fewest }) else {
            return [:]
        }
        var generator = SeededGenerator(seed: analysis.result.header.plan.seed)
        func resampled(_ values: [Double]) -> Double {
            let drawn = values.map { _ in values[Int.random(in: values.indices, using: &generator)] }
            return Statistics.median(drawn) ?? 0
        }
        var shares: [String: [Double]] = [:]
        for _ in 0..<Self.draws {
            let works = rows.map { row in
                GapModel.Work(kind: row.work.kind, gap: row.gap(resampled), counts: row.work.counts)
            }
            let model = GapModel(works)
            for work in works { shares[work.kind, default: []].append(model.share(work) ?? 0) }
        }
        return shares.compactMapValues { values in
            guard let lower = Statistics.quantile7(values, 0.025),
                let upper = Statistics.quantile7(values, 0.975)
            else { return nil }
            return ConfidenceInterval(lower: lower, upper: upper)
        }
    }
}

extension Language {
    fileprivate func name(_ event: GapModel.Event) -> Phrase {
        switch event {
        case .instruction: say("guest instruction")
        case .operation: say("floating-point operation")
        case .entry: say("system call")
        case .contextSwitch: say("context switch")
        }
    }
    fileprivate var prices: Phrase { say("The price of one event") }
    fileprivate var executionNote: Phrase {
        say(
            "Host CPU time per round; medians. The gap between two engines is taken apart into counted events, each times "
                + "the price of one. The prices come from yardsticks, which are work of another kind; no gap that is "
                + "explained below has a part in them. \(code: "integer") prices an instruction; from the other yardsticks' gaps the "
                + "instructions, and what else is priced already, are taken off before the rest is shared out."
        )
    }
    fileprivate var explanationNote: Phrase {
        say(
            "More than the gap counts as unexplained, like less than it: a minus sign stands before what is explained too "
                + "much. In brackets the 95 % interval, where every kind has five samples. Not counted, and so never "
                + "explained: loads and stores, each of which the emulator translates by itself, and its misses."
        )
    }
    fileprivate func unpriced(_ event: Phrase, _ kind: Phrase, _ yardstick: Phrase) -> Phrase {
        say(
            "\(kind): the events \(event) have no price, because \(yardstick) was not measured or shows none."
        )
    }
}
