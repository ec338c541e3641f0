import LabCore
import Translations

/// What makes the figures less sure. Each warning is one line of Markdown.
struct WarningsSection {
    let analysis: Analysis
    let text: Catalogue

    /// With fewer samples an interval is given but warned of.
    static let fewSamples = 10
    /// Intervals cost time, and a run with more points than these was not made to be read.
    private static let mostPoints = 500

    var markdown: String {
        let lines = warnings.map { "- \($0)\n" }.joined()
        return "## \(text.warnings)\n\n\(lines.isEmpty ? "\(text.noWarnings)\n" : lines)"
    }

    var warnings: [String] { runWarnings + analysis.engines.flatMap(engineWarnings) + failures }

    private var runWarnings: [String] {
        let result = analysis.result
        var warnings = result.warnings.map { warning in
            text.problem(
                Escaping.markdown(text.translated(warning.text)),
                remedy: warning.remedy.map(text.translated).map(Escaping.markdown))
        }
        if result.ending != .complete {
            let made = text.incomplete(result.samples.count, result.header.plan.trials.count { !$0.extra })
            warnings.append(text.ending(result.ending) + text.sentenceGap + made)
        }
        return warnings
    }

    /// Of one engine, each sort of warning once, with the places that it holds for.
    private func engineWarnings(_ engine: Analysis.Engine) -> [String] {
        guard engine.isMeasured else { return [] }
        let name = text.name(engine.record)
        let cells = analysis.points.prefix(Self.mostPoints).flatMap { point in
            analysis.sampled(Plan.Cell(engine: engine.id, point: point)).map {
                (place: place(point), summary: analysis.figures.summary($0, engine.id, at: point))
            }
        }.filter { $0.summary.n > 0 }
        var warnings: [String] = []
        if engine.record.emulates { warnings.append(text.emulationNote(name)) }
        if let few = few(engine, name, cells) { warnings.append(few) }
        let drifts = cells.compactMap { place, summary -> String? in
            guard let drift = summary.drift, summary.isDrifting else { return nil }
            return text.placed(
                "\(Format.percent(drift.relativeChange)) (\(Format.probability(drift.p)))", at: place)
        }
        if !drifts.isEmpty { warnings.append(text.drifted(name, some(drifts))) }
        let correlations = cells.compactMap { place, summary -> String? in
            guard let r = summary.autocorrelation, summary.isAutocorrelated else { return nil }
            return text.placed("r = \(Format.fixed(r, decimals: 2))", at: place)
        }
        if !correlations.isEmpty { warnings.append(text.autocorrelated(name, some(correlations))) }
        let outliers = cells.reduce(0) { $0 + $1.summary.outliers.count }
        if outliers > 0 {
            warnings.append(text.outlying(name, outliers, cells.reduce(0) { $0 + $1.summary.n }))
        }
        return warnings + (analysis.method == .compute ? lostTime(engine, name) : [])
    }

    private func few(
        _ engine: Analysis.Engine, _ name: String, _ cells: [(place: String, summary: Summary)]
    ) -> String? {
        // A slope goes through the samples of many cells.
        if case .slope = analysis.headline.source {
            let slopes = analysis.conditions.compactMap { condition -> (Int, String)? in
                analysis.figures.estimate(analysis.headline, engine.id, at: condition).map {
                    ($0.n, Escaping.markdown(text.memoryCondition(condition)))
                }
            }.filter { $0.0 < Self.fewSamples }
            guard let least = slopes.map(\.0).min() else { return nil }
            return text.few(name, least, at: some(slopes.map(\.1)))
        }
        let few = cells.filter { $0.summary.n < Self.fewSamples }
        guard let least = few.map(\.summary.n).min() else { return nil }
        var places: [String] = []
        for place in few.map(\.place) where !place.isEmpty && !places.contains(place) { places.append(place) }
        return text.few(name, least, at: some(places))
    }

    /// Where an engine did not get the time that it was measured by.
    private func lostTime(_ engine: Analysis.Engine, _ name: String) -> [String] {
        let lost = analysis.points.prefix(Self.mostPoints).map { point in
            (place(point), LostTime(analysis.figures.samples(engine.id, at: point)))
        }
        func places(_ share: (LostTime) -> Double?) -> [String] {
            lost.compactMap { place, lost in
                guard let value = share(lost), value >= LostTime.noticeable else { return nil }
                return "\(place) (\(Format.percent(value)))"
            }
        }
        let throttled = places(\.throttled)
        let stolen = places(\.stolen)
        return (throttled.isEmpty ? [] : [text.throttledWarning(name, some(throttled))])
            + (stolen.isEmpty ? [] : [text.stolenWarning(name, some(stolen))])
    }

    private func place(_ point: Point) -> String {
        point.isEmpty ? "" : text.label(point, analysis.method)
    }

    /// The items of a sentence, no more than can be read.
    private func some(_ items: [String]) -> String {
        let most = 6
        let left = items.count - most
        return text.list(items.prefix(most) + (left > 0 ? [text.andMore(left)] : []))
    }

    /// Failures of one sort and one place together, with the words of the first.
    private struct FailureGroup {
        var kind: LabError.Kind
        var after: Mark?
        var first: LabError
        var count: Int
    }

    private var failures: [String] {
        analysis.engines.flatMap { engine in
            groups(engine.id).map { group in
                let first = text.translated(group.first)
                return text.failures(
                    text.name(engine.record), group.count,
                    after: group.after.map { Escaping.code($0.rawValue) },
                    example: text.problem(
                        Escaping.markdown(first.message),
                        cause: first.cause.map(Escaping.markdown),
                        remedy: first.remedy.map(Escaping.markdown)))
            }
        }
    }

    private func groups(_ engine: EngineID) -> [FailureGroup] {
        var groups: [FailureGroup] = []
        for sample in analysis.result.measuredAnywhere(engine) {
            guard case .failed(let error, let mark) = sample.outcome else { continue }
            // What an experiment can't do on an engine is an answer, and stands there.
            if analysis.method == .experiment && error.isImpossibility { continue }
            // So is a start of a variant that can't be made here.
            if analysis.method == .lifecycle && sample.impossibleVariant != nil { continue }
            if let place = groups.firstIndex(where: { $0.kind == error.kind && $0.after == mark }) {
                groups[place].count += 1
            } else {
                groups.append(FailureGroup(kind: error.kind, after: mark, first: error, count: 1))
            }
        }
        return groups
    }
}
