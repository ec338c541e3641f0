import Foundation
import LabCore
import Testing

/// Compares with what numpy and scipy computed; `Fixtures/statistics.py` made the figures.
@Suite struct StatisticsReferenceTests {
    struct Reference: Decodable, Sendable {
        var cases: [String: Case]
        var permutation: Permutation
    }
    struct Case: Decodable, Sendable {
        var values: [Double]
        var median: Double
        var mad: Double
        var madNormal: Double
        var quantiles: [String: Double]
        var outliers: [Int]
        var lag1: Double?
        var ranks: [Double]
        var tau: Double
        var tauP: Double
        var slope: Double
        var intercept: Double
        var slopeInterval: [Double]
        var exactMedianInterval: [Double]?
        var resampled: Resampled
    }
    struct Resampled: Decodable, Sendable {
        var median: [Double]
        var ratio: [Double]
        var difference: [Double]
    }
    struct Permutation: Decodable, Sendable {
        var old: [Double]
        var new: [Double]
        var p: Double
    }

    static let names = [
        "lognormal", "even", "ties", "drifting", "outliers", "mostly-equal", "equal", "small",
    ]
    let reference: Reference

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/statistics.json")
        reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    }

    private func expectClose(
        _ value: Double?, _ expected: Double, tolerance: Double = 1e-9,
        _ location: SourceLocation = #_sourceLocation
    ) {
        guard let value else {
            Issue.record("no value, expected \(expected)", sourceLocation: location)
            return
        }
        #expect(
            abs(value - expected) <= tolerance * max(1, abs(expected)), "\(value) is not \(expected)",
            sourceLocation: location)
    }

    @Test(arguments: names)
    func descriptiveStatisticsAgree(name: String) throws {
        let sample = try #require(reference.cases[name])
        let values = sample.values
        expectClose(Statistics.median(values), sample.median)
        expectClose(Statistics.medianAbsoluteDeviation(values), sample.mad)
        expectClose(
            Statistics.medianAbsoluteDeviation(values).map { $0 * Statistics.normalConsistency },
            sample.madNormal)
        for (probability, expected) in sample.quantiles {
            expectClose(Statistics.quantile7(values, try #require(Double(probability))), expected)
        }
        #expect(Statistics.outliers(values) == sample.outliers)
        #expect(Statistics.ranks(values) == sample.ranks)
        if let lag1 = sample.lag1 {
            expectClose(Statistics.lag1Autocorrelation(values), lag1)
        } else {
            #expect(Statistics.lag1Autocorrelation(values) == nil)
        }
    }

    @Test(arguments: names)
    func trendsAgree(name: String) throws {
        let sample = try #require(reference.cases[name])
        if let drift = Drift(sample.values) {
            expectClose(drift.tau, sample.tau)
            expectClose(drift.p, sample.tauP)
        } else {
            #expect(sample.values.count < Drift.fewestValues)
        }
        let line = try #require(
            RobustLine(x: sample.values.indices.map(Double.init), y: sample.values))
        expectClose(line.slope, sample.slope)
        expectClose(line.intercept, sample.intercept)
        expectClose(line.slopeInterval.lower, sample.slopeInterval[0])
        expectClose(line.slopeInterval.upper, sample.slopeInterval[1])
    }

    /// The ends of an interval are random with 10,000 draws: each must lie between the exact quantiles of slightly
    /// smaller and larger probability, here taken as the neighbouring order statistics of the sample.
    @Test(arguments: names)
    func bootstrapIntervalsAgree(name: String) throws {
        let sample = try #require(reference.cases[name])
        let sorted = sample.values.sorted()
        func expectNear(_ value: Double, _ expected: Double) throws {
            let first = try #require(sorted.firstIndex { $0 >= expected })
            let low = sorted[max(0, first - 1)]
            let high = sorted.first { $0 > expected } ?? expected
            #expect(low <= value && value <= high, "\(value) is not near \(expected)")
        }
        let interval = try #require(Bootstrap.medianInterval(sample.values, seed: 7))
        try expectNear(interval.lower, sample.resampled.median[0])
        try expectNear(interval.upper, sample.resampled.median[1])
        if let exact = sample.exactMedianInterval {
            try expectNear(interval.lower, exact[0])
            try expectNear(interval.upper, exact[1])
        }
        let baseline = try #require(reference.cases["even"]).values
        let ratio = try #require(Bootstrap.ratioInterval(sample.values, to: baseline, seed: 7))
        expectClose(ratio.lower, sample.resampled.ratio[0], tolerance: 0.01 * sample.resampled.ratio[0])
        expectClose(ratio.upper, sample.resampled.ratio[1], tolerance: 0.01 * sample.resampled.ratio[1])
        let difference = try #require(
            Bootstrap.differenceInterval(sample.values, minus: baseline, seed: 7))
        // The ends are between order statistics of both samples: within 5 % of the interval's width, plus 1.
        let width = sample.resampled.difference[1] - sample.resampled.difference[0]
        for (end, expected) in zip([difference.lower, difference.upper], sample.resampled.difference) {
            #expect(abs(end - expected) <= 0.05 * width + 1, "\(end) is not near \(expected)")
        }
    }

    /// A known shift lies in the interval, and turning the samples round turns the interval round.
    @Test func differencesHaveTheirSign() throws {
        let sample = try #require(reference.cases["even"]).values
        let shifted = sample.map { $0 + 500 }
        let up = try #require(Bootstrap.differenceInterval(shifted, minus: sample, seed: 7))
        let down = try #require(Bootstrap.differenceInterval(sample, minus: shifted, seed: ~7))
        #expect(up.contains(500) && up.lower > 400 && up.upper < 600)
        expectClose(down.lower, -up.upper)
        expectClose(down.upper, -up.lower)
        #expect(Bootstrap.differenceInterval(sample, minus: [1, 2, 3, 4], seed: 7) == nil)
    }

    @Test func permutationTestAgrees() throws {
        let sample = reference.permutation
        let comparison = try #require(
            Comparison.permutationTest(old: sample.old, new: sample.new, permutations: 20_000, seed: 3))
        // The standard error of p is about 0.003.
        expectClose(comparison.p, sample.p, tolerance: 0.012)
    }
}
