import Glibc
import LabCore

/// The headline of each engine relative to the baseline: a row per kind of work, a dot with its interval per engine,
/// on a logarithmic axis with a line where nothing is lost.
struct RatioPlot {
    let text: Catalogue
    private let rows: [Row]
    private let names: [(name: String, style: Int)]
    private let axis: RatioAxis

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

    private static let width = 860.0
    private static let left = 150.0
    private static let right = 30.0
    private static let top = 44.0
    private static let dotHeight = 13.0
    private static let rowGap = 14.0
    private static let mostRows = 40
    private static let mostEngines = SVG.styleCount
    private static let plotted = 1e-6...1e6

    /// Nil when there is no ratio that the axis has a place for.
    init?(analysis: Analysis, text: Catalogue) {
        self.text = text
        let engines = analysis.engines.enumerated().filter {
            $0.element.isMeasured && $0.element.id != Analysis.baseline
        }.prefix(Self.mostEngines)
        names = engines.map { (text.plainName($0.element.record), $0.offset % SVG.styleCount) }
        rows = analysis.points.prefix(Self.mostRows).compactMap { kind in
            let work = Escaping.plain(text.work(kind))
            let dots = engines.enumerated().compactMap { place, engine -> Dot? in
                guard
                    let ratio = analysis.ratioToBaseline(analysis.headline, engine.element.id, at: kind),
                    Self.plotted.contains(ratio.value)
                else { return nil }
                let name = text.plainName(engine.element.record)
                let low = max(ratio.interval?.lower ?? ratio.value, Self.plotted.lowerBound)
                let high = min(ratio.interval?.upper ?? ratio.value, Self.plotted.upperBound)
                return Dot(
                    engine: place, value: ratio.value, low: low, high: high,
                    hover: "\(work), \(name): \(text.times(ratio)), n = \(ratio.n)")
            }
            return dots.isEmpty ? nil : Row(name: work, dots: dots)
        }
        let ends = rows.flatMap(\.dots).flatMap { [$0.low, $0.high] }
        guard let low = ends.min(), let high = ends.max() else { return nil }
        axis = RatioAxis(low: min(low, 1), high: max(high, 1))
    }

    var svg: String {
        let rowHeight = Double(names.count) * Self.dotHeight + Self.rowGap
        let bottom = Self.top + Double(rows.count) * rowHeight
        let height = bottom + 52 + Double((names.count + 2) / 3) * 20
        var svg = SVG(
            width: Self.width, height: height,
            label: text.lossLabel(text.list(names.map(\.name)), Analysis.baseline.rawValue))
        svg.text(text.lossPlotTitle(Analysis.baseline.rawValue), x: 16, y: 24, style: "bold")
        for tick in axis.ticks {
            let x = place(tick)
            svg.line(x1: x, y1: Self.top, x2: x, y2: bottom, style: tick == 1 ? "one" : "grid")
            svg.text("\(Format.bound(tick, .ratio)) ×", x: x, y: bottom + 18, anchor: .middle, style: "mute")
        }
        for (number, row) in rows.enumerated() {
            let y = Self.top + Double(number) * rowHeight
            svg.line(x1: Self.left, y1: y, x2: Self.width - Self.right, y2: y, style: "grid")
            svg.text(
                SVG.fitted(row.name, within: Self.left - 18), x: Self.left - 10, y: y + rowHeight / 2 + 4,
                anchor: .end)
            for dot in row.dots {
                let style = names[dot.engine].style
                let height = y + (Self.rowGap + Self.dotHeight) / 2 + Double(dot.engine) * Self.dotHeight
                svg.line(
                    x1: place(dot.low), y1: height, x2: place(dot.high), y2: height,
                    style: "whisker s\(style)")
                svg.dot(x: place(dot.value), y: height, style: style, hover: dot.hover)
            }
        }
        svg.line(x1: Self.left, y1: bottom, x2: Self.width - Self.right, y2: bottom, style: "axis")
        for (number, engine) in names.enumerated() {
            let x = Self.left + Double(number % 3) * 230
            let y = bottom + 48 + Double(number / 3) * 20
            svg.line(x1: x, y1: y - 4, x2: x + 30, y2: y - 4, style: "whisker s\(engine.style)")
            svg.dot(x: x + 15, y: y - 4, style: engine.style, hover: engine.name)
            svg.text(SVG.fitted(engine.name, within: 180), x: x + 38, y: y)
        }
        return svg.document
    }

    private func place(_ value: Double) -> Double {
        Self.left + axis.place(value) * (Self.width - Self.left - Self.right)
    }
}

/// A logarithmic axis for ratios around 1, whose ticks are as fine as the range is narrow.
struct RatioAxis {
    let ticks: [Double]
    private let low: Double
    private let high: Double

    /// The fewest ticks from which a reader can tell a value.
    private static let fewest = 5
    private static let most = 12

    /// An axis that holds `low`, `high` and 1.
    /// - Precondition: 0 < low ≤ 1 ≤ high.
    init(low: Double, high: Double) {
        let decades = Int(Glibc.floor(log10(low)))...Int(ceil(log10(high * 1.001)))
        func decimal(_ digits: [Double]) -> [Double] {
            decades.flatMap { decade in digits.map { $0 * pow(10, Double(decade)) } }
        }
        func linear(_ parts: Double) -> [Double] {
            // Only for narrow ranges: a wide one has enough decimal ticks.
            high / low > 4
                ? [] : (Int(Glibc.floor(low * parts))...Int(ceil(high * parts))).map { Double($0) / parts }
        }
        let grids = [
            decimal([1]), decimal([1, 2, 5]), decimal([1, 1.5, 2, 3, 5, 7]), linear(10), linear(20),
            linear(50), linear(100), linear(200),
        ]
        let fitted = grids.map { Self.around(low, high, $0) }
        let chosen = fitted.first { (Self.fewest...Self.most).contains($0.count) } ?? fitted[1]
        ticks = chosen
        // With ticks on neither side of a range, the range itself.
        self.low = min(chosen.first ?? low, low)
        let end = max(chosen.last ?? high, high)
        self.high = end > self.low ? end : self.low * 1.01
    }

    /// The ticks inside the range and the next one on each side.
    private static func around(_ low: Double, _ high: Double, _ grid: [Double]) -> [Double] {
        let first = grid.last { $0 <= low } ?? low
        let last = grid.first { $0 >= high } ?? high
        return grid.filter { $0 > 0 && (first...max(first, last)).contains($0) }
    }

    /// From 0 at the low end to 1 at the high end.
    func place(_ value: Double) -> Double { (log(value) - log(low)) / (log(high) - log(low)) }
}
