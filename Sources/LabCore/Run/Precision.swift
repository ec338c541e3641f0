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
    private let metric: Metric?
    private let quotas: [Plan.Cell: Plan.Quota]
    private var looks: [Plan.Cell: Look] = [:]

    init(_ lab: LabDefinition) {
        metric = lab.metrics.first
        quotas = Dictionary(lab.quotas.map { ($0.cell, $0) }) { $1 }
    }

    /// Returns true when the interval of the headline's median is narrow enough for a cell to get no extra trial.
    mutating func isEnough(_ cell: Plan.Cell, _ samples: [Observation], seed: UInt64) -> Bool {
        guard let metric, let quota = quotas[cell], let precision = quota.precision else { return true }
        let values = samples.filter { !$0.warmup && $0.cell == cell }
            .compactMap { metric.value(of: $0) }
        // Once narrow, a cell gets no trial that could make it wide again; once wide, it is looked at after a round.
        if let look = looks[cell], look.isNarrow || values.count < look.samples + quota.samples {
            return look.isNarrow
        }
        let summary = Summary(values, seed: seed)
        let width = summary.median.flatMap { summary.interval?.relativeHalfWidth(around: $0) }
        let isNarrow = width.map { $0 <= precision } ?? false
        looks[cell] = Look(samples: values.count, isNarrow: isNarrow)
        return isNarrow
    }
}
