import LabCore

/// One bar per engine, cut into its phases.
///
/// Engines differ by three orders of magnitude and a logarithmic bar has no parts to compare: so each bar has its own
/// scale, from nothing to that engine's total, which stands beside it.
struct WaterfallPlot {
    let analysis: Analysis
    let text: Language
    let breakdowns: [PhaseBreakdown]

    private static let left = 150.0
    private static let right = 130.0
    private static let rowHeight = 44.0
    private static let barHeight = 28.0

    var svg: String {
        let ends = Mark.inOrder.filter { mark in breakdowns.contains { $0.phases.contains { $0.end == mark } }
        }
        let names = breakdowns.map { breakdown in
            analysis.record(breakdown.engine).map { text.name($0).plain } ?? breakdown.engine.rawValue
        }
        var chart = Chart(
            title: text.say("Mean time of each phase; every bar has its own scale"),
            description: text.say("Phases of the start and end of \(text.list(names))"), left: Self.left,
            right: Self.right, height: Double(breakdowns.count) * Self.rowHeight, hasTicks: false,
            legend: ends.enumerated().map { place, end in
                .init(sample: .box("\(place + 1)", style: fill(end)), name: until(end))
            })
        for (row, breakdown) in breakdowns.enumerated() {
            draw(breakdown, names[row], at: chart.top + Double(row) * Self.rowHeight, ends, into: &chart)
        }
        return chart.document
    }

    private func draw(
        _ breakdown: PhaseBreakdown, _ name: String, at y: Double, _ ends: [Mark], into chart: inout Chart
    ) {
        let total = Format.duration(breakdown.total)
        chart.svg.text(name, x: chart.left - 10, y: y + 19, within: chart.left - 14, anchor: .end)
        chart.svg.text(total, x: chart.right + 10, y: y + 19, style: "bold")
        // Two marks that changed places make a negative span, which has no width.
        let lengths = breakdown.phases.map { max($0.mean, 0) }
        let sum = max(lengths.reduce(0, +), 1)
        var x = chart.left
        for (phase, length) in zip(breakdown.phases, lengths) {
            let width = length / sum * (chart.right - chart.left)
            let time = Format.duration(phase.mean)
            chart.svg.rectangle(
                x: x, y: y, width: width, height: Self.barHeight, style: "\(fill(phase.end)) cut",
                hover: text.ofTotal("\(name), \(until(phase.end))", time, Format.percent(length / sum), total)
            )
            let number = "\((ends.firstIndex(of: phase.end) ?? 0) + 1)"
            for candidate in ["\(number): \(time)", number] where SVG.width(of: candidate) + 4 <= width {
                chart.svg.text(candidate, x: x + width / 2, y: y + 19, anchor: .middle, style: "on")
                break
            }
            x += width
        }
    }

    private func until(_ end: Mark) -> String { text.until(Phrase(end.rawValue)).plain }

    private func fill(_ end: Mark) -> String {
        let place = Mark.inOrder.firstIndex(of: end) ?? 0
        return "f\(max(place - 1, 0) % Look.fills.count)"
    }
}
