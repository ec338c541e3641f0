import Artifacts
import Glibc
import LabCore
import Results

/// One run, from the request to the files of its report.
struct RunSession {
    var request: RunRequest
    /// The directory that the user named; nil for a new one below `results`.
    var output: String?
    /// The language of what is said and of the report.
    var text: Language
    /// The result that the run will be compared with: it is refused when they are unlike.
    var baseline: Baseline?
    /// The part that it shares with other runs of this process.
    var shared: Shared

    /// The part that several runs in one process share.
    struct Shared {
        /// Catches the signals already.
        let interrupt: Interrupt
        let line: ProgressLine
        let pool = EnginePool()

        init(quiet: Bool, text: Language) throws(LabError) {
            interrupt = try Interrupt()
            try interrupt.catchSignals()
            line = ProgressLine(quiet: quiet, text: text)
        }
    }

    struct Outcome {
        var directory: String
        /// Names of the files in it.
        var files: [String]
        let figures: Figures

        var result: RunResult { figures.result }
    }

    /// Makes the run and writes everything that a reader needs.
    func run() throws(LabError) -> Outcome {
        let line = shared.line
        let warn = { (words: String, remedy: Message?) in line.warn(words, remedy: remedy) }

        let command = try request.lookUpCommand()
        let time = UTCTime.now()
        let directory =
            if let output { try OutputDirectory.named(output) } else {
                try OutputDirectory.below(time: time, lab: request.lab.id)
            }
        defer { directory.removeIfEmpty() }

        try request.placement?.apply()
        let workspace = try Workspace.open(
            time: time, interrupt: shared.interrupt, mayFetch: request.settings.fetchesKernel,
            placement: request.placement, connection: request.settings.connect, text: text, warn: warn)
        var leftovers = true
        defer { workspace.close(leftovers: leftovers, warn: warn) }
        line.show(text.lookingAtTheMachine, now: true)
        let environment = try environment(workspace, warn)
        var context = workspace.context
        context.command = command
        let network = context.makeNetwork()
        // What can't be removed is the journal's to know.
        defer { do { try network?.remove() } catch { leftovers = true } }
        try baseline?.accept(lab: request.lab, environment: environment, digests: context.digests)
        if request.lab.needsSystem {
            line.show(text.lookingForTheSystem, now: true)
            context.lookForSystem(mayMake: context.mayFetch)
        }
        var setup = Runner.Setup(
            lab: request.lab, command: request.command, version: Version.current,
            startedAt: time.rfc3339, seed: request.seed, environment: environment,
            experiments: ExperimentTable.all, budgetIsAsked: request.budgetIsAsked,
            pointed: JSONPointer.number)
        setup.predictions = request.predictions
        let runner = Runner(
            setup: setup,
            engines: try EngineFactory.make(request.lab.engines, request.settings, pool: shared.pool),
            context: context, costs: TrialCosts(at: context.paths.costs))
        let budget: Duration = .seconds(request.lab.budgetSeconds)
        let result: RunResult
        var builds: [EngineBuild] = []
        do {
            result = try runner.run(
                samplesIn: directory.path,
                accept: { (header) throws(LabError) in
                    builds = header.engines.compactMap(\.build)
                    try baseline?.accept(header)
                },
                disturbances: { environment.disturbances() + EngineBuild.replaced(builds) },
                watch: { line.follow($0, budget: budget, results: directory.path) })
        } catch {
            line.clear()
            let samples = "\(directory.path)/\(SampleLog.fileName)"
            if Files.exists(samples) {
                warn(text.say("what was measured is in \(samples)"), "lab report \(samples)")
            }
            throw error
        }
        leftovers = runner.leftSomething
        // Without them the next run guesses.
        try? runner.costs.write(to: context.paths.costs)
        for warning in result.closing.warnings { warn(text.say(warning.text), warning.remedy) }
        let figures = Figures(result)
        let files = try ResultFiles.save(figures, in: text, to: directory.path)
        return Outcome(directory: directory.path, files: files, figures: figures)
    }

    /// The seconds that the first round of each lab needs on the engines that work here; 0 of one that is not run.
    /// - Throws: `.interrupted`, or what no run could begin with.
    static func needs(
        of requests: [RunRequest?], _ shared: Shared, _ text: Language
    ) throws(LabError) -> [Double] {
        let warn = { (words: String, remedy: Message?) in shared.line.warn(words, remedy: remedy) }
        let workspace = try Workspace.open(
            time: UTCTime.now(), interrupt: shared.interrupt,
            connection: requests.lazy.compactMap { $0?.settings.connect }.first, text: text, warn: warn)
        defer { workspace.close(leftovers: false, warn: warn) }
        var context = workspace.context
        if requests.contains(where: { $0?.lab.needsSystem == true }) { context.lookForSystem(mayMake: false) }
        let costs = TrialCosts(at: context.paths.costs)
        var works: [EngineID: Bool] = [:]
        return try requests.map { request throws(LabError) in
            guard let request else { return 0 }
            let engines = try EngineFactory.make(request.lab.engines, request.settings, pool: shared.pool)
            for engine in engines where works[engine.id] == nil {
                try shared.interrupt.check()
                shared.line.show(text.probing(engine.id), now: true)
                works[engine.id] = engine.probe(context) == .available
            }
            return costs.firstRound(
                of: request.lab, on: engines.filter { works[$0.id] == true }.map(\.record),
                hasSystem: context.hasSystem)
        }
    }

    /// The machine's state, tuned first if that is wished, with a warning for everything that disturbs.
    private func environment(
        _ workspace: Workspace, _ warn: (String, _ remedy: Message?) -> Void
    ) throws(LabError) -> Environment {
        let tuning = request.tunes ? try Tuning(journal: workspace.context.journal).apply() : nil
        var environment = Environment.capture(placement: request.placement)
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

extension RunContext {
    fileprivate mutating func lookForSystem(mayMake: Bool) {
        let (root, paths) = (rootFilesystem, paths)
        system = Result { () throws(LabError) in try SystemTree.of(root, paths: paths, mayMake: mayMake) }
    }
}
