import Glibc

/// A metric, an engine and a point that any of the compared runs has a value for.
struct ComparedCell {
    var metric: Metric
    var record: EngineRecord
    var point: Condition

    /// The cells of all runs, in the order of the first one's metrics, engines and series.
    static func all(of runs: [Figures], metrics: [String]?, engines: [EngineID]?) -> [ComparedCell] {
        let headers = runs.map(\.result.header)
        let shared = headers[0].lab.metrics.filter { metric in
            headers.allSatisfy { header in
                header.lab.metrics.contains {
                    $0.id == metric.id && $0.source == metric.source && $0.unit == metric.unit
                }
            } && metrics?.contains(metric.id) ?? true
        }
        var known: Set<EngineID> = []
        let records = headers.flatMap(\.engines).filter {
            engines?.contains($0.id) ?? true && known.insert($0.id).inserted
        }
        var found: Set<Condition> = []
        let points = runs.flatMap(\.points).filter { found.insert($0).inserted }
        return shared.flatMap { metric in
            records.flatMap { record in
                var seen: Set<Condition> = []
                return points.filter { point in
                    !seen.contains(metric.place(of: point))
                        && runs.contains { !$0.values(metric, record.id, at: point).isEmpty }
                        && seen.insert(metric.place(of: point)).inserted
                }.map { ComparedCell(metric: metric, record: record, point: metric.place(of: $0)) }
            }
        }
    }

    /// The row with its figures and, where there is something to test, its p-value; undecided until it is judged.
    func row(_ old: [Figures], _ new: [Figures], baseline: EngineID?) -> ResultComparison.Row {
        let (before, after) = (estimates(of: old), estimates(of: new))
        let (relativeBefore, relativeAfter) = (
            ratios(of: old, to: baseline), ratios(of: new, to: baseline)
        )
        var row = ResultComparison.Row(
            metric: metric, engine: record.id, emulated: record.emulated, point: point,
            old: side(old, before, relativeBefore), new: side(new, after, relativeAfter),
            basis: metric.isExact ? .count : .figure, verdict: .undecided, reason: .wide, isRegression: false)
        if before.count > 0 && after.isEmpty && new.contains(where: { $0.result.ending != .complete }) {
            row.reason = .unfinished
        }
        guard !before.isEmpty, !after.isEmpty else { return row }
        if (old + new).contains(where: { $0.harnessStop(metric, record.id, at: point) != nil }) {
            row.reason = .stopped
            return row
        }
        if metric.isExact {
            row.change = countedChange(row.old, row.new)
            row.reason = .varies
            return row
        }
        let isRelative = !relativeBefore.isEmpty && !relativeAfter.isEmpty
        let areSingle = before.count == 1 && after.count == 1
        let change = Self.change(before, after)
        let relativeChange = isRelative ? Self.change(relativeBefore, relativeAfter) : nil
        row.change = change?.ratio ?? Self.quotient(row.old.figure, row.new.figure)
        row.relativeChange = relativeChange?.ratio ?? Self.quotient(row.old.ratio, row.new.ratio)
        let isTime = metric.unit == .nanoseconds
        if isTime && isRelative && (areSingle || !Self.isFarNarrower(change, than: relativeChange)) {
            row.basis = .ratio
        }
        if isTime && areSingle {
            // Its interval knows nothing of how much times differ between runs.
            row.change?.interval = nil
            if !isRelative {
                row.reason = record.id == baseline ? .isBaseline : .noBaseline
                return row
            }
        }
        if carries(row) { row.p = (row.basis == .ratio ? relativeChange : change)?.p }
        if row.judged == nil { row.reason = .noRatio }
        if row.judged != nil && row.p == nil { row.reason = .tooFew }
        return row
    }

    /// The figure of each run that has one.
    private func estimates(of runs: [Figures]) -> [Estimate] {
        runs.compactMap { $0.estimate(metric, record.id, at: point) }
    }

    /// The figure in proportion to the baseline's, of times; none at all unless every run that has the figure has it.
    private func ratios(of runs: [Figures], to baseline: EngineID?) -> [Estimate] {
        guard metric.unit == .nanoseconds, !metric.isExact, let baseline, baseline != record.id else {
            return []
        }
        let ratios = runs.compactMap { $0.ratio(metric, record.id, to: baseline, at: point)?.finite }
        return ratios.count == estimates(of: runs).count ? ratios : []
    }

    private func side(
        _ runs: [Figures], _ estimates: [Estimate], _ ratios: [Estimate]
    ) -> ResultComparison.Side {
        let failures = runs.map { $0.failures(metric, record.id, point) }.reduce(0, +)
        return ResultComparison.Side(
            runs: estimates.count, n: estimates.map(\.n).reduce(0, +), failures: failures,
            figure: metric.isExact ? counted(estimates) : Self.mean(estimates), ratio: Self.mean(ratios))
    }

    /// The run's own figure, or the geometric mean of several; where that has no meaning their median.
    private static func mean(_ estimates: [Estimate]) -> Estimate? {
        guard estimates.count > 1 else { return estimates.first }
        let values = estimates.map(\.value)
        return LogMean(values)?.estimate
            ?? Statistics.median(values).map { Estimate(value: $0, interval: nil, n: values.count) }
    }

    /// The median of the runs, from the least to the most that any of them counted.
    private func counted(_ estimates: [Estimate]) -> Estimate? {
        let intervals = estimates.compactMap(\.interval)
        guard let least = intervals.map(\.lower).min(), let most = intervals.map(\.upper).max() else {
            return nil
        }
        return Statistics.median(estimates.map(\.value)).map {
            Estimate(
                value: $0, interval: ConfidenceInterval(lower: least, upper: most), n: estimates.count)
        }
    }

    private func countedChange(_ old: ResultComparison.Side, _ new: ResultComparison.Side) -> Estimate? {
        guard let before = old.figure, let after = new.figure, before.interval.map({ $0.lower > 0 }) == true
        else { return nil }
        return after.divided(by: before)?.finite
    }

    private static func change(_ old: [Estimate], _ new: [Estimate]) -> Change? {
        old.count == 1 && new.count == 1
            ? Change(from: old[0], to: new[0]) : Change(runs: old.map(\.value), new.map(\.value))
    }

    /// Whether there is enough to decide on: the spread of fewer samples is luck, and none at all of two that are alike. A run
    /// may have a single value, which says how much runs differ from the third on.
    private func carries(_ row: ResultComparison.Row) -> Bool {
        if min(row.old.n, row.new.n) >= BlockInterval.fewest { return true }
        let hasSpread = row.judged?.interval.map { $0.upper > $0.lower } ?? false
        return min(row.old.runs, row.new.runs) >= 3 && hasSpread
    }

    /// Whether the baseline adds more than twice the noise that it takes away: less would make a choice of luck of it.
    private static func isFarNarrower(_ change: Change?, than relative: Change?) -> Bool {
        guard let own = change?.ratio.interval, let other = relative?.ratio.interval, own.lower > 0,
            other.lower > 0
        else { return false }
        return 2 * log(own.upper / own.lower) < log(other.upper / other.lower)
    }

    private static func quotient(_ old: Estimate?, _ new: Estimate?) -> Estimate? {
        guard let old, let new, old.value > 0, new.value > 0 else { return nil }
        return Estimate(value: new.value / old.value, interval: nil, n: min(old.n, new.n)).finite
    }
}

extension Estimate {
    /// Nil where a quotient of what nobody measured went beyond all numbers.
    fileprivate var finite: Estimate? {
        [value, interval?.lower ?? 0, interval?.upper ?? 0].allSatisfy(\.isFinite) ? self : nil
    }
}

extension Figures {
    /// Failed samples of the engine that belong to a metric's point.
    fileprivate func failures(_ metric: Metric, _ engine: EngineID, _ point: Condition) -> Int {
        points(of: engine).filter { metric.place(of: $0) == point }.map { place in
            samples(engine, at: place).count { !$0.outcome.isCompleted }
        }.reduce(0, +)
    }
}
