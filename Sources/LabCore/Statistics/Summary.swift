/// The summary of the samples of one metric and one engine. Derived, never stored.
///
/// Without values everything is nil or empty; with one the median, minimum, maximum and quantiles are that value;
/// the interval needs `BlockInterval.fewest` blocks, the drift `Drift.fewestValues`.
public struct Summary: Equatable, Sendable {
    /// Completed samples that yielded the metric.
    public var n: Int
    /// Samples that failed or timed out: counted, never turned into a duration.
    public var failures: Int
    public var median: Double?
    /// 95 % interval of the median, see `BlockInterval`; of what is counted from the least to the most.
    public var interval: ConfidenceInterval?
    /// Median absolute deviation, not scaled.
    public var mad: Double?
    /// Quantiles of type 7. Beyond the sample's reach (n < 20 for p95, n < 100 for p99) they lean on the maximum.
    public var p95: Double?
    public var p99: Double?
    public var minimum: Double?
    public var maximum: Double?
    /// Places, in the order in which the values were taken, of those with a modified z-score above 3.5.
    public var outliers: [Int]
    public var drift: Drift?

    /// Summarises values in the order in which they were taken.
    /// - Parameters:
    ///   - blocks: the medians of the run's blocks; nil when each value stands for one.
    ///   - isExact: see `Metric.isExact`.
    public init(_ values: [Double], blocks: [Double]? = nil, failures: Int = 0, isExact: Bool = false) {
        let sorted = values.sorted()
        n = values.count
        self.failures = failures
        median = Statistics.median(sorted: sorted)
        if isExact, let least = sorted.first, let most = sorted.last {
            interval = ConfidenceInterval(lower: least, upper: most)
        } else {
            interval = median.flatMap { BlockInterval.interval(around: $0, blocks ?? values) }
        }
        mad = Statistics.medianAbsoluteDeviation(values)
        p95 = Statistics.quantile7(sorted: sorted, 0.95)
        p99 = Statistics.quantile7(sorted: sorted, 0.99)
        minimum = sorted.first
        maximum = sorted.last
        outliers = Statistics.outliers(values)
        drift = Drift(values)
    }

    /// True when the values moved while the run went on: significant (p < 0.01) and by more than 5 %.
    public var isDrifting: Bool {
        guard let drift else { return false }
        return drift.p < 0.01 && abs(drift.relativeChange) > 0.05
    }
}

/// A figure with its 95 % interval, which is nil where there are too few samples for one.
public struct Estimate: Equatable, Sendable {
    public var value: Double
    public var interval: ConfidenceInterval?
    public var n: Int
    /// The limit of the harness that stopped a trial: the figure is a lower bound then.
    public var stop: Stop?

    public init(value: Double, interval: ConfidenceInterval?, n: Int, stop: Stop? = nil) {
        self.value = value
        self.interval = interval
        self.n = n
        self.stop = stop
    }

    /// The quotient, with the interval of all quotients: wider than 95 %, since both ends seldom meet. Nil when the
    /// divisor is not positive; without an interval when the divisor's reaches down to 0.
    func divided(by divisor: Estimate) -> Estimate? {
        guard divisor.value > 0 else { return nil }
        var interval: ConfidenceInterval?
        if let above = self.interval, let below = divisor.interval, below.lower > 0 {
            interval = ConfidenceInterval(
                lower: min(above.lower / below.lower, above.lower / below.upper),
                upper: max(above.upper / below.lower, above.upper / below.upper))
        }
        return Estimate(value: value / divisor.value, interval: interval, n: min(n, divisor.n))
    }
}
