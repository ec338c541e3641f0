import LabCore

extension Report {
    /// A comparison as Markdown: what is unlike, a row per metric, engine and point, and how it was decided.
    /// - Parameters:
    ///   - old, new: how the results are called, for example by their paths.
    public static func markdown(
        for comparison: ResultComparison, old: [String], new: [String], language text: Language = .english
    ) -> String {
        var blocks: [Block] = [
            .heading(1, text.comparison), .paragraph(text.compared(named(old, text), named(new, text))),
        ]
        if !comparison.differences.isEmpty {
            let lines = comparison.differences.map {
                text.unlike(.code($0.field), text.say($0.old), text.say($0.new))
            }
            blocks += [.paragraph(text.unlikeNote), .list(lines)]
        }
        for metric in comparison.metrics {
            let rows = comparison.rows.filter { $0.metric == metric }
            blocks += [.heading(2, text.title(metric)), .table(table(of: rows, metric, comparison, text))]
        }
        blocks += [
            .paragraph(outcome(of: comparison, text)),
            .paragraph(
                comparison.isOfSeveralRuns
                    ? text.severalRunsNote(comparison.baseline) : text.oneRunNote(comparison.baseline)),
            .paragraph(text.comparisonNote(tested: comparison.tested)),
        ]
        return MarkdownRenderer.render(blocks)
    }

    /// Of many the first, and how many there are no more of.
    private static func named(_ paths: [String], _ text: Language) -> Phrase {
        let most = 5
        let left = paths.count > most ? [text.andMore(paths.count - most)] : []
        return text.list(paths.prefix(most).map { .code($0) } + left)
    }

    /// The rows of one metric.
    private static func table(
        of rows: [ResultComparison.Row], _ metric: Metric, _ comparison: ResultComparison, _ text: Language
    ) -> Table {
        let hasPoints = rows.contains { !$0.point.isEmpty }
        let relative = rows.contains { $0.relativeChange != nil } ? comparison.baseline : nil
        let isOfRuns = comparison.isOfSeveralRuns
        var columns: [Table.Column] = [.words(text.engine)]
        if hasPoints { columns.append(.words(text.say("at"))) }
        columns += [.figures(text.say("old")), .figures(text.new)]
        columns.append(.figures(isOfRuns ? text.say("runs a side") : "n"))
        columns += [.figures(text.say("new / old")), .figures(text.interval)]
        if let relative {
            columns += [.figures(text.ratioChange(.code(relative.rawValue))), .figures(text.interval)]
        }
        columns += [.figures(text.say("p (Holm)")), .words(text.verdict)]
        var table = Table(columns)
        for row in rows {
            var cells: [Cell] = [.words(text.name(row.engine, emulated: row.emulated))]
            if hasPoints { cells.append(.words(Phrase(row.point.text))) }
            cells += [row.old, row.new].map { .quantity($0.figure?.value, metric.unit) }
            let (old, new) = isOfRuns ? (row.old.runs, row.new.runs) : (row.old.n, row.new.n)
            cells.append(.figure(Double(new), "\(old) / \(new)"))
            cells += Self.cells(of: row.change)
            if relative != nil { cells += Self.cells(of: row.relativeChange) }
            cells.append(
                row.correctedP.map { p in
                    .figure(p, p < 0.001 ? "< 0.001" : Phrase(Format.fixed(p, decimals: 3)))
                } ?? .none)
            let verdict = Cell.words(
                row.old.failures + row.new.failures == 0
                    ? text.name(row)
                    : text.say("\(text.name(row)) (failed: \(row.old.failures) / \(row.new.failures))"))
            cells.append(row.isRegression ? verdict.strong : verdict)
            table.add(cells)
        }
        return table
    }

    private static func cells(of change: Estimate?) -> [Cell] {
        [
            change.map { .figure($0.value, "\(Format.number($0.value)) ×") } ?? .none,
            .interval(change?.interval, .ratio),
        ]
    }

    private static func outcome(of comparison: ResultComparison, _ text: Language) -> Phrase {
        let threshold = Format.percent(comparison.threshold)
        let regressions = comparison.regressions
        guard !regressions.isEmpty else {
            let (undecided, all) = (comparison.undecided, comparison.rows.count)
            if undecided == 0 { return text.say("No regression beyond \(threshold) was shown.") }
            if undecided < all {
                return text.say(
                    "No regression beyond \(threshold) was shown; \(undecided) of \(all) rows are undecided.")
            }
            return text.say(
                "Nothing was decided: all rows are undecided. Make more runs a side (`lab run LAB --repeat`), or measure both builds in one run (`--engine NAME=KIND:PATH`)."
            )
        }
        let named = regressions.map { row in
            let place = row.point.isEmpty ? "" : " (\(row.point.text))"
            return Phrase.code("\(row.metric.id): \(row.engine)\(place)")
        }
        return text.say("Regression beyond \(threshold), or missing: \(text.list(named)).")
    }

    /// A comparison as comma-separated values (RFC 4180 with line feeds), in the metrics' units. When the results are
    /// unlike, each row says in what.
    public static func csv(for comparison: ResultComparison) -> String {
        let unlike = comparison.differences.map {
            "unlike: \($0.field): \($0.old.english), \($0.new.english)"
        }
        let heading = [
            "metric", "engine", "point", "unit", "old-runs", "old-n", "old-failed", "old", "new-runs",
            "new-n", "new-failed", "new", "change", "change-lower95", "change-upper95", "ratio-change",
            "ratio-change-lower95", "ratio-change-upper95", "basis", "p", "p-corrected", "verdict", "reason",
            "bound", "regression", "unlike",
        ]
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        func side(_ side: ResultComparison.Side) -> [String] {
            ["\(side.runs)", "\(side.n)", "\(side.failures)", number(side.figure?.value)]
        }
        func change(_ change: Estimate?) -> [String] {
            [change?.value, change?.interval?.lower, change?.interval?.upper].map(number)
        }
        let rows = comparison.rows.map { row in
            var fields = [row.metric.id, row.engine.rawValue, row.point.text, row.metric.unit.rawValue]
            fields += side(row.old) + side(row.new)
            fields += change(row.change) + change(row.relativeChange)
            fields += [row.basis.rawValue, number(row.p), number(row.correctedP), row.verdict.rawValue]
            fields += [row.reason?.rawValue ?? "", number(row.bound), "\(row.isRegression)"]
            return fields + [unlike.joined(separator: "; ")]
        }
        return ([heading] + rows).map { $0.map(Escaping.csv).joined(separator: ",") + "\n" }.joined()
    }
}

extension ResultComparison {
    fileprivate var isOfSeveralRuns: Bool { oldRuns + newRuns > 2 }

    /// The metrics that have rows, in their order.
    fileprivate var metrics: [Metric] {
        rows.reduce(into: []) { metrics, row in
            if metrics.last != row.metric { metrics.append(row.metric) }
        }
    }
}

extension Language {
    var comparison: Phrase { say("Comparison") }
    func compared(_ old: Phrase, _ new: Phrase) -> Phrase { say("Old: \(old). New: \(new).") }
    var new: Phrase { say("new") }

    func name(_ row: ResultComparison.Row) -> Phrase {
        switch row.verdict {
        case .slower: say("slower")
        case .larger: say("larger")
        case .faster: say("faster")
        case .smaller: say("smaller")
        case .noLargerDifference:
            (row.bound ?? 0) == 0
                ? say("the same") : say("no difference larger than \(Format.percent(row.bound)) shown")
        case .undecided: row.reason.map { say("undecided: \(name($0))") } ?? say("undecided")
        case .missing: say("missing: no sample any more")
        }
    }

    private func name(_ reason: ResultComparison.Reason) -> Phrase {
        switch reason {
        case .wide: say("the interval is too wide")
        case .corrected: say("of so many rows one may differ so much by chance")
        case .tooFew: say("too few samples")
        case .noRatio: say("a figure is not positive")
        case .noBaseline: say("one run a side, and no other engine beside it")
        case .isBaseline: say("one run a side, and the others are set against this engine")
        case .stopped: say("a limit of the harness ended it")
        case .unfinished: say("the new run was not finished")
        case .varies: say("what was counted differs from trial to trial")
        }
    }

    func ratioChange(_ baseline: Phrase) -> Phrase { say("new / old of the ratio to \(baseline)") }

    func severalRunsNote(_ baseline: EngineID?) -> Phrase {
        let unit: Phrase = say(
            "One figure of each run is one value: intervals and p-values are Welch's, on logarithms, and know how much "
                + "runs differ.")
        guard let baseline = baseline.map({ Phrase.code($0.rawValue) }) else { return unit }
        let relative: Phrase = say(
            "Times are judged by their ratio to \(baseline) within each run, and by themselves where the interval of that "
                + "is more than twice as wide.")
        return unit + Phrase(sentenceGap) + relative
    }
    func oneRunNote(_ baseline: EngineID?) -> Phrase {
        let several: Phrase = say("Name several runs a side to compare times themselves.")
        let assumed: Phrase =
            if let baseline = baseline.map({ Phrase.code($0.rawValue) }) {
                say(
                    "One run a side: times are compared by their ratio to \(baseline), which assumes that whatever "
                        + "changed did not change \(baseline).")
            } else {
                say("One run a side can't compare times: what disturbs a machine lasts as long as a run.")
            }
        return assumed + Phrase(sentenceGap) + several
    }

    var unlikeNote: Phrase {
        say(
            "The results are unlike, and were compared by force: what changed may have changed for these "
                + "reasons."
        )
    }
    func unlike(_ field: Phrase, _ old: String, _ new: String) -> Phrase {
        say("unlike: \(field): \(old) before, \(new) now")
    }

    func comparisonNote(tested: Int) -> Phrase {
        let level = Format.bound(ResultComparison.level, .ratio)
        return say(
            "p-values are corrected after Holm for the number of rows tested, \(tested). A difference is shown when "
                + "the corrected p is below \(level) and the 95 % interval excludes 1; it is a regression when the "
                + "ratio exceeds the threshold too. No difference larger than X is shown where the interval reaches "
                + "no farther than X, and X is within the threshold."
        )
    }
}
