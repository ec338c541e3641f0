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
    /// True when there is no verdict only because the run did not measure what could show it.
    public var isNotRun = false
    /// True when it was counted and not sampled: then the interval reaches from the least to the most that was counted.
    public var isCounted = false
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
        /// A limit of the harness ended the trials before they could show it.
        case stopped(Stop)
        /// The figure of the engine that it is compared with can't be told from nothing.
        case baselineUntold(EngineID)
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
    /// the whole interval outside contradicts, anything else is inconclusive; the bounds are inclusive. What a limit of the
    /// harness stopped is a lower bound: its interval has no upper end.
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
        func isNotRun(_ engine: EngineID) -> Bool {
            figures.result.absence(of: engine, at: point, metric).isNotRun
        }
        guard let (engine, estimate) = found.first else {
            judgement.isNotRun = rule.engines.contains {
                rule.isDecided(by: $0, in: header) && isNotRun($0)
            }
            return judgement
        }
        judgement.engine = engine
        judgement.emulated =
            header.environment.emulator != nil
            || header.engines.contains { $0.id == engine && $0.emulated }
        judgement.n = estimate.n
        judgement.isCounted = metric.isExact && !metric.isSlope
        judgement.figure = estimate.value
        judgement.interval = estimate.interval
        if let baseline = rule.relativeTo {
            let ratio = figures.ratio(metric, engine, to: baseline, at: point)
            judgement.figure = ratio?.value
            judgement.interval = ratio?.interval
            judgement.n = ratio?.n ?? 0
            guard ratio?.interval != nil || judgement.isFew else {
                let isThere = figures.estimate(metric, baseline, at: point) != nil
                if isThere { judgement.verdict = .inconclusive }
                judgement.isNotRun = !isThere && isNotRun(baseline)
                judgement.reason = isThere ? .baselineUntold(baseline) : .noBaseline(baseline)
                return judgement
            }
        }
        let least = figures.harnessStop(metric, engine, at: point)
        let most = rule.relativeTo.flatMap { figures.harnessStop(metric, $0, at: point) }
        (judgement.verdict, judgement.reason) = rule.verdict(
            judgement.isFew ? nil : judgement.interval, emulated: judgement.emulated, atLeast: least,
            atMost: most)
        return judgement
    }
}

extension Judgement {
    /// The limit of the harness that left it open; nil where none did.
    public var stop: Stop? { if case .stopped(let stop) = reason { stop } else { nil } }

    fileprivate var isFew: Bool { figure != nil && !isCounted && n < BlockInterval.fewest }
}

extension Claim.Rule {
    /// False of an engine that emulates where its figures would give no verdict.
    func isDecided(by engine: EngineID, in header: RunResult.Header) -> Bool {
        emulation != .never || !header.engines.contains { $0.id == engine && $0.emulates }
    }

    /// - Parameters:
    ///   - leastBy: what stopped the figure, which is a lower bound then.
    ///   - mostBy: what stopped the one that it is compared with: then it is an upper bound.
    fileprivate func verdict(
        _ interval: ConfidenceInterval?, emulated: Bool, atLeast leastBy: Stop?, atMost mostBy: Stop?
    ) -> (Verdict, Judgement.Reason) {
        let emulated = emulated && emulation != .unaffected
        if emulated && emulation == .never { return (.notMeasurable, .emulatedOnly) }
        guard let interval else { return (.inconclusive, .tooFew(needed: BlockInterval.fewest)) }
        let lower = mostBy == nil ? interval.lower : -.infinity
        let upper = leastBy == nil ? interval.upper : .infinity
        let isBelow = atLeast.map { upper < $0 } ?? false
        if emulated {
            return isBelow ? (.contradicted, .belowThoughEmulated) : (.notMeasurable, .emulatedOnly)
        }
        if isBelow { return (.contradicted, .below) }
        if let atMost, lower > atMost { return (.contradicted, .above) }
        let isWithin = (atLeast.map { lower >= $0 } ?? true) && (atMost.map { upper <= $0 } ?? true)
        if isWithin { return (.confirmed, .within) }
        return (leastBy ?? mostBy).map { (.notMeasurable, .stopped($0)) } ?? (.inconclusive, .straddles)
    }
}
