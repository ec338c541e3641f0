import Artifacts
import Foundation
import Glibc
import LabFile
import Synchronization
import Testing

@testable import Experiments
@testable import LabCore
@testable import LabRunner

/// A run in a home of its own, with one engine of this machine: what an experiment needs to be made for real.
///
/// Afterwards nothing of it may be left, whatever came of the experiment. Where the engine does not work, the test is
/// skipped with the reason.
struct ExperimentRun {
    let context: RunContext
    let engine: any PreparedEngine

    static let isRoot = geteuid() == 0
    /// Held by who has the kernel merge alike pages, or has VMs whose pages may not be merged while it looks at them.
    static let merging = Mutex<Void>(())
    /// Whether a container works here and has limits, which need root.
    static let hasContainers = isRoot && works(.container)
    /// Whether a VM boots here. KVM and libvirt are left out, so that this holds on every machine that has QEMU.
    static let hasVMs = works(.qemuDirect)

    /// The containers of others.
    static let peers = EngineFactory.all.filter { $0.role == .peer && $0.kind == .container }.map(\.id)

    /// Makes one trial of `experiment` and hands over what it found.
    /// - Throws: what the trial failed with.
    static func perform(
        _ experiment: any Experiment, on engine: EngineID, at point: Condition = [:], lab: String? = nil,
        mebibytes: UInt64? = nil
    ) throws -> Finding {
        try with(engine) { run in
            try run.perform(experiment, at: point, lab: lab, mebibytes: mebibytes)
        }
    }

    /// Makes one trial that has to fail, and hands over with what.
    static func failure(
        of experiment: any Experiment, on engine: EngineID, at point: Condition = [:], lab: String? = nil
    ) throws -> LabError {
        try with(engine) { run in
            let observation = try run.observe(experiment, at: point, lab: lab, mebibytes: nil).observation
            let error: LabError? = if case .failed(let error, _) = observation.outcome { error } else { nil }
            return try #require(error, "\(observation)")
        }
    }

    static let noSystem = Result<SystemTree, LabError>.failure(LabError(.unavailable, "not asked for"))

    /// Lends a run to `body`, for a test that looks at more than what one experiment found.
    static func with<Value>(
        _ id: EngineID, system: Result<SystemTree, LabError> = noSystem,
        _ body: (ExperimentRun) throws -> Value
    ) throws -> Value {
        let (value, left) = try lend(id, system: system, body)
        #expect(left.isEmpty, "left: \(left.joined(separator: ", "))")
        return try value.get()
    }

    /// Lends a run to a `body` that leaves something on purpose, and hands over what is found of it.
    static func leftovers(on id: EngineID, _ body: (ExperimentRun) throws -> Void) throws -> [String] {
        let (value, left) = try lend(id, body)
        try value.get()
        return left
    }

    private static func lend<Value>(
        _ id: EngineID, system: Result<SystemTree, LabError> = noSystem,
        _ body: (ExperimentRun) throws -> Value
    ) throws -> (Result<Value, any Error>, left: [String]) {
        try withUnprepared(id, system: system) { engine, context in
            if let obstacle = obstacle(of: engine, context) { try Test.cancel("skipped: \(id): \(obstacle)") }
            let run = ExperimentRun(context: context, engine: try engine.prepare(context))
            let value = Result { try body(run) }
            run.engine.shutDown()
            return (value, try run.leftovers())
        }
    }

    /// - Parameters:
    ///   - lab: one that ships, whose memory and limits hold; nil for one that asks for nothing special.
    ///   - mebibytes: memory of an instance; nil for the lab's.
    /// - Throws: what the trial failed with.
    func perform(
        _ experiment: any Experiment, at point: Condition = [:], lab: String? = nil, mebibytes: UInt64? = nil
    ) throws -> Finding {
        let conclusion = try observe(experiment, at: point, lab: lab, mebibytes: mebibytes)
        if case .failed(let error, _) = conclusion.observation.outcome { throw error }
        func finding(_ observation: Observation) -> Finding {
            #expect(observation.outcome == .completed)
            var found = Finding(values: observation.values, facts: observation.facts ?? [:])
            found.stops = observation.stops ?? [:]
            return found
        }
        var found = finding(conclusion.observation)
        for other in conclusion.others { found.others[other.parameters] = finding(other) }
        return found
    }

    private func observe(
        _ experiment: any Experiment, at point: Condition, lab id: String?, mebibytes: UInt64?
    ) throws -> TrialProcedure.Conclusion {
        var lab = try id.map { try LabDirectory.open("\(checkout)/labs").definition($0) } ?? Self.plainLab
        if let mebibytes { lab.memoryBytes = mebibytes << 20 }
        // As by the lab's own runner. The seed is another each time: what is made by its numbers, such as the key of a
        // shared memory segment, exists once on a machine on which several runs of the tests may be alive.
        let procedure = TrialProcedure(
            lab: lab, experiments: [experiment], context: context, seed: .random(in: 0 ... .max))
        let parameters = point.merging([.experiment: experiment.id])
        let conclusion = procedure.perform(
            Plan.Trial(index: 0, engine: engine.id, parameters: parameters, warmup: false), on: engine)
        #expect(conclusion.disposalFailure == nil)
        return conclusion
    }

    private static let plainLab = LabDefinition(
        id: "experiment", title: LocalizedText(en: "", zh: ""), question: LocalizedText(en: "", zh: ""),
        dimension: "", engines: [], workload: "idle", method: .experiment, metrics: [],
        samples: LabDefinition.Samples(default: 1, warmup: 0), budgetSeconds: 120, timeoutSeconds: 60,
        memoryBytes: 256 << 20, cpus: 1, claims: [])
}

// MARK: - Making and unmaking

extension ExperimentRun {
    /// Guest kernels are unpacked, roots built and QEMU asked what it can do once for all test runs. libvirt lets a
    /// process open one embedded root, and the tests of VMDriver, which may share this process, open it here.
    static let cache = "/tmp/lab-vm-tests-\(getuid())/cache"

    private static func withUnprepared<Value>(
        _ id: EngineID, system: Result<SystemTree, LabError> = noSystem,
        _ body: (any Engine, RunContext) throws -> Value
    ) throws -> Value {
        let home = "/tmp/lab-experiments-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let paths = LabPaths(cache: cache, state: "\(home)/state")
        defer { try? Files.removeTree(home) }
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        let root = try RootFilesystem.minimal(guest: guest, paths: paths)
        // Of one width, so that no run's name is the beginning of another's: traces are known by it.
        let journal = try RunJournal(
            runID: "x\(UInt32.random(in: 1_000_000_000 ... .max))", paths: paths)
        defer { journal.finish() }
        let context = RunContext(
            runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root, system: system)
        try Files.makeDirectory(paths.run(context.runID), mode: 0o700)
        let settings = EngineSettings(fetchesKernel: true)
        let engine = try #require(EngineFactory.make([id], settings).first)
        return try body(engine, context)
    }

    /// Why engines do not work here, asked once in a process: a VM's proof is a boot.
    private static let obstacles = Mutex<[EngineID: String?]>([:])

    private static func obstacle(of engine: any Engine, _ context: RunContext) -> String? {
        obstacles.withLock { known in
            if let answer = known[engine.id] { return answer }
            var answer: String?
            if case .unavailable(let error) = engine.probe(context) {
                answer = error.reason.english
                // Of a case among others that is cancelled, swift-testing says nothing.
                let line = "➜ Tests of \(engine.id) are skipped: \(error.reason.english)\n"
                FileHandle.standardError.write(Data(line.utf8))
            }
            known[engine.id] = .some(answer)
            return answer
        }
    }

    private static func works(_ id: EngineID) -> Bool {
        do {
            return try withUnprepared(id) { obstacle(of: $0, $1) == nil }
        } catch {
            return false
        }
    }

    /// Looks for what the run made: by its name, and by what it wrote down. The engine is shut down.
    private func leftovers() throws -> [String] {
        let traces = Traces(of: context)
        var left = traces == Traces() ? [] : [traces.text]
        let directory = context.paths.run(context.runID)
        left += try context.journal.recorded().filter { $0.name != directory && Self.isLeft($0) }.map {
            "\($0)"
        }
        // It was made for the run, and is empty.
        if rmdir(directory) != 0 { left += Files.list(directory) }
        return left
    }

    /// Whether something that was written down is still there, or still changed. What carries the run's name in its own,
    /// as a VM or a container does, is a trace.
    private static func isLeft(_ resource: JournaledResource) -> Bool {
        switch resource.kind {
        case .cgroup, .directory, .file: return Files.exists(resource.name)
        case .link: return if_nametoindex(resource.name) != 0
        case .sharedMemory:
            guard let key = key_t(resource.name) else { return true }
            return shmget(key, 0, 0) != -1
        case .setting:
            guard let equals = resource.name.lastIndex(of: "=") else { return true }
            let value = String(resource.name[resource.name.index(after: equals)...])
            return Files.line(String(resource.name[..<equals])) != value
        // A depot of files has a journal of its own.
        case .domain, .qemu, .peer, .pool: return false
        }
    }
}

extension Finding {
    /// Nil where it was not noted.
    func isSo(_ name: String) -> Bool? { values[name].map { $0 == 1 } }
    func mechanism(_ name: String) -> Mechanism? { facts[name]?.mechanism }
    /// The fact of that name.
    func fact(_ name: String) throws -> Fact { try #require(facts[name]) }
}
