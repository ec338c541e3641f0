import Glibc

/// A figure's change from old to new as a ratio, with the p-value of no change at all.
///
/// Everything is done on logarithms: what disturbs a machine multiplies times, and a ratio and its inverse are as far
/// from 1.
struct Change: Equatable {
    /// new / old with its 95 % interval.
    var ratio: Estimate
    /// Two-sided.
    var p: Double

    /// The change between several runs; a figure of each run is one value, since what lasts as long as a run is in all
    /// of its samples alike.
    ///
    /// With two runs or more on both sides the interval is Welch's, which needs no equal spreads; one run beside several
    /// is judged by the spread of these. Nil with one run a side, and when a figure is not positive.
    /// Source: Welch, "The generalization of 'Student's' problem when several different population variances are
    /// involved", Biometrika 34, 1947.
    init?(runs old: [Double], _ new: [Double]) {
        guard max(old.count, new.count) > 1, let before = LogMean(old), let after = LogMean(new) else {
            return nil
        }
        let parts: [(square: Double, freedom: Double)]
        switch (before.variance, after.variance) {
        case (let one?, let other?):
            parts = [
                (one / before.n, before.n - 1), (other / after.n, after.n - 1),
            ]
        case (let one?, nil): parts = [(one * (1 + 1 / before.n), before.n - 1)]
        case (nil, let other?): parts = [(other * (1 + 1 / after.n), after.n - 1)]
        case (nil, nil): return nil
        }
        let square = parts.reduce(0) { $0 + $1.square }
        let freedom = square * square / parts.reduce(0) { $0 + $1.square * $1.square / $1.freedom }
        self.init(
            after.mean - before.mean, n: min(old.count, new.count), error: square.squareRoot(),
            freedom: freedom)
    }

    /// The change from one run to another by what each knows of itself: the distances of both intervals' ends are added
    /// in square, as far as they lie on the side in question.
    /// Nil without intervals, and when an end is not positive.
    /// Source: Zou & Donner, "Construction of confidence limits about effect measures: a general approach", Statistics in
    /// Medicine 27, 2008.
    init?(from old: Estimate, to new: Estimate) {
        guard let before = old.interval, let after = new.interval, min(before.lower, after.lower) > 0,
            min(old.value, new.value) > 0
        else { return nil }
        let change = log(new.value) - log(old.value)
        let below = hypot(log(new.value) - log(after.lower), log(before.upper) - log(old.value))
        let above = hypot(log(after.upper) - log(new.value), log(old.value) - log(before.lower))
        let towardsNone = change > 0 ? below : above
        self.init(
            change, below: below, above: above, n: min(old.n, new.n),
            p: towardsNone > 0
                ? Statistics.twoSidedP(Statistics.z975 * change / towardsNone) : change == 0 ? 1 : 0)
    }

    private init(_ change: Double, n: Int, error: Double, freedom: Double) {
        // Figures that are alike in all runs differ by the rounding of their logarithms.
        guard error > Self.rounding else {
            let change = abs(change) > Self.rounding ? change : 0
            self.init(change, below: 0, above: 0, n: n, p: change == 0 ? 1 : 0)
            return
        }
        let width = StudentT.deviate95(freedom: freedom) * error
        self.init(
            change, below: width, above: width, n: n,
            p: StudentT.twoSidedP(change / error, freedom: freedom))
    }

    private init(_ change: Double, below: Double, above: Double, n: Int, p: Double) {
        ratio = Estimate(
            value: power(change),
            interval: ConfidenceInterval(lower: power(change - below), upper: power(change + above)), n: n)
        self.p = p
    }

    private static let rounding = 1e-12
}

/// Mean and variance of the logarithms of positive values.
struct LogMean {
    let mean: Double
    /// Nil of one value.
    let variance: Double?
    let n: Double

    /// Nil of no values, and when one is not positive.
    init?(_ values: [Double]) {
        guard !values.isEmpty, values.allSatisfy({ $0 > 0 }) else { return nil }
        let logarithms = values.map { log($0) }
        let count = Double(values.count)
        let mean = logarithms.reduce(0, +) / count
        variance =
            values.count > 1
            ? logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1) : nil
        (self.mean, n) = (mean, count)
    }

    /// The geometric mean with Student's interval, which a single value has none of.
    var estimate: Estimate {
        let interval = variance.map { variance in
            let width = StudentT.deviate95(freedom: n - 1) * (variance / n).squareRoot()
            return ConfidenceInterval(lower: power(mean - width), upper: power(mean + width))
        }
        return Estimate(value: power(mean), interval: interval, n: Int(n))
    }
}

/// e to a power, as far as a number holds it: two runs that are far apart have intervals beyond.
private func power(_ exponent: Double) -> Double { exp(min(max(exponent, -700), 700)) }
