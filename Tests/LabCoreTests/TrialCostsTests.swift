import Results
import Testing

@testable import LabCore

@Suite struct TrialCostsTests {
    private let engines = [
        EngineRecord(id: .process, kind: .process),
        EngineRecord(id: .qemu, kind: .virtualMachine, emulated: true),
    ]

    private func lab(_ series: [Series] = [.plain]) -> LabDefinition {
        var lab = ResultFixture.lab()
        lab.series = series
        return lab
    }

    @Test("What was measured goes before a guess, and only engines that are there count")
    func measuredFirst() {
        var costs = TrialCosts()
        func need(_ engines: [EngineRecord]) -> Double {
            costs.firstRound(of: lab(), on: engines, hasSystem: false)
        }
        // A warm-up and a sample of each.
        #expect(need(engines) == 2 * (0.001 + 1) && need([engines[0]]) == 0.002)
        costs.learn([
            TrialCosts.key(Plan.Cell(engine: .qemu), in: lab()): (30, 3), TrialCosts.key(.qemu): (5, 1),
        ])
        #expect(need(engines) == 0.002 + 2 * 10 + 5 && need([engines[0]]) == 0.002)
    }

    @Test("A complete system costs what it takes, and nothing where there is none")
    func systems() {
        let system = Series(
            id: "system", parameters: [.init(.payload, ["system"])], samples: .init(default: 5, warmup: 0))
        let (lab, costs) = (lab([system]), TrialCosts())
        #expect(costs.firstRound(of: lab, on: [engines[1]], hasSystem: true) == 15)
        #expect(costs.firstRound(of: lab, on: [engines[1]], hasSystem: false) == 0)
    }

    @Test func theyAreKept() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/costs.json"
            var costs = TrialCosts()
            costs.learn(["startup-latency qemu": (3, 2), "kvm": (1, 1)])
            try costs.write(to: path)
            #expect(TrialCosts(at: path) == costs && costs.measured["startup-latency qemu"] == 1.5)
            #expect(TrialCosts(at: "\(directory)/none") == TrialCosts())
            // The last run's are those that stay.
            let many = (0...TrialCosts.most).map { ("cell \($0)", (seconds: 1.0, count: 1.0)) }
            costs.learn(Dictionary(uniqueKeysWithValues: many.dropFirst()))
            #expect(costs.measured.count == TrialCosts.most && costs.measured["kvm"] == nil)
        }
    }

    @Test("Whatever stands in the file, what is taken from it is a length of time")
    func hostileFiles() {
        for text in ["", "[]", #"{"a": "1"}"#, #"{"a": 1e400}"#, #"{"a": -1, "b": 86401}"#] {
            #expect(TrialCosts(reading: Array(text.utf8)) == TrialCosts(), "\(text)")
        }
        var fuzzer = Fuzzer(seed: 12)
        let seed = Array(#"{"qemu": 0.25, "startup-latency qemu": 1.5}"#.utf8)
        for _ in 0..<3_000 {
            let bytes = fuzzer.mutated(seed, dictionary: ["{", "\"", "-", "e9", "1e308", "null"])
            let costs = TrialCosts(reading: bytes)
            #expect(costs.measured.values.allSatisfy { (0...TrialCosts.longest).contains($0) })
            let need = costs.firstRound(of: lab(), on: engines, hasSystem: true)
            #expect(TrialCosts.budget(for: need) >= 1)
        }
    }
}
