import Foundation
import LabFile
import Testing

@testable import LabCore
@testable import LabRunner

/// One trial of a lab that ships, on a real engine: what it found, or why it failed.
enum RealTrials {
    /// Kernels and libvirt's knowledge of QEMU take seconds to get, so that the cache outlives the test run.
    static let paths = LabPaths(
        cache: "/tmp/lab-vm-tests-\(getuid())/cache",
        state: "/tmp/lab-vm-tests-\(getuid())/experiments-\(getpid())")

    /// Makes one trial and checks that its run leaves nothing.
    static func make(_ lab: String, on engine: EngineID, _ point: Point) throws -> Observation {
        let definition = try LabCatalogue.open("\(checkout)/labs").definition(lab)
        return try withEngine(engine) { engine, context in
            try engine.prepare(context)
            var procedure = TrialProcedure(
                lab: definition, experiments: ExperimentTable.all, context: context, seed: 1)
            let trial = Plan.Trial(index: 0, engine: engine.id, parameters: point, warmup: false)
            let conclusion = procedure.perform(trial, on: engine)
            #expect(conclusion.disposalFailure == nil)
            return conclusion.observation
        }
    }

    /// Why this engine can't be tested here, nil when it can.
    static func obstacle(_ engine: EngineID) -> String? {
        do {
            return try withEngine(engine) { engine, _ in
                if case .unavailable(let because, _) = engine.probe() { because } else { nil }
            }
        } catch { return "\(error)" }
    }

    static let hasContainers = obstacle(.container) == nil
    static let hasMachines = obstacle(.qemu) == nil

    private static func withEngine<Value>(
        _ id: EngineID, _ body: (any Engine, RunContext) throws -> Value
    ) throws -> Value {
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        let root = try RootFilesystem.minimal(guest: guest, paths: paths)
        let runID = "x\(UInt32.random(in: 0 ... .max))"
        let journal = try RunJournal(runID: runID, paths: paths)
        let context = RunContext(runID: runID, paths: paths, journal: journal, rootFilesystem: root)
        defer {
            journal.finish()
            rmdir(paths.run(runID))
            let left = Files.list(paths.state + "/runs").filter { $0.hasPrefix(runID) }
            #expect(left.isEmpty, "\(left)")
        }
        let engine = try #require(
            EngineFactory.make([id], EngineSettings(fetchesKernel: true), context: context).first)
        defer { engine.shutDown() }
        return try body(engine, context)
    }
}
