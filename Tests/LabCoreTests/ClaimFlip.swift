import LabCore

/// Makes results by a claim's own rule, and looks whether its verdict follows them.
///
/// A rule that no data can contradict, or none can confirm, promises a test and isn't one.
struct ClaimFlip {
    let lab: LabDefinition
    let claim: Claim

    private var rule: Claim.Rule { claim.rule }
    private var metric: Metric? { lab.metrics.first { $0.id == rule.metric } }

    /// What is wrong with the claim; empty when its verdict can be had and flips.
    var problems: [String] {
        guard let metric else { return ["there is no metric \(rule.metric)"] }
        let domain = Domain(metric, isRatio: rule.relativeTo != nil)
        let inside = domain.inside(rule)
        let outside = domain.outside(rule)
        var problems: [String] = []
        if inside == nil { problems.append("no figure can satisfy the rule") }
        if outside.isEmpty { problems.append("no figure can contradict the rule") }
        var decides = false
        for engine in rule.engines {
            for point in points {
                if !lab.measures(metric, at: point, on: engine) {
                    problems.append("\(engine) is not measured at [\(point.text)]")
                }
                if let baseline = rule.relativeTo, !lab.measures(metric, at: point, on: baseline) {
                    problems.append("\(baseline) is not measured at [\(point.text)]")
                }
            }
            let emulated = KnownEngines.emulating.contains(engine) && rule.emulation != .unaffected
            if let inside {
                let wanted = emulated ? Verdict.notMeasurable : .confirmed
                problems += check(engine, metric, inside, wanted)
            }
            for (figure, isBelow) in outside {
                let may = !emulated || (rule.emulation == .contradictsLowerBound && isBelow)
                decides = decides || may
                problems += check(engine, metric, figure, may ? .contradicted : .notMeasurable)
            }
        }
        if !decides { problems.append("no engine of the rule could ever contradict it") }
        return problems
    }

    /// Where it is judged.
    private var points: [Condition] {
        rule.each.map { lab.points(varying: $0, at: rule.at) } ?? [rule.at]
    }

    /// The claim on data in which one engine has this figure everywhere: every verdict must be the one wanted.
    private func check(
        _ engine: EngineID, _ metric: Metric, _ figure: Double, _ wanted: Verdict
    ) -> [String] {
        let judgements = claim.judge(result(engine, metric, figure))
        guard !judgements.isEmpty else { return ["\(engine) is never judged"] }
        return judgements.filter { $0.verdict != wanted }.map {
            "\(figure) on \(engine) at [\($0.point.text)] is \($0.verdict) (\($0.reason)), not \(wanted)"
        }
    }

    /// What the engine that is compared with has.
    private static let base = 1e6

    private func result(_ engine: EngineID, _ metric: Metric, _ figure: Double) -> RunResult {
        var samples: [Observation] = []
        func add(_ engine: EngineID, _ figure: Double) {
            for point in points {
                for (place, factor) in places(metric, at: point) {
                    for _ in 0..<BlockInterval.fewest {
                        samples.append(
                            Self.sample(samples.count, engine, place, metric, figure * factor))
                    }
                }
            }
        }
        if let baseline = rule.relativeTo {
            add(engine, figure * Self.base)
            add(baseline, Self.base)
        } else {
            add(engine, figure)
        }
        let records = ([engine] + (rule.relativeTo.map { [$0] } ?? [])).map { id in
            EngineRecord(
                id: id, kind: .virtualMachine, emulated: KnownEngines.emulating.contains(id))
        }
        let header = RunResult.Header(
            version: "0", runID: "r", startedAt: "2026-11-24T00:00:00Z", lab: lab, command: "lab run",
            plan: Plan([], seed: 7), environment: Environment(cgroupLayout: "v2"), engines: records,
            digests: [:])
        return RunResult(header: header, samples: samples, closing: .init(.complete))
    }

    /// Where samples must be for the metric to be had at a point, and by how much it is multiplied there.
    private func places(_ metric: Metric, at point: Condition) -> [(Condition, Double)] {
        guard case .slope(_, let factor) = metric.source else { return [(point, 1)] }
        let places = Set(lab.series.flatMap(\.points).filter { metric.place(of: $0) == point })
        return places.sorted { $0.text < $1.text }.compactMap { place in
            place[factor].flatMap(Double.init).map { (place, $0) }
        }
    }

    private static func sample(
        _ index: Int, _ engine: EngineID, _ point: Condition, _ metric: Metric, _ figure: Double
    ) -> Observation {
        var timeline = Timeline()
        var values: [String: Double] = [:]
        switch metric.source {
        case .span(let from, let to):
            let zero = MonotonicInstant(nanoseconds: 0)
            timeline.stamp(from, at: zero, since: zero)
            timeline.stamp(to, at: MonotonicInstant(nanoseconds: UInt64(figure)), since: zero)
        case .value(let key), .slope(let key, _): values[key] = figure
        }
        return Observation(
            index: index, engine: engine, parameters: point, warmup: false, outcome: .completed,
            timeline: timeline, values: values)
    }

    /// The figures that a metric can have at all.
    private struct Domain {
        let least: Double
        let most: Double
        let isTruth: Bool

        init(_ metric: Metric, isRatio: Bool) {
            isTruth = metric.unit == .truth && !isRatio
            // Only a slope can fall.
            least = metric.grown != nil && !isRatio ? -.greatestFiniteMagnitude : 0
            most = isTruth ? 1 : .greatestFiniteMagnitude
        }

        /// A figure within the bounds, away from them where there is room.
        func inside(_ rule: Claim.Rule) -> Double? {
            let low = max(rule.atLeast ?? least, least)
            let high = min(rule.atMost ?? most, most)
            guard low <= high else { return nil }
            if isTruth { return [0, 1].first { low <= $0 && $0 <= high } }
            if rule.atMost == nil { return low > 0 ? low * 2 : 1 }
            return rule.atLeast == nil ? (high > 0 ? high / 2 : high) : (low + high) / 2
        }

        /// Figures beyond each bound that has something beyond it.
        func outside(_ rule: Claim.Rule) -> [(figure: Double, isBelow: Bool)] {
            var figures: [(figure: Double, isBelow: Bool)] = []
            if let bound = rule.atLeast, bound > least {
                figures.append((isTruth ? 0 : bound > 0 ? bound / 2 : bound - 1, true))
            }
            if let bound = rule.atMost, bound < most {
                figures.append((isTruth ? 1 : bound > 0 ? bound * 2 : bound + 1, false))
            }
            return figures
        }
    }
}
