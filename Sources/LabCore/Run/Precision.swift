/// Which cells of a run have been measured well enough, by the lab's rule.
///
/// A cell is looked at when the first of a round's extra trials is due, and not again within that round: looking costs
/// a bootstrap, some milliseconds between two trials.
struct Precision {
    /// Width of an interval that was looked at.
    private struct Look {
        var samples: Int
        var isNarrow: Bool
    }
    private let lab: LabDefinition
    private let planned: [Plan.Cell: Int]
    private let wanted: [Plan.Cell: Double]
    private var looks: [Plan.Cell: Look] = [:]

    init(_ lab: LabDefinition, _ engines: [EngineID]) {
        self.lab = lab
        var planned: [Plan.Cell: Int] = [:]
        var wanted: [Plan.Cell: Double] = [:]
        for series in lab.series {
            let samples = lab.samples(of: series)
            for engine in lab.engines(of: series) {
                for point in series.points {
                    let cell = Plan.Cell(engine: engine, point: point)
                    planned[cell] = samples.count(for: engine)
                    wanted[cell] = samples.precision
                }
            }
        }
        self.planned = planned
        self.wanted = wanted
    }

    /// Whether the interval of the headline's median is narrow enough for a cell to get no extra trial.
    mutating func isEnough(_ cell: Plan.Cell, _ samples: [Observation], seed: UInt64) -> Bool {
        guard let metric = lab.metrics.first, let precision = wanted[cell], let planned = planned[cell] else {
            return true
        }
        let values = samples.filter { !$0.warmup && $0.engine == cell.engine && $0.parameters == cell.point }
            .compactMap { metric.value(of: $0) }
        // Once narrow, a cell gets no trial that could make it wide again; once wide, it is looked at after a round.
        if let look = looks[cell], look.isNarrow || values.count < look.samples + planned {
            return look.isNarrow
        }
        let summary = Summary(values, seed: seed)
        let width = summary.median.flatMap { summary.interval?.relativeHalfWidth(around: $0) }
        let isNarrow = width.map { $0 <= precision } ?? false
        looks[cell] = Look(samples: values.count, isNarrow: isNarrow)
        return isNarrow
    }
}
