import LabCore

/// What was measured and how, the quality of the samples, and the metrics beside the headline.
struct MethodSection {
    let analysis: Analysis
    let text: Catalogue

    var markdown: String {
        (["## \(text.method)\n\n" + points.map { "- \($0)\n" }.joined(), quality] + others)
            .joined(separator: "\n")
    }

    /// Where nothing is varied the other metrics have tables of their own, but for what is counted.
    private var others: [String] {
        guard analysis.method == .lifecycle else { return [] }
        return analysis.result.header.lab.metrics.dropFirst().compactMap { metric in
            guard metric.unit != .count else { return nil }
            let engines = analysis.engines(for: metric).filter { !$0.isAbsentPeer }
            return "### \(Escaping.markdown(text[metric.title]))\n\n"
                + EngineTable(text: text, metric: metric, engines: engines).markdown
        }
    }

    private var points: [String] {
        let result = analysis.result
        let lab = result.header.lab
        let workload = Escaping.code(lab.workload)
        let method =
            switch lab.method {
            case .lifecycle: text.lifecycle(workload)
            case .memory: text.memoryMethod(workload)
            case .compute: text.computeMethod(workload)
            case .experiment: text.experimentMethod
            }
        let definitions = lab.metrics.map { definition(of: $0, in: text) }
        // Experiments take what they measure from wherever it is: not all of it from marks.
        let clock = lab.method == .experiment ? [] : [text.clock]
        return [method] + definitions + clock + [
            text.kept(Escaping.code(Analysis.baseline.rawValue)),
            text.order(
                seed: result.header.plan.seed, planned: result.header.plan.trials.count { !$0.extra },
                extra: result.header.plan.trials.count(where: \.extra), taken: result.samples.count,
                warmups: result.samples.count(where: \.warmup)),
            text.limits(
                memory: Format.bytes(lab.memoryBytes), cpus: lab.cpus,
                timeout: Format.duration(lab.timeoutSeconds * 1e9),
                budget: Format.duration(lab.budgetSeconds * 1e9)),
            text.statistics, text.ending(result.ending),
        ] + harness
    }

    /// What the harness itself takes.
    private var harness: [String] {
        let own = Statistics.median(analysis.result.header.harnessNanoseconds.map { Double($0) })
        let between = Statistics.median(
            analysis.result.samples.compactMap { $0.values[Runner.harnessValue] })
        guard own != nil || between != nil else { return [] }
        return [text.harness(own.map(Format.duration), between.map(Format.duration))]
    }

    /// How sure each figure of the answer is, and why there are no more samples.
    private var quality: String {
        let (all, left) = Sampling.all(analysis, most: Analysis.mostRows)
        guard !all.isEmpty else { return "" }
        let varied = all.contains { !$0.point.isEmpty }
        let several = Set(all.map(\.metric.id)).count > 1
        var table = MarkdownTable(
            [(text.engine, .left)] + (varied ? [(text.place, .left)] : [])
                + (several ? [(text.metricTitle, .left)] : []) + [
                    ("n", .right), (text.precision, .right), (text.wanted, .right), (text.samplingEnd, .left),
                    ("MAD", .right), ("p99", .right), (text.maximum, .right), (text.outliers, .right),
                    (text.autocorrelation, .right), (text.drift, .right),
                ])
        for sampling in all { table.add(row(sampling, varied, several)) }
        return "### \(text.sampling)\n\n\(slopes)\(table.text)\n\(text.samplesNote)\n"
            + (left > 0 ? "\n\(text.notShown(left))\n" : "")
    }

    private func row(_ sampling: Sampling, _ varied: Bool, _ several: Bool) -> [String] {
        let unit = sampling.metric.unit
        let summary = analysis.figures.summary(sampling.metric, sampling.engine.id, at: sampling.point)
        let grown = sampling.made == sampling.planned ? "" : " / \(sampling.planned)"
        return [text.name(sampling.engine)] + (varied ? [text.label(sampling.point, analysis.method)] : [])
            + (several ? [Escaping.markdown(text[sampling.metric.title])] : []) + [
                "\(sampling.made)\(grown)", Format.percent(sampling.width), Format.percent(sampling.wanted),
                text.ended(sampling.end), Format.quantity(summary.mad, unit),
                Format.quantity(summary.p99, unit),
                Format.quantity(summary.maximum, unit), "\(summary.outliers.count)",
                summary.autocorrelation.map { Format.fixed($0, decimals: 2) } ?? Format.none,
                summary.drift.map(drift) ?? Format.none,
            ]
    }

    /// The headline's own intervals, where it is a slope through several cells.
    private var slopes: String {
        guard case .slope = analysis.headline.source else { return "" }
        var table = MarkdownTable([
            (text.engine, .left), (text.conditionTitle, .left), ("n", .right),
            (Escaping.markdown(text[analysis.headline.title]), .right), (text.interval, .right),
            (text.precision, .right),
        ])
        for engine in analysis.engines {
            for condition in analysis.conditions.prefix(Analysis.mostColumns) {
                guard
                    let slope = analysis.figures.estimate(analysis.headline, engine.id, at: condition)
                else { continue }
                table.add([
                    text.name(engine.record), Escaping.markdown(text.memoryCondition(condition)),
                    "\(slope.n)", Format.quantity(slope.value, analysis.headline.unit),
                    Format.interval(slope.interval, analysis.headline.unit),
                    Format.percent(slope.interval?.relativeHalfWidth(around: slope.value)),
                ])
            }
        }
        return table.isEmpty ? "" : "\(table.text)\n\(text.slopesNote)\n\n"
    }

    private func drift(_ drift: Drift) -> String {
        "\(Format.change(drift.relativeChange)), \(Format.probability(drift.p))"
    }
}

/// What a metric is, in a sentence.
func definition(of metric: Metric, in text: Catalogue) -> String {
    let title = Escaping.markdown(text[metric.title])
    return switch metric.source {
    case .span(let from, let to): text.span(title, Escaping.code(from.rawValue), Escaping.code(to.rawValue))
    case .value(let key): text.namedValue(title, Escaping.code(key))
    case .slope(let key, let parameter):
        text.slope(title, Escaping.code(key), over: Escaping.code(parameter.rawValue))
    }
}

extension Format {
    /// A p-value as Markdown: two decimals, small ones as a bound.
    static func probability(_ p: Double) -> String {
        p < 0.001 ? "p &lt; 0.001" : "p = \(fixed(p, decimals: p < 0.1 ? 3 : 2))"
    }
}
