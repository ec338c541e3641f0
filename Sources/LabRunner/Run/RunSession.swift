import Glibc
import LabCore

/// One `lab run`, from the definition to the files of its report.
struct RunSession {
    /// The lab with the user's overrides.
    var lab: LabDefinition
    var settings: EngineSettings
    var seed: UInt64
    /// Reproduces the run, shell-quoted.
    var command: String
    /// The directory that the user named; nil for a new one below `results`.
    var output: String?
    var quiet: Bool
    /// The language of what is said and of the report.
    var text: Catalogue
    /// Whether the machine's frequency is made steady for the run.
    var tunes = false
    /// What the run will be compared with: it is refused when they are unlike.
    var baseline: Baseline?
    /// What it has in common with other runs of this process; nil when it is alone.
    var shared: Shared?

    /// What several runs in one process share.
    struct Shared {
        /// Catches the signals already.
        var interrupt: Interrupt
        var line: ProgressLine
        var pool: EnginePool
    }

    /// What came of it.
    struct Outcome {
        var directory: String
        /// Names of the files in it.
        var files: [String]
        let result: RunResult
    }

    /// Makes the run and writes everything that a reader needs.
    func run() throws(LabError) -> Outcome {
        let shared = if let shared = self.shared { shared } else { try alone() }
        let line = shared.line
        let warn = { (words: String, remedy: Message?) in line.warn(words, remedy: remedy) }

        let time = UTCTime.now()
        let directory =
            if let output { try OutputDirectory.named(output) } else {
                try OutputDirectory.below(time: time, lab: lab.id)
            }
        defer { directory.removeIfEmpty() }

        let workspace = try Workspace.open(
            time: time, interrupt: shared.interrupt, mayFetch: settings.fetchesKernel,
            handsCgroupsOn: lab.method == .lifecycle, connection: settings.connect,
            text: text, warn: warn)
        var leftovers = true
        defer { workspace.close(leftovers: leftovers, warn: warn) }
        line.show(text.lookingAtTheMachine, now: true)
        let environment = try environment(workspace, warn)
        try baseline?.accept(
            lab: lab, environment: environment, digests: workspace.context.rootFilesystem.digests)
        let runner = Runner(
            setup: Runner.Setup(
                lab: lab, command: command, version: Version.current, startedAt: time.rfc3339, seed: seed,
                environment: environment, experiments: ExperimentTable.all),
            engines: try EngineFactory.make(lab.engines, settings, pool: shared.pool),
            context: workspace.context)
        let budget: Duration = .seconds(lab.budgetSeconds)
        let result: RunResult
        do {
            result = try runner.run(
                samplesIn: directory.path,
                accept: { (header) throws(LabError) in try baseline?.accept(header) },
                disturbances: { environment.disturbances() },
                watch: { line.follow($0, budget: budget) })
        } catch {
            line.clear()
            let samples = "\(directory.path)/\(SampleLog.fileName)"
            if Files.exists(samples) {
                warn(text.say("what was measured is in \(samples)"), "lab report \(samples)")
            }
            throw error
        }
        leftovers = runner.leftSomething
        for warning in result.closing.warnings { warn(text.say(warning.text), warning.remedy) }
        let files = try ResultFiles.save(result, in: text.language, to: directory.path)
        return Outcome(directory: directory.path, files: files, result: result)
    }

    private func alone() throws(LabError) -> Shared {
        let interrupt = try Interrupt()
        try interrupt.catchSignals()
        return Shared(interrupt: interrupt, line: ProgressLine(quiet: quiet, text: text), pool: EnginePool())
    }

    /// The machine's state, tuned first if that is wished, with a warning for everything that disturbs.
    private func environment(
        _ workspace: Workspace, _ warn: (String, _ remedy: Message?) -> Void
    ) throws(LabError) -> Environment {
        let tuning = tunes ? try Tuning(journal: workspace.context.journal).apply() : nil
        var environment = Environment.capture()
        environment.tuned = tuning?.set
        environment.warnings += tuning?.refused ?? []
        environment.warnings += workspace.otherRuns.map { other in
            Environment.Warning(
                "another run was alive when this one began (\(other)): each disturbs the other",
                remedy: "wait until it has ended, then measure again")
        }
        for warning in environment.warnings { warn(text.say(warning.text), warning.remedy) }
        return environment
    }
}
