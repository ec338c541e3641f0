import Foundation
import Glibc
import Testing

@testable import Experiments
@testable import LabCore
@testable import LabRunner

/// What runs on the host for an instance, and what instances see of each other.
@Suite(.enabled(if: geteuid() == 0, "skipped: needs root"), .serialized)
struct MachineryTests {
    private func perform(_ experiment: any Experiment, on id: EngineID) throws -> Finding {
        let home = "/tmp/lab-experiments-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        defer { try? Files.removeTree(home) }
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        let root = try RootFilesystem.minimal(guest: guest, paths: paths)
        let journal = try RunJournal(runID: "t\(UInt32.random(in: 0 ... .max))", paths: paths)
        defer { journal.finish() }
        let context = RunContext(runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root)
        let engine = try #require(EngineFactory.make([id], EngineSettings(), context: context).first)
        try engine.prepare(context)
        defer { engine.shutDown() }
        let lab = LabDefinition(
            id: "experiments", title: .init(en: "", zh: ""), question: .init(en: "", zh: ""),
            dimension: "核心实现技术", engines: [id], workload: "idle", method: .experiment, metrics: [],
            samples: .init(default: 1, warmup: 0), budgetSeconds: 60, timeoutSeconds: 20,
            memoryBytes: 64 << 20, cpus: 1, claims: [])
        var index = 0
        let bench = Bench(lab: lab, context: context, point: [:], seed: 7) {
            defer { index += 1 }
            return index
        }
        let finding = try experiment.perform(on: engine, bench)
        #expect(bench.disposalFailure == nil)
        return finding
    }

    @Test(arguments: [EngineID.process, .container])
    func aContainerIsOneProcessAndOurChild(id: EngineID) throws {
        let finding = try perform(Machinery(), on: id)
        #expect(finding.values["other-programs-count"] == 0, "\(finding)")
        #expect(finding.values["processes-count"] == 1 && finding.values["direct-child"] == 1)
        #expect(finding.values["hypervisor-program"] == 0 && finding.values["kvm-descriptors-count"] == 0)
    }

    @Test func aContainerSeesOnlyItself() throws {
        let finding = try perform(Viewpoint(), on: .container)
        for name in ["pid-1-inside", "sees-only-itself", "own-network"] {
            #expect(finding.values[name] == 1, "\(name): \(finding)")
        }
        #expect(finding.values["processes-seen-count"] == 1)
    }

    @Test func aBareProcessSeesTheHost() throws {
        let finding = try perform(Viewpoint(), on: .process)
        for name in ["pid-1-inside", "sees-only-itself", "own-network"] {
            #expect(finding.values[name] == 0, "\(name): \(finding)")
        }
        #expect((finding.values["processes-seen-count"] ?? 0) > 1)
    }
}
