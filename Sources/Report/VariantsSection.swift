import LabCore

/// The same start of instances that are made in other ways: each variant against what the engine does by default.
struct VariantsSection {
    let analysis: Analysis
    let text: Catalogue

    private static let mostRows = 100

    private var points: [Point] { analysis.points.filter { $0.keys.elementsEqual([.variant]) } }

    var markdown: String {
        let shown = points.prefix(Self.mostRows)
        let engines = analysis.engines.filter { engine in
            shown.contains { !analysis.figures.samples(engine.id, at: $0).isEmpty }
        }
        guard !shown.isEmpty, !engines.isEmpty else { return "" }
        var table = MarkdownTable([(text.variant, .left)] + engines.map { (text.name($0.record), .right) })
        table.add([text.byDefault] + engines.map { cell($0.id, at: [:]) })
        for point in shown {
            table.add([Escaping.code(point[.variant] ?? "")] + engines.map { cell($0.id, at: point) })
        }
        let left = points.count - shown.count
        return "## \(text.variants)\n\n\(table.text)\n"
            + text.variantsNote(Escaping.markdown(text[analysis.headline.title])) + "\n"
            + impossibilities(engines, Array(shown)).map { "\n\($0)\n" }.joined()
            + (left > 0 ? "\n\(text.notShown(left))\n" : "")
    }

    private func impossibility(_ engine: EngineID, at point: Point) -> LabError? {
        analysis.figures.samples(engine, at: point).lazy.compactMap(\.impossibleVariant).first
    }

    /// Why a variant can't be made here.
    private func impossibilities(_ engines: [Analysis.Engine], _ shown: [Point]) -> [String] {
        engines.flatMap { engine in
            shown.compactMap { point in
                impossibility(engine.id, at: point).map { error in
                    "\(text.name(engine.record)), \(Escaping.code(point[.variant] ?? "")): "
                        + text.unavailable(
                            because: Escaping.markdown(text.translated(error.reason)),
                            remedy: error.remedy.map(text.translated).map(Escaping.markdown))
                }
            }
        }
    }

    /// The median, then by how much it differs from the default and the ratio to that.
    private func cell(_ engine: EngineID, at point: Point) -> String {
        let metric = analysis.headline
        let summary = analysis.figures.summary(metric, engine, at: point)
        var lines: [String] = []
        if let median = summary.median {
            let spread = summary.interval.map { Format.interval($0, metric.unit) } ?? "n = \(summary.n)"
            lines.append("**\(Format.quantity(median, metric.unit))** (\(spread))")
        }
        let (own, other) = (Plan.Cell(engine: engine, point: point), Plan.Cell(engine: engine))
        if !point.isEmpty, let difference = analysis.figures.difference(metric, own, minus: other),
            let ratio = analysis.figures.ratio(metric, own, to: other)
        {
            let interval = difference.interval.map { " (\(Format.signedInterval($0, metric.unit)))" } ?? ""
            lines.append(
                "\(Format.signed(difference.value, metric.unit))\(interval), \(Format.number(ratio.value)) ×")
        }
        if impossibility(engine, at: point) != nil {
            lines.append(text.notPossible)
        } else if summary.failures > 0 {
            lines.append(text.failedSamples(summary.failures))
        }
        return lines.isEmpty ? Format.none : lines.joined(separator: "<br>")
    }
}

extension Observation {
    /// Why its variant can't be made on this machine; nil for any other outcome.
    var impossibleVariant: LabError? {
        guard case .failed(let error, _) = outcome, error.kind == .unavailable,
            parameters.keys.elementsEqual([.variant])
        else { return nil }
        return error
    }
}

extension Catalogue {
    fileprivate var variants: String { pick("Made in other ways", "换一种方式制作") }
    fileprivate var variant: String { pick("variant", "变体") }
    fileprivate var byDefault: String { pick("by default", "默认") }
    fileprivate func variantsNote(_ metric: String) -> String {
        pick(
            "Median of “\(metric)” with its 95 % interval, then how much that is more than by default, and the ratio to it. A "
                + "difference whose interval contains 0 is none that was found; one without an interval comes from few "
                + "samples, and `--samples` takes more.",
            "“\(metric)”的中位数及 95 % 区间，其下是与默认方式之差及其比值。区间包含 0 即未发现差异；没有区间的差出自少数样本，可用 "
                + "`--samples` 多取一些。")
    }
}
