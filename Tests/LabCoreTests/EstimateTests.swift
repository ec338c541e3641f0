import Testing

@testable import LabCore

/// Quotients of estimates, and slopes over a parameter.
@Suite struct EstimateTests {
    private func estimate(_ value: Double, _ lower: Double, _ upper: Double, n: Int = 9) -> Estimate {
        Estimate(value: value, interval: ConfidenceInterval(lower: lower, upper: upper), n: n)
    }

    @Test func aQuotientHasTheIntervalOfAllQuotients() throws {
        let quotient = try #require(estimate(10, 8, 12).divided(by: estimate(2, 1, 4, n: 5)))
        #expect(quotient == estimate(5, 2, 12, n: 5))
        // A negative lower end is divided by the smaller divisor.
        #expect(estimate(1, -2, 4).divided(by: estimate(2, 1, 4)) == estimate(0.5, -2, 4))
        #expect(estimate(-3, -4, -2).divided(by: estimate(2, 1, 4)) == estimate(-1.5, -4, -0.5))
    }

    @Test func aDivisorThatMayBeZeroLeavesNoInterval() {
        #expect(estimate(10, 8, 12).divided(by: estimate(0, -1, 1)) == nil)
        #expect(estimate(10, 8, 12).divided(by: estimate(-2, -3, -1)) == nil)
        let open = estimate(10, 8, 12).divided(by: estimate(2, 0, 4))
        #expect(open == Estimate(value: 5, interval: nil, n: 9))
        let bare = Estimate(value: 2, interval: nil, n: 3)
        #expect(bare.divided(by: estimate(2, 1, 4)) == Estimate(value: 1, interval: nil, n: 3))
    }

    private let metric = Metric(
        id: "marginal", title: LocalizedText(en: "Each more", zh: "每增一个"), unit: .bytes,
        source: .slope("host-pss-bytes", over: .instances))

    /// `count` samples at each number of instances, on a line with a slope of its own for each value of `touch`.
    private func grown(
        _ slopes: [(engine: EngineID, touch: String, slope: Double)], count: Int = 3
    ) -> RunResult {
        var result = ResultFixture.result([])
        for (engine, touch, slope) in slopes {
            for instances in [1, 2, 4, 8] {
                for turn in 0..<count {
                    var sample = ResultFixture.observation(result.samples.count, engine, ready: 5)
                    sample.parameters = [.touch: touch, .instances: "\(instances)"]
                    sample.values["host-pss-bytes"] = 1_000 + slope * Double(instances) + Double(turn)
                    result.samples.append(sample)
                }
            }
        }
        return result
    }

    @Test("a slope is taken at the point of the other parameters")
    func aSlopeIsTakenAtOnePoint() throws {
        var result = grown([(.process, "0", 7), (.process, "64", 70), (.qemu, "0", 21)])
        // One wild value, a warm-up and a failure move nothing.
        result.samples[0].values["host-pss-bytes"] = 1e9
        result.samples[12].warmup = true
        result.samples[12].values["host-pss-bytes"] = 1e12
        let slope = try #require(result.estimate(metric, .process, at: [.touch: "0"]))
        #expect(abs(slope.value - 7) < 0.5 && slope.n == 12)
        #expect(slope.interval?.contains(7) == true)
        let other = try #require(result.estimate(metric, .process, at: [.touch: "64"]))
        #expect(abs(other.value - 70) < 0.5 && other.n == 11)
        #expect(result.estimate(metric, .process) == nil, "no sample has the empty point")
        #expect(result.estimate(metric, .process, at: [.touch: "64"]) == other)

        let ratio = try #require(result.ratio(metric, .qemu, to: .process, at: [.touch: "0"]))
        #expect(abs(ratio.value - 3) < 0.3 && ratio.interval?.contains(3) == true)
    }

    @Test func aSlopeNeedsTwoDifferentNumbers() {
        var result = grown([(.process, "0", 7)])
        for place in result.samples.indices { result.samples[place].parameters.instances = 4 }
        #expect(result.estimate(metric, .process, at: [.touch: "0"]) == nil)
    }

    /// The fit looks at every pair of samples: a very long run is thinned, not refused, and gives the same slope.
    @Test func aVeryLongRunIsFittedInBoundedTime() throws {
        let slope = try #require(
            grown([(.process, "0", 7)], count: 2_000).estimate(metric, .process, at: [.touch: "0"]))
        #expect(slope.n == 2_000)
        // The noise of this many samples at four places is as large as 2,000; its median slope is 0.
        #expect(slope.interval?.contains(7) == true)
    }
}
