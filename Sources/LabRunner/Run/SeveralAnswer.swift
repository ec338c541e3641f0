import LabCore
import Report

/// The answer of `lab run` of several labs as JSON.
struct SeveralAnswer: Encodable {
    /// Version of this answer's shape.
    let schema = "lab.runs/1"
    let runs: [RunAnswer]
    /// Labs that yielded nothing, and why.
    let failed: [Failure]
    /// Labs that have none of the engines that were asked for.
    let skipped: [String]
    let interrupted: Bool
    /// Of the table, with the names of its files.
    let directory: String
    let files: [String]
    let table: TableAnswer

    struct Failure: Encodable {
        let lab: String
        let error: LabError
    }

    init(_ outcome: SeveralRuns.Outcome) {
        runs = outcome.runs.map { RunAnswer($0) }
        failed = outcome.labs.compactMap { progress in
            guard case .failed(let error) = progress.end else { return nil }
            return Failure(lab: progress.lab, error: error)
        }
        skipped = outcome.labs.compactMap { progress in
            guard case .skipped = progress.end else { return nil }
            return progress.lab
        }
        interrupted = outcome.interrupted
        directory = outcome.directory
        files = outcome.files
        table = TableAnswer(outcome.table)
    }
}

extension SeveralRuns.Outcome {
    /// The answer for people: the table in short, and where the whole of it is.
    func text(in text: Language) -> String {
        (Report.summaryLines(for: table, language: text) + [
            "", "\(text.say("table:   "))\(directory)/\(TableFiles.name).md",
        ]).joined(separator: "\n")
    }
}

extension SeveralRuns.Progress {
    /// One line when a lab has ended: `lab 3 of 17  startup-latency  results/…/report.md`.
    func line(in text: Language) -> String {
        let end =
            switch end {
            case .done(let run): "\(run.directory)/\(ResultFiles.reportName)"
            case .failed(let error): text.say("failed: ") + text.say(error.reason)
            case .skipped: text.say("skipped: it has none of the engines of --engine")
            }
        return text.say("lab \(number) of \(count)") + "  \(lab)  \(end)"
    }
}
