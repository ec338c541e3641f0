import Glibc
import Results
import Testing

@testable import LabCore

/// The run loop, with engines that are real processes.
@Suite struct RunnerTests {
    let home: TemporaryDirectory
    let paths: LabPaths

    init() throws {
        home = try TemporaryDirectory()
        paths = LabPaths(cache: "\(home.path)/cache", state: "\(home.path)/state")
    }

    private func context(_ interrupt: Interrupt = .never) throws -> RunContext {
        let runID = "test-\(UInt32.random(in: 0 ... .max))"
        return RunContext(
            runID: runID, paths: paths, journal: try RunJournal(runID: runID, paths: paths),
            rootFilesystem: RootFilesystem(directory: "/", digest: "root", guestDigest: "guest"),
            interrupt: interrupt)
    }

    private func runner(
        _ engines: [ScriptEngine], samples: Int = 5, warmup: Int = 1, budget: Double = 60,
        timeout: Double = 20, budgetIsAsked: Bool = false, costs: TrialCosts = TrialCosts(),
        series: [Series] = [.plain], interrupt: Interrupt = .never
    ) throws -> Runner {
        let text = LocalizedText(en: "Test", zh: "测试")
        let whole = Metric(
            id: "whole", title: text, unit: .nanoseconds, source: .span(from: .requested, to: .cleanedUp))
        let lab = LabDefinition(
            id: "test", title: text, question: text, dimension: "", engines: engines.map(\.id),
            workload: "hello",
            method: .lifecycle, metrics: [whole], samples: .init(default: samples, warmup: warmup),
            series: series, budgetSeconds: budget,
            timeoutSeconds: timeout, memoryBytes: 64 << 20, cpus: 1, claims: [])
        let setup = Runner.Setup(
            lab: lab, command: "lab run test", version: "1.2.3", startedAt: "2026-11-24T00:00:00Z", seed: 7,
            environment: Environment(), budgetIsAsked: budgetIsAsked)
        return Runner(setup: setup, engines: engines, context: try context(interrupt), costs: costs)
    }

    @Test("it makes every trial in the planned order and writes it down")
    func makesEveryTrialInThePlannedOrder() throws {
        let engines = [ScriptEngine("process"), ScriptEngine("container")]
        let result = try runner(engines).run(samplesIn: home.path) { _ in }

        #expect(result.ending == .complete)
        #expect(result.samples.map(\.index) == result.header.plan.trials.map(\.index))
        #expect(result.samples.map(\.engine) == result.header.plan.trials.map(\.engine))
        #expect(result.samples.allSatisfy { $0.outcome.isCompleted && $0.values[Runner.harnessValue] != nil })
        #expect(result.measured("process").count == 5 && result.measured("container").count == 5)
        #expect(engines.allSatisfy { $0.launches == 6 && $0.shutDowns == 1 })
        #expect(try ResultStore.load("\(home.path)/samples.jsonl") == result)
    }

    @Test(arguments: [
        ("exit 3", LabError.Kind.instance, "exit status 3"),
        ("echo init; echo ready; echo output forged", .instance, "forged"),
        ("echo init; echo ready", .instance, "received []"),
        (#"printf 'init\nready\n\033[2Jrubbish\n'"#, .instance, #"\x1b[2Jrubbish"#),
        ("echo init; yes output x | head -c 2000000", .instance, "1048576 bytes"),
        ("printf init", .instance, "middle of a record"),
        ("kill -9 $$", .instance, "exit status 137"),
    ])
    func aGuestThatMisbehavesIsAFailedSample(script: String, kind: LabError.Kind, says: String) throws {
        let result = try runner([ScriptEngine("process", script)], samples: 1, warmup: 0)
            .run(samplesIn: nil) { _ in }
        guard case .failed(let error, _)? = result.samples.first?.outcome else {
            Issue.record("the trial counts as completed")
            return
        }
        #expect(error.kind == kind)
        #expect("\(error)".contains(says))
    }

    @Test func aGuestThatNeverAnswersEndsAtTheDeadline() throws {
        let began = MonotonicInstant.now()
        let result = try runner(
            [ScriptEngine("process", "echo init; sleep 60")], samples: 1, warmup: 0, timeout: 1
        )
        .run(samplesIn: nil) { _ in }
        guard case .failed(let error, let after)? = result.samples.first?.outcome else {
            Issue.record("the trial counts as completed")
            return
        }
        #expect(error.kind == .timeout && after == .initStarted)
        #expect(MonotonicInstant.now().nanoseconds(since: began) < 10_000_000_000)
    }

    @Test("three failures in a row stop an engine, and the others go on")
    func threeFailuresInARowStopAnEngine() throws {
        let broken = ScriptEngine("container", "exit 1")
        let sound = ScriptEngine("process")
        var stopped: [EngineID] = []
        let result = try runner([sound, broken], samples: 8, warmup: 0).run(samplesIn: nil) { event in
            if case .stopped(let engine, _) = event { stopped.append(engine) }
        }
        #expect(broken.launches == 3 && sound.launches == 8)
        #expect(stopped == ["container"])
        let footnotes = Array(result.closing.stopped.values)
        #expect(footnotes.count == 1 && footnotes[0].english.contains("3 failures in a row"))
    }

    /// What a machine lacks for one experiment is an outcome of its trials and stops nothing.
    @Test(
        "what a machine lacks for an experiment does not stop the engine",
        arguments: [(LabError.Kind.unavailable, 0), (.instance, 1)])
    func whatAMachineLacksStopsNoEngine(kind: LabError.Kind, stops: Int) throws {
        struct Lacking: Experiment {
            let id = "lacking"
            let kind: LabError.Kind
            func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
                throw LabError(kind, "no such controller")
            }
        }
        let text = LocalizedText(en: "Test", zh: "测试")
        let lab = LabDefinition(
            id: "test", title: text, question: text, dimension: "", engines: ["process"], workload: "idle",
            method: .experiment, metrics: [], samples: .init(default: 5, warmup: 0),
            series: [Series(id: "all", parameters: [.init(.experiment, ["lacking"])])], budgetSeconds: 60,
            timeoutSeconds: 20, memoryBytes: 64 << 20, cpus: 1, claims: [])
        let setup = Runner.Setup(
            lab: lab, command: "lab run test", version: "1.2.3", startedAt: "2026-11-24T00:00:00Z", seed: 7,
            environment: Environment(), experiments: [Lacking(kind: kind)])
        var stopped = 0
        let result = try Runner(setup: setup, engines: [ScriptEngine("process")], context: context())
            .run(samplesIn: nil) { if case .stopped = $0 { stopped += 1 } }
        #expect(stopped == stops)
        #expect(result.samples.count == (stops == 0 ? 5 : Runner.failuresInARow))
        #expect(result.samples.allSatisfy { !$0.outcome.isCompleted })
    }

    /// Alone, each of three cells takes an instance for each of its samples.
    @Test("A trial that finds several cells is one of each", arguments: [(true, 5), (false, 15)])
    func severalCells(findsOthers: Bool, launches: Int) throws {
        struct Letters: Experiment {
            let id = "letters"
            let findsOthers: Bool
            func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
                let number = try bench.with(bench.request(.hello(nonce: "n")), on: engine) { _ in
                    Double(bench.generator.next() >> 32)
                }
                var finding = Finding(values: ["number": number])
                guard findsOthers else { return finding }
                for setting in ["a", "b", "c"] where setting != bench.setting {
                    var other = bench.condition
                    other.setting = setting
                    finding.others[other] = Finding(values: ["number": number])
                }
                return finding
            }
        }
        let text = LocalizedText(en: "Test", zh: "测试")
        let series = Series(
            id: "all", parameters: [.init(.experiment, ["letters"]), .init(.setting, ["a", "b", "c"])])
        let lab = LabDefinition(
            id: "test", title: text, question: text, dimension: "", engines: ["process"], workload: "idle",
            method: .experiment,
            metrics: [Metric(id: "number", title: text, unit: .count, source: .value("number"))],
            samples: .init(default: 4, warmup: 1), series: [series], budgetSeconds: 60, timeoutSeconds: 20,
            memoryBytes: 64 << 20, cpus: 1, claims: [])
        let setup = Runner.Setup(
            lab: lab, command: "lab run test", version: "1.2.3", startedAt: "2026-11-24T00:00:00Z", seed: 7,
            environment: Environment(), experiments: [Letters(findsOthers: findsOthers)])
        let engine = ScriptEngine("process")
        let directory = "\(home.path)/several"
        try Files.makeDirectory(directory)
        let runner = Runner(setup: setup, engines: [engine], context: try context())
        let result = try runner.run(samplesIn: directory) { _ in }
        #expect(engine.launches == launches)
        #expect(result.samples.map(\.index).sorted() == Array(0..<15))
        let costs = series.points.map { runner.costs.measured["test process \($0.text)"] ?? 0 }
        #expect(costs.allSatisfy { $0 > 0 } && (!findsOthers || Set(costs).count == 1))
        for point in series.points { #expect(result.measured("process", at: point).count == 4) }
        let trials = Dictionary(uniqueKeysWithValues: result.header.plan.trials.map { ($0.index, $0) })
        #expect(
            result.samples.allSatisfy {
                trials[$0.index]?.cell == $0.cell && trials[$0.index]?.warmup == $0.warmup
            })
        // What came together says the same, and all of it was written down as it was found.
        #expect(Set(result.samples.compactMap { $0.values["number"] }).count == launches)
        #expect(try ResultStore.load(directory).samples == result.samples)
    }

    @Test(
        "What a machine lacks for one variant or payload is said once; one that fails otherwise is an engine that fails",
        arguments: [(LabError.Kind.unavailable, 7), (.instance, 12)],
        [Series.Varied(.variant, ["start=restore"]), Series.Varied(.payload, ["system"])])
    func aLackOfOneCellStopsNoOther(outcome: (kind: LabError.Kind, launches: Int), varied: Series.Varied)
        throws
    {
        let (kind, launches) = outcome
        let engine = ScriptEngine("qemu")
        engine.variantFailure = LabError(kind, "no helper", remedy: "install it")
        let ways = Series(id: "ways", parameters: [varied])
        var events = 0
        let result = try runner([engine], samples: 6, warmup: 0, series: [.plain, ways]).run(samplesIn: nil) {
            if case .failed = $0 { events += 1 }
        }
        #expect(engine.launches == launches && result.samples.count == launches)
        #expect(events == launches - 6)
        #expect(result.measured("qemu").allSatisfy { $0.outcome.isCompleted })
    }

    @Test(
        "A limit that an engine refuses, or dies of, stops neither the engine nor other limits",
        arguments: [(LabError.Kind.usage, 1), (.unavailable, 1), (.timeout, 3)])
    func aLimitStopsNothingElse(kind: LabError.Kind, tries: Int) throws {
        let engine = ScriptEngine("container")
        engine.variantFailure = LabError(kind, "too little", remedy: "more")
        let limits = Series(
            id: "limits", parameters: [.init(.memory, [[.memory: "16MiB"], [.memory: "32MiB"]])])
        let result = try runner([engine], samples: 6, warmup: 1, series: [.plain, limits])
            .run(samplesIn: nil) { _ in }
        #expect(result.samples.count { !$0.warmup && $0.outcome.isCompleted } == 6)
        for memory in ["16MiB", "32MiB"] {
            #expect(result.samples.count { !$0.warmup && $0.parameters == [.memory: memory] } == tries)
        }
        #expect(result.closing.stopped.isEmpty)
    }

    @Test func aSuccessStartsTheCountOfFailuresAnew() throws {
        // Fails on every trial but each third: never three in a row.
        let counter = "\(home.path)/count"
        let script = """
            n=$(cat \(counter) 2>/dev/null || echo 0); echo $((n + 1)) > \(counter)
            [ $((n % 3)) = 2 ] || exit 1
            \(ScriptEngine.obedient)
            """
        let engine = ScriptEngine("process", script)
        let result = try runner([engine], samples: 9, warmup: 0).run(samplesIn: nil) { _ in }
        #expect(engine.launches == 9)
        #expect(result.samples.count { $0.outcome.isCompleted } == 3)
    }

    @Test func anUnavailableEngineIsRecordedAndLeftOut() throws {
        let missing = ScriptEngine("kvm")
        missing.availability = .unavailable(LabError(.unavailable, "no /dev/kvm", remedy: "modprobe kvm"))
        let unprepared = ScriptEngine("qemu")
        unprepared.prepareFailure = LabError(
            .unavailable, "no kernel", cause: "none in /boot", remedy: "--kernel")
        let result = try runner([ScriptEngine("process"), missing, unprepared]).run(samplesIn: nil) { _ in }
        #expect(
            result.header.engines.map(\.availability) == [
                .available, .unavailable(LabError(.unavailable, "no /dev/kvm", remedy: "modprobe kvm")),
                .unavailable(LabError(.unavailable, "no kernel", cause: "none in /boot", remedy: "--kernel")),
            ])
        #expect(missing.launches == 0 && missing.shutDowns == 0)
        #expect(unprepared.launches == 0 && unprepared.shutDowns == 0)
    }

    @Test("what was prepared is shut down when the run is broken off before its first trial")
    func brokenOffWhilePreparing() throws {
        let (ready, broken) = (ScriptEngine("process"), ScriptEngine("container"))
        broken.prepareFailure = Interrupt.error
        let error = #expect(throws: LabError.self) {
            try runner([ready, broken]).run(samplesIn: nil) { _ in }
        }
        #expect(error?.kind == .interrupted)
        #expect(ready.shutDowns == 1 && broken.shutDowns == 0)
    }

    @Test("without any engine there is one error that names each reason")
    func withoutEnginesEachReasonIsNamed() throws {
        let missing = ScriptEngine("kvm")
        missing.availability = .unavailable(LabError(.unavailable, "no /dev/kvm", remedy: "modprobe kvm"))
        let error = #expect(throws: LabError.self) { try runner([missing]).run(samplesIn: nil) { _ in } }
        #expect(error?.kind == .unavailable)
        #expect(error?.cause?.english == "kvm: no /dev/kvm")
        #expect(error?.remedy?.english == "modprobe kvm")
    }

    @Test("A first round that takes longer than the budget is made whole, and the time that it took is said")
    func theFirstRoundIsWhole() throws {
        let slow = "sleep 0.2; \(ScriptEngine.obedient)"
        let engines = ["process", "container", "qemu"].map { ScriptEngine(EngineID(rawValue: $0), slow) }
        let first = try runner(engines, samples: 20, warmup: 0, budget: 0.1)
        let result = try first.run(samplesIn: nil) { _ in }
        #expect(result.ending == .budget && result.samples.count == 3)
        #expect(Set(result.samples.map(\.engine)).count == 3)
        let warning = try #require(result.closing.warnings.first)
        #expect(
            warning.text.english.contains("longer than the budget of 100 ms")
                && warning.remedy?.english.contains("--budget 2s") == true)
        // The next one knows, and makes nothing.
        let error = #expect(throws: LabError.self) {
            try runner(engines, warmup: 0, budget: 0.1, budgetIsAsked: true, costs: first.costs)
                .run(samplesIn: home.path) { _ in }
        }
        #expect(error?.kind == .usage && error?.message.english == "the budget of 100 ms is too small")
        #expect(engines.allSatisfy { $0.launches == 1 && $0.shutDowns == 1 })
        #expect(!Files.exists("\(home.path)/\(SampleLog.fileName)"))
    }

    /// Never measured, an emulated VM is taken to need a second.
    @Test(
        "A budget of the user's that holds no first round is refused, and the lab's own is exceeded with a word"
    )
    func aShortBudget() throws {
        func emulated() -> ScriptEngine {
            let engine = ScriptEngine("qemu")
            (engine.kind, engine.emulates) = (.virtualMachine, true)
            return engine
        }
        let refused = emulated()
        let error = #expect(throws: LabError.self) {
            try runner([refused], budget: 1.5, budgetIsAsked: true).run(samplesIn: nil) { _ in }
        }
        #expect(error?.kind == .usage && error?.cause?.english.contains("needs about 3 s") == true)
        #expect(error?.remedy?.english.hasPrefix("name --budget 5s or more") == true)
        #expect(refused.launches == 0)
        var told: [LabError] = []
        let result = try runner([emulated()], budget: 1.5).run(samplesIn: nil) { event in
            if case .shortBudget(let error) = event { told.append(error) }
        }
        #expect(result.ending == .complete && result.header.lab.budgetSeconds == 1.5)
        #expect(told == [error].compactMap(\.self))
        let enough = try runner([emulated()], budget: 3, budgetIsAsked: true).run(samplesIn: nil) { _ in }
        #expect(enough.ending == .complete)
        // One that is not here needs none.
        let missing = emulated()
        missing.availability = .unavailable(LabError(.unavailable, "no QEMU"))
        let others = [ScriptEngine("process"), missing]
        #expect(
            try runner(others, budget: 1.5, budgetIsAsked: true).run(samplesIn: nil) { _ in }.ending
                == .complete)
    }

    @Test func noTrialStartsAfterTheBudget() throws {
        let result = try runner(
            [ScriptEngine("process", "sleep 0.1; \(ScriptEngine.obedient)")], samples: 1_000, budget: 0.3
        )
        .run(samplesIn: nil) { _ in }
        #expect(result.ending == .budget)
        #expect((1...4).contains(result.samples.count))
    }

    @Test("an interrupt ends a blocked wait and keeps what was measured")
    func anInterruptEndsABlockedWait() throws {
        let interrupt = try Interrupt()
        let marker = "\(home.path)/second"
        let script = "[ -e \(marker) ] && sleep 60; touch \(marker); \(ScriptEngine.obedient)"
        let began = MonotonicInstant.now()
        let result = try runner(
            [ScriptEngine("process", script)], samples: 3, warmup: 0, interrupt: interrupt
        )
        .run(samplesIn: home.path) { event in
            // Raised while the second trial, which would sleep, is about to begin.
            if case .trial(_, let progress, _) = event, progress.done == 1 { interrupt.raise() }
        }
        #expect(result.ending == .interrupted)
        #expect(result.samples.count == 1, "what the user broke off is no sample")
        #expect(MonotonicInstant.now().nanoseconds(since: began) < 10_000_000_000)
        #expect(try ResultStore.load("\(home.path)/samples.jsonl").ending == .interrupted)
    }

    @Test func anInterruptBeforeTheFirstTrialIsAnError() throws {
        let interrupt = try Interrupt()
        interrupt.raise()
        let engine = ScriptEngine("process")
        let error = #expect(throws: LabError.self) {
            try runner([engine], interrupt: interrupt).run(samplesIn: home.path) { _ in }
        }
        #expect(error?.exitCode == 130)
        #expect(engine.launches == 0)
    }

    @Test("an instance that cannot be removed is a failure and leaves the journal to be replayed")
    func anInstanceThatStaysIsAFailure() throws {
        let engine = ScriptEngine("process")
        engine.disposeFailure = LabError(.output, "cannot remove a cgroup", cause: "busy")
        let runner = try runner([engine], samples: 1, warmup: 0)
        let result = try runner.run(samplesIn: nil) { _ in }
        #expect(runner.leftSomething)
        #expect(result.samples.first?.outcome.isCompleted == false)
    }

    @Test("What lab does between two trials counts as the harness's, also where a round begins")
    func theHarnessCountsBetweenRounds() throws {
        let marker = "\(home.path)/first"
        let script = "[ -e \(marker) ] || { touch \(marker); exit 3; }; \(ScriptEngine.obedient)"
        let result = try runner([ScriptEngine("process", script)], samples: 2, warmup: 0).run(samplesIn: nil)
        {
            // Told after the trial has ended, and before the next one is asked for.
            if case .failed = $0 { usleep(20_000) }
        }
        #expect(result.samples.map(\.outcome.isCompleted) == [false, true])
        let gap = try #require(result.samples.last?.values[Runner.harnessValue])
        #expect(gap >= 20_000_000, "\(gap) ns")
    }

    @Test func theHarnessTakesLittleAroundASample() throws {
        let result = try runner([ScriptEngine("process")], samples: 50).run(samplesIn: home.path) { _ in }
        let gaps = result.samples.dropFirst().compactMap { $0.values[Runner.harnessValue] }
        // Encoding in a debug build takes several times what it does in a release build, whose limit is 50 µs.
        #expect(try #require(Statistics.median(gaps)) < 1_000_000)
    }
}
