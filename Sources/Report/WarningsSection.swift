import LabCore
import Texts

/// The warnings: all that makes the figures less sure.
struct WarningsSection {
    let report: any MethodReport

    private var analysis: Analysis { report.analysis }
    private var text: Language { report.text }

    /// With fewer samples an interval is given but warned of.
    static let fewSamples = 10
    /// Intervals cost time, and a run with more points than these was not made to be read.
    static let mostPoints = 500

    var blocks: [Block] {
        let warnings = warnings
        return [
            .heading(2, text.warnings),
            warnings.isEmpty ? .paragraph(text.say("None.")) : .list(warnings),
        ]
    }

    var warnings: [Phrase] { runWarnings + analysis.engines.flatMap(engineWarnings) + failures }

    private var runWarnings: [Phrase] {
        let result = analysis.result
        var warnings = result.warnings.map { warning in
            text.problem(
                Phrase(text.say(warning.text)), remedy: warning.remedy)
        }
        if result.ending != .complete {
            let made: Phrase = text.say(
                "Only \(result.samples.count) of "
                    + "\(result.header.plan.trials.count { !$0.extra }) planned trials were made.")
            warnings.append(text.paragraph([text.ending(result.ending), made]))
        }
        return warnings
    }

    /// Of one engine, each sort of warning once, with the places that it holds for.
    private func engineWarnings(_ engine: Analysis.Engine) -> [Phrase] {
        guard engine.isMeasured else { return [] }
        let name = text.name(engine.record)
        let cells = analysis.points.prefix(Self.mostPoints).flatMap { point in
            analysis.method.report.sampled(Plan.Cell(engine: engine.id, point: point), in: analysis).map {
                (place: place(point), summary: analysis.figures.summary($0, engine.id, at: point))
            }
        }.filter { $0.summary.n > 0 }
        var warnings: [Phrase] = []
        if engine.record.emulates { warnings.append(text.emulationNote(name)) }
        if let few = few(engine, name, cells) { warnings.append(few) }
        let drifts = cells.compactMap { place, summary -> Phrase? in
            guard let drift = summary.drift, summary.isDrifting else { return nil }
            return text.placed(
                "\(Format.percent(drift.relativeChange)) (\(Format.probability(drift.p)))", at: place)
        }
        if !drifts.isEmpty {
            warnings.append(
                text.say(
                    "\(name) drifted by \(text.some(drifts)) while the "
                        + "run went on: the machine was not in a steady state."))
        }
        let outliers = cells.reduce(0) { $0 + $1.summary.outliers.count }
        if outliers > 0 {
            warnings.append(
                text.say(
                    "\(name): \(outliers) of \(cells.reduce(0) { $0 + $1.summary.n }) "
                        + "samples flagged as outliers and kept; the median hardly feels them."))
        }
        return warnings + report.warnings(of: engine)
    }

    private func few(
        _ engine: Analysis.Engine, _ name: Phrase, _ cells: [(place: Phrase, summary: Summary)]
    ) -> Phrase? {
        // A slope goes through the samples of many cells.
        if case .slope = analysis.headline.source {
            let slopes = analysis.conditions.compactMap { condition -> (Int, Phrase)? in
                analysis.figures.estimate(analysis.headline, engine.id, at: condition).map {
                    ($0.n, Phrase(text.memoryCondition(condition)))
                }
            }.filter { $0.0 < Self.fewSamples }
            guard let least = slopes.map(\.0).min() else { return nil }
            return text.few(name, least, at: text.some(slopes.map(\.1)))
        }
        let few = cells.filter { $0.summary.n < Self.fewSamples }
        guard let least = few.map(\.summary.n).min() else { return nil }
        var places: [Phrase] = []
        for place in few.map(\.place) where !place.isEmpty && !places.contains(place) { places.append(place) }
        return text.few(name, least, at: text.some(places))
    }

    private func place(_ point: Condition) -> Phrase { point.isEmpty ? Phrase() : report.label(point) }

    /// Failures of one sort and one place together, with the words of the first.
    private struct FailureGroup {
        var kind: LabError.Kind
        var after: Mark?
        var first: LabError
        var count: Int
    }

    private var failures: [Phrase] {
        analysis.engines.flatMap { engine in
            groups(engine.id).map { group in
                text.failures(
                    text.name(engine.record), group.count,
                    after: group.after.map { .code($0.rawValue) },
                    example: text.problem(group.first))
            }
        }
    }

    private func groups(_ engine: EngineID) -> [FailureGroup] {
        var groups: [FailureGroup] = []
        for sample in analysis.result.measuredAnywhere(engine) {
            guard case .failed(let error, let mark) = sample.outcome, !report.isAnswer(sample) else {
                continue
            }
            if let place = groups.firstIndex(where: { $0.kind == error.kind && $0.after == mark }) {
                groups[place].count += 1
            } else {
                groups.append(FailureGroup(kind: error.kind, after: mark, first: error, count: 1))
            }
        }
        return groups
    }
}

extension Language {
    /// The items of a sentence, no more than can be read.
    func some(_ items: [Phrase]) -> Phrase {
        let most = 6
        let left = items.count - most
        return list(items.prefix(most) + (left > 0 ? [andMore(left)] : []))
    }
}
