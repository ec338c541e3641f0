import Foundation
import Glibc
import LabFile
import Testing

@testable import Experiments
@testable import LabCore
@testable import LabRunner

/// A run in a home of its own, in which experiments are made on real engines.
final class Trials {
    let context: RunContext
    /// Where everything of the run lies; gone when the last reference goes.
    private let home: String
    private var engines: [any Engine] = []

    /// What may be kept from one test run to the next: kernels, and what libvirt knows of QEMU.
    private static let sharedCache = "/tmp/lab-experiment-tests-\(getuid())/cache"

    init(mayFetch: Bool = false) throws {
        home = "/tmp/lab-experiments-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let paths = LabPaths(cache: Self.sharedCache, state: "\(home)/state")
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        let root = try RootFilesystem.minimal(guest: guest, paths: paths)
        let journal = try RunJournal(runID: "x\(UInt32.random(in: 0 ... .max))", paths: paths)
        context = RunContext(
            runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root, mayFetch: mayFetch)
        try Files.makeDirectory(paths.run(context.runID), mode: 0o700)
    }

    deinit { try? Files.removeTree(home) }

    /// An engine that is ready; where it does not work, the test is skipped with the reason.
    func engine(_ id: EngineID) throws -> any Engine {
        var settings = EngineSettings()
        settings.fetchesKernel = true
        settings.handsCgroupsOn = false
        let engine = try #require(EngineFactory.make([id], settings, context: context).first)
        if case .unavailable(let because, _) = engine.probe() {
            context.journal.finish()
            try Test.cancel("skipped: \(id): \(because)")
        }
        try engine.prepare(context)
        engines.append(engine)
        return engine
    }

    /// One trial of an experiment.
    func perform(_ experiment: any Experiment, on engine: any Engine, _ point: Point = [:]) throws -> Finding
    {
        let title = LocalizedText(en: "", zh: "")
        let lab = LabDefinition(
            id: "test", title: title, question: title, dimension: "", engines: [engine.id], workload: "idle",
            method: .experiment, metrics: [], samples: .init(default: 1, warmup: 0), budgetSeconds: 60,
            timeoutSeconds: 40, memoryBytes: 256 << 20, cpus: 1, claims: [])
        var next = 0
        let bench = Bench(lab: lab, context: context, point: point, seed: 7) {
            defer { next += 1 }
            self.taken += 1
            return self.taken
        }
        let finding = try experiment.perform(on: engine, bench)
        #expect(bench.disposalFailure == nil)
        return finding
    }
    private var taken = 0

    /// Ends the engines and says what is left of the run: nothing, if all is well.
    func end() -> [String] {
        for engine in engines { engine.shutDown() }
        engines = []
        context.journal.finish()
        rmdir(context.paths.run(context.runID))
        let traces = Traces(of: context)
        return [traces.processes, traces.cgroups, traces.mounts, traces.files].flatMap { $0.sorted() }
    }
}
