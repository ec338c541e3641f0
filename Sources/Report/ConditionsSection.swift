import LabCore

/// The same start under other conditions: a cold cache, several at once, an instance made in another way.
struct ConditionsSection {
    let analysis: Analysis
    let text: Language

    /// The points at which nothing but the circumstances differ; empty when there is only one of them.
    private var points: [Condition] {
        let circumstances: Set<Factor> = [.cache, .cgroups, .concurrency, .count, .variant]
        let points = analysis.points.filter { circumstances.isSuperset(of: $0.factors) }
        return points.contains { !$0.isEmpty } ? points : []
    }

    var blocks: [Block] {
        // Else they stand in the answer.
        guard !analysis.hasOnlyConditions else { return [] }
        let body = body
        return body.isEmpty ? [] : [.heading(2, text.say("Under other conditions"))] + body
    }

    /// The table and how to read it; empty where nothing is varied.
    var body: [Block] {
        guard !points.isEmpty else { return [] }
        let engines = analysis.engines.filter(\.isMeasured)
        let (table, left) = points.count > Self.mostBeside ? byCondition(engines) : byEngine(engines)
        guard !table.rows.isEmpty else { return [] }
        return [.table(table), .paragraph(text.conditionsNote)]
            + text.leftOut(left)
    }

    /// More conditions than these are read better under each other.
    private static let mostBeside = 6

    private func byEngine(_ engines: [Analysis.Engine]) -> (Table, Int) {
        var table = Table([.words(text.engine)] + points.map { .figures(text.condition($0)) })
        for engine in engines {
            table.add([.words(text.name(engine.record))] + points.map { cell(engine.id, at: $0) })
        }
        return (table, 0)
    }

    private func byCondition(_ engines: [Analysis.Engine]) -> (Table, Int) {
        let engines = engines.prefix(Analysis.mostColumns)
        var table = Table([.words(text.conditionTitle)] + engines.map { .figures(text.name($0.record)) })
        for point in points.prefix(Analysis.mostRows) {
            table.add([.words(text.condition(point))] + engines.map { cell($0.id, at: point) })
        }
        return (table, max(points.count - Analysis.mostRows, 0))
    }

    private func cell(_ engine: EngineID, at point: Condition) -> Cell {
        let metric = analysis.headline
        let summary = analysis.figures.summary(metric, engine, at: point)
        guard let median = summary.median else {
            return summary.failures > 0 ? .words(text.failedSamples(summary.failures)) : .none
        }
        var lines = [text.median(summary, metric.unit)]
        if let count = point.concurrency.map({ Double($0) }), count > 1 {
            lines.append(text.say("\(Format.quantity(median / count, metric.unit)) each"))
        }
        let ratio = analysis.figures.ratio(
            metric, Plan.Cell(engine: engine, point: point), to: Plan.Cell(engine: engine))
        if !point.isEmpty, let ratio { lines.append(Phrase(text.times(ratio))) }
        if summary.failures > 0 { lines.append(text.failedSamples(summary.failures)) }
        return .figure(median, lines.lines)
    }
}

extension Language {
    /// A median and its interval, or where there is none the number of samples.
    func median(_ summary: Summary, _ unit: Metric.Unit) -> Phrase {
        let spread = summary.interval.map { Format.interval($0, unit) } ?? "n = \(summary.n)"
        return "\(strong: "\(Format.quantity(summary.median, unit))") (\(spread))"
    }
}
