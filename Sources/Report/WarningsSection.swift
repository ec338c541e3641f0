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

    var warnings: [Phrase] { runWarnings + sampleWarnings + failures }

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

    private typealias Sampled = [(place: Phrase, summary: Summary)]

    /// Each sort of warning once, with the engines and the places that it holds for.
    private var sampleWarnings: [Phrase] {
        let engines = analysis.engines.filter(\.isMeasured).map { engine in
            let cells: Sampled = analysis.points.prefix(Self.mostPoints).flatMap { point in
                analysis.method.report.sampled(Plan.Cell(engine: engine.id, point: point), in: analysis).map {
                    (place(point), analysis.figures.summary($0, engine.id, at: point))
                }
            }.filter { $0.summary.n > 0 }
            return (engine: engine, name: text.name(engine.record), cells: cells)
        }
        var warnings: [Phrase] = []
        let emulated = engines.filter(\.engine.record.emulates).map(\.name)
        if !emulated.isEmpty { warnings.append(text.emulationNote(text.list(emulated))) }
        let rough = engines.compactMap { few($0.engine, $0.name, $0.cells) }
        if let least = rough.map(\.least).min() {
            warnings.append(text.few(least, joined(rough.map(\.words))))
        }
        let drifts = engines.compactMap { engine in
            about(engine.name, engine.cells) { place, summary in
                guard let drift = summary.drift, summary.isDrifting else { return nil }
                return text.placed(
                    "\(Format.percent(drift.relativeChange)) (\(Format.probability(drift.p)))", at: place)
            }
        }
        if !drifts.isEmpty {
            warnings.append(
                text.say(
                    "Figures drifted while the run went on (\(joined(drifts))): the machine was not in a "
                        + "steady state."))
        }
        let outliers = engines.compactMap { engine -> Phrase? in
            let count = engine.cells.reduce(0) { $0 + $1.summary.outliers.count }
            let n = engine.cells.reduce(0) { $0 + $1.summary.n }
            return count == 0 ? nil : text.say("\(engine.name): \(count) of \(n)")
        }
        if !outliers.isEmpty {
            warnings.append(
                text.say(
                    "Samples flagged as outliers and kept (\(joined(outliers))); the median hardly feels them."
                ))
        }
        return warnings + engines.flatMap { report.warnings(of: $0.engine) }
    }

    private func joined(_ parts: [Phrase]) -> Phrase { parts.joined(separator: text.say("; ")) }

    /// The cells of an engine for which something is so; nil where it is for none.
    private func about(
        _ name: Phrase, _ cells: Sampled, _ words: (Phrase, Summary) -> Phrase?
    ) -> Phrase? {
        let found = cells.compactMap(words)
        return found.isEmpty ? nil : text.say("\(name): \(text.some(found))")
    }

    private func few(
        _ engine: Analysis.Engine, _ name: Phrase, _ cells: Sampled
    ) -> (least: Int, words: Phrase)? {
        var few = cells.map { (n: $0.summary.n, place: $0.place) }
        // A slope goes through the samples of many cells.
        if case .slope = analysis.headline.source {
            few = analysis.conditions.compactMap { condition in
                analysis.figures.estimate(analysis.headline, engine.id, at: condition).map {
                    ($0.n, Phrase(text.memoryCondition(condition)))
                }
            }
        }
        few = few.filter { $0.n < Self.fewSamples }
        guard let least = few.map(\.n).min() else { return nil }
        var places: [Phrase] = []
        for place in few.map(\.place) where !place.isEmpty && !places.contains(place) { places.append(place) }
        return (least, places.isEmpty ? name : text.say("\(name): \(text.some(places))"))
    }

    private func place(_ point: Condition) -> Phrase { point.isEmpty ? Phrase() : report.label(point) }

    /// Failures of one reason and one place together; past the most, those of one sort with the words of the first.
    private struct FailureGroup {
        var after: Mark?
        var first: LabError
        var count: Int
    }
    /// More reasons of one engine than these are not read.
    private static let mostReasons = 8

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

    /// The same words for the same cause, whatever name the thing has that it was done to.
    private func isAlike(_ one: LabError, _ other: LabError) -> Bool {
        one.message.format == other.message.format && one.cause == other.cause
    }

    private func groups(_ engine: EngineID) -> [FailureGroup] {
        var groups: [FailureGroup] = []
        for sample in analysis.result.measuredAnywhere(engine) {
            guard case .failed(let error, let mark) = sample.outcome, sample.refusedLimit == nil,
                !report.isAnswer(sample)
            else {
                continue
            }
            let isFull = groups.count >= Self.mostReasons
            let known = groups.firstIndex {
                $0.after == mark && (isFull ? $0.first.kind == error.kind : isAlike($0.first, error))
            }
            if let known {
                groups[known].count += 1
            } else {
                groups.append(FailureGroup(after: mark, first: error, count: 1))
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
