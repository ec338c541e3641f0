import LabCore

/// The subject and method of the measurement, the quality of the samples, and the metrics beside the headline.
struct MethodSection {
    let report: any MethodReport

    private var analysis: Analysis { report.analysis }
    private var text: Language { report.text }

    var blocks: [Block] { [.heading(2, text.method), .list(points)] + quality + report.details }

    private var points: [Phrase] {
        let result = analysis.result
        let lab = report.lab
        let trials = result.header.plan.trials
        let client = lab.command?.client.map { text.clientMethod(.code(ShellText.join($0))) }
        let definitions =
            [report.procedure] + (client.map { [$0] } ?? [])
            + lab.metrics.map { definition(of: $0, in: text) }
        let clock = report.isClocked ? [text.clock] : []
        return definitions + clock + [
            text.say(
                "\(.code(Analysis.baseline.rawValue)) is a bare fork and exec of the same program: "
                    + "what it takes is the harness's own share too."
            ),
            text.order(
                seed: result.header.plan.seed, planned: trials.count { !$0.extra },
                extra: trials.count(where: \.extra), taken: result.samples.count,
                warmups: result.samples.count(where: \.warmup)),
            text.say(
                "Each instance had \(Format.bytes(lab.memoryBytes)) of memory and "
                    + "\(lab.cpus, one: "CPU", other: "CPUs") where the engine limits them, at most "
                    + "\(Format.duration(lab.timeoutSeconds * 1e9)) to get ready; the run had a "
                    + "budget of \(Format.duration(lab.budgetSeconds * 1e9))."),
            text.statistics, text.ending(result.ending),
        ] + limits
            + (report.analysis.isSwept
                ? [
                    text.say(
                        "Where a condition names an amount of memory or a number of CPUs, it had that instead."
                    )
                ]
                : []) + harness
    }

    /// The series whose instances may take another time than the lab's.
    private var limits: [Phrase] {
        report.lab.series.compactMap { one in
            one.timeoutSeconds.map {
                text.say("In the series \(.code(one.id)) it is at most \(Format.duration($0 * 1e9)).")
            }
        }
    }

    /// The time that the harness itself takes.
    private var harness: [Phrase] {
        let own = Statistics.median(analysis.result.header.harnessNanoseconds.map { Double($0) })
        let between = Statistics.median(
            analysis.result.samples.compactMap { $0.values[Runner.harnessValue] })
        guard own != nil || between != nil else { return [] }
        return [text.harness(own.map(Format.duration), between.map(Format.duration))]
    }

    /// The certainty of each figure of the answer, and the reason why there are no more samples.
    private var quality: [Block] {
        let (all, left) = Sampling.all(analysis, most: Analysis.mostRows)
        guard !all.isEmpty else { return [] }
        let varied = all.contains { !$0.point.isEmpty }
        let several = Set(all.map(\.metric.id)).count > 1
        var table = Table(
            [.words(text.engine)] + (varied ? [.words(text.place)] : [])
                + (several ? [.words(text.metricTitle)] : []) + [
                    .figures("n"), .figures(text.precision), .figures(text.wanted),
                    .words(text.say("sampling ended")), .figures("MAD"), .figures("p99"),
                    .figures(text.maximum),
                    .figures(text.outliers), .figures(text.drift),
                ])
        for sampling in all { table.add(row(sampling, varied, several)) }
        return [.heading(3, text.sampling)] + slopes + [.table(table), .paragraph(text.samplesNote)]
            + text.leftOut(left)
    }

    private func row(_ sampling: Sampling, _ varied: Bool, _ several: Bool) -> [Cell] {
        let unit = sampling.metric.unit
        let summary = analysis.figures.summary(sampling.metric, sampling.engine.id, at: sampling.point)
        let grown = sampling.made == sampling.planned ? "" : " / \(sampling.planned)"
        let drift = summary.drift.map { drift in
            Cell.figure(
                drift.relativeChange,
                "\(Format.change(drift.relativeChange)), \(Format.probability(drift.p))")
        }
        return [.words(text.name(sampling.engine))] + (varied ? [.words(report.label(sampling.point))] : [])
            + (several ? [.words(text.title(sampling.metric))] : []) + [
                .figure(Double(sampling.made), "\(sampling.made)\(grown)"), .percent(sampling.width),
                .percent(sampling.wanted), .words(text.ended(sampling.end)), .quantity(summary.mad, unit),
                .quantity(summary.p99, unit), .quantity(summary.maximum, unit),
                .count(summary.outliers.count), drift ?? .none,
            ]
    }

    /// The headline's own intervals, where it is a slope through several cells.
    private var slopes: [Block] {
        guard case .slope = analysis.headline.source else { return [] }
        let unit = analysis.headline.unit
        var table = Table([
            .words(text.engine), .words(text.conditionTitle), .figures("n"),
            .figures(text.title(analysis.headline)), .figures(text.interval), .figures(text.precision),
        ])
        for engine in analysis.engines {
            for condition in analysis.conditions.prefix(Analysis.mostColumns) {
                guard
                    let slope = analysis.figures.estimate(analysis.headline, engine.id, at: condition)
                else { continue }
                table.add([
                    .words(text.name(engine.record)), .words(Phrase(text.memoryCondition(condition))),
                    .count(slope.n), .quantity(slope.value, unit), .interval(slope.interval, unit),
                    .percent(slope.interval?.relativeHalfWidth(around: slope.value)),
                ])
            }
        }
        return table.rows.isEmpty ? [] : [.table(table), .paragraph(text.slopesNote)]
    }
}

/// Returns the definition of a metric, in a sentence.
func definition(of metric: Metric, in text: Language) -> Phrase {
    let title = text.title(metric)
    return switch metric.source {
    case .span(let from, let to): text.span(title, .code(from.rawValue), .code(to.rawValue))
    case .value(let key): text.say("\(title) is the value \(.code(key)) of each sample.")
    case .slope(let key, let parameter):
        text.slope(title, .code(key), over: .code(parameter.rawValue))
    }
}

extension Format {
    /// A p-value: two decimals, small ones as a bound.
    static func probability(_ p: Double) -> String {
        p < 0.001 ? "p < 0.001" : "p = \(fixed(p, decimals: p < 0.1 ? 3 : 2))"
    }
}
