import Glibc
import LabCore

/// Memory against the number of instances, a panel per condition, both axes logarithmic: a VM takes a hundred times
/// what a process takes, and a straight line through both would hide the one under the other.
struct MemoryPlot {
    private let text: Language
    private let metric: Metric
    private var panels: [(title: String, series: [Chart.Series])] = []
    private let across: Axis
    private let up: Axis

    static let name = "memory.svg"

    private static let gap = 28.0
    /// More panels than these get too narrow.
    private static let mostPanels = 3
    private static let mostCounts = 64
    private static let plotted = 1.0...1e24

    /// Nil when there is nothing that a logarithmic axis has a place for.
    init?(analysis: Analysis, text: Language) {
        self.text = text
        metric = analysis.headline
        for condition in analysis.conditions.prefix(Self.mostPanels) {
            let series = analysis.engines.enumerated().compactMap { place, engine in
                Self.series(
                    analysis.memorySamples(engine.id, at: condition), analysis.headline,
                    text.name(engine.record).plain, Look(place), text)
            }
            panels.append((text.memoryCondition(condition), series))
        }
        let dots = panels.flatMap(\.series).flatMap(\.dots)
        let heights = dots.flatMap { [$0.value, $0.low, $0.high] }.filter(Self.plotted.contains)
        guard let low = heights.min(), let high = heights.max() else { return nil }
        // Below a thousandth of the highest lies what the noise of the host's own memory makes: it stands on the edge.
        up = Axis(logarithmicFrom: max(low, high / 4_096), to: high, unit: metric.unit)
        across = Axis(
            through: Set(dots.map(\.x)).sorted().map { .init(value: $0, label: Format.count($0)) },
            isLogarithmic: true)
    }

    private static func series(
        _ samples: [Observation], _ metric: Metric, _ name: String, _ look: Look, _ text: Language
    ) -> Chart.Series? {
        let points = samples.compactMap { sample in
            metric.value(of: sample).map {
                (count: Double(sample.parameters.instances ?? 1), value: $0)
            }
        }
        let dots = Dictionary(grouping: points, by: \.count).sorted { $0.key < $1.key }
            .prefix(mostCounts).compactMap { count, points -> Chart.Series.Dot? in
                let sorted = points.map(\.value).sorted()
                guard let median = Statistics.median(sorted: sorted) else { return nil }
                let range = ConfidenceInterval(lower: sorted[0], upper: sorted[sorted.count - 1])
                return .init(
                    x: count, value: median, low: range.lower, high: range.upper,
                    hover: text.say(
                        "\(name), \(Format.count(count)) instances: median "
                            + "\(Format.quantity(median, metric.unit)), "
                            + "\(Format.interval(range, metric.unit)), n = \(sorted.count)"))
            }
        guard let first = dots.first, let last = dots.last else { return nil }
        let line = RobustLine(x: points.map(\.count), y: points.map(\.value))
        // A straight line bends on logarithmic axes: so it is drawn through some points.
        let steps = dots.count > 1 ? 0...24 : 0...0
        return .init(
            name: name, look: look, dots: dots,
            line: line.map { line in
                steps.map { step in
                    let count = first.x * pow(last.x / first.x, Double(step) / Double(steps.upperBound))
                    return (count, line.intercept + line.slope * count)
                }
            } ?? [], hover: "\(name): \(Format.quantity(line?.slope, metric.unit))")
    }

    var svg: String {
        let all = panels.flatMap(\.series)
        let legend = all.enumerated().filter { place, series in
            all.firstIndex { $0.name == series.name } == place
        }.map(\.element.entry)
        var chart = Chart(
            title: text.say(
                "\(metric.grown ?? text[metric.title]) of all instances together, logarithmic "
                    + "axes"),
            description: text.say(
                "Memory against the number of instances for "
                    + "\(text.list(legend.map(\.name)))"), left: 72, top: 62, height: 280,
            isNamed: true, legend: legend)
        let width =
            (chart.right - chart.left - Self.gap * Double(panels.count - 1)) / Double(panels.count)
        for (place, own) in panels.enumerated() {
            let panel = chart.panel(
                across: across, up: up, from: chart.left + Double(place) * (width + Self.gap), width: width,
                hasGrid: false, isLabelled: place == 0, name: text.say("instances").plain)
            chart.svg.text(own.title, x: panel.left, y: chart.top - 12, within: width)
            for series in own.series { chart.draw(series, in: panel) }
        }
        return chart.document
    }
}
