import LabCore

/// One bar per engine, cut into its phases.
///
/// Engines differ by three orders of magnitude and a logarithmic bar has no parts to compare: so each bar has its own
/// scale, from nothing to that engine's total, which stands beside it.
struct WaterfallPlot {
    let analysis: Analysis
    let text: Catalogue
    let breakdowns: [PhaseBreakdown]

    private static let left = 150.0
    private static let right = 130.0
    private static let width = 860.0
    private static let top = 44.0
    private static let rowHeight = 44.0
    private static let barHeight = 28.0
    private static let legendHeight = 20.0

    var svg: String {
        let names = breakdowns.map { name($0.engine) }
        let ends = Mark.inOrder.filter { mark in breakdowns.contains { $0.phases.contains { $0.end == mark } }
        }
        let legend = legendPlaces(ends)
        let bottom = Self.top + Double(breakdowns.count) * Self.rowHeight
        let height = bottom + (Double(legend.last?.row ?? 0) + 1) * Self.legendHeight + 16
        var svg = SVG(width: Self.width, height: height, label: text.waterfallLabel(text.list(names)))
        svg.text(text.waterfallTitle, x: 16, y: 24, style: "bold")
        for (row, breakdown) in breakdowns.enumerated() {
            draw(breakdown, names[row], at: Self.top + Double(row) * Self.rowHeight, ends, into: &svg)
        }
        for (place, end) in ends.enumerated() {
            let y = bottom + Double(legend[place].row) * Self.legendHeight + 4
            svg.rectangle(x: legend[place].x, y: y, width: 18, height: 14, style: fill(end))
            svg.text("\(place + 1)", x: legend[place].x + 9, y: y + 11, anchor: .middle, style: "on")
            svg.text(text.until(end.rawValue), x: legend[place].x + 24, y: y + 11)
        }
        return svg.document
    }

    private func draw(
        _ breakdown: PhaseBreakdown, _ name: String, at y: Double, _ ends: [Mark], into svg: inout SVG
    ) {
        let barWidth = Self.width - Self.left - Self.right
        let total = Format.duration(breakdown.total)
        svg.text(SVG.fitted(name, within: Self.left - 14), x: Self.left - 10, y: y + 19, anchor: .end)
        svg.text(total, x: Self.width - Self.right + 10, y: y + 19, style: "bold")
        // Two marks that changed places make a negative span, which has no width.
        let lengths = breakdown.phases.map { max($0.mean, 0) }
        let sum = max(lengths.reduce(0, +), 1)
        var x = Self.left
        for (phase, length) in zip(breakdown.phases, lengths) {
            let width = length / sum * barWidth
            let time = Format.duration(phase.mean)
            let label = text.until(phase.end.rawValue)
            svg.rectangle(
                x: x, y: y, width: width, height: Self.barHeight, style: "\(fill(phase.end)) cut",
                hover: text.ofTotal("\(name), \(label)", time, Format.percent(length / sum), total))
            let number = "\((ends.firstIndex(of: phase.end) ?? 0) + 1)"
            for candidate in ["\(number): \(time)", number] where SVG.width(of: candidate) + 4 <= width {
                svg.text(candidate, x: x + width / 2, y: y + 19, anchor: .middle, style: "on")
                break
            }
            x += width
        }
    }

    /// Places for the legend's entries, as many in a row as fit.
    private func legendPlaces(_ ends: [Mark]) -> [(x: Double, row: Int)] {
        var places: [(x: Double, row: Int)] = []
        var x = Self.left
        var row = 0
        for end in ends {
            let width = SVG.width(of: text.until(end.rawValue)) + 44
            if x + width > Self.width && x > Self.left {
                x = Self.left
                row += 1
            }
            places.append((x, row))
            x += width
        }
        return places
    }

    private func fill(_ end: Mark) -> String {
        let place = Mark.inOrder.firstIndex(of: end) ?? 0
        return "f\(max(place - 1, 0) % SVG.fills.count)"
    }

    private func name(_ engine: EngineID) -> String {
        analysis.record(engine).map(text.plainName)
            ?? Escaping.plain(engine.rawValue)
    }
}
