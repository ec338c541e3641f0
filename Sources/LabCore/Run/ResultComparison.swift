/// The changes from some runs to others of the same lab: each metric of each engine at each point.
public struct ResultComparison: Equatable, Sendable {
    /// A change is called one when its corrected p-value lies below this.
    public static let level = 0.05
    /// The growth that a figure may have before it counts as a regression, unless the user says otherwise.
    public static let defaultThreshold = 0.05

    /// In what the results are unlike; empty unless the comparison was forced.
    public var differences: [ResultDifference]
    public var rows: [Row]
    /// The growth that a figure may have, 0.05 for 5 %.
    public var threshold: Double
    /// The number of rows that were tested: the p-values are corrected for so many.
    public var tested: Int
    /// The number of runs on either side.
    public var oldRuns: Int
    public var newRuns: Int
    /// The engine to which times are set in proportion within each run; nil where the runs have no two engines.
    public var baseline: EngineID?

    /// One metric of one engine at one point.
    public struct Row: Equatable, Sendable {
        public var metric: Metric
        public var engine: EngineID
        public var emulated: Bool
        public var point: Condition
        public var old: Side
        public var new: Side
        /// new / old; with one run a side without an interval, where that would know nothing of the spread between runs.
        public var change: Estimate?
        /// The same of the figures in proportion to the baseline's; only of times.
        public var relativeChange: Estimate?
        public var basis: Basis
        /// Of no change, and the same after Holm's correction; nil where nothing was tested.
        public var p: Double?
        public var correctedP: Double?
        public var verdict: Verdict
        /// The reason of an undecided verdict.
        public var reason: Reason?
        /// Larger beyond chance and beyond the threshold, or gone altogether.
        public var isRegression: Bool

        /// The change that the verdict rests on.
        public var judged: Estimate? { basis == .ratio ? relativeChange : change }

        /// The largest change, either way, that the interval has room for: 0.03 for 3 %. Nil without an interval.
        public var bound: Double? {
            judged?.interval.map { max($0.upper - 1, 1 - $0.lower) }
        }
    }

    /// One side of a row.
    public struct Side: Equatable, Sendable {
        /// Runs that have the figure.
        public var runs: Int
        /// Samples of all runs together.
        public var n: Int
        /// Samples that failed or timed out.
        public var failures: Int
        /// The run's figure; of several the geometric mean with Student's interval. Of what is counted the interval
        /// reaches from the least to the most. Nil without samples.
        public var figure: Estimate?
        /// The same in proportion to the baseline's.
        public var ratio: Estimate?
    }

    /// The quantity that a verdict rests on.
    public enum Basis: String, Codable, Sendable, CaseIterable {
        /// The figure in proportion to the baseline's of the same run: what disturbs both cancels.
        case ratio
        case figure
        /// What is counted is compared as it is.
        case count
    }

    public enum Verdict: String, Codable, Sendable, CaseIterable {
        /// The new figure is larger: slower when it is a time.
        case slower, larger
        case faster, smaller
        /// The interval excludes every change beyond `Row.bound`, which is no more than the threshold.
        case noLargerDifference = "no-larger-difference"
        /// The data show neither a change nor that it is small.
        case undecided
        /// The old results have samples and the new ones none.
        case missing
    }

    /// The reason why nothing is decided.
    public enum Reason: String, Codable, Sendable, CaseIterable {
        /// The interval is too wide.
        case wide = "wide-interval"
        /// The interval excludes 1, but of so many rows one may do so by chance.
        case corrected = "not-significant-after-correction"
        /// Fewer samples than an interval needs.
        case tooFew = "too-few-samples"
        /// A figure is not positive, so that there is no ratio.
        case noRatio = "no-ratio"
        /// Times of one run a side are compared in proportion to another engine's, and the runs have none.
        case noBaseline = "no-baseline"
        /// Times of one run a side: this is the engine to whose times the others' are set in proportion.
        case isBaseline = "is-baseline"
        /// A limit of the harness ended it, so that it is not the figure.
        case stopped = "stopped-by-harness"
        /// The new run was not finished, and has none.
        case unfinished = "unfinished-run"
        /// What was counted differs from trial to trial.
        case varies
    }

    public var regressions: [Row] { rows.filter(\.isRegression) }
    public var undecided: Int { rows.count { $0.verdict == .undecided } }

    /// Compares what both sides have.
    ///
    /// The unit is the run: what disturbs a machine as long as a run lasts is in all of its samples, and no number of
    /// them shows it. Several runs a side know how much runs differ. With one a side times are compared in proportion to
    /// the baseline's alone, which assumes that whatever changed did not change that engine. The p-values are corrected
    /// after Holm over all rows, so that the chance of one false alarm in the whole table is at most 5 %.
    /// - Parameters:
    ///   - old, new: the figures of each run, at least one a side.
    ///   - metrics: ids of those that are compared, nil for all.
    ///   - engines: those that are compared, nil for all.
    public init(
        old: [Figures], new: [Figures], metrics: [String]? = nil, engines: [EngineID]? = nil,
        threshold: Double = defaultThreshold
    ) {
        precondition(!old.isEmpty && !new.isEmpty, "a comparison has two sides")
        differences = Self.differences(old: old, new: new, engines: engines)
        baseline = (old + new).baseline
        self.threshold = threshold
        (oldRuns, newRuns) = (old.count, new.count)
        var rows: [Row] = []
        let cells = ComparedCell.all(of: new + old, metrics: metrics, engines: engines)
        for cell in cells { rows.append(cell.row(old, new, baseline: baseline)) }
        let places = rows.indices.filter { rows[$0].p != nil }
        tested = places.count
        for (place, p) in zip(places, Statistics.holm(places.compactMap { rows[$0].p })) {
            rows[place].correctedP = p
        }
        for place in rows.indices { rows[place].judge(threshold: threshold) }
        self.rows = rows
    }

    /// Everything in which any run is unlike the first old one, each once.
    public static func differences(
        old: [Figures], new: [Figures], engines: [EngineID]? = nil
    ) -> [ResultDifference] {
        let all = old + new
        let compared = engines.map { chosen in
            chosen + [all.baseline].compactMap(\.self).filter { !chosen.contains($0) }
        }
        var differences: [ResultDifference] = []
        for other in all.dropFirst() {
            let found = other.result.header.differences(from: all[0].result.header, engines: compared)
            differences += found.filter { !differences.contains($0) }
        }
        return differences
    }

    /// The error of a comparison that must not be made, nil when the results are alike.
    public static func refusal(_ differences: [ResultDifference]) -> LabError? {
        guard !differences.isEmpty else { return nil }
        let listed = differences.map { "\n  \($0.field): \($0.old) before, \($0.new) now" as Message }.joined(
            separator: "")
        return LabError(
            .data, "the results can't be compared", cause: "they are unlike in\(listed)",
            remedy:
                "measure all in the same state of the same machine, two builds of a program best in one run "
                + "(--engine NAME=KIND:PATH), or see the figures with --force")
    }
}

extension Collection<Figures> {
    /// The engine to which times are set in proportion: `process` where every run has measured it, else the first of the
    /// lab's that every run has. Nil where no run has two engines.
    public var baseline: EngineID? {
        guard let lab = first?.result.header.lab else { return nil }
        let measured = map { figures in
            Set(figures.result.header.engines.map(\.id).filter { !figures.points(of: $0).isEmpty })
        }
        guard measured.contains(where: { $0.count > 1 }) else { return nil }
        return ([Precision.baseline] + lab.engines).first { engine in
            measured.allSatisfy { $0.contains(engine) }
        }
    }
}

extension ResultComparison.Side {
    /// What three trials counted alike the next counts alike; what differs from trial to trial needs as many as a sample.
    fileprivate var carriesCounts: Bool {
        n >= (figure?.interval.map { $0.lower == $0.upper } == true ? 3 : BlockInterval.fewest)
    }
}

extension ResultComparison.Row {
    mutating func judge(threshold: Double) {
        guard old.figure != nil else {
            // A row that only the new results have can't have become worse.
            reason = .tooFew
            return
        }
        if reason == .stopped || reason == .unfinished { return }
        guard new.figure != nil else {
            (verdict, reason, isRegression) = (.missing, nil, true)
            return
        }
        if basis == .count { return judgeCounts(threshold: threshold) }
        guard let ratio = judged, let interval = ratio.interval, let correctedP else { return }
        decide(
            isLarger: correctedP < ResultComparison.level && interval.lower > 1,
            isSmaller: correctedP < ResultComparison.level && interval.upper < 1, threshold: threshold)
        if verdict == .undecided && (interval.lower > 1 || interval.upper < 1) { reason = .corrected }
    }

    /// What is counted has no chance in it, where trials show that: any difference is one then.
    private mutating func judgeCounts(threshold: Double) {
        guard let before = old.figure?.interval, let after = new.figure?.interval else { return }
        if before == after && before.lower == before.upper {
            return (verdict, reason) = (.noLargerDifference, nil)
        }
        let areApart = after.lower > before.upper || after.upper < before.lower
        if areApart && !(old.carriesCounts && new.carriesCounts) { return reason = .tooFew }
        decide(
            isLarger: after.lower > before.upper, isSmaller: after.upper < before.lower, threshold: threshold)
        // From none to some there is no ratio, and yet it is more. Of a truth neither answer is the better one.
        if verdict == .larger && change == nil { isRegression = true }
        if metric.unit == .truth { isRegression = false }
    }

    private mutating func decide(isLarger: Bool, isSmaller: Bool, threshold: Double) {
        let isTime = metric.unit == .nanoseconds
        let moreIsBetter = metric.moreIsBetter == true
        if isLarger {
            verdict = isTime ? .slower : .larger
            isRegression = !moreIsBetter && judged.map { $0.value > 1 + threshold } ?? false
        } else if isSmaller {
            verdict = isTime ? .faster : .smaller
            isRegression = moreIsBetter && judged.map { $0.value < 1 / (1 + threshold) } ?? false
        } else if let bound, bound <= threshold {
            verdict = .noLargerDifference
        }
        if verdict != .undecided { reason = nil }
    }
}

extension Statistics {
    /// p-values corrected for their number, in the same order: with all of them compared with a level, the chance that
    /// any is below it by luck is at most the level.
    /// Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian J. of Statistics 6, 1979.
    public static func holm(_ p: [Double]) -> [Double] {
        var corrected = p
        var largest = 0.0
        for (turn, place) in p.indices.sorted(by: { p[$0] < p[$1] }).enumerated() {
            largest = max(largest, min(1, p[place] * Double(p.count - turn)))
            corrected[place] = largest
        }
        return corrected
    }
}
