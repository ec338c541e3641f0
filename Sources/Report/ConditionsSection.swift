import LabCore

/// The same start under other conditions: a cold cache, several at once.
struct ConditionsSection {
    let analysis: Analysis
    let text: Catalogue

    /// The points at which nothing but the circumstances differ; empty when there is only one of them.
    private var points: [Point] {
        let points = analysis.points.filter { Set($0.keys).isSubset(of: [.cache, .concurrency]) }
        return points.contains { !$0.isEmpty } ? points : []
    }

    var markdown: String {
        let shown = Array(points.prefix(Analysis.mostColumns))
        guard !shown.isEmpty else { return "" }
        var table = MarkdownTable(
            [(text.engine, .left)] + shown.map { (text.condition($0), .right) })
        for engine in analysis.engines where engine.isMeasured {
            table.add([text.name(engine.record)] + shown.map { cell(engine.id, at: $0) })
        }
        guard !table.isEmpty else { return "" }
        let left = points.count - shown.count
        return "## \(text.conditions)\n\n\(table.text)\n\(text.conditionsNote)\n"
            + (left > 0 ? "\n\(text.notShown(left))\n" : "")
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
