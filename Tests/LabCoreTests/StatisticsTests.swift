import Glibc
import LabCore
import Testing

@Suite struct StatisticsTests {
    @Test func degenerateSamplesHaveDefinedAnswers() {
        let none = Summary([], failures: 4, seed: 1)
        #expect(none.n == 0 && none.failures == 4)
        #expect(none.median == nil && none.interval == nil && none.p95 == nil && none.minimum == nil)
        #expect(none.outliers.isEmpty && none.autocorrelation == nil && none.drift == nil)

        let one = Summary([5], seed: 1)
        #expect(one.median == 5 && one.mad == 0 && one.p95 == 5 && one.p99 == 5)
        #expect(one.minimum == 5 && one.maximum == 5 && one.interval == nil && one.drift == nil)

        let two = Summary([1, 3], seed: 1)
        #expect(two.median == 2 && two.interval == nil && two.autocorrelation == nil && two.outliers.isEmpty)

        let equal = Summary(Array(repeating: 7, count: 30), seed: 1)
        #expect(equal.interval == ConfidenceInterval(lower: 7, upper: 7))
        #expect(equal.mad == 0 && equal.outliers.isEmpty && equal.autocorrelation == nil)
        #expect(equal.drift?.tau == 0 && equal.drift?.p == 1 && !equal.isDrifting && !equal.isAutocorrelated)
    }

    @Test func degenerateComparisonsHaveDefinedAnswers() throws {
        #expect(Comparison.permutationTest(old: [], new: [1], seed: 1) == nil)
        #expect(Comparison.permutationTest(old: [0], new: [1], seed: 1) == nil)
        #expect(Bootstrap.ratioInterval([1, 2, 3, 4, 5], to: [0, 1, 1, 1, 1], seed: 1) == nil)
        let equal = try #require(
            Comparison.permutationTest(old: [2, 2, 2], new: [2, 2, 2], permutations: 99, seed: 1))
        #expect(equal.p == 1 && equal.ratio == 1 && !equal.differs())
        let single = try #require(Comparison.permutationTest(old: [1], new: [9], permutations: 99, seed: 1))
        #expect(single.p == 1)
        #expect(SampleSizePlanner(pilot: [1, 2]) == nil)
        let flat = try #require(SampleSizePlanner(pilot: [3, 3, 3, 3, 3]))
        #expect(flat.samplesPerSide(detecting: 0.05) == SampleSizePlanner.fewest)
        #expect(RobustLine(x: [], y: []) == nil)
        #expect(RobustLine(x: [1, 1], y: [1, 2]) == nil)
    }

    @Test func seedsMakeTheBootstrapRepeatable() {
        var latencies = Latencies(seed: 5)
        let values = latencies.take(60)
        #expect(
            Bootstrap.medianInterval(values, seed: 9) == Bootstrap.medianInterval(values, seed: 9))
        #expect(
            Bootstrap.medianInterval(values, seed: 9)
                != Bootstrap.medianInterval(values.map { $0 + 1 }, seed: 9))
    }

    @Test func minimumEffectSilencesTrivialDifferences() throws {
        var old = Latencies(seed: 1, spread: 0.001)
        var new = Latencies(seed: 2, spread: 0.001, factor: 1.004)
        let comparison = try #require(
            Comparison.permutationTest(
                old: old.take(200), new: new.take(200), minimumEffect: 0.02, permutations: 1_000, seed: 3))
        #expect(comparison.p < 0.01)
        #expect(!comparison.differs())
    }

    @Test func driftAndDependenceAreSeen() {
        var latencies = Latencies(seed: 11)
        let steady = latencies.take(200)
        let rising = steady.enumerated().map { $0.element * (1 + 0.002 * Double($0.offset)) }
        #expect(!Summary(steady, seed: 1).isDrifting && !Summary(steady, seed: 1).isAutocorrelated)
        #expect(Summary(rising, seed: 1).isDrifting && Summary(rising, seed: 1).isAutocorrelated)
    }

    /// The interval keeps its promise: it covers the true median in about 95 % of repetitions.
    @Test func bootstrapIntervalCoversTheMedian() throws {
        var latencies = Latencies(seed: 2_026)
        var covered = 0
        for round in 0..<400 {
            let interval = try #require(
                Bootstrap.medianInterval(latencies.take(41), draws: 400, seed: UInt64(round)))
            if interval.contains(latencies.trueMedian) { covered += 1 }
        }
        #expect((0.91...0.985).contains(Double(covered) / 400), "covered \(covered) of 400")
    }

    /// A/A: a thing compared with itself is called different in about 5 % of 1,000 comparisons. With 99 dealings the
    /// test is as exact as with more: under no difference each of the 100 places of the real one is equally likely.
    @Test func comparingAThingWithItselfRarelyAlarms() throws {
        var latencies = Latencies(seed: 42)
        var alarms = 0
        for round in 0..<1_000 {
            let comparison = try #require(
                Comparison.permutationTest(
                    old: latencies.take(30), new: latencies.take(30), permutations: 99, seed: UInt64(round)))
            // At most 0.05, not below it: p is a multiple of 0.01 here.
            if comparison.differs(level: 0.0501) { alarms += 1 }
        }
        #expect((30...70).contains(alarms), "\(alarms) of 1,000")
    }

    /// The planner keeps its promise, bad luck with the pilot included: each round plans from a fresh pilot, and a
    /// shift of 5 % is found in more than 90 % of the rounds.
    @Test func plannedSampleSizeFindsTheShift() throws {
        var old = Latencies(seed: 100)
        var new = Latencies(seed: 200, factor: 1.05)
        let rounds = 300
        var found = 0
        var planned = 0
        for round in 0..<rounds {
            let planner = try #require(SampleSizePlanner(pilot: old.take(60)))
            let n = planner.samplesPerSide(detecting: 0.05)
            planned += n
            let comparison = try #require(
                Comparison.permutationTest(
                    old: old.take(n), new: new.take(n), permutations: 199, seed: UInt64(round)))
            if comparison.differs(level: 0.0501) && comparison.ratio > 1 { found += 1 }
        }
        #expect(found * 10 > rounds * 9, "\(found) of \(rounds), n = \(planned / rounds) on average")
        // A plan that is several times too large keeps the promise too, but not the user's time: knowing the
        // distribution, one would plan 140.
        #expect((140...250).contains(planned / rounds), "n = \(planned / rounds) on average")
    }

    @Test func plannedSampleSizeReachesTheWidth() throws {
        var latencies = Latencies(seed: 77)
        let planner = try #require(SampleSizePlanner(pilot: latencies.take(60)))
        let values = latencies.take(planner.samples(relativeHalfWidth: 0.02))
        let interval = try #require(Bootstrap.medianInterval(values, seed: 1))
        let width = try #require(interval.relativeHalfWidth(around: latencies.trueMedian))
        #expect(width < 0.026, "± \(width) with \(values.count) samples")
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
