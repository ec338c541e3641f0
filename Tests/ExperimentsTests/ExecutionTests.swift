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

    @Test func twiceTheWorkIsTwiceTheInstructions() throws {
        let counts = try [2, 4].map { rounds in
            let found = try ExperimentRun.perform(Count(rounds: rounds), on: .qemuDirect)
            return try #require(found.values["instructions-count"])
        }
        // A round of integers is some millions of them; what the kernel does meanwhile is little beside.
        #expect(counts[0] > 2_000_000)
        #expect((1.98...2.02).contains(counts[1] / counts[0]), "\(counts)")
    }

    @Test(.enabled(if: ExperimentRun.hasContainers, "containers with cgroups need root"))
    func underNoEmulationNobodyCounts() throws {
        for engine in [EngineID.process, .container] {
            let found = try ExperimentRun.perform(Execution(), on: engine, at: [.setting: "syscall"])
            #expect(try #require(found.values["round-ns"]) > 0)
            #expect(try #require(found.values["cpu-round-ns"]) > 0)
            #expect(found.values["instructions-per-round-count"] == nil)
            // Only a VM knows other ways of being made.
            let error = try ExperimentRun.failure(of: Count(rounds: 1), on: engine)
            #expect(error.kind == .usage)
        }
    }

    @Test func anUnknownKindOfWorkIsNamedWithTheNearest() throws {
        let error = try ExperimentRun.failure(of: Execution(), on: .process, at: [.setting: "syscal"])
        #expect(error.kind == .usage && error.message.contains("did you mean \"syscall\""))
    }
}
