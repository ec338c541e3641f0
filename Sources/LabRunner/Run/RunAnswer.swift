import LabCore
import Report

/// The answer of `lab run`: where the report is and the figures of its tables. The raw samples are in the files.
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
    /// Median of what it adds to a sample, in nanoseconds: trials of an engine that does nothing.
    let harnessPerSampleNanoseconds: Double?
    /// The engine to which times are set in proportion; nil where there are no two.
    let baseline: EngineID?
    let engines: [EngineAnswer]
    /// Of each further build of an engine: how its times compare with those of the first in the run.
    let builds: [BuildAnswer]
    /// The changes since the result that `--baseline` names; nil without.
    var comparison: ComparisonAnswer?

    struct EngineAnswer: Encodable {
        let id: EngineID
        /// The program that the user named for it; nil for the engine's own.
        let build: EngineBuild?
        let availability: Availability
        let emulated: Bool
        /// What there was before the first mark of its trials.
        let prepared: [Message]
        let footnotes: [Message]
        let samples: Int
        let failures: Int
        /// The figures where nothing is varied.
        let metrics: [String: Figure]
        /// The figures where something is: at each point of the run that the engine was measured at.
        let points: [PointAnswer]
    }

    struct BuildAnswer: Encodable {
        let old: EngineID
        let new: EngineID
        let metric: String
        /// new / old, from neighbouring trials.
        let ratio: ComparisonAnswer.Figure

        /// Every pair and time of a run, where nothing is varied.
        static func all(of figures: Figures) -> [BuildAnswer] {
            figures.result.header.lab.metrics.filter { $0.unit == .nanoseconds }.flatMap { metric in
                figures.builds(of: metric).map {
                    BuildAnswer(old: $0.first, new: $0.other, metric: metric.id, ratio: .init($0.ratio))
                }
            }
        }
    }

    struct PointAnswer: Encodable {
        let parameters: Condition
        let samples: Int
        let failures: Int
        /// A slope stands at the point that leaves out the parameter which it is over, and only there.
        let metrics: [String: Figure]
    }

    /// A metric of one engine, in the metric's unit.
    struct Figure: Encodable {
        let unit: Metric.Unit
        let n: Int
        /// True when it was counted and not sampled: the bounds are then the least and the most.
        let counted: Bool
        var median: Double?
        /// Growth per unit of the parameter, of a metric that is one; the bounds are then its own.
        var slope: Double?
        let lower95: Double?
        let upper95: Double?
        /// The limit of the harness that stopped a trial: the figure is a lower bound then.
        var stop: Stop?
        var p95: Double?
        var minimum: Double?
        /// Of a time, in proportion to the baseline's.
        var ratio: ComparisonAnswer.Figure?

        init(_ metric: Metric, _ summary: Summary) {
            unit = metric.unit
            counted = metric.isExact
            n = summary.n
            median = summary.median
            lower95 = summary.interval?.lower
            upper95 = summary.interval?.upper
            p95 = summary.p95
            minimum = summary.minimum
        }

        /// The figure of a metric that is no slope.
        init(
            _ metric: Metric, _ engine: EngineID, at point: Condition, _ figures: Figures,
            to baseline: EngineID?
        ) {
            self.init(metric, figures.summary(metric, engine, at: point))
            stop = figures.harnessStop(metric, engine, at: point)
            guard metric.unit == .nanoseconds, let baseline, baseline != engine else { return }
            ratio = figures.ratio(metric, engine, to: baseline, at: point).map { .init($0) }
        }

        init(_ unit: Metric.Unit, slope: Estimate) {
            self.unit = unit
            counted = false
            n = slope.n
            self.slope = slope.value
            lower95 = slope.interval?.lower
            upper95 = slope.interval?.upper
        }
    }

    init(_ outcome: RunSession.Outcome) {
        self.init(outcome.figures, directory: outcome.directory, files: outcome.files)
    }

    init(_ figures: Figures, directory: String, files: [String]) {
        let result = figures.result
        runID = result.header.runID
        lab = result.header.lab.id
        ending = result.ending
        command = result.header.command
        self.directory = directory
        self.files = files
        harnessNanoseconds = Statistics.median(result.samples.compactMap { $0.values[Runner.harnessValue] })
        harnessPerSampleNanoseconds = Statistics.median(
            result.header.harnessNanoseconds.map { Double($0) })
        let baseline = [figures].baseline
        self.baseline = baseline
        engines = result.header.engines.map { Self.engine($0, figures, baseline) }
        builds = BuildAnswer.all(of: figures)
    }

    private static func engine(
        _ record: EngineRecord, _ figures: Figures, _ baseline: EngineID?
    ) -> EngineAnswer {
        let result = figures.result
        let measured = result.measuredAnywhere(record.id)
        let metrics = result.header.lab.metrics
        func figure(_ metric: Metric, _ point: Condition) -> (String, Figure) {
            (metric.id, Figure(metric, record.id, at: point, figures, to: baseline))
        }
        let points = figures.points(of: record.id).filter { !$0.isEmpty }
        return EngineAnswer(
            id: record.id, build: record.build, availability: record.availability, emulated: record.emulated,
            prepared: result.prepared(for: record), footnotes: result.footnotes(of: record),
            samples: measured.count, failures: measured.count { !$0.outcome.isCompleted },
            metrics: Dictionary(uniqueKeysWithValues: metrics.map { figure($0, [:]) }),
            points: slopes(record.id, metrics, figures, points)
                + points.map { point in
                    let values = metrics.filter { !$0.isSlope }.map { figure($0, point) }
                    return pointAnswer(point, [point], record.id, figures, values)
                })
    }

    /// An answer for each point that leaves out the factor of a slope, in their order.
    private static func slopes(
        _ engine: EngineID, _ metrics: [Metric], _ figures: Figures, _ points: [Condition]
    ) -> [PointAnswer] {
        let slopes = metrics.filter(\.isSlope)
        var origins: [(place: Condition, points: [Condition])] = []
        for point in points {
            for place in slopes.map({ $0.place(of: point) }) where place != point {
                guard let known = origins.firstIndex(where: { $0.place == place }) else {
                    origins.append((place, [point]))
                    continue
                }
                if origins[known].points.last != point { origins[known].points.append(point) }
            }
        }
        return origins.compactMap { place, points in
            let values = slopes.compactMap { metric in
                figures.estimate(metric, engine, at: place).map {
                    (metric.id, Figure(metric.unit, slope: $0))
                }
            }
            return values.isEmpty ? nil : pointAnswer(place, points, engine, figures, values)
        }
    }

    private static func pointAnswer(
        _ point: Condition, _ origins: [Condition], _ engine: EngineID, _ figures: Figures,
        _ metrics: [(String, Figure)]
    ) -> PointAnswer {
        let samples = origins.flatMap { figures.samples(engine, at: $0) }
        return PointAnswer(
            parameters: point, samples: samples.count, failures: samples.count { !$0.outcome.isCompleted },
            metrics: Dictionary(uniqueKeysWithValues: metrics))
    }
}

extension RunAnswer {
    /// The answer for people: the table, what ended the run, and where the rest is.
    func text(_ figures: Figures, in text: Language) -> String {
        var lines = Report.summaryLines(for: figures, language: text)
        lines.append("")
        switch ending {
        case .complete: break
        case .budget:
            lines.append(
                text.say("The time budget ended the run before every planned trial was made."))
        case .interrupted:
            lines.append(
                text.say("A signal ended the run; the figures are of the trials made until then."))
        case .killed:
            lines.append(
                text.say("The run was killed; the figures are of the trials made until then."))
        }
        if let harness = harness(text) { lines.append(text.say("harness: ") + harness) }
        lines.append(text.say("report:  ") + "\(directory)/\(ResultFiles.reportName)")
        lines.append(text.say("again:   ") + command)
        return lines.joined(separator: "\n")
    }

    /// Returns the time that the harness itself takes.
    private func harness(_ text: Language) -> String? {
        func microseconds(_ nanoseconds: Double) -> String { "\((nanoseconds / 100).rounded() / 10) µs" }
        let parts = [
            harnessPerSampleNanoseconds.map(microseconds).map {
                text.say("adds \($0) to a sample")
            },
            harnessNanoseconds.map(microseconds).map {
                text.say("takes \($0) between two trials, outside every mark")
            },
        ].compactMap(\.self)
        return parts.isEmpty
            ? nil : parts.joined(separator: text.say(" and ")) + text.say(" (medians)")
    }
}
