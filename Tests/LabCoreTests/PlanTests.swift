import LabCore
import Testing

struct PlanTests {
    /// A plan in which nothing is varied.
    private func plan(_ engines: [(id: EngineID, samples: Int)], warmup: Int, growth: Int = 1, seed: UInt64)
        -> Plan
    {
        Plan(
            engines.map {
                Plan.Quota(Plan.Cell(engine: $0.id), samples: $0.samples, warmup: warmup, growth: growth)
            }, seed: seed)
    }

    private let engines: [(id: EngineID, samples: Int)] = [
        (.process, 100), (.container, 60), (.kvm, 20), (.qemu, 7),
    ]

    @Test func theSameSeedGivesTheSameOrder() {
        #expect(plan(engines, warmup: 2, seed: 7) == plan(engines, warmup: 2, seed: 7))
        #expect(plan(engines, warmup: 2, seed: 7) != plan(engines, warmup: 2, seed: 8))
    }

    @Test func theOrderIsThatOfSplitMix64OnEveryMachine() {
        // First outputs for seed 1234567 as the algorithm's published reference implementation prints them.
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in generator.next() }
                == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }

    @Test("every engine gets its samples, and warm-ups come first", arguments: 0..<50 as Range<UInt64>)
    func everyEngineGetsItsSamples(seed: UInt64) {
        let plan = plan(engines, warmup: 3, seed: seed)
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
        let order = plan(engines, warmup: 0, seed: seed).trials.map(\.engine)
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

    @Test("The first round has every cell, none has two of one, and blocks are of neighbouring rounds")
    func roundsAndBlocks() throws {
        let trials = plan(engines, warmup: 1, growth: 2, seed: 5).trials.filter { !$0.warmup }
        #expect(Set(trials.filter { $0.round == 0 }.map(\.engine)) == Set(engines.map(\.id)))
        let rounds = Dictionary(grouping: trials, by: \.round)
        #expect(rounds.count == 200)
        #expect(rounds.values.allSatisfy { Set($0.map(\.engine)).count == $0.count })
        #expect(
            rounds.values.allSatisfy { Set($0.map(\.block)).count == 1 && Set($0.map(\.extra)).count == 1 })
        #expect(trials.map(\.round) == trials.map(\.round).sorted())
        #expect(trials.map(\.block) == trials.map(\.block).sorted())
        #expect(Set(trials.map(\.block)) == Set(0..<2 * Plan.blocks))
        // An engine with fewer samples than there are blocks has no two in one.
        let dear = trials.filter { $0.engine == .qemu && !$0.extra }
        #expect(Set(dear.map(\.block)).count == 7)
    }

    @Test func noEngineAndNoSampleGiveAnEmptyPlan() {
        #expect(plan([], warmup: 3, seed: 1).trials.isEmpty)
        #expect(plan([(.process, 0)], warmup: 0, seed: 1).trials.isEmpty)
    }

    /// The extra trials come after all planned ones, and the planned ones are those of a plan without growth.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func extraTrialsComeLastAndRoundByRound(seed: UInt64) {
        let grown = plan(engines, warmup: 1, growth: 3, seed: seed).trials
        let planned = plan(engines, warmup: 1, seed: seed).trials
        #expect(Array(grown.prefix(planned.count)) == planned)
        let extra = grown.dropFirst(planned.count)
        #expect(extra.allSatisfy { $0.extra && !$0.warmup })
        for (id, samples) in engines { #expect(extra.count { $0.engine == id } == 2 * samples) }
        let round = engines.map(\.samples).reduce(0, +)
        for (id, samples) in engines {
            #expect(extra.prefix(round).count { $0.engine == id } == samples)
        }
    }

    @Test("every combination of the parameters is measured on the engines of its series")
    func everyCombinationIsMeasured() {
        var lab = ResultFixture.lab()
        lab.engines = [.process, .container, .qemu]
        lab.samples = .init(default: 4, perEngine: [.qemu: 2], warmup: 0)
        lab.series = [
            .plain,
            Series(
                id: "both", parameters: [.init(.touch, ["0", "64"]), .init(.instances, ["1", "2", "4"])],
                engines: [.container, .qemu], samples: .init(default: 3, warmup: 1)),
        ]
        let trials = Plan(lab, engines: [.process, .container, .qemu], seed: 3).trials
        #expect(trials.count == 4 + 4 + 2 + 6 * 2 * (3 + 1))
        #expect(trials.filter { !$0.parameters.isEmpty }.allSatisfy { $0.engine != .process })
        let points = Set(trials.filter { $0.engine == .qemu && !$0.warmup }.map(\.parameters))
        #expect(points.count == 7)
        for point in points where !point.isEmpty {
            #expect(trials.count { $0.engine == .qemu && !$0.warmup && $0.parameters == point } == 3)
        }
        // An engine that does not work here takes no part.
        #expect(Plan(lab, engines: [.process], seed: 3).trials.allSatisfy { $0.engine == .process })
    }
}
