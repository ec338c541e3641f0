/// The changes from one result to another of the same lab: each metric of each engine at each point.
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

    /// One metric of one engine at one point.
    public struct Row: Equatable, Sendable {
        public var metric: Metric
        public var engine: EngineID
        public var emulated: Bool
        public var point: Condition
        /// Median or slope on either side; nil without samples.
        public var old: Estimate?
        public var new: Estimate?
        /// Samples that failed or timed out.
        public var oldFailures: Int
        public var newFailures: Int
        /// new / old with its 95 % interval.
        public var ratio: Estimate?
        /// Of the permutation test, and the same after Holm's correction; nil where nothing was tested.
        public var p: Double?
        public var correctedP: Double?
        public var verdict: Verdict
        /// Larger beyond chance and beyond the threshold, or gone altogether.
        public var isRegression: Bool
    }

    public enum Verdict: String, Codable, Sendable, CaseIterable {
        /// The new figure is larger: slower when it is a time.
        case slower, larger
        case faster, smaller
        /// The data don't show which is larger. They don't show that both are equal either: see the interval.
        case noDifference = "no-difference-shown"
        /// Fewer samples than an interval needs.
        case tooFew = "too-few-samples"
        /// A figure is not positive, so that there is no ratio.
        case noRatio = "no-ratio"
        /// The old result has samples and the new one none.
        case missing
    }

    public var regressions: [Row] { rows.filter(\.isRegression) }

    /// Compares what both have.
    ///
    /// Cells are tested by a two-sided permutation test on the ratio of their medians; over all of them the p-values
    /// are corrected after Holm, so that the chance of one false alarm in the whole table is at most 5 %. A slope is
    /// judged by the interval of its ratio alone, since its samples can't be dealt anew between the sides.
    /// - Parameters:
    ///   - metrics: ids of those that are compared, nil for all.
    ///   - engines: those that are compared, nil for all.
    public init(
        old: Figures, new: Figures, metrics: [String]? = nil, engines: [EngineID]? = nil,
        threshold: Double = defaultThreshold
    ) {
        differences = new.result.header.differences(from: old.result.header, engines: engines)
        self.threshold = threshold
        let cells = Self.cells(old, new, metrics: metrics, engines: engines)
        var rows = cells.map { Self.figures($0, old, new) }
        let places = rows.indices.filter { rows[$0].isTestable }
        tested = places.count
        // Enough dealings that a p-value can pass the correction: the smallest is 1 / (dealings + 1).
        let dealings = min(100_000, max(10_000, 100 * places.count))
        let raw = places.map { place in Self.test(rows[place], old, new, dealings: dealings) }
        let corrected = Statistics.holm(raw)
        for (turn, place) in places.enumerated() {
            rows[place].p = raw[turn]
            rows[place].correctedP = corrected[turn]
        }
        for place in rows.indices { rows[place].judge(threshold: threshold) }
        self.rows = rows
    }

    /// The error of a comparison that must not be made, nil when the results are alike.
    public static func refusal(_ differences: [ResultDifference]) -> LabError? {
        guard !differences.isEmpty else { return nil }
        let listed = differences.map { "\n  \($0.field): \($0.old) before, \($0.new) now" as Message }.joined(
            separator: "")
        return LabError(
            .data, "the two results can't be compared", cause: "they are unlike in\(listed)",
            remedy:
                "measure both in the same state of the same machine, two builds of a program best in one run "
                + "(--engine NAME=KIND:PATH), or see the figures with --force")
    }

    /// A metric, an engine and a point that either result has a value for.
    private struct Cell {
        var metric: Metric
        var record: EngineRecord
        var point: Condition
    }

    /// In the order of the lab's metrics, engines and series.
    private static func cells(
        _ old: Figures, _ new: Figures, metrics: [String]?, engines: [EngineID]?
    ) -> [Cell] {
        let known = old.result.header.lab.metrics
        let shared = new.result.header.lab.metrics.filter { metric in
            known.contains { $0.id == metric.id && $0.source == metric.source }
                && metrics?.contains(metric.id) ?? true
        }
        let records = new.result.header.engines.filter { engines?.contains($0.id) ?? true }
        return shared.flatMap { metric in
            records.flatMap { record in
                var seen: Set<Condition> = []
                return (new.points + old.points).filter { point in
                    [old, new].contains { !$0.values(metric, record.id, at: point).isEmpty }
                        && seen.insert(metric.place(of: point)).inserted
                }.map { Cell(metric: metric, record: record, point: metric.place(of: $0)) }
            }
        }
    }

    private static func figures(_ cell: Cell, _ old: Figures, _ new: Figures) -> Row {
        let engine = cell.record.id
        let before = old.estimate(cell.metric, engine, at: cell.point)
        let after = new.estimate(cell.metric, engine, at: cell.point)
        return Row(
            metric: cell.metric, engine: engine, emulated: cell.record.emulated, point: cell.point,
            old: before, new: after, oldFailures: old.result.failures(cell.metric, engine, cell.point),
            newFailures: new.result.failures(cell.metric, engine, cell.point),
            ratio: ratio(cell, before, after, old, new), p: nil, correctedP: nil, verdict: .noDifference,
            isRegression: false)
    }

    private static func ratio(
        _ cell: Cell, _ before: Estimate?, _ after: Estimate?, _ old: Figures, _ new: Figures
    ) -> Estimate? {
        guard let before, let after, before.value > 0, after.value > 0 else { return nil }
        return after.divided(by: before)
    }

    private static func test(
        _ row: Row, _ old: Figures, _ new: Figures, dealings: Int
    ) -> Double {
        let test = Comparison.permutationTest(
            old: old.values(row.metric, row.engine, at: row.point),
            new: new.values(row.metric, row.engine, at: row.point), permutations: dealings,
            seed: seed(row.metric, row.engine, row.point, old, new))
        // Without a ratio, for want of a positive value, nothing is shown.
        return test?.p ?? 1
    }

    /// The same two results give the same table.
    private static func seed(
        _ metric: Metric, _ engine: EngineID, _ point: Condition, _ old: Figures, _ new: Figures
    ) -> UInt64 {
        old.result.header.plan.seed(
            of: "\(metric.id) of \(engine) \(point.text) against \(new.result.header.plan.seed)")
    }
}

extension ResultComparison.Row {
    /// A slope is not: see `ResultComparison.init`.
    fileprivate var isTestable: Bool { !metric.isSlope && ratio?.interval != nil }

    fileprivate mutating func judge(threshold: Double) {
        guard let old else {
            // A row that only the new result has can't have become worse.
            verdict = .tooFew
            return
        }
        guard let new else {
            verdict = .missing
            isRegression = true
            return
        }
        guard min(old.n, new.n) >= BlockInterval.fewest else {
            verdict = .tooFew
            return
        }
        guard let ratio, let interval = ratio.interval else {
            verdict = .noRatio
            return
        }
        let isSure = correctedP.map { $0 < ResultComparison.level } ?? metric.isSlope
        if isSure && interval.lower > 1 {
            verdict = metric.unit == .nanoseconds ? .slower : .larger
            isRegression = ratio.value > 1 + threshold
        } else if isSure && interval.upper < 1 {
            verdict = metric.unit == .nanoseconds ? .faster : .smaller
        } else {
            verdict = .noDifference
        }
    }
}

extension RunResult {
    /// Failed samples of the engine that belong to a metric's point.
    fileprivate func failures(_ metric: Metric, _ engine: EngineID, _ point: Condition) -> Int {
        measuredAnywhere(engine).count { !$0.outcome.isCompleted && metric.place(of: $0.parameters) == point }
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
