import Glibc

/// Descriptive statistics of a sample of finite numbers. Robust ones: latencies are skewed and have long tails.
///
/// No function takes NaN or an infinity: the values come from counters, and `ResultStore` refuses others.
public enum Statistics {
    /// The median: the mean of the two middle values when their number is even. Nil for no values.
    public static func median(_ values: [Double]) -> Double? { median(sorted: values.sorted()) }

    /// `median` of values in ascending order.
    public static func median(sorted: [Double]) -> Double? {
        guard !sorted.isEmpty else { return nil }
        let upper = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? midpoint(sorted[upper - 1], sorted[upper]) : sorted[upper]
    }

    /// The quantile of probability `p` in [0, 1], type 7: linear interpolation between the order statistics around
    /// (n − 1)p, as R and numpy do by default. Nil for no values.
    /// Source: Hyndman & Fan, "Sample quantiles in statistical packages", The American Statistician 50, 1996.
    public static func quantile7(_ values: [Double], _ p: Double) -> Double? {
        quantile7(sorted: values.sorted(), p)
    }

    /// `quantile7` of values in ascending order.
    public static func quantile7(sorted: [Double], _ p: Double) -> Double? {
        precondition((0...1).contains(p), "a probability lies in [0, 1]")
        guard !sorted.isEmpty else { return nil }
        let place = Double(sorted.count - 1) * p
        let below = Int(place)
        guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
    }

    /// The median of the distances to the median (MAD), in the unit of the values. Nil for no values.
    public static func medianAbsoluteDeviation(_ values: [Double]) -> Double? {
        guard let middle = median(values) else { return nil }
        return median(values.map { abs($0 - middle) })
    }

    /// 1 / Φ⁻¹(3/4): makes the MAD of normal data estimate σ.
    public static let normalConsistency = 1.482602218505602

    /// Places of the values whose modified z-score exceeds 3.5. They are flagged, never dropped.
    ///
    /// If more than half of the values are equal the MAD is 0, and the mean distance takes its place. Fewer than
    /// three values, or all equal: none.
    /// Source: Iglewicz & Hoaglin, "How to detect and handle outliers", ASQC 1993.
    public static func outliers(_ values: [Double]) -> [Int] {
        guard values.count >= 3, let middle = median(values) else { return [] }
        let distances = values.map { abs($0 - middle) }
        var scale = normalConsistency * (median(distances) ?? 0)
        if scale == 0 {
            let meanDistance = distances.reduce(0, +) / Double(distances.count)
            scale = (Double.pi / 2).squareRoot() * meanDistance
        }
        guard scale > 0 else { return [] }
        return distances.indices.filter { distances[$0] / scale > 3.5 }
    }

    /// The midpoint without overflow of the sum.
    static func midpoint(_ low: Double, _ high: Double) -> Double { low + (high - low) / 2 }

    /// Two-sided p-value of a standard normal deviate.
    static func twoSidedP(_ z: Double) -> Double { erfc(abs(z) / 2.0.squareRoot()) }

    /// Φ⁻¹ of 0.975: the deviate of 95 % intervals.
    static let z975 = 1.959963984540054
}

/// An interval that covers the true value in 95 % of repetitions, approximately.
public struct ConfidenceInterval: Equatable, Sendable {
    public var lower: Double
    public var upper: Double

    public init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

    /// Half the width over `centre`: 0.02 stands for ± 2 %. Nil when the centre is 0.
    public func relativeHalfWidth(around centre: Double) -> Double? {
        centre == 0 ? nil : (upper - lower) / 2 / abs(centre)
    }
}
