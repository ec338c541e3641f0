import LabCore
import Texts

/// The spans of an engine's time, as a table beside the waterfall.
struct PhasesSection {
    let analysis: Analysis
    let text: Language
    let breakdowns: [PhaseBreakdown]

    static let plotName = "waterfall.svg"

    var blocks: [Block] {
        guard !breakdowns.isEmpty else { return [] }
        let ends = Mark.inOrder.filter { mark in breakdowns.contains { $0.phases.contains { $0.end == mark } }
        }
        var table = Table(
            [.words(text.engine)] + ends.map { .figures(text.until(.code($0.rawValue))) }
                + [.figures(text.sum), .figures(text.say("median total"))])
        for breakdown in breakdowns {
            guard let record = analysis.record(breakdown.engine) else { continue }
            let sum: Phrase =
                "\(strong: "\(Format.duration(breakdown.sum))") (\(gap(breakdown.sum, breakdown.median)))"
            table.add(
                [.words(text.name(record))]
                    + ends.map { end in .duration(breakdown.phases.first { $0.end == end }?.mean) }
                    + [.figure(breakdown.sum, sum), .duration(breakdown.median)])
        }
        let plot = WaterfallPlot(analysis: analysis, text: text, breakdowns: breakdowns)
        return [
            .heading(2, "\(text.say("Where the time goes"))"), .table(table), .paragraph(text.phasesNote),
            .figure(Figure(name: Self.plotName, title: text.say("Where the time goes"), svg: plot.svg)),
        ]
    }
}

/// The delay of each mark with libvirt against without it.
struct LibvirtSection {
    let analysis: Analysis
    let text: Language
    let breakdowns: [PhaseBreakdown]

    /// Empty unless both were measured.
    var blocks: [Block] {
        func breakdown(_ id: EngineID) -> (EngineRecord, PhaseBreakdown)? {
            guard let record = analysis.record(id), let own = breakdowns.first(where: { $0.engine == id })
            else { return nil }
            return (record, own)
        }
        guard let (with, first) = breakdown(.qemu), let (without, second) = breakdown(.qemuDirect) else {
            return []
        }
        let names = (text.name(with), text.name(without))
        var table = Table([
            .words(text.say("mark")), .figures(names.0), .figures(names.1), .figures(text.say("later by")),
        ])
        for (mark, time) in first.reached where mark != .requested {
            guard let other = second.reached.first(where: { $0.mark == mark })?.mean else { continue }
            table.add([
                .code(mark.rawValue), .duration(time), .duration(other),
                .signed(time - other, .nanoseconds).strong,
            ])
        }
        guard !table.rows.isEmpty else { return [] }
        return [
            .heading(2, text.say("What libvirt adds: \(names.0) beside \(names.1)")), .table(table),
            .paragraph(text.addedNote),
        ]
    }
}

/// Returns the difference of a sum from the median that it stands for, as a share of the latter.
private func gap(_ sum: Double, _ median: Double) -> String {
    median > 0 ? Format.change(sum / median - 1) : Format.none
}

/// The steps of one engine, from the request to the end of its life.
struct StepsSection {
    let text: Language
    let breakdown: StepBreakdown

    var blocks: [Block] {
        var table = Table([.words(text.say("step")), .figures(text.mean), .figures(text.share)])
        for step in breakdown.steps {
            table.add([.words(Phrase(text.say(step.name))), .duration(step.mean), share(step.mean)])
        }
        if breakdown.rest > 0 {
            table.add([.words(text.say("in no step")), .duration(breakdown.rest), share(breakdown.rest)])
        }
        table.add([
            .words(.strong(text.sum)), .duration(breakdown.total).strong, share(breakdown.total),
        ])
        let note = text.stepsNote(
            breakdown.middle, of: breakdown.n, median: Format.duration(breakdown.median),
            gap: gap(breakdown.total, breakdown.median))
        return [
            .heading(2, text.steps(.code(breakdown.engine.rawValue))), .table(table), .paragraph(note),
        ]
    }

    private func share(_ nanoseconds: Double) -> Cell { .percent(nanoseconds / breakdown.total) }
}

/// The steps for which a container takes longer than a bare process, one by one.
struct ExplanationSection {
    private let text: Language
    private let explanation: Explanation
    private let names: (container: Phrase, process: Phrase)
    /// By how much the life of the one is longer than that of the other, with its interval.
    private let longer: Estimate?

    /// The steps with a row of their own: those that differ most.
    private static let rows = 12

    /// Of the first container that times its steps, as the bare process does; nil without.
    init?(analysis: Analysis, text: Language) {
        guard let process = analysis.engines.first(where: { $0.id == Analysis.baseline }),
            let processSteps = analysis.steps(process)
        else { return nil }
        let found = analysis.engines.lazy.filter { $0.record.kind == .container }.compactMap { engine in
            analysis.steps(engine).flatMap { Explanation(container: $0, process: processSteps) }
                .map { (engine.record, $0) }
        }.first
        guard let (container, explanation) = found else { return nil }
        self.text = text
        self.explanation = explanation
        names = (text.name(container), text.name(process.record))
        let life = Metric(
            id: "life", title: LocalizedText(en: "", zh: ""), unit: .nanoseconds,
            source: .span(from: .requested, to: .cleanedUp))
        longer = analysis.figures.difference(
            life, Plan.Cell(engine: container.id), minus: Plan.Cell(engine: process.id))
    }

    /// The bound of the difference where that can't be told from nothing: then it has no parts either.
    private var bound: Double? { longer.flatMap { Format.bound(untold: $0) } }

    private var words: Phrase {
        if let bound {
            return text.say(
                "By its whole life \(names.container) can't be told from \(names.process): the difference is "
                    + "\(text.below(bound, .nanoseconds)), and so are its parts.")
        }
        return text.explained(
            names.container, Format.duration(explanation.difference), names.process,
            share: Format.percent(explanation.explained), own: Format.percent(explanation.own),
            grown: explanation.grown < 0 ? nil : Format.percent(explanation.grown))
    }

    var blocks: [Block] {
        let isTold = bound == nil
        let byDifference = explanation.parts.enumerated().sorted {
            (-abs($0.element.difference), $0.offset) < (-abs($1.element.difference), $1.offset)
        }.map(\.element)
        var table = Table([
            .words(text.say("step")), .figures(names.container), .figures(names.process),
            .figures(text.say("difference")),
            .figures(text.say("share of the difference")),
        ])
        func add(_ name: Phrase, _ parts: [Explanation.Part]) {
            func sum(_ durations: [Double?]) -> Double? {
                let known = durations.compactMap(\.self)
                return known.isEmpty ? nil : known.reduce(0, +)
            }
            add(name, sum(parts.map(\.container)), sum(parts.map(\.process)))
        }
        func add(_ name: Phrase, _ container: Double?, _ process: Double?) {
            let difference = (container ?? 0) - (process ?? 0)
            table.add([
                .words(name), .duration(container), .duration(process), .signed(difference, .nanoseconds),
                isTold ? .percent(difference / explanation.difference) : .none,
            ])
        }
        for part in byDifference.prefix(Self.rows) { add(Phrase(text.say(part.name)), [part]) }
        let others = Array(byDifference.dropFirst(Self.rows))
        if !others.isEmpty {
            add(text.say("\(others.count, one: "other step", other: "other steps")"), others)
        }
        add(text.say("in no step"), explanation.container.rest, explanation.process.rest)
        add(.strong(text.sum), explanation.container.total, explanation.process.total)
        return [
            .heading(2, text.explanation(names.container, names.process)), .paragraph(words), .table(table),
        ]
    }
}
