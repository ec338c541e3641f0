import Foundation
import Glibc
import Testing

@testable import Experiments
@testable import LabCore
@testable import LabFile
@testable import LabRunner

/// A run for one experiment, in a home of its own; afterwards nothing of it may be left on the host.
enum ProbeBench {
    static let isRoot = geteuid() == 0

    /// Makes the experiment once on an engine; skips where that does not work here.
    static func perform(
        _ experiment: any Experiment, of lab: String, on engine: EngineID, isolation: String? = nil
    ) throws -> Finding {
        let home = "/tmp/lab-probes-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        // Kernels take seconds to get, so that their cache outlives the test run.
        let paths = LabPaths(cache: "/tmp/lab-vm-tests-\(getuid())/cache", state: "\(home)/state")
        defer { try? Files.removeTree(home) }
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        let root = try RootFilesystem.minimal(guest: guest, paths: paths)
        let journal = try RunJournal(runID: "t\(UInt32.random(in: 0 ... .max))", paths: paths)
        defer { journal.finish() }
        let context = RunContext(runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root)
        let made = EngineFactory.make([engine], EngineSettings(fetchesKernel: true), context: context)
        let subject = try #require(made.first)
        if case .unavailable(let because, _) = subject.probe() { try Test.cancel("skipped: \(because)") }
        try subject.prepare(context)
        defer { subject.shutDown() }
        var point: Point = [.experiment: experiment.id]
        if let isolation { point[.isolation] = isolation }
        var instances = 0
        let bench = Bench(
            lab: try LabCatalogue.open("\(checkout)/labs").definition(lab), context: context, point: point,
            seed: .random(in: 0 ... .max)
        ) {
            instances += 1
            return instances
        }
        let finding = try experiment.perform(on: subject, bench)
        #expect(bench.disposalFailure == nil)
        for resource in try journal.recorded() {
            switch resource.kind {
            case .sharedMemory: #expect(shmget(key_t(resource.name) ?? 0, 0, 0) == -1)
            case .file: #expect(!Files.exists(resource.name))
            case .directory where resource.name.contains("/planted-"): #expect(!Files.exists(resource.name))
            default: break
            }
        }
        return finding
    }
}

extension Finding {
    func isSo(_ name: String) -> Bool? { values[name].map { $0 == 1 } }
    func mechanism(_ name: String) -> Mechanism? { facts[name]?.mechanism }
}
