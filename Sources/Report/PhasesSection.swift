import LabCore
import Translations

/// Where the time goes, as a table beside the waterfall.
struct PhasesSection {
    let analysis: Analysis
    let text: Catalogue
    let breakdowns: [PhaseBreakdown]

    static let plotName = "waterfall.svg"

    var markdown: String {
        let ends = Mark.inOrder.filter { mark in breakdowns.contains { $0.phases.contains { $0.end == mark } }
        }
        var table = MarkdownTable(
            [(text.engine, .left)] + ends.map { (text.until(Escaping.code($0.rawValue)), .right) }
                + [(text.sum, .right), (text.medianTotal, .right)])
        for breakdown in breakdowns {
            guard let record = analysis.record(breakdown.engine) else { continue }
            let cells = ends.map { end in
                Format.duration(breakdown.phases.first { $0.end == end }?.mean)
            }
            table.add(
                [text.name(record)] + cells + [
                    "**\(Format.duration(breakdown.sum))** (\(gap(breakdown.sum, breakdown.median)))",
                    Format.duration(breakdown.median),
                ])
        }
        return
            "## \(text.phases)\n\n\(table.text)\n\(text.phasesNote)\n\n![\(text.phases)](\(Self.plotName))\n"
    }
}

/// How much later each mark is reached with libvirt than without it.
struct LibvirtSection {
    let analysis: Analysis
    let text: Catalogue
    let breakdowns: [PhaseBreakdown]

    /// Empty unless both were measured.
    var markdown: String {
        func breakdown(_ id: EngineID) -> (EngineRecord, PhaseBreakdown)? {
            guard let record = analysis.record(id), let own = breakdowns.first(where: { $0.engine == id })
            else { return nil }
            return (record, own)
        }
        guard let (with, first) = breakdown(.qemu), let (without, second) = breakdown(.qemuDirect) else {
            return ""
        }
        var table = MarkdownTable([
            (text.mark, .left), (text.name(with), .right), (text.name(without), .right), (text.later, .right),
        ])
        for (mark, time) in first.reached where mark != .requested {
            guard let other = second.reached.first(where: { $0.mark == mark })?.mean else { continue }
            table.add([
                Escaping.code(mark.rawValue), Format.duration(time), Format.duration(other),
                "**\(Format.signed(time - other, .nanoseconds))**",
            ])
        }
        guard !table.isEmpty else { return "" }
        return "## \(text.added(text.name(with), text.name(without)))\n\n\(table.text)\n\(text.addedNote)\n"
    }
}

/// How far a sum lies from the median that it stands for.
private func gap(_ sum: Double, _ median: Double) -> String {
    median > 0 ? Format.change(sum / median - 1) : Format.none
}

/// The steps of one engine, from the request to the end of its life.
struct StepsSection {
    let text: Catalogue
    let breakdown: StepBreakdown

    var markdown: String {
        var table = MarkdownTable([(text.step, .left), (text.mean, .right), (text.share, .right)])
        for step in breakdown.steps {
            table.add([
                Escaping.markdown(text.translated(step.name)), Format.duration(step.mean), share(step.mean),
            ])
        }
        if breakdown.rest > 0 {
            table.add([text.noStep, Format.duration(breakdown.rest), share(breakdown.rest)])
        }
        table.add(["**\(text.sum)**", "**\(Format.duration(breakdown.total))**", share(breakdown.total)])
        let note = text.stepsNote(
            breakdown.middle, of: breakdown.n, median: Format.duration(breakdown.median),
            gap: gap(breakdown.total, breakdown.median))
        return "## \(text.steps(Escaping.code(breakdown.engine.rawValue)))\n\n\(table.text)\n\(note)\n"
    }

    private func share(_ nanoseconds: Double) -> String { Format.percent(nanoseconds / breakdown.total) }
}

/// What a container takes longer for than a bare process, step by step.
struct ExplanationSection {
    let text: Catalogue
    let explanation: Explanation
    let container: EngineRecord
    let process: EngineRecord

    /// The steps with a row of their own: those that differ most.
    private static let rows = 12

    var markdown: String {
        let byDifference = explanation.parts.enumerated().sorted {
            (-abs($0.element.difference), $0.offset) < (-abs($1.element.difference), $1.offset)
        }.map(\.element)
        let names = (text.name(container), text.name(process))
        var table = MarkdownTable([
            (text.step, .left), (names.0, .right), (names.1, .right), (text.difference, .right),
            (text.shareOfDifference, .right),
        ])
        func add(_ name: String, _ parts: [Explanation.Part]) {
            func sum(_ durations: [Double?]) -> Double? {
                let known = durations.compactMap(\.self)
                return known.isEmpty ? nil : known.reduce(0, +)
            }
            add(name, sum(parts.map(\.container)), sum(parts.map(\.process)))
        }
        func add(_ name: String, _ container: Double?, _ process: Double?) {
            let difference = (container ?? 0) - (process ?? 0)
            table.add([
                name, Format.duration(container), Format.duration(process),
                Format.signed(difference, .nanoseconds),
                Format.percent(difference / explanation.difference),
            ])
        }
        for part in byDifference.prefix(Self.rows) {
            add(Escaping.markdown(text.translated(part.name)), [part])
        }
        let others = Array(byDifference.dropFirst(Self.rows))
        if !others.isEmpty { add(text.otherSteps(others.count), others) }
        add(text.noStep, explanation.container.rest, explanation.process.rest)
        add("**\(text.sum)**", explanation.container.total, explanation.process.total)
        return "## \(text.explanation(names.0, names.1))\n\n"
            + text.explained(
                names.0, Format.duration(explanation.difference), names.1,
                share: Format.percent(explanation.explained), own: Format.percent(explanation.own),
                grown: Format.percent(explanation.grown))
            + "\n\n\(table.text)"
    }
}
