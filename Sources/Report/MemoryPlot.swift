import Glibc
import LabCore

/// Memory against the number of instances, a panel per condition, both axes logarithmic: a VM takes a hundred times
/// what a process takes, and a straight line through both would hide the one under the other.
struct MemoryPlot {
    let text: Catalogue
    private let metric: Metric
    private let panels: [Panel]
    private let counts: [Double]
    private let axis: LogarithmicAxis
    /// The lower edge in the metric's unit: what is less stands on it.
    private let floor: Double
    private let names: [(name: String, style: Int)]

    static let name = "memory.svg"

    private struct Panel {
        var title: String
        var curves: [Curve]
    }

    private struct Curve {
        var name: String
        var style: Int
        var dots: [Dot]
        var line: RobustLine?
    }

    private struct Dot {
        var count: Double
        var median: Double
        var low: Double
        var high: Double
        var n: Int
    }

    private static let width = 860.0
    private static let left = 72.0
    private static let right = 24.0
    private static let gap = 28.0
    private static let top = 62.0
    private static let plotHeight = 280.0
    /// More panels than these get too narrow.
    private static let mostPanels = 3
    private static let mostCounts = 64
    private static let plotted = 1.0...1e24

    /// Nil when there is nothing that a logarithmic axis has a place for.
    init?(analysis: Analysis, text: Catalogue) {
        self.text = text
        metric = analysis.headline
        panels = analysis.conditions.prefix(Self.mostPanels).map { condition in
            Panel(
                title: text.memoryCondition(condition),
                curves: analysis.engines.enumerated().compactMap { place, engine in
                    Self.curve(
                        analysis.memorySamples(engine.id, at: condition), analysis.headline,
                        text.plainName(engine.record), style: place % SVG.styleCount)
                })
        }
        let dots = panels.flatMap(\.curves).flatMap(\.dots)
        counts = Set(dots.map(\.count)).sorted()
        let heights = dots.flatMap { [$0.median, $0.low, $0.high] }.filter(Self.plotted.contains)
        guard let low = heights.min(), let high = heights.max(), !counts.isEmpty else { return nil }
        // Below a thousandth of the highest lies what the noise of the host's own memory makes.
        floor = max(low, high / 4_096)
        axis = LogarithmicAxis(low: floor, high: high, unit: metric.unit)
        var names: [(name: String, style: Int)] = []
        for curve in panels.flatMap(\.curves) where !names.contains(where: { $0.name == curve.name }) {
            names.append((curve.name, curve.style))
        }
        self.names = names
    }

    private static func curve(
        _ samples: [MemorySample], _ metric: Metric, _ name: String, style: Int
    ) -> Curve? {
        let points = samples.compactMap { sample in
            metric.value(of: sample.sample).map { (count: sample.instances, value: $0) }
        }
        let dots = Dictionary(grouping: points, by: \.count).sorted { $0.key < $1.key }
            .prefix(mostCounts).compactMap { count, points -> Dot? in
                let sorted = points.map(\.value).sorted()
                guard let median = Statistics.median(sorted: sorted) else { return nil }
                return Dot(
                    count: count, median: median, low: sorted[0], high: sorted[sorted.count - 1],
                    n: sorted.count)
            }
        guard !dots.isEmpty else { return nil }
        return Curve(
            name: name, style: style, dots: dots,
            line: RobustLine(x: points.map(\.count), y: points.map(\.value)))
    }

    var svg: String {
        let bottom = Self.top + Self.plotHeight
        let height = bottom + 52 + Double((names.count + 2) / 3) * 20
        var svg = SVG(
            width: Self.width, height: height, label: text.growthLabel(text.list(names.map(\.name))))
        svg.text(text.growthTitle(metric.grown ?? text[metric.title]), x: 16, y: 24, style: "bold")
        let all = Self.width - Self.left - Self.right
        let width = (all - Self.gap * Double(panels.count - 1)) / Double(panels.count)
        for (place, panel) in panels.enumerated() {
            draw(
                panel, from: Self.left + Double(place) * (width + Self.gap), width: width,
                labelled: place == 0, into: &svg)
        }
        for (number, curve) in names.enumerated() {
            let x = Self.left + Double(number % 3) * 262
            let y = bottom + 58 + Double(number / 3) * 20
            svg.path(
                "M\(SVG.coordinate(x)) \(SVG.coordinate(y - 4))h30", style: "curve s\(curve.style)",
                hover: curve.name)
            svg.dot(x: x + 15, y: y - 4, style: curve.style, hover: curve.name)
            svg.text(SVG.fitted(curve.name, within: 200), x: x + 38, y: y)
        }
        return svg.document
    }

    private func draw(
        _ panel: Panel, from left: Double, width: Double, labelled: Bool, into svg: inout SVG
    ) {
        let bottom = Self.top + Self.plotHeight
        svg.text(SVG.fitted(panel.title, within: width), x: left, y: Self.top - 12, style: "ink")
        for tick in axis.ticks {
            let y = height(tick.value)
            svg.line(x1: left, y1: y, x2: left + width, y2: y, style: "grid")
            if labelled { svg.text(tick.label, x: left - 8, y: y + 4, anchor: .end, style: "mute") }
        }
        svg.line(x1: left, y1: bottom, x2: left + width, y2: bottom, style: "axis")
        for count in labels {
            svg.text(
                Format.count(count), x: place(count, left, width), y: bottom + 18, anchor: .middle,
                style: "mute")
        }
        svg.text(text.instances, x: left + width / 2, y: bottom + 36, anchor: .middle, style: "mute")
        for curve in panel.curves {
            let hovers = curve.dots.map { dot in
                text.growthHover(
                    curve.name, Format.count(dot.count), Format.quantity(dot.median, metric.unit),
                    Format.interval(ConfidenceInterval(lower: dot.low, upper: dot.high), metric.unit), dot.n)
            }
            if let line = curve.line, let last = curve.dots.last, curve.dots.count > 1 {
                svg.path(
                    path(line, from: curve.dots[0].count, to: last.count, left, width),
                    style: "curve s\(curve.style)",
                    hover: "\(curve.name): \(Format.quantity(line.slope, metric.unit))")
            }
            for (dot, hover) in zip(curve.dots, hovers) {
                let x = place(dot.count, left, width)
                svg.line(
                    x1: x, y1: height(dot.low), x2: x, y2: height(dot.high),
                    style: "whisker s\(curve.style)")
                svg.dot(x: x, y: height(dot.median), style: curve.style, hover: hover)
            }
        }
    }

    /// The numbers under the axis, as many as do not run into each other.
    private var labels: [Double] {
        let stride = (counts.count + 7) / 8
        return counts.enumerated().filter { $0.offset.isMultiple(of: stride) }.map(\.element)
    }

    /// A straight line bends on logarithmic axes: so it is drawn through some points.
    private func path(
        _ line: RobustLine, from: Double, to: Double, _ left: Double, _ width: Double
    ) -> String {
        let steps = 24
        return (0...steps).map { step in
            let count = from * pow(to / from, Double(step) / Double(steps))
            let y = height(line.intercept + line.slope * count)
            return
                "\(step == 0 ? "M" : "L")\(SVG.coordinate(place(count, left, width))) \(SVG.coordinate(y))"
        }.joined()
    }

    private func place(_ count: Double, _ left: Double, _ width: Double) -> Double {
        guard let low = counts.first, let high = counts.last, high > low else { return left + width / 2 }
        let share = (log(count) - log(low)) / (log(high) - log(low))
        // Dots don't sit on the edges.
        return left + width * (0.05 + 0.9 * min(max(share, 0), 1))
    }

    private func height(_ value: Double) -> Double {
        let share = value > floor ? axis.place(value) : axis.place(floor)
        return Self.top + (1 - min(max(share.isFinite ? share : 0, 0), 1)) * Self.plotHeight
    }
}
