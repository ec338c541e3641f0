import LabCore

/// The headline of each engine relative to the baseline: a row per kind of work, a dot with its interval per engine,
/// on a logarithmic axis with a line where nothing is lost.
struct RatioPlot {
    let text: Language
    private let rows: [Row]
    private let engines: [(name: String, look: Look)]
    private let axis: Axis

    static let name = "ratio.svg"

    private struct Row {
        var name: String
        var dots: [Dot]
    }

    private struct Dot {
        var engine: Int
        var value: Double
        var low: Double
        var high: Double
        var hover: String
    }

    private static let dotHeight = 13.0
    private static let rowGap = 14.0
    private static let mostRows = 40
    private static let plotted = 1e-6...1e6

    /// Nil when there is no ratio that the axis has a place for.
    init?(analysis: Analysis, text: Language) {
        self.text = text
        let measured = analysis.engines.enumerated().filter {
            $0.element.isMeasured && $0.element.id != Analysis.baseline
        }.prefix(Look.count)
        engines = measured.map { (text.name($0.element.record).plain, Look($0.offset)) }
        let names = engines.map(\.name)
        rows = analysis.points.prefix(Self.mostRows).compactMap { kind in
            let work = text.work(kind)
            let dots = measured.enumerated().compactMap { place, engine -> Dot? in
                guard
                    let ratio = analysis.ratioToBaseline(analysis.headline, engine.element.id, at: kind),
                    Self.plotted.contains(ratio.value)
                else { return nil }
                let low = max(ratio.interval?.lower ?? ratio.value, Self.plotted.lowerBound)
                let high = min(ratio.interval?.upper ?? ratio.value, Self.plotted.upperBound)
                return Dot(
                    engine: place, value: ratio.value, low: low, high: high,
                    hover: "\(work), \(names[place]): \(text.times(ratio)), n = \(ratio.n)")
            }
            return dots.isEmpty ? nil : Row(name: work, dots: dots)
        }
        let ends = rows.flatMap(\.dots).flatMap { [$0.low, $0.high] }
        guard let low = ends.min(), let high = ends.max() else { return nil }
        axis = Axis(ratiosFrom: min(low, 1), to: max(high, 1))
    }

    var svg: String {
        let rowHeight = Double(engines.count) * Self.dotHeight + Self.rowGap
        let baseline = Analysis.baseline.rawValue
        var chart = Chart(
            title: text.say(
                "Time of the same work relative to \(baseline) (1 ×), 95 % intervals, "
                    + "logarithmic axis"),
            description: text.say(
                "Time of the same work in \(text.list(engines.map(\.name))) relative to "
                    + "\(baseline)"), left: 150,
            height: Double(rows.count) * rowHeight,
            legend: engines.map { .init(sample: .look($0.look), name: $0.name) })
        let panel = chart.panel(across: axis, up: nil)
        chart.svg.line(x1: panel.x(1), y1: chart.top, x2: panel.x(1), y2: chart.bottom, style: "one")
        for (number, row) in rows.enumerated() {
            let y = chart.top + Double(number) * rowHeight
            chart.svg.line(x1: chart.left, y1: y, x2: chart.right, y2: y, style: "grid")
            chart.svg.text(
                row.name, x: chart.left - 10, y: y + rowHeight / 2 + 4, within: chart.left - 18, anchor: .end)
            for dot in row.dots {
                let look = engines[dot.engine].look
                let height = y + (Self.rowGap + Self.dotHeight) / 2 + Double(dot.engine) * Self.dotHeight
                chart.svg.line(
                    x1: panel.x(dot.low), y1: height, x2: panel.x(dot.high), y2: height, style: look.whisker)
                chart.svg.dot(x: panel.x(dot.value), y: height, look, hover: dot.hover)
            }
        }
        return chart.document
    }
}
