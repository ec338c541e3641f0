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
    /// - Parameter isExact: see `Metric.isExact`.
    public init(_ values: [Double], failures: Int = 0, isExact: Bool = false, seed: UInt64) {
        let sorted = values.sorted()
        n = values.count
        self.failures = failures
        median = Statistics.median(sorted: sorted)
        if isExact, let least = sorted.first, let most = sorted.last {
            interval = ConfidenceInterval(lower: least, upper: most)
        } else {
            interval = Bootstrap.medianInterval(values, seed: seed)
        }
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
    /// The summary of one metric for one engine at one point; the bootstrap is seeded by the plan's seed and all
    /// names, so that it is the same wherever it is computed. A slope is summarised by `slope`.
    public func summary(_ metric: Metric, _ engine: EngineID, at point: Point = [:]) -> Summary {
        let failures = measured(engine, at: point).count { !$0.outcome.isCompleted }
        return Summary(
            values(metric, engine, at: point), failures: failures, isExact: metric.isExact,
            seed: streamSeed("\(metric.id) of \(engine) \(point.text)"))
    }

    /// median(`engine`) / median(`baseline`) at one point and its interval; nil when either has no samples or the
    /// baseline's median is not positive. Of two slopes the quotient, with every quotient of their intervals.
    public func ratio(
        _ metric: Metric, _ engine: EngineID, to baseline: EngineID, at point: Point = [:]
    ) -> Estimate? {
        if case .slope = metric.source {
            guard let above = slope(metric, engine, at: point), let below = slope(metric, baseline, at: point)
            else { return nil }
            return above.divided(by: below)
        }
        return ratio(
            metric, Plan.Cell(engine: engine, point: point), to: Plan.Cell(engine: baseline, point: point))
    }

    /// median(`cell`) / median(`other`) and its interval; nil when either has no samples or the other's median is not
    /// positive.
    public func ratio(_ metric: Metric, _ cell: Plan.Cell, to other: Plan.Cell) -> Estimate? {
        let above = values(metric, cell.engine, at: cell.point)
        let below = values(metric, other.engine, at: other.point)
        guard let numerator = Statistics.median(above), let denominator = Statistics.median(below),
            denominator > 0
        else { return nil }
        if metric.isExact {
            return estimate(metric, other.engine, at: other.point).flatMap {
                estimate(metric, cell.engine, at: cell.point)?.divided(by: $0)
            }
        }
        let interval = Bootstrap.ratioInterval(
            above, to: below, seed: streamSeed("\(metric.id) of \(cell.text) to \(other.text)"))
        return Estimate(value: numerator / denominator, interval: interval, n: min(above.count, below.count))
    }

    /// median(`cell`) − median(`other`) and its interval; nil when either has no samples.
    public func difference(_ metric: Metric, _ cell: Plan.Cell, minus other: Plan.Cell) -> Estimate? {
        let first = values(metric, cell.engine, at: cell.point)
        let second = values(metric, other.engine, at: other.point)
        guard let minuend = Statistics.median(first), let subtrahend = Statistics.median(second) else {
            return nil
        }
        let interval = Bootstrap.differenceInterval(
            first, minus: second, seed: streamSeed("\(metric.id) of \(cell.text) minus \(other.text)"))
        return Estimate(value: minuend - subtrahend, interval: interval, n: min(first.count, second.count))
    }

    /// How much a metric whose source is a slope grows per unit of its parameter, the other parameters being those of
    /// `point`; nil when there are not two different values of it.
    public func slope(_ metric: Metric, _ engine: EngineID, at point: Point = [:]) -> Estimate? {
        guard case .slope(_, let parameter) = metric.source else { return nil }
        var x: [Double] = []
        var y: [Double] = []
        for sample in measuredAnywhere(engine) {
            var rest = sample.parameters
            guard let place = rest.removeValue(forKey: parameter).flatMap(Double.init), rest == point,
                let value = metric.value(of: sample)
            else { continue }
            x.append(place)
            y.append(value)
        }
        // The fit looks at every pair: of more samples than this, those of even places in time stand for all.
        let step = (x.count + Self.mostFitted - 1) / Self.mostFitted
        if step > 1 {
            x = stride(from: 0, to: x.count, by: step).map { x[$0] }
            y = stride(from: 0, to: y.count, by: step).map { y[$0] }
        }
        return RobustLine(x: x, y: y).map {
            Estimate(value: $0.slope, interval: $0.slopeInterval, n: x.count)
        }
    }

    /// Points of a fit: two million pairs.
    private static let mostFitted = 2_000

    /// The figure of a metric for one engine at one point: a median, or the slope that it is.
    public func estimate(_ metric: Metric, _ engine: EngineID, at point: Point = [:]) -> Estimate? {
        if case .slope = metric.source { return slope(metric, engine, at: point) }
        let summary = summary(metric, engine, at: point)
        return summary.median.map { Estimate(value: $0, interval: summary.interval, n: summary.n) }
    }

    /// A seed for one purpose: the plan's, mixed with the purpose's name by FNV-1a (64 bit).
    func streamSeed(_ purpose: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ header.plan.seed
        for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}

/// A figure with its 95 % interval, which is nil where there are too few samples for one.
public struct Estimate: Equatable, Sendable {
    public var value: Double
    public var interval: ConfidenceInterval?
    public var n: Int

    public init(value: Double, interval: ConfidenceInterval?, n: Int) {
        self.value = value
        self.interval = interval
        self.n = n
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
