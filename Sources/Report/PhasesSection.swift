import LabCore

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
                + [(text.sum, .right), (text.total, .right)])
        for breakdown in breakdowns {
            guard let record = analysis.engines.first(where: { $0.id == breakdown.engine })?.record else {
                continue
            }
            let cells = ends.map { end in
                Format.duration(breakdown.phases.first { $0.end == end }?.median)
            }
            let gap = breakdown.total > 0 ? breakdown.sum / breakdown.total - 1 : 0
            table.add(
                [text.name(record)] + cells + [
                    "\(Format.duration(breakdown.sum)) (\(gap < 0 ? "" : "+")\(Format.percent(gap)))",
                    "**\(Format.duration(breakdown.total))**",
                ])
        }
        return
            "## \(text.phases)\n\n\(table.text)\n\(text.phasesNote)\n\n![\(text.phases)](\(Self.plotName))\n"
    }
}

/// The steps of one engine, from the request to the end of its clean-up.
struct StepsSection {
    let text: Catalogue
    let breakdown: StepBreakdown

    /// Below this share the medians add up as far as a reader can see.
    private static let leastRest = 0.01

    var markdown: String {
        var table = MarkdownTable([(text.step, .left), (text.median, .right), (text.share, .right)])
        for step in breakdown.steps {
            table.add([Escaping.markdown(step.name), Format.duration(step.median), share(step.median)])
        }
        if abs(breakdown.rest / breakdown.total) > Self.leastRest {
            table.add([text.restOfSteps, Format.duration(breakdown.rest), share(breakdown.rest)])
        }
        table.add(["**\(text.total)**", "**\(Format.duration(breakdown.total))**", share(breakdown.total)])
        return "## \(text.steps(Escaping.code(breakdown.engine.rawValue)))\n\n\(table.text)\n"
            + text.stepsNote(breakdown.n, last: Escaping.markdown(breakdown.steps.last?.name ?? "")) + "\n"
    }

    private func share(_ nanoseconds: Double) -> String { Format.percent(nanoseconds / breakdown.total) }
}
