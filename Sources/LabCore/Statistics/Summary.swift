/// What the samples of one metric and one engine say. Derived, never stored.
///
/// Without values everything is nil or empty; with one the median, minimum, maximum and quantiles are that value;
/// the interval needs `Bootstrap.fewestValues`, the drift `Drift.fewestValues`.
public struct Summary: Equatable, Sendable {
    /// Completed samples that yielded the metric.
    public var n: Int
    /// Samples that failed or timed out: counted, never turned into a duration.
    public var failures: Int
    public var median: Double?
    /// Percentile bootstrap interval of the median, 95 %.
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
    /// Correlation of each value's rank with that of the next; ranks, so that one wild value can't hide it.
    public var autocorrelation: Double?
    public var drift: Drift?

    /// Summarises values in the order in which they were taken.
    public init(_ values: [Double], failures: Int = 0, seed: UInt64) {
        let sorted = values.sorted()
        n = values.count
        self.failures = failures
        median = Statistics.median(sorted: sorted)
        interval = Bootstrap.medianInterval(values, seed: seed)
        mad = Statistics.medianAbsoluteDeviation(values)
        p95 = Statistics.quantile7(sorted: sorted, 0.95)
        p99 = Statistics.quantile7(sorted: sorted, 0.99)
        minimum = sorted.first
        maximum = sorted.last
        outliers = Statistics.outliers(values)
        autocorrelation = Statistics.lag1Autocorrelation(Statistics.ranks(values))
        drift = Drift(values)
    }

    /// Whether neighbouring samples depend on each other more than chance explains (|r| > 1.96/√n, n ≥ 20).
    public var isAutocorrelated: Bool {
        guard n >= 20, let autocorrelation else { return false }
        return abs(autocorrelation) > Statistics.z975 / Double(n).squareRoot()
    }

    /// Whether the values moved while the run went on: significant (p < 0.01) and by more than 5 %.
    public var isDrifting: Bool {
        guard let drift else { return false }
        return drift.p < 0.01 && abs(drift.relativeChange) > 0.05
    }
}

extension RunResult {
    /// The summary of one metric for one engine; the bootstrap is seeded by the plan's seed and both names, so that
    /// it is the same wherever it is computed.
    public func summary(_ metric: Metric, _ engine: EngineID) -> Summary {
        let failures = measured(engine).count { !$0.outcome.isCompleted }
        return Summary(
            values(metric, engine), failures: failures, seed: streamSeed("\(metric.id) of \(engine)"))
    }

    /// median(`engine`) / median(`baseline`) and its interval; nil when either has no samples or the baseline's
    /// median is not positive.
    public func ratio(
        _ metric: Metric, _ engine: EngineID, to baseline: EngineID
    ) -> (ratio: Double, interval: ConfidenceInterval?)? {
        let above = values(metric, engine)
        let below = values(metric, baseline)
        guard let numerator = Statistics.median(above), let denominator = Statistics.median(below),
            denominator > 0
        else { return nil }
        let interval = Bootstrap.ratioInterval(
            above, to: below, seed: streamSeed("\(metric.id) of \(engine) to \(baseline)"))
        return (numerator / denominator, interval)
    }

    /// A seed for one purpose: the plan's, mixed with the purpose's name by FNV-1a (64 bit).
    private func streamSeed(_ purpose: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ header.plan.seed
        for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
