import Glibc
import LabCore

/// An axis: ticks at round numbers, and where a value stands between its ends.
struct Axis {
    struct Tick {
        var value: Double
        var label: String
    }

    let ticks: [Tick]
    let isLogarithmic: Bool
    private let low: Double
    private let high: Double

    /// Values whose largest is more often than this their smallest are told apart only on a logarithmic axis.
    static let widest = 20.0
    /// The values that any axis has a place for: no counter of a result is beyond them.
    static let plotted = -1e24...1e24
    /// The values that a logarithmic axis has a place for.
    static let positive = 1e-12...1e24

    /// From 0 at the low end to 1 at the high end; what is beyond stands at the end.
    func place(_ value: Double) -> Double {
        func scaled(_ value: Double) -> Double { isLogarithmic ? log(value) : value }
        let place = (scaled(value) - scaled(low)) / (scaled(high) - scaled(low))
        return place.isFinite ? min(max(place, 0), 1) : 0
    }

    /// An axis for whatever values there are: logarithmic where they span much, else linear. Nil without a value that has
    /// a place.
    init?(fitting values: [Double], unit: Metric.Unit) {
        let values = values.filter(Self.plotted.contains)
        guard let low = values.min(), let high = values.max() else { return nil }
        let isWide = low >= Self.positive.lowerBound && high / low > Self.widest
        self =
            isWide
            ? Axis(logarithmicFrom: low, to: high, unit: unit) : Axis(linearFrom: low, to: high, unit: unit)
    }

    /// A logarithmic axis for positive values, which starts and ends at round numbers; all equal values get the decade
    /// around them.
    init(logarithmicFrom low: Double, to high: Double, unit: Metric.Unit) {
        let isBinary = unit.measure?.isBinary == true
        // Round in the base of the unit: 1, 2, 5, 10 for times, powers of two for bytes.
        let candidates =
            isBinary
            ? (Int(floor(log2(low)))...Int(ceil(log2(high * 1.001)))).map { exp2(Double($0)) }
            : Self.decades(low, high, [1, 2, 5])
        let first = candidates.last { $0 <= low } ?? low
        let last = candidates.first { $0 >= high && $0 > first } ?? high * 2
        let inside = candidates.filter { (first...last).contains($0) }
        // More than a dozen labels run into each other.
        let stride = isBinary ? (inside.count + 11) / 12 : 1
        let isSparse = !isBinary && inside.count > 12
        let shown = inside.enumerated().filter { place, value in
            let power = log10(value)
            return isSparse ? abs(power - power.rounded()) < 1e-9 : place.isMultiple(of: stride)
        }.map(\.element)
        ticks = shown.map { value in
            // A round number has one digit that counts: `5 ms`, not `5.00 ms`.
            let scale = unit.scale(fitting: value)
            let number = value / scale
            let text = number >= 1 ? Format.fixed(number, decimals: 0) : "\(number)"
            return Tick(value: value, label: Format.join(text, scale))
        }
        (self.low, self.high, isLogarithmic) = (first, last, true)
    }

    /// An axis whose ticks are round numbers of one unit; it starts at 0 unless the values lie far from it.
    init(linearFrom low: Double, to high: Double, unit: Metric.Unit) {
        let first = low > 0 && low < high * 0.8 || low == high && low > 0 ? 0 : low
        let last = high < 0 && high > low * 0.8 || low == high && high < 0 ? 0 : high
        // All values nothing: an axis of one.
        let range = last > first ? last - first : 1
        let scale = unit.scale(fitting: max(abs(first), abs(last)))
        // 1, 2 or 5 times a power of ten, so that there are four to ten steps.
        let parts = range / scale
        let power = pow(10, floor(log10(parts / 5)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { parts / $0 <= 7 } ?? power * 10
        let size = step * Double(scale.factor)
        let from = floor(first / scale / step)
        let to = max(ceil((first + range) / scale / step), from + 1)
        let decimals = min(max(-Int(floor(log10(step))), 0), 12)
        ticks = stride(from: from, through: to, by: 1).map { number in
            let text = Format.fixed(number * step, decimals: decimals)
            return Tick(value: number * size, label: Format.join(text, scale))
        }
        (self.low, self.high) = (from * size, to * size)
        isLogarithmic = false
    }

    /// A logarithmic axis for ratios around 1, whose ticks are as fine as the range is narrow. It holds `low`, `high`
    /// and 1.
    /// - Precondition: 0 < low ≤ 1 ≤ high.
    init(ratiosFrom low: Double, to high: Double) {
        // The fewest ticks from which a reader can tell a value, and the most.
        let wanted = 5...12
        func linear(_ parts: Double) -> [Double] {
            // Only for narrow ranges: a wide one has enough decimal ticks.
            high / low > 4
                ? [] : (Int(floor(low * parts))...Int(ceil(high * parts))).map { Double($0) / parts }
        }
        let grids =
            [[1], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]].map { Self.decades(low, high, $0) }
            + [10, 20, 50, 100, 200].map(linear)
        // The ticks inside the range and the next one on each side.
        let fitted = grids.map { grid in
            let first = grid.last { $0 <= low } ?? low
            let last = grid.first { $0 >= high } ?? high
            return grid.filter { $0 > 0 && (first...max(first, last)).contains($0) }
        }
        let chosen = fitted.first { wanted.contains($0.count) } ?? fitted[1]
        ticks = chosen.map { Tick(value: $0, label: "\(Format.bound($0, .ratio)) ×") }
        // With ticks on neither side of a range, the range itself.
        let (first, last) = (min(chosen.first ?? low, low), max(chosen.last ?? high, high))
        (self.low, self.high, isLogarithmic) = (first, last > first ? last : first * 1.01, true)
    }

    /// An axis with these ticks and nothing beyond them but a margin: marks don't sit on its edges.
    init(through ticks: [Tick], isLogarithmic: Bool) {
        func scaled(_ value: Double) -> Double { isLogarithmic ? log(value) : value }
        func value(_ scaled: Double) -> Double { isLogarithmic ? exp(scaled) : scaled }
        let (first, last) = (scaled(ticks.first?.value ?? 1), scaled(ticks.last?.value ?? 1))
        let margin = last > first ? (last - first) / 20 : 1
        self.ticks = ticks
        (low, high, self.isLogarithmic) = (value(first - margin), value(last + margin), isLogarithmic)
    }

    /// The share of all, from nothing to everything.
    static let share = Axis(
        ticks: stride(from: 0, through: 100, by: 25).map { Tick(value: $0 / 100, label: "\(Int($0)) %") })

    private init(ticks: [Tick]) { (self.ticks, low, high, isLogarithmic) = (ticks, 0, 1, false) }

    /// Digits times each power of ten from the one below `low` to the one above `high`.
    private static func decades(_ low: Double, _ high: Double, _ digits: [Double]) -> [Double] {
        (Int(floor(log10(low)))...Int(ceil(log10(high * 1.001)))).flatMap { decade in
            digits.map { $0 * pow(10, Double(decade)) }
        }
    }
}
