import LabCore
import Report
import Results

/// Several labs, one after another in this process, and the document's table from what they yield.
///
/// A lab that fails does not stop the others; a signal ends the one that runs and leaves the rest out. What was measured
/// is in the table either way.
struct SeveralRuns {
    /// The labs in their order; one of which nothing is asked is skipped.
    var requests: [(lab: String, request: RunRequest?)]
    var budget: SharedBudget
    /// The directory that the user named, in which each lab gets its own; nil for new ones below `results`.
    var output: String?
    /// The labs that there are, to say which a row lacks.
    var catalogue: [LabDefinition]
    /// Told after each lab.
    var report: (Progress) throws(LabError) -> Void

    /// The outcome of one lab.
    struct Progress {
        var number: Int
        var count: Int
        var lab: String
        var end: End

        enum End {
            case done(RunSession.Outcome)
            case failed(LabError)
            /// None of the engines that the user chose is one of the lab's.
            case skipped
        }
    }

    struct Outcome {
        var labs: [Progress]
        var table: FilledTable
        /// Of the table, with the names of its files.
        var directory: String
        var files: [String]
        var interrupted: Bool

        var runs: [RunSession.Outcome] {
            labs.compactMap { if case .done(let run) = $0.end { run } else { nil } }
        }
        /// True when something did not do what it should have.
        var hasFailed: Bool {
            labs.contains { if case .failed = $0.end { true } else { false } }
                || runs.contains { $0.result.hasLackingEngine }
        }
    }

    /// - Throws: `.usage` or `.output` when it can't begin; the first lab's error when none yielded anything.
    func run(_ text: Language, quiet: Bool) throws(LabError) -> Outcome {
        let time = UTCTime.now()
        let root = try output.map { path throws(LabError) in try OutputDirectory.named(path) }
        defer { root?.removeIfEmpty() }
        let shared = try RunSession.Shared(quiet: quiet, text: text)
        var budget = budget
        try budget.provide(for: RunSession.needs(of: requests.map(\.request), shared, text))
        let labs = try makeRuns(budget, shared, text)
        let runs = labs.compactMap { if case .done(let run) = $0.end { run } else { nil } }
        if runs.isEmpty { throw shared.interrupt.isRaised ? Interrupt.error : Self.nothing(labs) }
        let directory =
            if let root { try OutputDirectory.named("\(root.path)/\(TableFiles.name)") } else {
                try OutputDirectory.below(time: time, lab: TableFiles.name)
            }
        let table = FilledTable(
            runs.map { run in
                let path = "\(run.directory)/\(ResultStore.fileName)"
                return TableSource(run.figures, path: RelativePath.of(path, from: directory.path))
            }, labs: catalogue, failures: Self.failures(labs))
        let files = try TableFiles.save(table, in: directory.path, language: text)
        return Outcome(
            labs: labs, table: table, directory: directory.path, files: files,
            interrupted: shared.interrupt.isRaised)
    }

    private func makeRuns(
        _ budget: SharedBudget, _ shared: RunSession.Shared, _ text: Language
    ) throws(LabError) -> [Progress] {
        let began = MonotonicInstant.now()
        var ends: [Progress] = []
        for (place, (lab, request)) in requests.enumerated() {
            if shared.interrupt.isRaised { break }
            shared.line.enter(lab: lab, number: place + 1, of: requests.count)
            let elapsed = Double(MonotonicInstant.now().nanoseconds(since: began)) / 1e9
            var end = Progress.End.skipped
            if var request {
                if let share = budget.share(of: place, elapsed: elapsed) { request.limit(to: share) }
                end = Self.end(
                    of: RunSession(
                        request: request, output: output.map { "\($0)/\(lab)" }, text: text, shared: shared))
            }
            if case .failed(let error) = end, error.kind == .interrupted { break }
            let progress = Progress(number: place + 1, count: requests.count, lab: lab, end: end)
            ends.append(progress)
            shared.line.clear()
            try report(progress)
        }
        return ends
    }

    private static func end(of session: RunSession) -> Progress.End {
        do {
            return .done(try session.run())
        } catch {
            return .failed(error)
        }
    }

    /// Returns the reason why each lab that failed has no result.
    private static func failures(_ labs: [Progress]) -> [String: Message] {
        Dictionary(
            uniqueKeysWithValues: labs.compactMap { progress in
                guard case .failed(let error) = progress.end else { return nil }
                return (progress.lab, error.reason)
            })
    }

    /// Returns the error when no lab yielded anything.
    private static func nothing(_ labs: [Progress]) -> LabError {
        for progress in labs {
            if case .failed(let error) = progress.end { return error }
        }
        return LabError(
            .usage, "no lab that was named has any of the engines of --engine",
            remedy: "see `lab list labs` for the engines of each lab")
    }
}

extension RunResult {
    /// True when an engine was there, was asked, and yielded nothing. One that can't do what was asked, and says so,
    /// is no failure; but what it can't do with a command of the user's is known before the run, whatever its limits are.
    var hasLackingEngine: Bool {
        header.engines.contains { record in
            // Who names a build wants it measured.
            guard record.availability == .available else { return record.build != nil }
            let samples = measuredAnywhere(record.id)
            // The budget may be over before its turn comes.
            guard !samples.isEmpty else { return header.plan.trials.contains { $0.cell.engine == record.id } }
            let isCommand = header.lab.command != nil
            return samples.allSatisfy { !$0.outcome.isCompleted }
                && samples.contains { sample in
                    guard case .failed(let error, _) = sample.outcome else { return false }
                    return error.kind != .unavailable
                        || isCommand && sample.parameters.memory == nil && sample.parameters.cpus == nil
                }
        }
    }
}
