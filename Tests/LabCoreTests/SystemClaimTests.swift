import LabFile
import Testing

@testable import LabCore

/// The claims of startup-latency that are about a complete system.
@Suite struct SystemClaimTests {
    private static let lab = Result {
        try LabDirectory.open("\(checkout)/labs").definition("startup-latency")
    }

    private static func judge(_ id: String, _ samples: [(EngineID, Condition, UInt64)]) throws -> Judgement {
        let lab = try lab.get()
        let claim = try #require(lab.claims.first { $0.id == id })
        let engines: [EngineID] = [.container, .kvm, .qemu]
        let header = RunResult.Header(
            version: "0", runID: "r", startedAt: "2026-11-28T00:00:00Z", lab: lab, command: "lab run",
            plan: Plan([], seed: 7), environment: Environment(cgroupLayout: "v2"),
            engines: engines.map { EngineRecord(id: $0, kind: .virtualMachine, emulated: $0 == .qemu) },
            digests: [:])
        var observations: [Observation] = []
        for (engine, point, nanoseconds) in samples {
            for _ in 0..<BlockInterval.fewest {
                var timeline = Timeline()
                let zero = MonotonicInstant(nanoseconds: 0)
                timeline.stamp(.requested, at: zero, since: zero)
                timeline.stamp(.firstOutput, at: MonotonicInstant(nanoseconds: nanoseconds), since: zero)
                observations.append(
                    Observation(
                        index: observations.count, engine: engine, parameters: point, warmup: false,
                        outcome: .completed, timeline: timeline))
            }
        }
        let result = RunResult(header: header, samples: observations, closing: .init(.complete))
        return try #require(claim.judge(Figures(result)).first)
    }

    @Test(
        "The claims about minutes are judged on a complete system and name it; the small pairing names itself"
    )
    func scopes() throws {
        let claims = try Self.lab.get().claims
        for id in ["vm-minutes", "linux-vm-half-a-minute"] {
            let rule = try #require(claims.first { $0.id == id }).rule
            #expect(rule.at == [.payload: "system"] && rule.scope?[.english] == "a complete system")
        }
        #expect(claims.first { $0.id == "vm-sixty-containers" }?.rule.scope != nil)
    }

    @Test(
        "How soon a VM of one program answers decides nothing about a complete system, which decides it itself",
        arguments: ["vm-minutes", "linux-vm-half-a-minute"])
    func smallPairsDecideNothing(claim id: String) throws {
        let system: Condition = [.payload: "system"]
        let small: [(EngineID, Condition, UInt64)] = [
            (.kvm, [:], 1_000_000_000), (.qemu, [:], 2_000_000_000),
        ]
        #expect(try Self.judge(id, small).verdict == .notMeasurable)
        #expect(try Self.judge(id, small + [(.qemu, system, 17_000_000_000)]).verdict == .contradicted)
        #expect(try Self.judge(id, small + [(.qemu, system, 90_000_000_000)]).verdict == .notMeasurable)
        #expect(try Self.judge(id, small + [(.kvm, system, 3_000_000_000)]).verdict == .contradicted)
    }
}
