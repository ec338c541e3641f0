import Glibc
import LabCore

/// The empirical distribution of the headline metric, one curve per engine, on a logarithmic axis: nothing is binned
/// or smoothed.
struct DistributionPlot {
    let text: Catalogue
    private let metric: Metric
    private let curves: [Curve]
    private let axis: LogarithmicAxis

    static let name = "distribution.svg"

    private struct Curve {
        var name: String
        var sorted: [Double]
        var median: Double
        var style: Int
    }

    private static let width = 860.0
    private static let left = 60.0
    private static let right = 24.0
    private static let top = 44.0
    private static let plotHeight = 260.0
    /// What a logarithmic axis has a place for: more than nothing, less than any counter overflows at.
    private static let plotted = 1e-12...1e24
    /// A curve of more points looks no different at this width.
    private static let mostPoints = 600

    /// Nil when no engine has a value that a logarithmic axis has a place for.
    init?(analysis: Analysis, text: Catalogue) {
        self.text = text
        metric = analysis.headline
        var curves: [Curve] = []
        for (place, engine) in analysis.engines.enumerated() {
            let sorted = analysis.figures.samples(engine.id).compactMap { analysis.headline.value(of: $0) }
                .filter(Self.plotted.contains)
                .sorted()
            guard let median = Statistics.median(sorted: sorted) else { continue }
            curves.append(
                Curve(
                    name: text.plainName(engine.record), sorted: sorted, median: median,
                    style: place % SVG.styleCount))
        }
        guard let low = curves.map({ $0.sorted[0] }).min(),
            let high = curves.map({ $0.sorted[$0.sorted.count - 1] }).max()
        else { return nil }
        self.curves = curves
        axis = LogarithmicAxis(low: low, high: high, unit: metric.unit)
    }

    var svg: String {
        let title = text[metric.title]
        let bottom = Self.top + Self.plotHeight
        let height = bottom + 40 + Double((curves.count + 2) / 3) * 20
        var svg = SVG(
            width: Self.width, height: height,
            label: text.distributionLabel(title, text.list(curves.map(\.name))))
        svg.text(text.distributionTitle(title), x: 16, y: 24, style: "bold")
        for percent in stride(from: 0, through: 100, by: 25) {
            let y = place(share: Double(percent) / 100)
            svg.line(
                x1: Self.left, y1: y, x2: Self.width - Self.right, y2: y,
                style: percent == 0 ? "axis" : "grid")
            svg.text("\(percent) %", x: Self.left - 8, y: y + 4, anchor: .end, style: "mute")
        }
        for tick in axis.ticks {
            let x = place(value: tick.value)
            svg.line(x1: x, y1: Self.top, x2: x, y2: bottom, style: "grid")
            svg.text(tick.label, x: x, y: bottom + 18, anchor: .middle, style: "mute")
        }
        for (number, curve) in curves.enumerated() {
            let hover =
                "\(curve.name): \(text.median) \(Format.quantity(curve.median, metric.unit)), "
                + "n = \(curve.sorted.count)"
            svg.path(points(curve), style: "curve s\(curve.style)", hover: hover)
            svg.dot(
                x: place(value: curve.median), y: place(share: 0.5), style: curve.style, hover: hover)
            let x = Self.left + Double(number % 3) * 262
            let y = bottom + 44 + Double(number / 3) * 20
            svg.path(
                "M\(SVG.coordinate(x)) \(SVG.coordinate(y - 4))h30", style: "curve s\(curve.style)",
                hover: hover)
            svg.dot(x: x + 15, y: y - 4, style: curve.style, hover: hover)
            let name = SVG.fitted(curve.name, within: 150)
            svg.text("\(name) · \(Format.quantity(curve.median, metric.unit))", x: x + 38, y: y)
        }
        return svg.document
    }

    /// Steps: the share rises at each sample.
    private func points(_ curve: Curve) -> String {
        let n = curve.sorted.count
        let count = min(n, Self.mostPoints)
        var path = "M\(SVG.coordinate(place(value: curve.sorted[0]))) \(SVG.coordinate(place(share: 0)))"
        for step in 1...count {
            let rank = step * n / count
            path += "H\(SVG.coordinate(place(value: curve.sorted[rank - 1])))"
            path += "V\(SVG.coordinate(place(share: Double(rank) / Double(n))))"
        }
        return path
    }

    private func place(value: Double) -> Double {
        Self.left + axis.place(value) * (Self.width - Self.left - Self.right)
    }

    private func place(share: Double) -> Double { Self.top + (1 - share) * Self.plotHeight }
}

/// A logarithmic axis that starts and ends at round numbers.
struct LogarithmicAxis {
    struct Tick {
        var value: Double
        var label: String
    }

    let ticks: [Tick]
    private let low: Double
    private let high: Double

    /// An axis for positive values; all equal values get the decade around them.
    init(low: Double, high: Double, unit: Metric.Unit) {
        // Round in the base of the unit: 1, 2, 5, 10 for times, powers of two for bytes.
        let candidates: [Double]
        if unit == .bytes {
            candidates = (Int(floor(log2(low)))...Int(ceil(log2(high * 1.001)))).map { exp2(Double($0)) }
        } else {
            let decades = Int(floor(log10(low)))...Int(ceil(log10(high * 1.001)))
            candidates = decades.flatMap { decade in [1, 2, 5].map { $0 * pow(10, Double(decade)) } }
        }
        let first = candidates.last { $0 <= low } ?? low
        let last = candidates.first { $0 >= high && $0 > first } ?? high * 2
        let inside = candidates.filter { (first...last).contains($0) }
        // More than a dozen labels run into each other.
        let stride = unit == .bytes ? (inside.count + 11) / 12 : 1
        let sparse = unit != .bytes && inside.count > 12
        ticks = inside.enumerated().filter { place, value in
            sparse ? LogarithmicAxis.isDecade(value) : place.isMultiple(of: stride)
        }.map { Tick(value: $0.element, label: LogarithmicAxis.label($0.element, unit)) }
        self.low = first
        self.high = last
    }

    /// From 0 at the low end to 1 at the high end.
    func place(_ value: Double) -> Double { (log(value) - log(low)) / (log(high) - log(low)) }

    private static func isDecade(_ value: Double) -> Bool {
        let power = log10(value)
        return abs(power - power.rounded()) < 1e-9
    }

    /// A round number has one digit that counts: `5 ms`, not `5.00 ms`.
    private static func label(_ value: Double, _ unit: Metric.Unit) -> String {
        let scale = Format.Scale.fitting(value, unit)
        let number = value / scale.factor
        let text = number >= 1 ? Format.fixed(number, decimals: 0) : "\(number)"
        return scale.symbol.isEmpty ? text : "\(text) \(scale.symbol)"
    }
}
