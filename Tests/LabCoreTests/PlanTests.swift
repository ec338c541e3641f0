import LabCore
import Testing

struct PlanTests {
    private let engines: [(id: EngineID, samples: Int)] = [
        (.process, 100), (.container, 60), (.kvm, 20), (.qemu, 7),
    ]

    @Test func theSameSeedGivesTheSameOrder() {
        #expect(Plan(engines: engines, warmup: 2, seed: 7) == Plan(engines: engines, warmup: 2, seed: 7))
        #expect(Plan(engines: engines, warmup: 2, seed: 7) != Plan(engines: engines, warmup: 2, seed: 8))
    }

    @Test func theOrderIsThatOfSplitMix64OnEveryMachine() {
        // First outputs for seed 1234567 as the algorithm's published reference implementation prints them.
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in generator.next() }
                == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func everyEngineGetsItsSamplesAndWarmupsComeFirst(seed: UInt64) {
        let plan = Plan(engines: engines, warmup: 3, seed: seed)
        #expect(plan.trials.map(\.index) == Array(0..<plan.trials.count))
        for (id, samples) in engines {
            #expect(plan.trials.count { $0.engine == id && !$0.warmup } == samples)
            #expect(plan.trials.count { $0.engine == id && $0.warmup } == 3)
        }
        #expect(plan.trials.prefix(3 * engines.count).allSatisfy { $0.warmup })
        #expect(plan.trials.dropFirst(3 * engines.count).allSatisfy { !$0.warmup })
    }

    /// At every moment of a run each engine has had its share of trials so far: a drift falls on all alike.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func enginesAreSpreadEvenlyOverTheWholeRun(seed: UInt64) {
        let order = Plan(engines: engines, warmup: 0, seed: seed).trials.map(\.engine)
        let total = Double(order.count)
        for (id, samples) in engines {
            var seen = 0.0
            for (index, engine) in order.enumerated() {
                if engine == id { seen += 1 }
                let share = Double(samples) * Double(index + 1) / total
                // One stratum of its own, and one of each engine by which the place of the cut may be off.
                let slack = 1 + Double(samples) * Double(engines.count) / total
                #expect(abs(seen - share) <= slack, "\(id) at \(index) of seed \(seed)")
            }
        }
    }

    @Test func noEngineAndNoSampleGiveAnEmptyPlan() {
        #expect(Plan(engines: [], warmup: 3, seed: 1).trials.isEmpty)
        #expect(Plan(engines: [(.process, 0)], warmup: 0, seed: 1).trials.isEmpty)
    }
}
