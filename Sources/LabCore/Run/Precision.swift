/// Which cells of a run have been measured well enough, by the lab's rule.
///
/// A cell is looked at when the first of its extra trials in a pass over all rounds is due, and not again within that pass.
public struct Precision {
    private struct Look {
        var samples: Int
        var isNarrow: Bool
    }
    private let metric: Metric?
    /// In the order in which one becomes the baseline.
    private let engines: [EngineID]
    private let blocks: [Int: Plan.Trial]
    private let quotas: [Plan.Cell: Plan.Quota]
    private var looks: [Plan.Cell: Look] = [:]

    /// The engine to whose figures those of the others are set in relation, where it is measured; else it is the lab's first.
    public static let baseline = EngineID.process

    init(_ lab: LabDefinition, _ plan: Plan) {
        metric = lab.metrics.first
        engines = [Self.baseline] + lab.engines
        blocks = plan.byIndex
        quotas = Dictionary(lab.quotas.map { ($0.cell, $0) }) { $1 }
    }

    /// Returns true when the headline's interval is narrow enough for a cell to get no extra trial: that of its ratio to the
    /// baseline where there is one, and else of its median. The baseline's own trials go on as long as any of its partners
    /// needs them.
    mutating func isEnough(_ cell: Plan.Cell, _ samples: [Observation]) -> Bool {
        guard let quota = quotas[cell], quota.precision != nil else { return true }
        let partners = quotas.keys.filter {
            $0.point == cell.point && $0.engine != cell.engine && quotas[$0]?.precision != nil
        }
        guard cell == baseline(at: cell.point), !partners.isEmpty else { return isNarrow(quota, samples) }
        return partners.allSatisfy { quotas[$0].map { isNarrow($0, samples) } ?? true }
    }

    private func baseline(at point: Condition) -> Plan.Cell? {
        engines.lazy.map { Plan.Cell(engine: $0, point: point) }.first { quotas[$0] != nil }
    }

    private mutating func isNarrow(_ quota: Plan.Quota, _ samples: [Observation]) -> Bool {
        guard let metric, let precision = quota.precision else { return true }
        let cell = quota.cell
        // Once narrow, a cell gets no trial that could make it wide again.
        if looks[cell]?.isNarrow == true { return true }
        let own = samples.filter { !$0.warmup && $0.cell == cell }
        let count = own.count { metric.value(of: $0) != nil }
        // Once wide, it is looked at after a pass.
        if let look = looks[cell], count < look.samples + quota.samples { return false }
        let interval: (value: Double, interval: ConfidenceInterval?)?
        if let baseline = baseline(at: cell.point), baseline != cell {
            let pairs = metric.pairs(
                of: own, samples.filter { !$0.warmup && $0.cell == baseline }, in: blocks)
            interval = PairedBlocks(pairs, /).estimate
        } else {
            let medians = metric.medians(of: own, in: blocks).map(\.median)
            interval = Statistics.median(medians).map { ($0, BlockInterval.interval(around: $0, medians)) }
        }
        let width = interval.flatMap { $0.interval?.relativeHalfWidth(around: $0.value) }
        let isNarrow = width.map { $0 <= precision } ?? false
        looks[cell] = Look(samples: count, isNarrow: isNarrow)
        return isNarrow
    }
}
