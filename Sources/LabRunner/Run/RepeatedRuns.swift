import LabCore
import Report

/// Runs of one lab, one after another, each in a directory of its own below one of all: what `lab compare` takes as a side.
///
/// A signal ends the run that is being made, which is written, and leaves the rest out; so does a run that fails.
struct RepeatedRuns {
    /// In their order; they differ in the seed.
    var requests: [RunRequest]
    /// The directory of all, which the user named; nil for a new one below `results`.
    var output: String?
    /// Told after each run.
    var report: (Run) throws(LabError) -> Void

    static let most = 1_000

    /// A run that was made.
    struct Run {
        var number: Int
        var count: Int
        var answer: RunAnswer
        /// The headline figure of each engine.
        var headline: String
    }

    struct Outcome {
        var answer: RepeatedAnswer
        /// The error that ended it before its time.
        var failure: LabError?
        /// True when an engine yielded nothing in any run.
        var lacksEngine: Bool
    }

    /// Seeds that follow from one, each short enough to be typed again.
    static func seeds(_ count: Int, from seed: UInt64) -> [UInt64] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt64(UInt32(truncatingIfNeeded: generator.next())) }
    }

    /// - Throws: the first run's error when that yielded nothing.
    func run(_ text: Language, quiet: Bool) throws(LabError) -> Outcome {
        guard let lab = requests.first?.lab.id else { preconditionFailure("nothing is to be run") }
        let root =
            if let output { try OutputDirectory.named(output) } else {
                try OutputDirectory.below(time: UTCTime.now(), lab: lab)
            }
        defer { root.removeIfEmpty() }
        let shared = try RunSession.Shared(quiet: quiet, text: text)
        var answers: [RunAnswer] = []
        var failure: LabError?
        var lacksEngine = false
        for (place, request) in requests.enumerated() where failure == nil && !shared.interrupt.isRaised {
            shared.line.enter(run: place + 1, of: requests.count)
            let session = RunSession(
                request: request, output: "\(root.path)/\(lab)-\(place + 1)", text: text, shared: shared)
            let outcome: RunSession.Outcome
            do throws(LabError) {
                outcome = try session.run()
            } catch {
                failure = error
                continue
            }
            lacksEngine = lacksEngine || outcome.result.hasLackingEngine
            answers.append(RunAnswer(outcome))
            shared.line.clear()
            try report(
                Run(
                    number: place + 1, count: requests.count, answer: answers[place],
                    headline: Report.headline(of: outcome.figures, language: text)))
        }
        if let failure, answers.isEmpty { throw failure }
        if answers.isEmpty { throw Interrupt.error }
        if failure?.kind == .interrupted { failure = nil }
        return Outcome(
            answer: RepeatedAnswer(
                directory: root.path, runs: answers, planned: requests.count,
                interrupted: shared.interrupt.isRaised, error: failure), failure: failure,
            lacksEngine: lacksEngine)
    }
}

/// The answer of `lab run --repeat` as JSON.
struct RepeatedAnswer: Encodable {
    /// Version of this answer's shape.
    let schema = "lab.repeats/1"
    /// The directory that holds those of the runs, for `lab compare`.
    let directory: String
    let runs: [RunAnswer]
    /// The number that was asked for.
    let planned: Int
    let interrupted: Bool
    /// The reason why the rest was not made; nil where it was, or a signal ended it.
    let error: LabError?
}

extension RepeatedRuns.Run {
    /// One line when a run has ended: `run 2 of 5  results/…/startup-latency-2/report.md  process 612 µs`.
    func line(in text: Language) -> String {
        text.say("run \(number) of \(count)") + "  \(answer.directory)/\(ResultFiles.reportName)  \(headline)"
    }
}

extension RepeatedRuns.Outcome {
    /// The answer for people: how to go on.
    func text(in text: Language) -> String {
        text.say("compare: ") + ShellText.join(["lab", "compare", answer.directory]) + " …"
    }
}
