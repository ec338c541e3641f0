/// What the measurement says about a claim.
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
    public var emulated: Bool
    public var n: Int
    /// The measured figure in the metric's unit, or the ratio when `isRatio`.
    public var figure: Double?
    public var interval: ConfidenceInterval?
    public var isRatio: Bool

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
    /// Judges the claim by its rule.
    ///
    /// The first engine of the rule that has samples is judged. The whole 95 % interval within the bounds confirms,
    /// the whole interval outside contradicts, anything else is inconclusive; the bounds are inclusive.
    public func judge(_ result: RunResult) -> Judgement {
        var judgement = Judgement(
            verdict: .notMeasurable, reason: .noSamples, engine: nil, emulated: false, n: 0, figure: nil,
            interval: nil, isRatio: rule.relativeTo != nil)
        guard let metric = result.header.lab.metrics.first(where: { $0.id == rule.metric }),
            let engine = rule.engines.first(where: { !result.values(metric, $0).isEmpty })
        else { return judgement }
        let summary = result.summary(metric, engine)
        judgement.engine = engine
        judgement.emulated = result.header.engines.contains { $0.id == engine && $0.emulated }
        judgement.n = summary.n
        judgement.figure = summary.median
        judgement.interval = summary.interval
        if let baseline = rule.relativeTo {
            let ratio = result.ratio(metric, engine, to: baseline)
            judgement.figure = ratio?.ratio
            judgement.interval = ratio?.interval
            judgement.n = min(judgement.n, result.values(metric, baseline).count)
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
        if emulated && emulation == .never { return (.notMeasurable, .emulatedOnly) }
        guard let interval else { return (.inconclusive, .tooFew(needed: Bootstrap.fewestValues)) }
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
