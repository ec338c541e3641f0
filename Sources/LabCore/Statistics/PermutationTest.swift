import Glibc

/// The answer of a two-sided permutation test on the ratio of two medians.
public struct Comparison: Equatable, Sendable {
    /// median(new) / median(old).
    public var ratio: Double
    /// Probability of a ratio at least this far from 1, either way, if both came from one distribution.
    public var p: Double
    /// The smallest relative change that matters, for example 0.02.
    public var minimumEffect: Double

    /// Returns true when the difference is both significant at `level` and large enough to matter. Significance alone
    /// is not enough: with many samples the smallest difference is significant.
    public func differs(level: Double = 0.05) -> Bool {
        p < level && abs(log(ratio)) >= log1p(minimumEffect)
    }

    /// Compares two samples of positive values by the logarithm of the ratio of their medians.
    ///
    /// The labels *old* and *new* are dealt anew `permutations` times; p counts the dealings whose ratio is at least
    /// as extreme, the real one among them, so it is never 0 (Phipson & Smyth, "Permutation p-values should never be
    /// zero", 2010). Nil when either sample is empty or holds a value that is not positive. With very few values no
    /// dealing is extreme enough: two samples of three can't reach p < 0.05.
    public static func permutationTest(
        old: [Double], new: [Double], minimumEffect: Double = 0, permutations: Int = 10_000, seed: UInt64
    ) -> Comparison? {
        guard let oldMedian = Statistics.median(old), let newMedian = Statistics.median(new),
            old.allSatisfy({ $0 > 0 }), new.allSatisfy({ $0 > 0 })
        else { return nil }
        let observed = abs(log(newMedian / oldMedian))
        let pooled = (old + new).sorted()
        var generator = SeededGenerator(seed: seed)
        var extreme = 1
        // A relative tolerance, so that a dealing equal to the real one counts however it was rounded.
        let threshold = observed * (1 - 1e-12)
        pooled.withUnsafeBufferPointer { pooled in
            for _ in 0..<permutations {
                let (first, second) = dealtMedians(pooled, firstCount: old.count, &generator)
                if abs(log(second / first)) >= threshold { extreme += 1 }
            }
        }
        return Comparison(
            ratio: newMedian / oldMedian, p: Double(extreme) / Double(permutations + 1),
            minimumEffect: minimumEffect)
    }

    /// Deals the pooled values, which are in ascending order, at random to two samples and returns their medians.
    ///
    /// Selection sampling (Knuth, TAOCP 2, algorithm 3.4.2 S) meets the members of each sample in ascending order,
    /// so that the medians are known after about half of the values and nothing is sorted.
    private static func dealtMedians(
        _ pooled: UnsafeBufferPointer<Double>, firstCount: Int, _ generator: inout SeededGenerator
    ) -> (Double, Double) {
        var first = RunningMedian(count: firstCount)
        var second = RunningMedian(count: pooled.count - firstCount)
        var remaining = UInt64(pooled.count)
        var wanted = UInt64(firstCount)
        var place = 0
        while !(first.isKnown && second.isKnown) {
            // True with probability wanted / remaining, exact but for a bias below 2^-50.
            if generator.next().multipliedFullWidth(by: remaining).high < wanted {
                first.take(pooled[place])
                wanted -= 1
            } else {
                second.take(pooled[place])
            }
            remaining -= 1
            place += 1
        }
        return (first.median, second.median)
    }

    /// The median of `count` values that arrive in ascending order.
    private struct RunningMedian {
        private let lowerPlace: Int
        private let upperPlace: Int
        private var taken = 0
        private var lower = 0.0
        private var upper = 0.0

        @inline(__always)
        init(count: Int) {
            lowerPlace = (count + 1) / 2
            upperPlace = count / 2 + 1
        }

        @inline(__always) var isKnown: Bool { taken >= upperPlace }
        @inline(__always) var median: Double { lower + (upper - lower) / 2 }

        @inline(__always)
        mutating func take(_ value: Double) {
            taken += 1
            if taken == lowerPlace { lower = value }
            if taken == upperPlace { upper = value }
        }
    }
}
