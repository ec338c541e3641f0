/// The judgement of a claim by the measurement.
public enum Verdict: String, Codable, Sendable, CaseIterable {
    case confirmed, contradicted, inconclusive
    case notMeasurable = "not-measurable-here"
}

/// A claim judged by its rule: the verdict with the figure it rests on.
public struct Judgement: Equatable, Sendable {
    public var verdict: Verdict
    public var reason: Reason
    /// The engine that was judged; nil when none of the rule's engines has samples.
    public var engine: EngineID?
    /// True when the engine emulates, or the whole machine is emulated.
    public var emulated: Bool
    public var n: Int
    /// The measured figure in the metric's unit, or the ratio when `isRatio`.
    public var figure: Double?
    public var interval: ConfidenceInterval?
    public var isRatio: Bool
    /// The point at which it was judged.
    public var point: Condition

    public enum Reason: Equatable, Sendable {
        /// The whole interval lies within the bounds.
        case within
        /// The whole interval lies below the lower, or above the upper bound.
        case below, above
        /// The interval crosses a bound.
        case straddles
        /// Fewer samples than an interval needs.
        case tooFew(needed: Int)
        /// None of the rule's engines has a completed sample with this metric.
        case noSamples
        /// The engine that the figure is to be compared with has none.
        case noBaseline(EngineID)
        /// Below the lower bound although emulation only makes a VM slower.
        case belowThoughEmulated
        /// Emulated figures can't carry this claim.
        case emulatedOnly
    }
}

extension Claim {
    /// Judges the claim by its rule: once, or once for each value of the rule's parameter that is
    /// measured where it is judged.
    public func judge(_ figures: Figures) -> [Judgement] {
        guard let each = rule.each else { return [judge(figures, at: rule.at)] }
        return figures.result.header.lab.points(varying: each, at: rule.at).map { judge(figures, at: $0) }
    }

    /// The first engine of the rule that has samples is judged. The whole 95 % interval within the bounds confirms,
    /// the whole interval outside contradicts, anything else is inconclusive; the bounds are inclusive.
    private func judge(_ figures: Figures, at point: Condition) -> Judgement {
        let header = figures.result.header
        var judgement = Judgement(
            verdict: .notMeasurable, reason: .noSamples, engine: nil, emulated: false, n: 0, figure: nil,
            interval: nil, isRatio: rule.relativeTo != nil, point: point)
        guard let metric = header.lab.metrics.first(where: { $0.id == rule.metric }) else {
            return judgement
        }
        let found = rule.engines.lazy.compactMap { engine in
            figures.estimate(metric, engine, at: point).map { (engine, $0) }
        }
        guard let (engine, estimate) = found.first else { return judgement }
        judgement.engine = engine
        judgement.emulated =
            header.environment.emulator != nil
            || header.engines.contains { $0.id == engine && $0.emulated }
        judgement.n = estimate.n
        judgement.figure = estimate.value
        judgement.interval = estimate.interval
        if let baseline = rule.relativeTo {
            let ratio = figures.ratio(metric, engine, to: baseline, at: point)
            judgement.figure = ratio?.value
            judgement.interval = ratio?.interval
            judgement.n = ratio?.n ?? 0
            if ratio == nil {
                judgement.reason = .noBaseline(baseline)
                return judgement
            }
        }
        (judgement.verdict, judgement.reason) = rule.verdict(judgement.interval, emulated: judgement.emulated)
        return judgement
    }
}

extension Claim.Rule {
    fileprivate func verdict(_ interval: ConfidenceInterval?, emulated: Bool) -> (Verdict, Judgement.Reason) {
        let emulated = emulated && emulation != .unaffected
        if emulated && emulation == .never { return (.notMeasurable, .emulatedOnly) }
        guard let interval else { return (.inconclusive, .tooFew(needed: BlockInterval.fewest)) }
        let isBelow = atLeast.map { interval.upper < $0 } ?? false
        if emulated {
            return isBelow ? (.contradicted, .belowThoughEmulated) : (.notMeasurable, .emulatedOnly)
        }
        if isBelow { return (.contradicted, .below) }
        if let atMost, interval.lower > atMost { return (.contradicted, .above) }
        let isWithin =
            (atLeast.map { interval.lower >= $0 } ?? true) && (atMost.map { interval.upper <= $0 } ?? true)
        return isWithin ? (.confirmed, .within) : (.inconclusive, .straddles)
    }
}
