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

    /// What is wrong with the claim's answer to data that can't carry one; empty when none decides it. Whatever the
    /// figure says, it is *not measurable here* or *inconclusive*:
    /// a harness stop, for every figure that is not above the lower bound or below the upper one;
    /// one sample of a sampled quantity; and the scope of another engine, of an emulated machine, of another condition.
    var overreaches: [String] {
        guard let metric else { return ["there is no metric \(rule.metric)"] }
        let domain = Domain(metric, isRatio: rule.relativeTo != nil)
        let figures = [domain.inside(rule)].compactMap(\.self) + domain.outside(rule).map(\.figure)
        return rule.engines.flatMap { engine in
            figures.flatMap { figure -> [String] in
                let whole = result(engine, metric, figure)
                var cases: [(name: String, result: RunResult)] = []
                if metric.key != nil, isOpenAbove(figure) {
                    cases.append(("a harness stop", whole.stopped(metric, engine, by: .openFiles)))
                }
                if !metric.isExact { cases.append(("one sample", whole.withOneOfEach(metric))) }
                cases.append(("another engine", whole.renaming(engine, to: "somebody-else")))
                if rule.emulation != .unaffected {
                    cases.append(("an emulated machine", whole.emulated(isBelow: isBelow(figure), rule)))
                }
                cases.append(("another condition", whole.elsewhere))
                return cases.flatMap { name, result in
                    claim.judge(Figures(result)).filter {
                        ![.notMeasurable, .inconclusive].contains($0.verdict)
                    }
                    .map { "\(name): \(figure) on \(engine) is \($0.verdict) (\($0.reason))" }
                }
            }
        }
    }

    /// What a harness stop may still decide: that a figure has come up to the lower bound, or beyond the upper one.
    var reaches: [String] {
        guard let metric, metric.key != nil else { return [] }
        let domain = Domain(metric, isRatio: rule.relativeTo != nil)
        let figures: [(Double, Verdict)] =
            (rule.atMost == nil ? domain.inside(rule).map { [($0, .confirmed)] } ?? [] : [])
            + domain.outside(rule).filter { !$0.isBelow }.map { ($0.figure, .contradicted) }
        return rule.engines.filter { !KnownEngines.emulating.contains($0) || rule.emulation == .unaffected }
            .flatMap { engine in
                figures.flatMap { figure, wanted in
                    claim.judge(Figures(result(engine, metric, figure).stopped(metric, engine, by: .cap)))
                        .filter { $0.verdict != wanted }
                        .map {
                            "\(figure) on \(engine), and it could be more, is \($0.verdict) (\($0.reason))"
                        }
                }
            }
    }

    /// Returns true where more than a figure could make another verdict of it.
    private func isOpenAbove(_ figure: Double) -> Bool {
        if let most = rule.atMost { return figure <= most }
        return isBelow(figure)
    }

    private func isBelow(_ figure: Double) -> Bool { rule.atLeast.map { figure < $0 } ?? false }

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

extension RunResult {
    fileprivate func changed(_ change: (inout RunResult) -> Void) -> RunResult {
        var result = self
        change(&result)
        return result
    }

    /// As if a limit of the harness had stopped a metric of an engine in each of its samples.
    fileprivate func stopped(_ metric: Metric, _ engine: EngineID, by stop: Stop) -> RunResult {
        changed { result in
            for place in result.samples.indices where result.samples[place].engine == engine {
                result.samples[place].stops = metric.key.map { [$0: stop] }
            }
        }
    }

    /// Of each figure one sample, or the two of different places that a slope needs.
    fileprivate func withOneOfEach(_ metric: Metric) -> RunResult {
        changed { result in
            var cells: [Plan.Cell: Set<Condition>] = [:]
            result.samples.removeAll { sample in
                let figure = Plan.Cell(engine: sample.engine, point: metric.place(of: sample.parameters))
                let isFull = cells[figure, default: []].count >= (metric.isSlope ? 2 : 1)
                return isFull || !cells[figure, default: []].insert(sample.parameters).inserted
            }
        }
    }

    fileprivate func renaming(_ engine: EngineID, to other: EngineID) -> RunResult {
        changed { result in
            for place in result.samples.indices where result.samples[place].engine == engine {
                result.samples[place].engine = other
            }
        }
    }

    /// On an emulated machine. What lies below a lower bound there may contradict the claim; that is left out.
    fileprivate func emulated(isBelow: Bool, _ rule: Claim.Rule) -> RunResult {
        changed { result in
            if rule.emulation == .contradictsLowerBound && isBelow { return result.samples = [] }
            result.header.environment.emulator = "QEMU TCG"
        }
    }

    /// The same figures where nothing is judged.
    fileprivate var elsewhere: RunResult {
        changed { result in
            for place in result.samples.indices {
                result.samples[place].parameters = [.concurrency: "7", .cache: "cold"]
            }
        }
    }
}
