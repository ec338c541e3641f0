import LabCore

/// The same start under other conditions: a cold cache, several at once, an instance made in another way.
struct ConditionsSection {
    let analysis: Analysis
    let text: Catalogue

    /// The points at which nothing but the circumstances differ; empty when there is only one of them.
    private var points: [Point] {
        let circumstances: Set<Parameter> = [.cache, .concurrency, .count, .variant]
        let points = analysis.points.filter { circumstances.isSuperset(of: $0.keys) }
        return points.contains { !$0.isEmpty } ? points : []
    }

    var markdown: String {
        // Else they stand in the answer.
        guard !analysis.hasOnlyConditions else { return "" }
        let body = body
        return body.isEmpty ? "" : "## \(text.conditions)\n\n\(body)"
    }

    /// The table and how to read it; empty where nothing is varied.
    var body: String {
        guard !points.isEmpty else { return "" }
        let engines = analysis.engines.filter(\.isMeasured)
        let (table, left) = points.count > Self.mostBeside ? byCondition(engines) : byEngine(engines)
        guard !table.isEmpty else { return "" }
        return "\(table.text)\n\(text.conditionsNote)\n" + (left > 0 ? "\n\(text.notShown(left))\n" : "")
    }

    /// More conditions than these are read better under each other.
    private static let mostBeside = 6

    private func byEngine(_ engines: [Analysis.Engine]) -> (MarkdownTable, Int) {
        var table = MarkdownTable(
            [(text.engine, .left)] + points.map { (text.condition($0), .right) })
        for engine in engines {
            table.add([text.name(engine.record)] + points.map { cell(engine.id, at: $0) })
        }
        return (table, 0)
    }

    private func byCondition(_ engines: [Analysis.Engine]) -> (MarkdownTable, Int) {
        let engines = engines.prefix(Analysis.mostColumns)
        var table = MarkdownTable(
            [(text.conditionTitle, .left)] + engines.map { (text.name($0.record), .right) })
        for point in points.prefix(Analysis.mostRows) {
            table.add([text.condition(point)] + engines.map { cell($0.id, at: point) })
        }
        return (table, max(points.count - Analysis.mostRows, 0))
    }

    private func cell(_ engine: EngineID, at point: Point) -> String {
        let metric = analysis.headline
        let summary = analysis.figures.summary(metric, engine, at: point)
        guard let median = summary.median else {
            return summary.failures > 0 ? text.failedSamples(summary.failures) : Format.none
        }
        var lines = ["**\(Format.quantity(median, metric.unit))**"]
        if let interval = summary.interval {
            lines[0] += " (\(Format.interval(interval, metric.unit)))"
        } else {
            lines[0] += " (n = \(summary.n))"
        }
        if let count = point[.concurrency].flatMap(Double.init), count > 1 {
            lines.append(text.each(Format.quantity(median / count, metric.unit)))
        }
        let ratio = analysis.figures.ratio(
            metric, Plan.Cell(engine: engine, point: point), to: Plan.Cell(engine: engine))
        if !point.isEmpty, let ratio {
            let interval = ratio.interval.map { " (\(Format.interval($0, .ratio)))" } ?? ""
            lines.append("\(Format.number(ratio.value)) ×\(interval)")
        }
        if summary.failures > 0 { lines.append(text.failedSamples(summary.failures)) }
        return lines.joined(separator: "<br>")
    }
}

extension Analysis {
    /// Whether something was measured, and nothing of it where no parameter is varied.
    var hasOnlyConditions: Bool {
        method == .lifecycle && !engines.contains(where: \.hasBase) && engines.contains(where: \.isMeasured)
    }
}
