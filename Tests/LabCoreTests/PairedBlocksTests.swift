import Testing

@testable import LabCore

@Suite struct PairedBlocksTests {
    private static func estimate(_ pairs: [([Double], [Double])]) -> (
        value: Double, interval: ConfidenceInterval?
    )? {
        PairedBlocks(pairs.map { (first: $0.0, second: $0.1) }, /).estimate
    }

    @Test("Fewer than five shared blocks have no figure, equal quotients an empty interval")
    func degenerateBlocks() throws {
        #expect(Self.estimate(Array(repeating: ([2], [1]), count: 4)) == nil)
        #expect(Self.estimate(Array(repeating: ([2], [0]), count: 9)) == nil)
        for count in [1, 10] {
            let pair = (Array(repeating: 6.0, count: count), Array(repeating: 2.0, count: count))
            let same = try #require(Self.estimate(Array(repeating: pair, count: 20)))
            #expect(abs(same.value - 3) < 1e-12)
            #expect(try #require(same.interval).upper - #require(same.interval).lower < 1e-12)
        }
    }

    @Test("What speeds up or slows down both in a block changes nothing")
    func commonDisturbance() throws {
        var latencies = Latencies(seed: 11, spread: 0.05)
        let quiet = (0..<20).map { _ in (latencies.take(8), latencies.take(8)) }
        let disturbed = quiet.enumerated().map { place, pair in
            let factor = 1 + Double(place % 7)
            return (pair.0.map { $0 * factor }, pair.1.map { $0 * factor })
        }
        let (one, other) = (try #require(Self.estimate(quiet)), try #require(Self.estimate(disturbed)))
        #expect(abs(one.value / other.value - 1) < 1e-9)
        #expect(abs(try #require(one.interval).upper / #require(other.interval).upper - 1) < 1e-9)
    }

    /// A start that waits for the kernel every other time, as crun's does.
    private static func humps(
        _ generator: inout SeededGenerator, _ latencies: inout Latencies, _ factor: Double
    )
        -> [Double]
    {
        latencies.take(8).map { $0 * factor * (Bool.random(using: &generator) ? 2 : 1) }
    }

    @Test(
        "Of times with two humps a shift of 6 % is told, which their medians don't tell, and none where there is none"
    )
    func twoHumps() throws {
        var generator = SeededGenerator(seed: 5)
        var latencies = Latencies(seed: 6, spread: 0.04)
        var (found, byMedians, alarms) = (0, 0, 0)
        for _ in 0..<40 {
            func run(_ factor: Double) -> [([Double], [Double])] {
                (0..<60).map { _ in
                    (Self.humps(&generator, &latencies, factor), Self.humps(&generator, &latencies, 1))
                }
            }
            let (same, slow) = (run(1), run(1.06))
            if try #require(Self.estimate(same)?.interval).contains(1) == false { alarms += 1 }
            if try #require(Self.estimate(slow)?.interval).lower > 1 { found += 1 }
            let ratios = try slow.map {
                try #require(Statistics.median($0.0)) / #require(Statistics.median($0.1))
            }
            let middle = try #require(Statistics.median(ratios))
            if try #require(BlockInterval.interval(around: middle, ratios, of: .compared)).lower > 1 {
                byMedians += 1
            }
        }
        #expect(alarms <= 2 && found >= 34 && byMedians < 20, "\(alarms), \(found), \(byMedians) of 40")
    }

    @Test("Of many samples in a block quantiles say the same")
    func manySamples() throws {
        var latencies = Latencies(seed: 9, spread: 0.1)
        let many = (0..<5).map { _ in (latencies.take(1_000).map { $0 * 1.2 }, latencies.take(1_000)) }
        let figure = try #require(Self.estimate(many))
        #expect(abs(figure.value - 1.2) < 0.01)
        #expect(try #require(figure.interval).contains(1.2))
    }
}
