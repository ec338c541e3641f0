/// Makes a run: probes and prepares the engines, plans the trials, makes them one after another on the calling
/// thread, and hands over each sample as it is taken.
public final class Runner {
    /// The description of the run, but for what the engines say of themselves.
    public struct Setup: Sendable {
        /// The lab with the user's overrides.
        public var lab: LabDefinition
        /// Reproduces the run, shell-quoted.
        public var command: String
        /// Version of the program.
        public var version: String
        /// UTC, RFC 3339, to the second.
        public var startedAt: String
        public var seed: UInt64
        public var environment: Environment
        /// The experiments that the method `experiment` can make.
        public var experiments: [any Experiment]
        /// True when the user named the lab's budget: one that holds no first round is refused then, and else exceeded.
        public var budgetIsAsked: Bool
        /// Follows the JSON pointers of a command's values.
        public var pointed: PointedNumber
        /// What the user answered to the lab's predictions; nil where nobody was asked.
        public var predictions: [String]?

        public init(
            lab: LabDefinition, command: String, version: String, startedAt: String, seed: UInt64,
            environment: Environment, experiments: [any Experiment] = [], budgetIsAsked: Bool = false,
            pointed: @escaping PointedNumber = { _, _ in nil }
        ) {
            self.lab = lab
            self.command = command
            self.version = version
            self.startedAt = startedAt
            self.seed = seed
            self.environment = environment
            self.experiments = experiments
            self.budgetIsAsked = budgetIsAsked
            self.pointed = pointed
        }
    }

    /// An event that a user who watches is told of. Sent outside any measured time.
    public enum Event: Sendable {
        case probing(EngineID)
        case unavailable(EngineID, LabError)
        case preparing(EngineID)
        /// The lab's own budget holds no first round, which is made all the same.
        case shortBudget(LabError)
        /// The next trial is about to be made.
        case trial(Plan.Trial, RunProgress, elapsed: Duration)
        case failed(Observation, LabError)
        /// An engine failed too often in a row; its remaining trials are left out.
        case stopped(EngineID, because: Message)
        case ended(RunResult.Ending)
    }

    /// An engine that fails so often in a row is stopped: it will not recover, and each failure may cost a deadline.
    public static let failuresInARow = 3
    /// The name in `Observation.values` of the harness's own cost: nanoseconds from the end of the previous trial to
    /// the start of this one, in which the loop keeps the sample, tells the watcher and makes the request.
    public static let harnessValue = "harness-ns"

    /// Trials of the engine that does nothing, before the first real one.
    static let nullTrials = 200

    private let setup: Setup
    private let engines: [any Engine]
    private let context: RunContext
    /// What is known of the time that trials take; what this run made is learned at its end.
    public private(set) var costs: TrialCosts
    private var spent: [String: (seconds: Double, count: Double)] = [:]
    private var recordByName: [EngineID: EngineRecord] = [:]
    private var failures: [EngineID: Int] = [:]
    private var stopped: [EngineID: Message] = [:]
    /// Variants that this machine can't make, and limits that an engine can't take or live with: asking again gives the
    /// same answer.
    private var impossible: Set<Plan.Cell> = []
    /// Failures in a row at limits of their own.
    private var failuresAtLimits: [Plan.Cell: Int] = [:]

    /// The time by which a first round was made that took longer than the whole budget; nil where it did not.
    private var firstRound: Duration?

    private var shortBudget: [Environment.Warning] {
        guard let firstRound else { return [] }
        let needed = Int((firstRound / .seconds(1)).rounded(.up))
        return [
            .init(
                "the first round, a trial of everything, was made whole and took \(needed) s: longer than the budget of \(TrialCosts.words(setup.lab.budgetSeconds))",
                remedy: "name --budget \(2 * needed)s or more, or fewer engines or series")
        ]
    }

    /// The record of each engine, in their order; also when the run could not begin.
    public var records: [EngineRecord] { engines.compactMap { recordByName[$0.id] } }

    /// True when an instance could not be removed; the journal must be replayed.
    public private(set) var leftSomething = false

    /// - Parameters:
    ///   - engines: those that the lab names, in its order, no two of the same name.
    ///   - costs: what earlier runs of this machine left.
    public init(
        setup: Setup, engines: [any Engine], context: RunContext, costs: TrialCosts = TrialCosts()
    ) {
        self.setup = setup
        self.engines = engines
        self.context = context
        self.costs = costs
    }

    /// Makes the run and returns all of it.
    ///
    /// An engine that is unavailable is recorded with the reason, and the run goes on without it. A failed trial is
    /// a sample. The run ends early when the budget is spent or the user interrupts; what was measured is returned. A budget
    /// that holds no first round is refused before anything is prepared where the user named it; else the watcher is told.
    /// - Parameters:
    ///   - log: makes what keeps the samples as they are taken, given what is known before the first; nil to keep none.
    ///   - accept: sees what is known before the first trial; what it throws ends the run there.
    ///   - disturbances: asked after the last trial what disturbed the run.
    /// - Throws: `.usage` for a budget that is too small; `.unavailable` when no engine works; `.interrupted` before the first trial; `.output` when a sample
    ///   can't be written down, all before it being safe.
    public func run(
        log: (RunResult.Header) throws(LabError) -> (any SampleKeeping)?,
        accept: (RunResult.Header) throws(LabError) -> Void = { _ in },
        disturbances: () -> [Environment.Warning] = { [] }, watch: (Event) -> Void
    ) throws(LabError) -> RunResult {
        var began = MonotonicInstant.now()
        var ready: [any PreparedEngine] = []
        defer {
            for engine in ready { engine.shutDown() }
            if context.command == nil { costs.learn(spent) }
        }
        let (usable, lost) = try available(watch)
        // A program that hangs costs the others nothing of their budget.
        began = began.advanced(by: lost)
        try checkBudget(usable, since: began, watch)
        try prepare(usable, into: &ready, watch)

        let plan = Plan(setup.lab, engines: ready.map(\.id), seed: setup.seed)
        let digests = ComputeDigests(setup.lab, engines: ready.map(\.id))
        let header = header(plan)
        try accept(header)
        let log = try log(header)

        var result = RunResult(header: header, samples: [], closing: .init(.complete))
        result.samples.reserveCapacity(plan.trials.count)
        result.closing.ending = try makeTrials(
            plan, ready,
            TrialProcedure(
                lab: setup.lab, digests: digests, experiments: setup.experiments, context: context,
                outputs: try outputs(beside: log), pointed: setup.pointed, seed: setup.seed), began: began,
            &result.samples, log,
            watch)
        result.closing.stopped = stopped
        result.closing.warnings = disturbances() + shortBudget
        try log?.finish(result.closing)
        watch(.ended(result.ending))
        return result
    }

    private func checkBudget(
        _ usable: [any Engine], since began: MonotonicInstant, _ watch: (Event) -> Void
    ) throws(LabError) {
        let need =
            Double(MonotonicInstant.now().nanoseconds(since: began)) / 1e9
            + costs.firstRound(
                of: setup.lab, on: usable.map(\.record), hasSystem: context.hasSystem)
        // How long the user's own program takes is known to nobody.
        guard context.command == nil, need > setup.lab.budgetSeconds else { return }
        let error = TrialCosts.tooSmall(setup.lab.budgetSeconds, need: need)
        if setup.budgetIsAsked { throw error }
        watch(.shortBudget(error))
    }

    private func spend(_ key: String, _ seconds: Double) {
        let sofar = spent[key] ?? (0, 0)
        spent[key] = (sofar.seconds + seconds, sofar.count + 1)
    }

    /// The directory for the outputs of a command, made; nil where no command is run or nothing of it is kept.
    private func outputs(beside log: (any SampleKeeping)?) throws(LabError) -> String? {
        guard let directory = log?.directory, context.command != nil, setup.lab.method != .experiment else {
            return nil
        }
        let path = "\(directory)/\(TrialProcedure.outputDirectory)"
        try Files.makeDirectory(path)
        return path
    }

    /// The engines that work here, and the time that was lost on those that don't.
    private func available(
        _ watch: (Event) -> Void
    ) throws(LabError) -> (usable: [any Engine], lost: Duration) {
        var usable: [any Engine] = []
        var lost = Duration.zero
        for engine in engines {
            try context.interrupt.check()
            watch(.probing(engine.id))
            let began = MonotonicInstant.now()
            let availability = engine.probe(context)
            recordByName[engine.id] = engine.record
            recordByName[engine.id]?.availability = availability
            switch availability {
            case .available: usable.append(engine)
            case .unavailable(let error):
                lost += .nanoseconds(Int64(MonotonicInstant.now().nanoseconds(since: began)))
                watch(.unavailable(engine.id, error))
            }
        }
        try context.interrupt.check()
        return (usable, lost)
    }

    /// Prepares those among `usable` that can be.
    private func prepare(
        _ usable: [any Engine], into ready: inout [any PreparedEngine], _ watch: (Event) -> Void
    ) throws(LabError) {
        for engine in usable {
            try context.interrupt.check()
            watch(.preparing(engine.id))
            let began = MonotonicInstant.now()
            do {
                let prepared = try engine.prepare(context)
                ready.append(prepared)
                spend(
                    TrialCosts.key(engine.id), Double(MonotonicInstant.now().nanoseconds(since: began)) / 1e9)
                recordByName[engine.id] = prepared.record
                recordByName[engine.id]?.availability = .available
            } catch {
                guard error.kind != .interrupted else { throw error }
                recordByName[engine.id]?.availability = .unavailable(error)
                watch(.unavailable(engine.id, error))
            }
        }
        guard !ready.isEmpty else { throw noEngine() }
    }

    private func noEngine() -> LabError {
        var reasons: [Message] = []
        var remedy: Message?
        for engine in engines {
            guard case .unavailable(let error)? = recordByName[engine.id]?.availability else {
                continue
            }
            reasons.append("\(engine.id): \(error)")
            remedy = remedy ?? error.remedy
        }
        return LabError(
            .unavailable, "no engine of \(setup.lab.id) works on this machine",
            cause: reasons.joined(separator: "; "), remedy: remedy ?? "see `lab doctor`")
    }

    private func header(_ plan: Plan) -> RunResult.Header {
        var header = RunResult.Header(
            version: setup.version, runID: context.runID, startedAt: setup.startedAt, lab: setup.lab,
            command: setup.command, plan: plan, environment: setup.environment,
            engines: records,
            digests: context.digests,
            harnessNanoseconds: NullEngine.overhead(trials: Self.nullTrials))
        header.predictions = setup.predictions
        return header
    }

    /// Makes the trials in their order until they are done, the budget is spent or the user has had enough.
    private func makeTrials(
        _ plan: Plan, _ ready: [any PreparedEngine], _ procedure: TrialProcedure, began: MonotonicInstant,
        _ samples: inout [Observation], _ log: (any SampleKeeping)?, _ watch: (Event) -> Void
    ) throws(LabError) -> RunResult.Ending {
        let byName = Dictionary(uniqueKeysWithValues: ready.map { ($0.id, $0) })
        var precision = Precision(setup.lab, plan)
        let lastStart = began.advanced(by: .seconds(setup.lab.budgetSeconds))
        var progress = RunProgress(plan: plan)
        var previousEnd = MonotonicInstant.now()
        var pace = Pace(setup.lab)
        var round: Int?
        var overtime = Overtime(budget: setup.lab.budgetSeconds)
        // Trials whose samples came with those of others.
        var made: Set<Int> = []
        for trial in plan.trials {
            guard !made.contains(trial.index), stopped[trial.engine] == nil, !impossible.contains(trial.cell),
                let engine = byName[trial.engine]
            else {
                progress.skipped(trial)
                continue
            }
            if trial.extra && precision.isEnough(trial.cell, samples) {
                progress.skipped(trial)
                continue
            }
            guard overtime.allows(trial, costing: mean(of: trial.cell)) else {
                progress.skipped(trial)
                continue
            }
            var hasWaited = false
            if !trial.warmup {
                do throws(LabError) { hasWaited = try pace.wait(for: trial, context.interrupt) } catch {
                    return .interrupted
                }
            }
            // Looking at a cell is part of no trial, nor is waiting.
            let now = MonotonicInstant.now()
            if trial.extra || hasWaited { previousEnd = now }
            if context.interrupt.isRaised { return .interrupted }
            if overtime.isOver(at: now) { return .budget }
            // A round that has begun is finished, and the first one is begun: no engine is left out for want of time.
            if !trial.warmup && trial.round != round {
                if now > lastStart, let last = round, !overtime.hasBegun {
                    if last == 0 { firstRound = .nanoseconds(Int64(clamping: now.nanoseconds(since: began))) }
                    overtime.begin(at: now)
                }
                round = trial.round
                guard overtime.allows(trial, costing: mean(of: trial.cell)) else {
                    progress.skipped(trial)
                    continue
                }
            }
            watch(
                .trial(trial, progress, elapsed: .nanoseconds(Int64(clamping: now.nanoseconds(since: began))))
            )

            var conclusion = procedure.perform(trial, on: engine)
            if conclusion.disposalFailure != nil { leftSomething = true }
            // A trial that the user broke off is no failure of the engine, so it is no sample.
            if !conclusion.observation.outcome.isCompleted && context.interrupt.isRaised {
                return .interrupted
            }
            let overhead = conclusion.began.nanoseconds(since: previousEnd)
            conclusion.observation.values[Self.harnessValue] = Double(overhead)
            let taken = conclusion.ended.nanoseconds(since: previousEnd)
            progress.made(trial, nanoseconds: taken)
            // What came with it cost nothing more.
            let share = Double(taken) / 1e9 / Double(1 + conclusion.others.count)
            for cell in [trial.cell] + conclusion.others.map(\.cell) {
                spend(TrialCosts.key(cell, in: setup.lab), share)
            }
            previousEnd = conclusion.ended
            overtime.made(trial)
            samples.append(conclusion.observation)
            try log?.append(conclusion.observation)
            for var other in conclusion.others {
                // One more than was planned is no sample.
                guard
                    let planned = plan.trials[trial.index...].first(where: {
                        $0.cell == other.cell && $0.warmup == trial.warmup && $0.extra == trial.extra
                            && !made.contains($0.index)
                    })
                else { continue }
                made.insert(planned.index)
                other.index = planned.index
                samples.append(other)
                try log?.append(other)
            }
            judge(conclusion.observation, watch)
        }
        return overtime.hasBegun ? .budget : .complete
    }

    /// The mean of the seconds that trials of a cell took in this run; nil before the first.
    private func mean(of cell: Plan.Cell) -> Double? {
        spent[TrialCosts.key(cell, in: setup.lab)].map { $0.seconds / $0.count }
    }

    /// Stops an engine that has failed too often in a row.
    private func judge(_ observation: Observation, _ watch: (Event) -> Void) {
        guard case .failed(let error, _) = observation.outcome else {
            failures[observation.engine] = 0
            failuresAtLimits[observation.cell] = nil
            return
        }
        watch(.failed(observation, error))
        // A lack of the machine for one experiment, one variant or one payload says nothing of the engine's others.
        if setup.lab.method == .experiment && error.kind == .unavailable { return }
        let isOwn = observation.parameters.variant != nil || observation.parameters.system != nil
        if isOwn && error.kind == .unavailable {
            impossible.insert(observation.cell)
            return
        }
        // Too little memory for one is enough for another.
        if observation.parameters != observation.parameters.withoutLimits {
            // Only a sample can say in the result that it is so.
            if observation.warmup { return }
            failuresAtLimits[observation.cell, default: 0] += 1
            if error.refusesLimits || failuresAtLimits[observation.cell] == Self.failuresInARow {
                impossible.insert(observation.cell)
            }
            return
        }
        let inARow = failures[observation.engine, default: 0] + 1
        failures[observation.engine] = inARow
        guard inARow >= Self.failuresInARow else { return }
        let reason: Message = "stopped after \(inARow) failures in a row, the last: \(error)"
        stopped[observation.engine] = reason
        watch(.stopped(observation.engine, because: reason))
    }
}
