import LabCore

extension Report {
    /// A comparison as Markdown: what is unlike, a row per metric, engine and point, and how it was decided.
    /// - Parameters:
    ///   - old, new: how the two results are called, for example their paths.
    public static func markdown(
        for comparison: ResultComparison, old: String, new: String, language text: Language = .english
    ) -> String {
        var blocks: [Block] = [
            .heading(1, text.comparison), .paragraph(text.compared(.code(old), .code(new))),
        ]
        if !comparison.differences.isEmpty {
            let lines = comparison.differences.map {
                text.unlike(.code($0.field), text.say($0.old), text.say($0.new))
            }
            blocks += [.paragraph(text.unlikeNote), .list(lines)]
        }
        for metric in comparison.metrics {
            let rows = comparison.rows.filter { $0.metric == metric }
            blocks += [.heading(2, text.title(metric)), .table(table(of: rows, metric, text))]
        }
        if comparison.rows.isEmpty {
            blocks.append(.paragraph(text.say("No metric has a sample in either result.")))
        }
        blocks += [
            .paragraph(outcome(of: comparison, text)),
            .paragraph(text.comparisonNote(tested: comparison.tested)),
        ]
        return MarkdownRenderer.render(blocks)
    }

    /// The rows of one metric.
    private static func table(
        of rows: [ResultComparison.Row], _ metric: Metric, _ text: Language
    ) -> Table {
        let hasPoints = rows.contains { !$0.point.isEmpty }
        var table = Table(
            [.words(text.engine)] + (hasPoints ? [.words(text.say("at"))] : []) + [
                .figures(text.say("old")), .figures(text.new), .figures("n"), .figures(text.say("new / old")),
                .figures(text.interval), .figures(text.say("p (Holm)")), .words(text.verdict),
            ])
        for row in rows {
            let verdict = Cell.words(text.name(row.verdict))
            let p = row.correctedP.map { p in
                Cell.figure(p, p < 0.001 ? "< 0.001" : Phrase(Format.fixed(p, decimals: 3)))
            }
            table.add(
                [.words(text.name(row.engine, emulated: row.emulated))]
                    + (hasPoints ? [.words(Phrase(row.point.text))] : []) + [
                        .quantity(row.old?.value, metric.unit), .quantity(row.new?.value, metric.unit),
                        .figure(Double(row.new?.n ?? 0), "\(row.old?.n ?? 0) / \(row.new?.n ?? 0)"),
                        row.ratio.map { .figure($0.value, "\(Format.number($0.value)) ×") } ?? .none,
                        .interval(row.ratio?.interval, .ratio), p ?? .none,
                        row.isRegression ? verdict.strong : verdict,
                    ])
        }
        return table
    }

    private static func outcome(of comparison: ResultComparison, _ text: Language) -> Phrase {
        let threshold = Format.percent(comparison.threshold)
        let regressions = comparison.regressions
        guard !regressions.isEmpty else { return text.say("No regression beyond \(threshold) was shown.") }
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
            "metric", "engine", "point", "unit", "old-n", "old-failed", "old", "new-n", "new-failed", "new",
            "ratio", "ratio-lower95", "ratio-upper95", "p", "p-corrected", "verdict", "regression", "unlike",
        ]
        let rows = comparison.rows.map { row in
            func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
            return [
                row.metric.id, row.engine.rawValue, row.point.text, row.metric.unit.rawValue,
                "\(row.old?.n ?? 0)", "\(row.oldFailures)", number(row.old?.value), "\(row.new?.n ?? 0)",
                "\(row.newFailures)", number(row.new?.value), number(row.ratio?.value),
                number(row.ratio?.interval?.lower), number(row.ratio?.interval?.upper), number(row.p),
                number(row.correctedP), row.verdict.rawValue, "\(row.isRegression)",
                unlike.joined(separator: "; "),
            ]
        }
        return ([heading] + rows).map { $0.map(Escaping.csv).joined(separator: ",") + "\n" }.joined()
    }
}

extension ResultComparison {
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

    func name(_ verdict: ResultComparison.Verdict) -> Phrase {
        switch verdict {
        case .slower: say("slower")
        case .larger: say("larger")
        case .faster: say("faster")
        case .smaller: say("smaller")
        case .noDifference: say("no difference shown")
        case .tooFew: say("too few samples")
        case .noRatio: say("no ratio: a figure is not positive")
        case .missing: say("missing: no sample any more")
        }
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
            "Ratios of medians with 95 % percentile bootstrap intervals; two-sided permutation tests, "
                + "their p-values "
                + "corrected after Holm for the number of rows tested, \(tested). A difference is shown "
                + "when the corrected p "
                + "is below \(level) and the interval excludes 1; it is a regression when the ratio "
                + "exceeds the threshold "
                + "too. Slopes are judged by their interval alone. No difference shown is not equality: "
                + "the interval says "
                + "what could be there. Intervals and tests know the spread within a run, not between "
                + "runs: what else "
                + "changed in the machine from one to the other is in the ratio too, so repeat both before "
                + "you act on it."
        )
    }
}
