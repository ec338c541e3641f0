import LabCore

/// The basis of all sections: the figures of a result, and which of its engines were measured.
struct Analysis {
    /// The metric of the answer table.
    let headline: Metric
    let figures: Figures
    /// The engines of the run in the order of the tables.
    let engines: [Engine]

    /// Every ratio is to this engine.
    static let baseline = Precision.baseline
    /// With more rows or columns than these a table helps nobody; what is left out is counted.
    static let mostRows = 200
    static let mostColumns = 12

    struct Engine {
        var record: EngineRecord
        /// Of the headline metric where no parameter is varied.
        var summary: Summary
        var ratio: Estimate?
        /// True when any of its samples, wherever, yielded the headline metric; for experiments, any metric or fact.
        var isMeasured: Bool
        /// True when any of its samples, wherever, failed.
        var hasFailed: Bool

        var id: EngineID { record.id }
        /// True when it has a figure where no parameter is varied.
        var hasBase: Bool { summary.n > 0 }

        /// Peers are measured where they are installed, and one that is not is nothing to be remedied.
        var isAbsentPeer: Bool {
            guard !isMeasured, record.role == .peer, case .unavailable(let error) = record.availability
            else { return false }
            return error.detail == .notInstalled
        }
    }

    /// - Precondition: the lab has a metric, as definitions and results that were read from files do.
    init(_ figures: Figures) {
        let result = figures.result
        guard let headline = result.header.lab.metrics.first else {
            preconditionFailure("a lab without a metric is refused where definitions and results are read")
        }
        self.headline = headline
        self.figures = figures
        let metrics = result.header.lab.method.report.metrics(of: result.header.lab)
        let counted = result.samples.lazy.filter { !$0.warmup }
        let measured = Set(
            counted.filter { sample in
                metrics.contains { $0.value(of: sample) != nil }
                    || sample.outcome.isCompleted && !(sample.facts ?? [:]).isEmpty
            }.map(\.engine))
        let failed = Set(counted.filter { !$0.outcome.isCompleted }.map(\.engine))
        engines = result.header.enginesInOrder.map { record in
            Analysis.engine(
                record, headline, figures, isMeasured: measured.contains(record.id),
                hasFailed: failed.contains(record.id))
        }
    }

    var result: RunResult { figures.result }
    var points: [Condition] { figures.points }

    private static func engine(
        _ record: EngineRecord, _ metric: Metric, _ figures: Figures, isMeasured: Bool,
        hasFailed: Bool
    ) -> Engine {
        Engine(
            record: record, summary: figures.summary(metric, record.id),
            ratio: record.id == baseline ? nil : figures.ratio(metric, record.id, to: baseline),
            isMeasured: isMeasured, hasFailed: hasFailed)
    }

    /// The same figures for another metric.
    func engines(for metric: Metric) -> [Engine] {
        engines.map {
            Analysis.engine(
                $0.record, metric, figures, isMeasured: $0.isMeasured, hasFailed: $0.hasFailed)
        }
    }

    private func engine(_ id: EngineID) -> Engine? { engines.first { $0.id == id } }
    func record(_ id: EngineID) -> EngineRecord? { engine(id)?.record }

    /// Each further build of an engine with the ratio to the first of them in the run.
    var builds: [(first: Engine, other: Engine, ratio: Estimate)] {
        figures.builds(of: headline).compactMap { pair in
            guard let first = engine(pair.first), let other = engine(pair.other) else { return nil }
            return (first, other, pair.ratio)
        }
    }

    /// The breakdown of each engine's life into phases, where its samples allow one.
    var phases: [PhaseBreakdown] {
        engines.compactMap { PhaseBreakdown(figures.samples($0.id), $0.id) }
    }

    /// The breakdown of an engine's life into its steps, likewise.
    func steps(_ engine: Engine) -> StepBreakdown? {
        StepBreakdown(figures.samples(engine.id), engine.record)
    }
}
