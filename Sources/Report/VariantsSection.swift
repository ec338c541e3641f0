import LabCore

/// The same start of instances that are made in other ways: each variant against what the engine does by default.
struct VariantsSection {
    let analysis: Analysis
    let text: Language

    private static let mostRows = 100

    private var points: [Condition] { analysis.points.filter { $0.factors == [.variant] } }

    var blocks: [Block] {
        let shown = points.prefix(Self.mostRows)
        let engines = analysis.engines.filter { engine in
            shown.contains { !analysis.figures.samples(engine.id, at: $0).isEmpty }
        }
        guard !shown.isEmpty, !engines.isEmpty else { return [] }
        var table = Table([.words(text.say("variant"))] + engines.map { .figures(text.name($0.record)) })
        table.add([.words(text.say("by default"))] + engines.map { cell($0.id, at: [:]) })
        for point in shown {
            table.add([.code(point[.variant] ?? "")] + engines.map { cell($0.id, at: point) })
        }
        let left = points.count - shown.count
        return [
            .heading(2, text.say("Made in other ways")), .table(table),
            .paragraph(text.variantsNote(text.title(analysis.headline))),
        ] + impossibilities(engines, Array(shown)).map(Block.paragraph)
            + text.leftOut(left)
    }

    private func impossibility(_ engine: EngineID, at point: Condition) -> LabError? {
        analysis.figures.samples(engine, at: point).lazy.compactMap { $0.obstacle(varying: .variant) }.first
    }

    /// Returns the reasons why a variant can't be made here.
    private func impossibilities(_ engines: [Analysis.Engine], _ shown: [Condition]) -> [Phrase] {
        engines.flatMap { engine in
            shown.compactMap { point in
                impossibility(engine.id, at: point).map { error in
                    let why = text.unavailable(because: error)
                    return "\(text.name(engine.record)), \(code: point[.variant] ?? ""): \(why)"
                }
            }
        }
    }

    /// The median, then by how much it differs from the default and the ratio to that.
    private func cell(_ engine: EngineID, at point: Condition) -> Cell {
        let metric = analysis.headline
        let summary = analysis.figures.summary(metric, engine, at: point)
        var lines = summary.median == nil ? [] : [text.median(summary, metric.unit)]
        let (own, other) = (Plan.Cell(engine: engine, point: point), Plan.Cell(engine: engine))
        if !point.isEmpty, let difference = analysis.figures.difference(metric, own, minus: other),
            let ratio = analysis.figures.ratio(metric, own, to: other)
        {
            lines.append("\(Format.difference(difference, metric.unit)), \(Format.number(ratio.value)) ×")
        }
        if impossibility(engine, at: point) != nil {
            lines.append(text.say("not possible"))
        } else if summary.failures > 0 {
            lines.append(text.failedSamples(summary.failures))
        }
        if let median = summary.median { return .figure(median, lines.lines) }
        return lines.isEmpty ? .none : .words(lines.lines)
    }
}

extension Observation {
    /// The reason why what a factor asks for, alone, can't be had on this machine; nil for any other outcome.
    func obstacle(varying factor: Factor) -> LabError? {
        guard case .failed(let error, _) = outcome, error.kind == .unavailable, parameters.factors == [factor]
        else { return nil }
        return error
    }
}

extension Language {
    fileprivate func variantsNote(_ metric: Phrase) -> Phrase {
        say(
            "Median of “\(metric)” with its 95 % interval, then how much that is more than by default, and the ratio to it. A "
                + "difference whose interval contains 0 is none that was found; one without an interval comes from few "
                + "samples, and \(code: "--samples") takes more.")
    }
}
