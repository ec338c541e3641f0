import Glibc
import Testing

@testable import LabCore

/// The procedures of the methods, with engines that are real processes.
@Suite struct TrialTests {
    private let text = LocalizedText(en: "Test", zh: "测试")

    private func lab(
        _ method: LabDefinition.Method, workload: String, rounds: Int? = nil, timeout: Double = 20
    ) -> LabDefinition {
        LabDefinition(
            id: "test", title: text, question: text, dimension: "", engines: ["process"],
            workload: workload, method: method,
            rounds: rounds.map { LabDefinition.PerEngine(default: $0) },
            metrics: [
                Metric(
                    id: "whole", title: text, unit: .nanoseconds,
                    source: .span(from: .requested, to: .cleanedUp))
            ], samples: .init(default: 1, warmup: 0), series: [.plain], budgetSeconds: 60,
            timeoutSeconds: timeout, memoryBytes: 64 << 20, cpus: 1, claims: [])
    }

    private func trial(_ point: Condition) -> Plan.Trial {
        Plan.Trial(index: 3, engine: "process", parameters: point, warmup: false)
    }

    // Concurrency.

    @Test("several are asked for at once, and the last one counts")
    func severalAreAskedForAtOnce() throws {
        // Each sleeps as long as one in a file that no other can take: 0, 0.1, 0.2 or 0.3 s.
        let home = try TemporaryDirectory()
        let script = """
            for n in 0 1 2 3; do mkdir \(home.path)/$n 2>/dev/null && break; done
            echo init; sleep 0.$n; echo ready; echo "output $2"
            """
        let procedure = TrialProcedure(lab: lab(.lifecycle, workload: "hello"))
        let engine = ConcurrentScripts(script)
        let observation = procedure.perform(trial([.concurrency: "4"]), on: engine).observation
        #expect(observation.outcome == .completed)
        let time = try #require(observation.timeline[.firstOutput])
        // As long as the slowest, and less than all of them one after another: they ran at the same time.
        #expect(time >= 300_000_000)
        #expect(observation.timeline[.requested] == 0)
        #expect(try #require(observation.timeline[.cleanedUp]) >= time)
        #expect(procedure.counter.made == 4 && Files.list(home.path).count == 4)
    }

    @Test("one failure of several is the failure of the trial")
    func oneFailureFailsTheTrial() throws {
        let home = try TemporaryDirectory()
        let script = "mkdir \(home.path)/first 2>/dev/null && exit 7; \(ScriptEngine.obedient)"
        let procedure = TrialProcedure(lab: lab(.lifecycle, workload: "hello"))
        let observation = procedure.perform(trial([.concurrency: "3"]), on: ConcurrentScripts(script))
            .observation
        guard case .failed(let error, _) = observation.outcome else {
            Issue.record("the trial counts as completed")
            return
        }
        #expect("\(error)".contains("exit status 7"))
    }

    // Exits.

    /// A guest under a hypervisor that counts its exits, or fails to.
    private final class CountingScript: PreparedEngine {
        private let counts: Result<[String: UInt64], LabError>
        init(_ counts: Result<[String: UInt64], LabError>) { self.counts = counts }
        let record = EngineRecord(id: "process", kind: .process)
        func explain(_ request: LaunchRequest) -> Message { "" }
        func shutDown() {}
        func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
            let words = ["/bin/sh", "-c", ScriptEngine.obedient, "guest"]
            let script = try ScriptInstance(
                words + request.arguments.dropFirst(), requested: .now(), .never, nil)
            return Counting(script, counts)
        }

        private final class Counting: Instance, ExitCounting {
            private let script: ScriptInstance
            private let counts: Result<[String: UInt64], LabError>
            init(_ script: ScriptInstance, _ counts: Result<[String: UInt64], LabError>) {
                self.script = script
                self.counts = counts
            }
            var timeline: Timeline { script.timeline }
            var transcript: GuestTranscript { script.transcript }
            var stepNanoseconds: [UInt64] { [] }
            func waitUntilReady(deadline: MonotonicInstant) throws(LabError) {
                try script.waitUntilReady(deadline: deadline)
            }
            func wait(forOutputs count: Int, deadline: MonotonicInstant) throws(LabError) {
                try script.wait(forOutputs: count, deadline: deadline)
            }
            func waitForExit(deadline: MonotonicInstant) throws(LabError) -> Int32 {
                try script.waitForExit(deadline: deadline)
            }
            func dispose() throws(LabError) { try script.dispose() }
            func exitCounts() throws(LabError) -> [String: UInt64] {
                guard timeline[.exited] != nil, timeline[.cleanedUp] == nil else {
                    throw LabError(.software, "the exits were counted at another time")
                }
                return try counts.get()
            }
        }
    }

    @Test("exits are counted over the whole life where that is asked for")
    func exitsAreCountedOverTheWholeLife() {
        let engine = CountingScript(.success(["exits": 6_110, "io_exits": 4_100, "halt_exits": 0]))
        let procedure = TrialProcedure(lab: lab(.lifecycle, workload: "hello"))
        let counted = procedure.perform(trial([.count: "exits"]), on: engine).observation
        #expect(counted.outcome == .completed)
        #expect(counted.values["exits-count"] == 6_110 && counted.values["io-exits-count"] == 4_100)
        #expect(counted.values["halt-exits-count"] == 0)
        // Nothing stands between the marks of any other trial.
        let timed = procedure.perform(trial([:]), on: engine).observation
        #expect(timed.outcome == .completed && timed.values["exits-count"] == nil)
    }

    @Test("exits that cannot be read are a failure, and not zero")
    func unreadableExitsAreAFailure() {
        let error = LabError(.unavailable, "the exits can't be read")
        let procedure = TrialProcedure(lab: lab(.lifecycle, workload: "hello"))
        let observation = procedure.perform(trial([.count: "exits"]), on: CountingScript(.failure(error)))
            .observation
        #expect(observation.outcome == .failed(error, after: .exited))
        #expect(observation.timeline[.cleanedUp] != nil)
        // An engine without a hypervisor has nothing to count, and says nothing of it.
        let script = procedure.perform(trial([.count: "exits"]), on: ScriptEngine("process")).observation
        #expect(script.outcome == .completed && !script.values.keys.contains { $0.contains("exits") })
    }

    /// `ScriptEngine` counts its launches without a lock; this one counts nothing.
    private final class ConcurrentScripts: PreparedEngine {
        private let script: String
        init(_ script: String) { self.script = script }
        let record = EngineRecord(id: "process", kind: .process)
        func explain(_ request: LaunchRequest) -> Message { "\(script)" }
        func shutDown() {}
        func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
            let words =
                ["/bin/sh", "-c", script, "guest"] + request.arguments.dropFirst()
            return try ScriptInstance(words, requested: .now(), .never, nil)
        }
    }

    // Compute.

    private func compute(_ script: String, kind: String = "page-fault", timeout: Double = 20) -> Observation {
        let lab = lab(.compute, workload: "compute", rounds: 2, timeout: timeout)
        var varied = lab
        varied.series = [Series(id: "s", parameters: [.init(.compute, [kind])])]
        let procedure = TrialProcedure(lab: varied, digests: ComputeDigests(varied, engines: ["process"]))
        return procedure.perform(trial([.compute: kind]), on: ScriptEngine("process", script)).observation
    }

    @Test("work counts only with the digest that the host worked out")
    func workCountsOnlyWithTheHostsDigest() throws {
        let digest = try #require(ComputeReference.digest(kind: "page-fault", rounds: 2))
        let right = compute("echo init; echo ready; sleep 0.1; echo output \(digest); sleep 60")
        #expect(right.outcome == .completed)
        // Two rounds in a tenth of a second and a little.
        let round = try #require(right.values["round-ns"])
        #expect(round >= 10_000_000, "the mark before it may be late on a busy machine")

        for said in ["0000000000000000", digest.uppercased(), "\(digest)0", ""] {
            let wrong = compute("echo init; echo ready; echo 'output \(said)'; sleep 60")
            #expect(!wrong.outcome.isCompleted, "\(said)")
        }
        let silent = compute("echo init; echo ready; sleep 60", timeout: 0.5)
        guard case .failed(let error, let after) = silent.outcome else {
            Issue.record("silence counts as completed")
            return
        }
        #expect(error.kind == .timeout && after == .ready && silent.values["round-ns"] == nil)
    }

    @Test func whatIsCutShortByTheKillIsNoFailure() throws {
        let digest = try #require(ComputeReference.digest(kind: "page-fault", rounds: 2))
        let script = "echo init; echo ready; echo output \(digest); printf 'metric half-a-rec'; sleep 60"
        #expect(compute(script).outcome == .completed)
    }

    // Memory.

    @Test func instancesLiveTogetherWhileTheyAreCounted() throws {
        let home = try TemporaryDirectory()
        // Each waits until all three are there: one after another they would wait for ever.
        let script = """
            mkdir \(home.path)/$$; echo init; echo ready
            while [ $(ls \(home.path) | wc -l) -lt 3 ]; do sleep 0.01; done
            echo "metric memory-total-bytes 1000"; echo "metric memory-available-bytes 300"
            echo "output $2"; sleep 60
            """
        let procedure = TrialProcedure(lab: lab(.memory, workload: "touch"))
        let point: Condition = [.instances: "3", .touch: "64"]
        let observation = procedure.perform(trial(point), on: ScriptEngine("process", script)).observation
        #expect(observation.outcome == .completed)
        #expect(observation.parameters == point)
        #expect(observation.values["configured-bytes"] == Double(3 * 64 << 20))
        #expect(observation.values["guest-used-bytes"] == 700)
        #expect(observation.values["host-bytes"] != nil)
    }

    @Test func aGuestThatDidNotTouchItsMemoryIsAFailure() {
        let procedure = TrialProcedure(lab: lab(.memory, workload: "touch"))
        let engine = ScriptEngine("process", "echo init; echo ready; echo output 0; sleep 60")
        let observation = procedure.perform(trial([.instances: "2", .touch: "64"]), on: engine).observation
        #expect(!observation.outcome.isCompleted && observation.values.isEmpty)
    }

    @Test("an engine that does nothing measures the harness")
    func aNullEngineMeasuresTheHarness() {
        let overhead = NullEngine.overhead(trials: 50)
        #expect(overhead.count == 50 && overhead.contains { $0 > 0 })
    }
}
