import LabCore

/// The answer of `lab compare` as JSON.
struct ComparisonAnswer: Encodable {
    /// Version of this answer's shape.
    let schema = "lab.compare/2"
    /// As the user named them.
    let old: [String]
    let new: [String]
    let oldRuns: Int
    let newRuns: Int
    /// The engine to whose times the others' are set in proportion; nil where the runs have no two engines.
    let baseline: EngineID?
    /// A share: 0.05 for 5 %.
    let threshold: Double
    /// Rows that were tested, for whose number the p-values are corrected.
    let tested: Int
    let regression: Bool
    /// The number of rows that are.
    let undecided: Int
    /// In what the results are unlike; empty unless the comparison was forced.
    let unlike: [ResultDifference]
    let rows: [Row]

    /// One metric of one engine at one point, in the metric's unit.
    struct Row: Encodable {
        let metric: String
        let unit: Metric.Unit
        let engine: EngineID
        let emulated: Bool
        let point: Condition
        let old: Side
        let new: Side
        /// new / old of the figure, and of its ratio to the baseline's.
        let change: Figure?
        let ratioChange: Figure?
        /// Which of both the verdict rests on; `count` where every difference is one.
        let basis: ResultComparison.Basis
        let p: Double?
        let correctedP: Double?
        let verdict: ResultComparison.Verdict
        /// Of what is undecided.
        let reason: ResultComparison.Reason?
        /// The largest change, either way, that the interval has room for: 0.03 for 3 %.
        let bound: Double?
        let regression: Bool
    }

    struct Side: Encodable {
        let runs: Int
        let n: Int
        let failures: Int
        let figure: Figure?
        /// In proportion to the baseline's.
        let ratio: Figure?

        init(_ side: ResultComparison.Side) {
            (runs, n, failures) = (side.runs, side.n, side.failures)
            (figure, ratio) = (side.figure.map(Figure.init), side.ratio.map(Figure.init))
        }
    }

    struct Figure: Encodable {
        let value: Double
        let lower95: Double?
        let upper95: Double?

        init(_ estimate: Estimate) {
            value = estimate.value
            lower95 = estimate.interval?.lower
            upper95 = estimate.interval?.upper
        }
    }

    init(_ comparison: ResultComparison, old: [String], new: [String]) {
        (self.old, self.new) = (old, new)
        (oldRuns, newRuns) = (comparison.oldRuns, comparison.newRuns)
        baseline = comparison.baseline
        threshold = comparison.threshold
        tested = comparison.tested
        regression = !comparison.regressions.isEmpty
        undecided = comparison.undecided
        unlike = comparison.differences
        rows = comparison.rows.map { row in
            Row(
                metric: row.metric.id, unit: row.metric.unit, engine: row.engine, emulated: row.emulated,
                point: row.point, old: Side(row.old), new: Side(row.new),
                change: row.change.map(Figure.init), ratioChange: row.relativeChange.map(Figure.init),
                basis: row.basis, p: row.p, correctedP: row.correctedP, verdict: row.verdict,
                reason: row.reason, bound: row.bound, regression: row.isRegression)
        }
    }
}
