import Glibc
import Testing

@testable import LabCore

@Suite struct StatisticsTests {
    @Test func degenerateSamplesHaveDefinedAnswers() {
        let none = Summary([], failures: 4)
        #expect(none.n == 0 && none.failures == 4)
        #expect(none.median == nil && none.interval == nil && none.p95 == nil && none.minimum == nil)
        #expect(none.outliers.isEmpty && none.drift == nil)

        let one = Summary([5])
        #expect(one.median == 5 && one.mad == 0 && one.p95 == 5 && one.p99 == 5)
        #expect(one.minimum == 5 && one.maximum == 5 && one.interval == nil && one.drift == nil)

        let two = Summary([1, 3])
        #expect(two.median == 2 && two.interval == nil && two.outliers.isEmpty)

        let equal = Summary(Array(repeating: 7, count: 30))
        #expect(equal.interval == ConfidenceInterval(lower: 7, upper: 7))
        #expect(equal.mad == 0 && equal.outliers.isEmpty)
        #expect(Trend.inversions([]) == 0 && Trend.inversions([1]) == 0 && Trend.inversions([2, 2]) == 0)
        var generator = SeededGenerator(seed: 5)
        for count in [2, 3, 7, 10, 64, 100] {
            // Ties are many.
            let values = (0..<count).map { _ in Double(Int.random(in: 0..<20, using: &generator)) }
            let pairs = values.indices.reduce(0) { sum, i in sum + values[(i + 1)...].count { $0 < values[i] }
            }
            #expect(Trend.inversions(values) == pairs)
        }
        #expect(equal.drift?.tau == 0 && equal.drift?.p == 1 && !equal.isDrifting)
    }

    @Test func aLineNeedsTwoPlaces() {
        #expect(RobustLine(x: [], y: []) == nil)
        #expect(RobustLine(x: [1, 1], y: [1, 2]) == nil)
    }

    @Test func driftIsSeen() {
        var latencies = Latencies(seed: 11)
        let steady = latencies.take(200)
        let rising = steady.enumerated().map { $0.element * (1 + 0.002 * Double($0.offset)) }
        #expect(!Summary(steady).isDrifting)
        #expect(Summary(rising).isDrifting)
    }
}

/// Skewed like latencies: a shifted lognormal with now and then a long one.
struct Latencies {
    private var generator: SeededGenerator
    private let spread: Double
    private let factor: Double

    init(seed: UInt64, spread: Double = 0.1, factor: Double = 1) {
        generator = SeededGenerator(seed: seed)
        self.spread = spread
        self.factor = factor
    }

    /// Close to it: the long ones, 1 in 50, move the median by less than 0.3 %.
    var trueMedian: Double { 500_000 * factor * (1 + 0.0126 * spread * 2) }

    mutating func take(_ count: Int) -> [Double] {
        (0..<count).map { _ in
            let u = Double.random(in: 0x1p-53..<1, using: &generator)
            let v = Double.random(in: 0..<1, using: &generator)
            let normal = (-2 * log(u)).squareRoot() * cos(2 * Double.pi * v)
            let long = Double.random(in: 0..<1, using: &generator) < 0.02
            return 500_000 * factor * exp(spread * normal) * (long ? 1.8 : 1)
        }
    }
}
