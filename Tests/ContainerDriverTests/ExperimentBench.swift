import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore

/// Makes one experiment on a prepared container engine, and checks that nothing of it is left.
func perform(_ id: String, at point: Condition = [:]) throws -> Finding {
    let experiment = try #require(ContainerExperiments.all.first { $0.id == id })
    var found: Result<Finding, LabError>?
    try withContainer { engine, context in
        var index = 0
        let bench = Bench(lab: lab, context: context, condition: point, digests: ComputeDigests(), seed: 7) {
            defer { index += 1 }
            return index
        }
        do throws(LabError) {
            found = .success(try experiment.perform(on: engine, bench))
        } catch {
            found = .failure(error)
        }
        #expect(bench.disposalFailure == nil)
        let recorded = try context.journal.recorded()
        for resource in recorded where resource.kind == .cgroup && !resource.name.hasSuffix("-container") {
            #expect(!Files.exists(resource.name), "\(resource.name) is left")
        }
        let run = context.paths.run(context.runID)
        #expect(MountTable.current().mountPoints(in: run).isEmpty)
        #expect(Files.list(run) == ["root"])
    }
    return try #require(found).get()
}

/// Whether these of its findings are so, all of them.
func truths(_ finding: Finding, _ names: String...) -> Bool {
    names.allSatisfy { finding.values[$0] == 1 && finding.facts[$0] != nil }
}

private let lab = LabDefinition(
    id: "experiments", title: .init(en: "", zh: ""), question: .init(en: "", zh: ""), dimension: "核心实现技术",
    engines: [.container], workload: "idle", method: .experiment, metrics: [],
    samples: .init(default: 1, warmup: 0), budgetSeconds: 60, timeoutSeconds: 20, memoryBytes: 64 << 20,
    cpus: 1, claims: [])
