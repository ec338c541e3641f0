import LabFile
import Testing

@testable import LabCore

/// `lab run --sweep`: which cells it makes of a lab.
@Suite struct SweepTests {
    private let limits = [
        Series.Varied(.memory, [[.memory: "64MiB"], [.memory: "128MiB"]]),
        Series.Varied(.cpus, [[.cpus: "1"], [.cpus: "2"]]),
    ]

    private func lab(_ id: String) throws -> LabDefinition {
        try LabDirectory.open("\(checkout)/labs", engines: KnownEngines.ids).definition(id)
    }

    @Test("All combinations on every engine with limits, and the bare process once without")
    func allCombinations() throws {
        let lab = try lab("startup-latency").swept(over: limits, all: false)
        #expect(lab.series.map(\.id) == ["plain-process", "plain"])
        #expect(lab.engines(of: lab.series[0]) == [.process] && lab.series[0].points == [[:]])
        let swept = lab.series[1]
        #expect(
            swept.points == [
                [.memory: "64MiB", .cpus: "1"], [.memory: "64MiB", .cpus: "2"],
                [.memory: "128MiB", .cpus: "1"], [.memory: "128MiB", .cpus: "2"],
            ])
        #expect(!lab.engines(of: swept).contains(.process) && lab.engines(of: swept).contains(.container))
    }

    @Test("Without --series each engine takes part in its first, with it in all that were chosen")
    func whichSeries() throws {
        let memory = try lab("memory-footprint").swept(over: limits, all: false)
        #expect(memory.series.allSatisfy { !$0.points.isEmpty })
        for engine in memory.engines where engine != .process {
            #expect(memory.series.count { memory.engines(of: $0).contains(engine) } == 1, "\(engine)")
        }
        let all = try lab("startup-latency").swept(over: [limits[0]], all: true)
        #expect(all.series.count { $0.parameters.contains { $0.parameter == .memory } } == 7)
    }

    @Test("A trial has the limits of its condition, else the lab's")
    func trialsHaveTheirLimits() throws {
        let lab = try lab("startup-latency")
        func request(_ point: Condition) -> LaunchRequest {
            let trial = Plan.Trial(index: 0, engine: .container, parameters: point, warmup: false)
            return TrialProcedure(lab: lab).request(.noop, of: trial, began: .now())
        }
        #expect(request([:]).memoryBytes == 256 << 20 && request([:]).cpus == 1)
        let other = request([.memory: "64 MiB", .cpus: "2"])
        #expect(other.memoryBytes == 64 << 20 && other.cpus == 2 && other.condition[.memory] == "64MiB")
    }

    @Test("A lab of experiments, a bare process alone, and too many combinations are refused")
    func refused() throws {
        var alone = try lab("startup-latency")
        alone.engines = [.process]
        let many = (1...1_024).map { number -> Condition in [.cpus: "\(number)"] }
        let sizes = (1...10).map { number -> Condition in [.memory: "\(16 * number)MiB"] }
        let cases: [(LabDefinition, [Series.Varied])] = [
            (try lab("density"), limits), (alone, limits),
            (try lab("startup-latency"), [.init(.cpus, many), .init(.memory, sizes)]),
        ]
        for (lab, limits) in cases {
            let error = #expect(throws: LabError.self) { try lab.swept(over: limits, all: false) }
            #expect(error?.kind == .usage && error?.remedy != nil)
        }
    }
}
