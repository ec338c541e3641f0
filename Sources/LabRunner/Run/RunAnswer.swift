import LabCore
import Report

/// What `lab run` answers: where the report is and the figures of its first table. The raw samples are in the files.
struct RunAnswer: Encodable {
    /// Version of this answer's shape.
    let schema = "lab.run/1"
    let runID: String
    let lab: String
    let ending: RunResult.Ending
    let command: String
    let directory: String
    /// Names in `directory`.
    let files: [String]
    /// Median of what the harness itself took around a sample, in nanoseconds; nil without samples.
    let harnessNanoseconds: Double?
    let engines: [EngineAnswer]
    /// What changed since the result that `--baseline` names; nil without.
    var comparison: ComparisonAnswer?

    struct EngineAnswer: Encodable {
        let id: EngineID
        let availability: Availability
        let emulated: Bool
        let footnotes: [String]
        let samples: Int
        let failures: Int
        let metrics: [String: Figure]

        /// Whether the engine was there and yet yielded nothing.
        var isLacking: Bool { availability == .available && samples > 0 && samples == failures }
    }

    /// A metric of one engine, in the metric's unit.
    struct Figure: Encodable {
        let unit: Metric.Unit
        let n: Int
        let median: Double?
        let lower95: Double?
        let upper95: Double?
        let p95: Double?
        let minimum: Double?
    }

    init(_ outcome: RunSession.Outcome) {
        let result = outcome.result
        runID = result.header.runID
        lab = result.header.lab.id
        ending = result.ending
        command = result.header.command
        directory = outcome.directory
        files = outcome.files
        harnessNanoseconds = Statistics.median(result.samples.compactMap { $0.values[Runner.harnessValue] })
        engines = result.header.engines.map { Self.engine($0, in: result) }
    }

    private static func engine(_ record: EngineRecord, in result: RunResult) -> EngineAnswer {
        let measured = result.measuredAnywhere(record.id)
        let figures = result.header.lab.metrics.map { metric in
            let summary = result.summary(metric, record.id)
            let figure = Figure(
                unit: metric.unit, n: summary.n, median: summary.median, lower95: summary.interval?.lower,
                upper95: summary.interval?.upper, p95: summary.p95, minimum: summary.minimum)
            return (metric.id, figure)
        }
        return EngineAnswer(
            id: record.id, availability: record.availability, emulated: record.emulated,
            footnotes: record.footnotes,
            samples: measured.count, failures: measured.count { !$0.outcome.isCompleted },
            metrics: Dictionary(uniqueKeysWithValues: figures))
    }
}

extension RunAnswer {
    /// The answer for people: the table, what ended the run, and where the rest is.
    func text(_ result: RunResult) -> String {
        var lines = Report.summaryLines(for: result)
        lines.append("")
        switch ending {
        case .complete: break
        case .budget: lines.append("The time budget ended the run before every planned trial was made.")
        case .interrupted:
            lines.append("A signal ended the run; the figures are of the trials made until then.")
        case .killed: lines.append("The run was killed; the figures are of the trials made until then.")
        }
        if let harnessNanoseconds {
            let microseconds = (harnessNanoseconds / 100).rounded() / 10
            lines.append("harness: \(microseconds) µs between two trials (median), outside every mark")
        }
        lines.append("report:  \(directory)/\(ResultFiles.reportName)")
        lines.append("again:   \(command)")
        return lines.joined(separator: "\n")
    }
}
