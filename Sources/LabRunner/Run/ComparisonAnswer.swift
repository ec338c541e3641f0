import LabCore

/// The answer of `lab compare` as JSON.
struct ComparisonAnswer: Encodable {
    /// Version of this answer's shape.
    let schema = "lab.compare/1"
    let old: String
    let new: String
    /// A share: 0.05 for 5 %.
    let threshold: Double
    /// Rows that were tested, for whose number the p-values are corrected.
    let tested: Int
    let regression: Bool
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
        let ratio: Figure?
        let p: Double?
        let correctedP: Double?
        let verdict: ResultComparison.Verdict
        let regression: Bool
    }

    struct Side: Encodable {
        let n: Int
        let failures: Int
        let figure: Figure?
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

    init(_ comparison: ResultComparison, old: String, new: String) {
        self.old = old
        self.new = new
        threshold = comparison.threshold
        tested = comparison.tested
        regression = !comparison.regressions.isEmpty
        unlike = comparison.differences
        rows = comparison.rows.map { row in
            Row(
                metric: row.metric.id, unit: row.metric.unit, engine: row.engine, emulated: row.emulated,
                point: row.point,
                old: Side(n: row.old?.n ?? 0, failures: row.oldFailures, figure: row.old.map(Figure.init)),
                new: Side(n: row.new?.n ?? 0, failures: row.newFailures, figure: row.new.map(Figure.init)),
                ratio: row.ratio.map(Figure.init), p: row.p, correctedP: row.correctedP,
                verdict: row.verdict, regression: row.isRegression)
        }
    }
}
