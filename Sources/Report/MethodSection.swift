import LabCore

/// What was measured and how, the quality of the samples, and the metrics beside the headline.
struct MethodSection {
    let analysis: Analysis
    let text: Catalogue

    var markdown: String {
        let others = analysis.result.header.lab.metrics.dropFirst().map { metric in
            "### \(Escaping.markdown(text[metric.title]))\n\n"
                + EngineTable(text: text, metric: metric, engines: analysis.engines(for: metric)).markdown
        }
        return (["## \(text.method)\n\n" + points.map { "- \($0)\n" }.joined(), quality] + others)
            .joined(separator: "\n")
    }

    private var points: [String] {
        let result = analysis.result
        let lab = result.header.lab
        let method =
            switch lab.method {
            case .lifecycle, .memory, .compute: text.lifecycle(Escaping.code(lab.workload))
            }
        let definitions = lab.metrics.map { definition(of: $0, in: text) }
        return [method] + definitions + [
            text.clock, text.kept(Escaping.code(Analysis.baseline.rawValue)),
            text.order(
                seed: result.header.plan.seed, planned: result.header.plan.trials.count,
                taken: result.samples.count,
                warmups: result.samples.count(where: \.warmup)),
            text.limits(
                memory: Format.bytes(lab.memoryBytes), cpus: lab.cpus,
                timeout: Format.duration(lab.timeoutSeconds * 1e9),
                budget: Format.duration(lab.budgetSeconds * 1e9)),
            text.statistics, text.ending(result.ending),
        ]
    }

    /// How sure each figure of the answer is.
    private var quality: String {
        var table = MarkdownTable([
            (text.engine, .left), (text.precision, .right), ("MAD", .right), ("p99", .right),
            (text.maximum, .right),
            (text.outliers, .right), (text.autocorrelation, .right), (text.drift, .right),
        ])
        for engine in analysis.engines where engine.isMeasured {
            let summary = engine.summary
            let unit = analysis.headline.unit
            let width = summary.median.flatMap { summary.interval?.relativeHalfWidth(around: $0) }
            table.add([
                text.name(engine.record), Format.percent(width), Format.quantity(summary.mad, unit),
                Format.quantity(summary.p99, unit), Format.quantity(summary.maximum, unit),
                "\(summary.outliers.count)",
                summary.autocorrelation.map { Format.fixed($0, decimals: 2) } ?? Format.none,
                summary.drift.map(drift) ?? Format.none,
            ])
        }
        return table.isEmpty ? "" : "\(table.text)\n\(text.samplesNote)\n"
    }

    private func drift(_ drift: Drift) -> String {
        let sign = drift.relativeChange < 0 ? "" : "+"
        return "\(sign)\(Format.percent(drift.relativeChange)), p = \(Format.probability(drift.p))"
    }
}

/// What a metric is, in a sentence.
func definition(of metric: Metric, in text: Catalogue) -> String {
    let title = Escaping.markdown(text[metric.title])
    return switch metric.source {
    case .span(let from, let to): text.span(title, Escaping.code(from.rawValue), Escaping.code(to.rawValue))
    case .value(let key), .slope(let key, _): text.namedValue(title, Escaping.code(key))
    }
}

extension Format {
    /// A p-value: two decimals, small ones as a bound.
    static func probability(_ p: Double) -> String {
        p < 0.001 ? "&lt; 0.001" : fixed(p, decimals: p < 0.1 ? 3 : 2)
    }
}
