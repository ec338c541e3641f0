import Artifacts
import Foundation
import Glibc
import LabFile
import Testing

@testable import LabCore

/// A complete system in a VM and in a container, started as the series `system` of startup-latency does.
@Suite(.serialized) struct SystemTests {
    /// Made once for all test runs, of packages.
    static let tree: Result<SystemTree, LabError> = Result { () throws(LabError) in
        let paths = LabPaths(cache: ExperimentRun.cache, state: "/tmp/lab-system-tests-\(getpid())")
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        return try SystemTree.of(
            try RootFilesystem.minimal(guest: guest, paths: paths), paths: paths, mayMake: true)
    }

    static let obstacle: String? = {
        if case .failure(let error) = tree { return error.reason.english }
        return ExperimentRun.isRoot ? nil : "a container with an init needs root"
    }()

    private static let lab = Result {
        try LabDirectory.open("\(checkout)/labs").definition("startup-latency")
    }

    private func trial(
        on engine: EngineID, _ system: Result<SystemTree, LabError>, timeout: Double? = nil
    ) throws -> Observation {
        var lab = try Self.lab.get()
        if let timeout { lab.series = [Series(id: "system", parameters: varied, timeoutSeconds: timeout)] }
        return try ExperimentRun.with(engine, system: system) { run in
            let conclusion = TrialProcedure(lab: lab, context: run.context, seed: 7).perform(
                Plan.Trial(index: 0, engine: engine, parameters: [.payload: "system"], warmup: false),
                on: run.engine)
            #expect(conclusion.disposalFailure == nil)
            return conclusion.observation
        }
    }

    private let varied = [Series.Varied(.payload, [[.payload: "system"]])]

    @Test(
        "One system comes up with its own init in a container and in VMs, and its service answers the nonce",
        .enabled("skipped for what is said above") { isFree(of: obstacle.map { "skipped: \($0)" }) },
        arguments: [EngineID.container, .qemu, .qemuDirect])
    func itAnswers(on engine: EngineID) throws {
        let observation = try trial(on: engine, Self.tree, timeout: 400)
        #expect(observation.outcome == .completed, "\(observation.outcome)")
        #expect(observation.timeline.span(from: .requested, to: .firstOutput) != nil)
    }

    @Test("Where there is no system, the trial says why and what helps, and nothing was started")
    func absence() throws {
        let reason = LabError(.unavailable, "there is none", remedy: "--fetch")
        let observation = try trial(on: .container, .failure(reason))
        #expect(observation.outcome == .failed(reason, after: nil))
    }

    @Test(
        "An init that ends, and one that only waits, are failed trials",
        .enabled(if: ExperimentRun.hasContainers, "skipped: a container with an init needs root"),
        arguments: ["", "idle"])
    func badInits(word: String) throws {
        let directory = "/tmp/lab-bad-system-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? Files.removeTree(directory) }
        for name in ["dev", "proc", "run", "sbin", "sys"] {
            try Files.makeDirectory("\(directory)/root/\(name)")
        }
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        try Files.write(try Files.read(guest), to: "\(directory)/root/lab-guest", mode: 0o755)
        // A script's interpreter gets one word of it, then the script's name and its arguments.
        try Files.write("#!/lab-guest \(word)\n", to: "\(directory)/root/sbin/init", mode: 0o755)
        let tree = SystemTree(directory: directory, suite: "", digest: "")
        let outcome = try trial(on: .container, .success(tree), timeout: 2).outcome
        guard case .failed(let error, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.kind == (word.isEmpty ? .instance : .timeout), "\(error)")
    }
}

/// Whether there is no obstacle; says which there is. Not in a trait's own comment: those are made of all tests whenever the
/// program of the tests is started, whichever are run, and to know this one takes the making of a system.
func isFree(of obstacle: String?) -> Bool {
    if let obstacle { print(obstacle) }
    return obstacle == nil
}
