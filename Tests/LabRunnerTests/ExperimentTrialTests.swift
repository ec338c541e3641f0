import Glibc
import Testing

@testable import LabCore

/// Trials of the method `experiment`, with engines that are real processes.
@Suite struct ExperimentTrialTests {
    let home: TemporaryDirectory
    let context: RunContext

    init() throws {
        home = try TemporaryDirectory()
        let paths = LabPaths(cache: "\(home.path)/cache", state: "\(home.path)/state")
        context = RunContext(
            runID: "test", paths: paths, journal: try RunJournal(runID: "test", paths: paths),
            rootFilesystem: RootFilesystem(directory: "/", digest: "root", guestDigest: "guest"))
    }

    /// Lets the guest say a nonce, and finds out whether it did.
    private struct Echo: Experiment {
        let id = "echo"
        var failure: LabError?
        func perform(on engine: any PreparedEngine, _ bench: LabCore.Bench) throws(LabError) -> Finding {
            let nonce = bench.nonce()
            return try bench.with(bench.request(.hello(nonce: nonce)), on: engine) {
                instance throws(LabError) in
                try instance.waitForOutput(deadline: bench.deadline)
                if let failure { throw failure }
                var finding = Finding(values: ["setting-bytes": Double(bench.setting ?? "") ?? -1])
                let said = instance.transcript.outputs
                finding.note("echoes", said == [nonce], answer: "\(said.joined())", mechanism: Mechanism.none)
                return finding
            }
        }
    }

    private func perform(
        _ experiments: [any Experiment], on engine: ScriptEngine, _ parameters: Condition
    ) -> TrialProcedure.Conclusion {
        let text = LocalizedText(en: "Test", zh: "测试")
        let lab = LabDefinition(
            id: "test", title: text, question: text, dimension: "", engines: [engine.id], workload: "hello",
            method: .experiment, metrics: [], samples: .init(default: 1, warmup: 0), budgetSeconds: 10,
            timeoutSeconds: 10, memoryBytes: 1 << 20, cpus: 1, claims: [])
        let procedure = TrialProcedure(lab: lab, experiments: experiments, context: context, seed: 1)
        let trial = Plan.Trial(index: 0, engine: engine.id, parameters: parameters, warmup: false)
        defer { context.journal.finish() }
        return procedure.perform(trial, on: engine)
    }

    @Test func whatAnExperimentFindsIsTheSample() throws {
        let engine = ScriptEngine("script")
        let sample = perform([Echo()], on: engine, [.experiment: "echo", .setting: "7"]).observation
        #expect(sample.outcome == .completed)
        #expect(sample.values == ["echoes": 1, "setting-bytes": 7])
        let fact = try #require(sample.facts?["echoes"])
        #expect(fact.answer.english.utf8.count == 32 && fact.mechanism == Mechanism.none)
        #expect(engine.launches == 1)
    }

    @Test func aGuestThatDoesNotAnswerIsFoundOut() throws {
        let engine = ScriptEngine("script", "echo init; echo ready; echo output wrong")
        let sample = perform([Echo()], on: engine, [.experiment: "echo"]).observation
        #expect(sample.values["echoes"] == 0 && sample.facts?["echoes"]?.answer.english == "wrong")
    }

    @Test func aFailureIsTheOutcomeAndTheInstanceIsGone() throws {
        let engine = ScriptEngine("script", "echo init; echo ready; echo output x; sleep 100")
        let failure = LabError(.unavailable, "no such device")
        let sample = perform([Echo(failure: failure)], on: engine, [.experiment: "echo"]).observation
        #expect(sample.outcome == .failed(failure, after: nil))
        #expect(sample.values.isEmpty && sample.facts?.isEmpty != false)
    }

    @Test("what cannot be removed is a failure that is remembered")
    func whatCannotBeRemovedIsRemembered() throws {
        let engine = ScriptEngine("script")
        engine.disposeFailure = LabError(.output, "it sticks")
        let conclusion = perform([Echo()], on: engine, [.experiment: "echo"])
        #expect(conclusion.disposalFailure == engine.disposeFailure)
        #expect(!conclusion.observation.outcome.isCompleted)
    }

    @Test func anUnknownExperimentIsAUsageError() throws {
        let sample = perform([Echo()], on: ScriptEngine("script"), [.experiment: "ecko"]).observation
        guard case .failed(let error, _) = sample.outcome else {
            Issue.record("it was done")
            return
        }
        #expect(error.kind == .usage && error.message.english.contains("ecko"))
    }

    @Test func aPauseEndsWithTheUsersWish() throws {
        let interrupt = try Interrupt()
        interrupt.raise()
        #expect(throws: Interrupt.error) {
            try interrupt.wait(until: MonotonicInstant.now().advanced(by: .seconds(60)))
        }
        let before = MonotonicInstant.now()
        try Interrupt.never.wait(until: before.advanced(by: .milliseconds(20)))
        #expect(MonotonicInstant.now().nanoseconds(since: before) >= 20_000_000)
    }
}
