import Testing

@testable import Experiments
@testable import LabCore

/// What one round of work costs and what is counted of it, on the real thing.
@Suite struct ExecutionTests {
    /// Hands over how many instructions some rounds were.
    private struct Count: Experiment {
        let id = "count"
        let rounds: Int
        func perform(on engine: any Engine, _ bench: LabCore.Bench) throws(LabError) -> Finding {
            let count = try Execution.instructions(of: "integer", rounds: rounds, on: engine, bench)
            return Finding(values: ["instructions-count": Double(count)])
        }
    }

    @Test(.enabled(if: ExperimentRun.hasVMs, "no VM can be started here"))
    func twiceTheWorkIsTwiceTheInstructions() throws {
        var counts: [Double] = []
        for rounds in [2, 4] {
            try ExperimentRun.perform(Count(rounds: rounds), on: .qemuDirect) { sample in
                #expect(sample.outcome == .completed)
                counts.append(try #require(sample.values["instructions-count"]))
            }
        }
        // A round of integers is some millions of them; what the kernel does meanwhile is little beside.
        #expect(counts[0] > 2_000_000)
        #expect((1.98...2.02).contains(counts[1] / counts[0]), "\(counts)")
    }

    @Test(.enabled(if: ExperimentRun.hasContainers, "containers with cgroups need root"))
    func underNoEmulationNobodyCounts() throws {
        for engine in [EngineID.process, .container] {
            try ExperimentRun.perform(Execution(), on: engine, at: [.setting: "syscall"]) { (sample) throws in
                #expect(sample.outcome == .completed)
                #expect(try #require(sample.values["round-ns"]) > 0)
                #expect(try #require(sample.values["cpu-round-ns"]) > 0)
                #expect(sample.values["instructions-per-round-count"] == nil)
            }
            // Only a VM knows other ways of being made.
            try ExperimentRun.perform(Count(rounds: 1), on: engine) { sample in
                guard case .failed(let error, _) = sample.outcome else {
                    Issue.record("\(engine) counted")
                    return
                }
                #expect(error.kind == .usage)
            }
        }
    }

    @Test(.enabled(if: ExperimentRun.hasContainers, "containers with cgroups need root"))
    func anUnknownKindOfWorkIsNamedWithTheNearest() throws {
        try ExperimentRun.perform(Execution(), on: .process, at: [.setting: "syscal"]) { sample in
            guard case .failed(let error, _) = sample.outcome else {
                Issue.record("there is no such kind")
                return
            }
            #expect(error.kind == .usage && error.message.contains("did you mean \"syscall\""))
        }
    }
}
