import Glibc

/// Bootstrap intervals of medians, of their ratio and of their difference, seeded, so that the same data give the same interval.
///
/// Percentile intervals, not BCa: the acceleration of BCa comes from the jackknife, which is inconsistent for the
/// median (leaving one value out yields two different medians at most), while the percentile interval of the median
/// agrees with the exact one from order statistics. Source: Efron & Tibshirani, "An introduction to the bootstrap",
/// 1993, sections 11.6, 13.3 and 14.3.
public enum Bootstrap {
    /// Resamples per interval.
    public static let draws = 10_000
    /// With fewer values no interval is given: even [minimum, maximum] covers the median with probability
    /// 1 − 2^(1−n) only, which is 0.875 for four values and 0.94 for five.
    public static let fewestValues = 5

    /// The percentile interval of the median; nil below `fewestValues`.
    public static func medianInterval(
        _ values: [Double], draws: Int = draws, seed: UInt64
    ) -> ConfidenceInterval? {
        guard values.count >= fewestValues else { return nil }
        var sampler = MedianSampler(sorted: values.sorted(), seed: seed)
        return percentileInterval((0..<draws).map { _ in sampler.next() })
    }

    /// The percentile interval of median(`values`) / median(`baseline`), both resampled independently.
    /// Nil when either has fewer than `fewestValues` or a resampled baseline is not positive.
    public static func ratioInterval(
        _ values: [Double], to baseline: [Double], draws: Int = draws, seed: UInt64
    ) -> ConfidenceInterval? {
        guard values.count >= fewestValues, baseline.count >= fewestValues else { return nil }
        let base = baseline.sorted()
        guard base[0] > 0 else { return nil }
        var above = MedianSampler(sorted: values.sorted(), seed: seed)
        // Another stream for the other sample: with one seed both would move together.
        var below = MedianSampler(sorted: base, seed: ~seed)
        return percentileInterval((0..<draws).map { _ in above.next() / below.next() })
    }

    /// The percentile interval of median(`values`) − median(`baseline`), both resampled independently.
    /// Nil when either has fewer than `fewestValues`.
    public static func differenceInterval(
        _ values: [Double], minus baseline: [Double], draws: Int = draws, seed: UInt64
    ) -> ConfidenceInterval? {
        guard values.count >= fewestValues, baseline.count >= fewestValues else { return nil }
        var first = MedianSampler(sorted: values.sorted(), seed: seed)
        var second = MedianSampler(sorted: baseline.sorted(), seed: ~seed)
        return percentileInterval((0..<draws).map { _ in first.next() - second.next() })
    }

    private static func percentileInterval(_ replicates: [Double]) -> ConfidenceInterval? {
        let sorted = replicates.sorted()
        guard let lower = Statistics.quantile7(sorted: sorted, 0.025),
            let upper = Statistics.quantile7(sorted: sorted, 0.975)
        else { return nil }
        return ConfidenceInterval(lower: lower, upper: upper)
    }
}

/// Draws medians of resamples without making the resamples, exactly.
///
/// A resample of n values is the floor of n × U for n uniform numbers U; its order statistics are those of U, and
/// the k-th smallest of n uniform numbers is G(k) / G(n + 1) where G(k) is a sum of k exponentials. So a draw costs
/// two or three gamma variates instead of n indices and a selection.
/// Source: Devroye, "Non-uniform random variate generation", 1986, chapter V, theorem 2.2.
struct MedianSampler {
    private let sorted: [Double]
    private var generator: SeededGenerator

    init(sorted: [Double], seed: UInt64) {
        self.sorted = sorted
        generator = SeededGenerator(seed: seed)
    }

    mutating func next() -> Double {
        let n = sorted.count
        let middle = (n + 1) / 2
        let below = gamma(middle)
        if n.isMultiple(of: 2) {
            let between = exponential()
            let total = below + between + gamma(n - middle)
            return Statistics.midpoint(value(below / total), value((below + between) / total))
        }
        return value(below / (below + gamma(n - middle + 1)))
    }

    private func value(_ place: Double) -> Double {
        sorted[min(Int(place * Double(sorted.count)), sorted.count - 1)]
    }

    /// Uniform in (0, 1): 53 bits, never 0.
    private mutating func uniform() -> Double { (Double(generator.next() >> 11) + 0.5) * 0x1p-53 }

    private mutating func exponential() -> Double { -log(uniform()) }

    /// A standard normal deviate; Marsaglia's polar method.
    private mutating func normal() -> Double {
        while true {
            let x = 2 * uniform() - 1
            let y = 2 * uniform() - 1
            let square = x * x + y * y
            if square < 1 && square > 0 { return x * (-2 * log(square) / square).squareRoot() }
        }
    }

    /// A gamma variate of whole shape ≥ 1 and scale 1.
    /// Source: Marsaglia & Tsang, "A simple method for generating gamma variables", ACM TOMS 26, 2000.
    private mutating func gamma(_ shape: Int) -> Double {
        if shape == 1 { return exponential() }
        let d = Double(shape) - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let root = 1 + c * x
            if root <= 0 { continue }
            let v = root * root * root
            if log(uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }
}
