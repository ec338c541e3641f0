import Glibc
import LabCore

/// An axis for whatever values there are: logarithmic where they span much, else linear.
struct PlotAxis {
    let ticks: [LogarithmicAxis.Tick]
    let isLogarithmic: Bool
    private let position: (Double) -> Double

    /// Values whose largest is more often than this their smallest are told apart only on a logarithmic axis.
    static let widest = 20.0
    /// What any axis has a place for: no counter of a result is beyond it.
    static let plotted = -1e24...1e24
    private static let leastPositive = 1e-12

    /// Nil without a value that has a place.
    init?(_ values: [Double], unit: Metric.Unit) {
        let values = values.filter(Self.plotted.contains)
        guard let low = values.min(), let high = values.max() else { return nil }
        isLogarithmic = low >= Self.leastPositive && high / low > Self.widest
        if isLogarithmic {
            let axis = LogarithmicAxis(low: low, high: high, unit: unit)
            ticks = axis.ticks
            position = axis.place
        } else {
            let axis = LinearAxis(low: low, high: high, unit: unit)
            ticks = axis.ticks
            position = axis.place
        }
    }

    /// From 0 at the low end to 1 at the high end; what is beyond stands at the end.
    func place(_ value: Double) -> Double {
        let place = position(value)
        return place.isFinite ? min(max(place, 0), 1) : 0
    }
}

/// An axis whose ticks are round numbers of one unit; it starts at 0 unless the values lie far from it.
struct LinearAxis {
    let ticks: [LogarithmicAxis.Tick]
    private let low: Double
    private let high: Double

    init(low: Double, high: Double, unit: Metric.Unit) {
        let first = low > 0 && low < high * 0.8 || low == high && low > 0 ? 0 : low
        let last = high < 0 && high > low * 0.8 || low == high && high < 0 ? 0 : high
        // All values nothing: an axis of one.
        let range = last > first ? last - first : 1
        let scale = Format.Scale.fitting(max(abs(first), abs(last)), unit)
        let step = Self.step(range / scale.factor)
        let from = Glibc.floor(first / scale.factor / step)
        let to = max(ceil((first + range) / scale.factor / step), from + 1)
        let decimals = min(max(-Int(Glibc.floor(log10(step))), 0), 12)
        self.low = from * step * scale.factor
        self.high = to * step * scale.factor
        ticks = stride(from: from, through: to, by: 1).map { number in
            let value = number * step
            let text = Format.fixed(value, decimals: decimals)
            return .init(
                value: value * scale.factor, label: scale.symbol.isEmpty ? text : "\(text) \(scale.symbol)")
        }
    }

    /// 1, 2 or 5 times a power of ten, so that there are four to ten steps.
    private static func step(_ range: Double) -> Double {
        let power = pow(10, Glibc.floor(log10(range / 5)))
        return [1, 2, 5, 10].map { $0 * power }.first { range / $0 <= 7 } ?? power * 10
    }

    func place(_ value: Double) -> Double { (value - low) / (high - low) }
}
