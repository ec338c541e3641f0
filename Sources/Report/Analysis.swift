import LabCore

/// What the sections share: the figures of a result, computed once.
struct Analysis {
    let result: RunResult
    /// The metric of the answer table.
    let headline: Metric
    /// The engines of the run in the order of the tables.
    let engines: [Engine]

    /// Every ratio is to this engine.
    static let baseline = EngineID.process

    struct Engine {
        var record: EngineRecord
        /// Of the headline metric.
        var summary: Summary
        var ratio: Estimate?

        var id: EngineID { record.id }
        var isMeasured: Bool { summary.n > 0 }
    }

    /// - Precondition: the lab has a metric, as definitions and results that were read from files do.
    init(_ result: RunResult) {
        guard let headline = result.header.lab.metrics.first else {
            preconditionFailure("a lab without a metric is refused where definitions and results are read")
        }
        self.result = result
        self.headline = headline
        engines = Analysis.ordered(result.header).map { Analysis.engine($0, headline, result) }
    }

    /// The records in the lab's order, then engines that the user added.
    private static func ordered(_ header: RunResult.Header) -> [EngineRecord] {
        let order = header.lab.engines
        return order.compactMap { id in header.engines.first { $0.id == id } }
            + header.engines.filter { !order.contains($0.id) }
    }

    private static func engine(_ record: EngineRecord, _ metric: Metric, _ result: RunResult) -> Engine {
        Engine(
            record: record, summary: result.summary(metric, record.id),
            ratio: record.id == baseline ? nil : result.ratio(metric, record.id, to: baseline))
    }

    /// The same figures for another metric.
    func engines(for metric: Metric) -> [Engine] {
        engines.map { Analysis.engine($0.record, metric, result) }
    }

    /// The first engine of a kind that has samples.
    func firstMeasured(_ kind: EngineKind) -> Engine? {
        engines.first { $0.record.kind == kind && $0.isMeasured }
    }
}

/// Where the time of one engine goes: the spans between the marks that every one of its samples reached.
struct PhaseBreakdown {
    struct Phase {
        /// The mark at its end; it starts where the one before ended, the first at `requested`.
        var end: Mark
        /// Median over the samples, in nanoseconds.
        var median: Double
    }

    var engine: EngineID
    var phases: [Phase]
    /// Median of the time from `requested` to the last mark, in nanoseconds.
    var total: Double

    /// Sum of the medians: near the median of the sums, and equal to it only where the phases vary together.
    var sum: Double { phases.reduce(0) { $0 + $1.median } }

    /// Nil when the engine has no completed sample with two marks.
    init?(_ result: RunResult, _ engine: EngineID) {
        let timelines = result.measured(engine).filter(\.outcome.isCompleted).map(\.timeline)
        let reached = Mark.inOrder.filter { mark in timelines.allSatisfy { $0[mark] != nil } }
        // By time and not by name: a VM's first console byte may come before the call that made it returns.
        let ordered = reached.map { mark in
            (mark: mark, median: Statistics.median(timelines.compactMap { $0[mark].map { Double($0) } }) ?? 0)
        }.sorted { $0.median < $1.median }
        guard !timelines.isEmpty, ordered.count >= 2 else { return nil }
        self.engine = engine
        phases = zip(ordered, ordered.dropFirst()).map { start, end in
            Phase(end: end.mark, median: PhaseBreakdown.medianSpan(timelines, start.mark, end.mark))
        }
        total = PhaseBreakdown.medianSpan(timelines, ordered[0].mark, ordered[ordered.count - 1].mark)
    }

    /// Signed, so that the phases of one sample add up to its total even where two marks changed places.
    private static func medianSpan(_ timelines: [Timeline], _ from: Mark, _ to: Mark) -> Double {
        let spans = timelines.compactMap { timeline -> Double? in
            guard let start = timeline[from], let end = timeline[to] else { return nil }
            return Double(end) - Double(start)
        }
        return Statistics.median(spans) ?? 0
    }
}

/// The steps of an engine that times them, from the request to the end of the last, which cleans up.
struct StepBreakdown {
    var engine: EngineID
    /// Name and median duration in nanoseconds, in order.
    var steps: [(name: String, median: Double)]
    /// Median time from `requested` to the end of the last step, in nanoseconds.
    var total: Double
    var n: Int

    /// What the steps' medians leave of the total, in nanoseconds. The steps of one sample leave nothing: medians
    /// add up to the median of the sums only where the steps vary together, so that it may be negative.
    var rest: Double { total - steps.reduce(0) { $0 + $1.median } }

    init?(_ result: RunResult, _ record: EngineRecord) {
        let samples = result.measured(record.id).filter {
            $0.outcome.isCompleted && $0.stepNanoseconds.count == record.steps.count
        }
        let ends = samples.compactMap { $0.stepNanoseconds.last.map { Double($0) } }
        guard let total = Statistics.median(ends), total > 0 else { return nil }
        engine = record.id
        self.total = total
        n = samples.count
        steps = record.steps.enumerated().map { place, name in
            let durations = samples.map { sample in
                let end = Double(sample.stepNanoseconds[place])
                return place == 0 ? end : end - Double(sample.stepNanoseconds[place - 1])
            }
            return (name, Statistics.median(durations) ?? 0)
        }
    }
}
