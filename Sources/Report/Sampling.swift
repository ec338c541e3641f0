import LabCore

/// The sampling of a cell of the headline, or of an experiment's figures, and whether its interval is narrow enough.
struct Sampling {
    var engine: EngineRecord
    var point: Condition
    /// The headline; of an experiment, what it yields there.
    var metric: Metric
    /// Measured samples, failed ones among them; those that were planned; and those that it might have grown to.
    var made: Int
    var planned: Int
    var most: Int
    /// Half the width of the interval over the figure, see `Precision`, and the one that was asked for.
    var width: Double?
    var wanted: Double?
    var end: End

    /// The reason for which the sampling of the cell ended.
    enum End: Equatable {
        /// The interval is as narrow as was asked for.
        case narrow
        /// It was when it was looked at, and no trial of the cell was made since: with fewer samples of the baseline, and
        /// around the middle of the blocks.
        case narrowWhenLookedAt
        /// No width was asked for, and the planned number was made.
        case planned
        /// Still too wide after the most samples that the lab allows.
        case growth
        /// The engine failed too often in a row.
        case stopped
        /// The run ended before.
        case run(RunResult.Ending)
    }

    /// The cells that were planned or measured, in the order of engines and points; a cell that is one of a slope's has
    /// no interval of its own.
    /// - Parameter most: so many of them are looked at; `left` is how many more there are.
    static func all(_ analysis: Analysis, most limit: Int = .max) -> (samplings: [Sampling], left: Int) {
        let header = analysis.result.header
        var planned: [Plan.Cell: Int] = [:]
        var most: [Plan.Cell: Int] = [:]
        for trial in header.plan.trials where !trial.warmup {
            most[trial.cell, default: 0] += 1
            if !trial.extra { planned[trial.cell, default: 0] += 1 }
        }
        // Those of engines that the lab does not name are as sure as it wants all to be.
        let wanted = Dictionary(header.lab.quotas.map { ($0.cell, $0.precision) }) { first, _ in first }
        let cells = analysis.engines.flatMap { engine in
            analysis.points.map { (engine: engine, cell: Plan.Cell(engine: engine.id, point: $0)) }
        }.filter { _, cell in
            planned[cell] != nil || !analysis.figures.samples(cell.engine, at: cell.point).isEmpty
        }
        let pairs = cells.flatMap { engine, cell in
            analysis.method.report.sampled(cell, in: analysis).map {
                (engine: engine, cell: cell, metric: $0)
            }
        }
        let samplings = pairs.prefix(limit).map { engine, cell, metric in
            let isHeadline = metric.id == analysis.headline.id
            let baseline = Plan.Cell(engine: Precision.baseline, point: cell.point)
            let estimate =
                isHeadline && cell != baseline && planned[baseline] != nil
                ? analysis.figures.ratio(metric, cell, to: baseline)
                : analysis.figures.estimate(metric, cell.engine, at: cell.point)
            var sampling = Sampling(
                engine: engine.record, point: cell.point, metric: metric,
                made: analysis.figures.samples(cell.engine, at: cell.point).count,
                planned: planned[cell] ?? 0, most: most[cell] ?? 0,
                width: estimate.flatMap { $0.interval?.relativeHalfWidth(around: $0.value) },
                wanted: isHeadline ? wanted[cell] ?? header.lab.samples.precision : nil,
                end: .planned)
            sampling.end = sampling.ended(analysis.result.ending)
            return sampling
        }
        return (samplings, pairs.count - samplings.count)
    }

    private func ended(_ run: RunResult.Ending) -> End {
        if let wanted, let width, width <= wanted { return .narrow }
        if wanted != nil && made >= most { return .growth }
        if made < planned || (wanted != nil && run != .complete) {
            return run == .complete ? .stopped : .run(run)
        }
        return wanted == nil ? .planned : .narrowWhenLookedAt
    }
}
