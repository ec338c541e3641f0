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

    /// What came of it.
    struct Outcome {
        var directory: String
        /// Names of the files in it.
        var files: [String]
        var result: RunResult
    }

    /// Makes the run and writes everything that a reader needs.
    func run() throws(LabError) -> Outcome {
        let interrupt = try Interrupt()
        try interrupt.catchSignals()
        let line = ProgressLine(quiet: quiet)
        let warn = { (text: String, remedy: String?) in line.warn(text, remedy: remedy) }

        let time = UTCTime.now()
        let directory =
            if let output { try OutputDirectory.named(output) } else {
                try OutputDirectory.below(time: time, lab: lab.id)
            }
        defer { directory.removeIfEmpty() }

        let workspace = try Workspace.open(time: time, interrupt: interrupt, warn: warn)
        var leftovers = true
        defer { workspace.close(leftovers: leftovers, warn: warn) }
        line.show("looking at the machine …", now: true)
        let runner = Runner(
            setup: Runner.Setup(
                lab: lab, command: command, version: Version.current, startedAt: time.rfc3339, seed: seed,
                environment: environment(workspace, warn)),
            engines: EngineFactory.make(lab.engines, settings, context: workspace.context),
            context: workspace.context)
        let budget: Duration = .seconds(lab.budgetSeconds)
        let result: RunResult
        do {
            result = try runner.run(samplesIn: directory.path) { line.follow($0, budget: budget) }
        } catch {
            line.clear()
            let samples = "\(directory.path)/\(SampleLog.fileName)"
            if Files.exists(samples) { warn("what was measured is in \(samples)", "lab report \(samples)") }
            throw error
        }
        leftovers = runner.leftSomething
        let files = try ResultFiles.save(result, in: directory.path)
        return Outcome(directory: directory.path, files: files, result: result)
    }

    /// The machine's state, with a warning when other runs are alive.
    private func environment(
        _ workspace: Workspace, _ warn: (String, _ remedy: String?) -> Void
    ) -> Environment {
        var environment = Environment.capture()
        for other in workspace.otherRuns {
            let warning = Environment.Warning(
                "another run was alive when this one began (\(other)): each disturbs the other",
                remedy: "wait until it has ended, then measure again")
            environment.warnings.append(warning)
            warn(warning.text, warning.remedy)
        }
        return environment
    }
}
