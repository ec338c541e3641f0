import Foundation
import Testing

@testable import LabCore

/// Compares with what numpy and scipy computed; `Fixtures/statistics.py` made the figures.
@Suite struct StatisticsReferenceTests {
    struct Reference: Decodable, Sendable {
        var cases: [String: Case]
        /// Quantiles of probability 0.975 by degrees of freedom.
        var student: [String: Double]
    }
    struct Case: Decodable, Sendable {
        var values: [Double]
        var median: Double
        var mad: Double
        var madNormal: Double
        var quantiles: [String: Double]
        var outliers: [Int]
        var tau: Double
        var tauP: Double
        var slope: Double
        var intercept: Double
        var slopeInterval: [Double]
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

    @Test func studentsQuantilesAgree() throws {
        for (freedom, expected) in reference.student {
            let value = StudentT.deviate95(freedom: try #require(Double(freedom)))
            expectClose(value, expected, tolerance: 1e-9)
        }
    }
}
