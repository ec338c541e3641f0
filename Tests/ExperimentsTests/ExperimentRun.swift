import Foundation
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import LabRunner

/// Runs experiments as a run does, on an engine of this machine, and looks afterwards for what is left.
struct ExperimentRun {
    /// Why an engine does not work here; nil when it does. KVM and libvirt are tested elsewhere: a VM here is
    /// `qemu-direct`, because libvirt opens one embedded root in a process, and other tests do.
    static func obstacle(_ engine: EngineID) -> String? {
        do {
            var reason: String?
            try with(engine) { made, _ in
                if case .unavailable(let because, _) = made.probe() { reason = because }
            }
            return reason
        } catch {
            return "\(error)"
        }
    }

    static let hasContainers = geteuid() == 0 && obstacle(.container) == nil
    static let hasVMs = obstacle(.qemuDirect) == nil

    /// Guest kernels are unpacked and roots built once for all test runs; a program that was only just written is busy
    /// while a child that another test clones has not closed it.
    private static let cache = "/tmp/lab-vm-tests-\(getuid())/cache"

    private static func with(
        _ id: EngineID, _ body: (any Engine, RunContext) throws -> Void
    ) throws {
        let state = "/tmp/lab-fault-tests-\(UInt32.random(in: 0 ... .max))"
        let paths = LabPaths(cache: cache, state: state)
        defer { try? Files.removeTree(state) }
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        let root = try RootFilesystem.minimal(guest: guest, paths: paths)
        let journal = try RunJournal(runID: "x\(UInt32.random(in: 0 ... .max))", paths: paths)
        defer { journal.finish() }
        let context = RunContext(runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root)
        try Files.makeDirectory(paths.run(journal.runID), mode: 0o700)
        var settings = EngineSettings()
        settings.fetchesKernel = true
        settings.handsCgroupsOn = false
        let engine = try #require(EngineFactory.make([id], settings, context: context).first)
        try body(engine, context)
    }

    /// Makes one trial of `experiment` at `point` and hands over what it yielded; nothing of it may be left.
    static func perform(
        _ experiment: any Experiment, on id: EngineID, at point: Point = [:], mebibytes: UInt64 = 256,
        _ body: (Observation) throws -> Void
    ) throws {
        try with(id) { engine, context in
            try engine.prepare(context)
            var lab = minimalLab
            lab.memoryBytes = mebibytes << 20
            var procedure = TrialProcedure(lab: lab, experiments: [experiment], context: context)
            let parameters = point.merging([.experiment: experiment.id]) { own, _ in own }
            let conclusion = procedure.perform(
                Plan.Trial(index: 0, engine: id, parameters: parameters, warmup: false), on: engine)
            #expect(conclusion.disposalFailure == nil)
            engine.shutDown()
            let recorded = try context.journal.recorded()
            for resource in recorded where resource.kind == .cgroup || resource.kind == .file {
                #expect(!Files.exists(resource.name), "\(resource) is left")
            }
            #expect(Files.list(context.paths.run(context.runID)).isEmpty)
            #expect(processes(of: context).isEmpty)
            try body(conclusion.observation)
        }
    }

    /// Processes that run a guest of this cache, or name the run.
    private static func processes(of context: RunContext) -> [pid_t] {
        Files.list("/proc").compactMap { pid_t($0) }.filter { pid in
            guard pid != getpid(), let line = try? Files.readText("/proc/\(pid)/cmdline"), !line.isEmpty
            else {
                return false
            }
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
            let isFault = line.contains("fork-bomb") || line.contains("hog-") || line.contains("fill-disk")
            return line.contains(context.runID)
                || isFault && program == context.rootFilesystem.hostGuestPath
        }
    }

    private static let minimalLab = LabDefinition(
        id: "experiment", title: LocalizedText(en: "", zh: ""), question: LocalizedText(en: "", zh: ""),
        dimension: "隔离性", engines: [], workload: "pace", method: .experiment, metrics: [],
        samples: LabDefinition.Samples(default: 1, warmup: 0), budgetSeconds: 120, timeoutSeconds: 60,
        memoryBytes: 256 << 20, cpus: 1, claims: [])
}

extension Observation {
    /// The fact of that name.
    func fact(_ name: String) throws -> Fact { try #require(facts?[name]) }
}
