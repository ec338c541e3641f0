import LabCore

extension Report {
    /// A comparison as Markdown: what is unlike, a row per metric, engine and point, and how it was decided.
    /// - Parameters:
    ///   - old, new: how the two results are called, for example their paths.
    public static func markdown(
        for comparison: ResultComparison, old: String, new: String, language: Language = .english
    ) -> String {
        let text = Catalogue(language: language)
        var blocks: [Block] = [
            .heading(1, text.comparison), .paragraph(text.compared(.code(old), .code(new))),
        ]
        if !comparison.differences.isEmpty {
            let lines = comparison.differences.map { text.unlike(.code($0.field), $0.old, $0.new) }
            blocks += [.paragraph(text.unlikeNote), .list(lines)]
        }
        for metric in comparison.metrics {
            let rows = comparison.rows.filter { $0.metric == metric }
            blocks += [.heading(2, text.title(metric)), .table(table(of: rows, metric, text))]
        }
        if comparison.rows.isEmpty { blocks.append(.paragraph(text.nothingToCompare)) }
        blocks += [
            .paragraph(outcome(of: comparison, text)),
            .paragraph(text.comparisonNote(tested: comparison.tested)),
        ]
        return MarkdownRenderer.render(blocks)
    }

    /// The rows of one metric.
    private static func table(
        of rows: [ResultComparison.Row], _ metric: Metric, _ text: Catalogue
    ) -> Table {
        let hasPoints = rows.contains { !$0.point.isEmpty }
        var table = Table(
            [.words(text.engine)] + (hasPoints ? [.words(text.point)] : []) + [
                .figures(text.old), .figures(text.new), .figures("n"), .figures(text.ratioOfNew),
                .figures(text.interval), .figures(text.correctedP), .words(text.verdict),
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

    private static func outcome(of comparison: ResultComparison, _ text: Catalogue) -> Phrase {
        let threshold = Format.percent(comparison.threshold)
        let regressions = comparison.regressions
        guard !regressions.isEmpty else { return text.noRegression(beyond: threshold) }
        let named = regressions.map { row in
            let place = row.point.isEmpty ? "" : " (\(row.point.text))"
            return Phrase.code("\(row.metric.id): \(row.engine)\(place)")
        }
        return text.regressions(text.list(named), beyond: threshold)
    }

    /// A comparison as comma-separated values (RFC 4180 with line feeds), in the metrics' units. When the results are
    /// unlike, each row says in what.
    public static func csv(for comparison: ResultComparison) -> String {
        let unlike = comparison.differences.map { "unlike: \($0.field): \($0.old), \($0.new)" }
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

extension Catalogue {
    var comparison: Phrase { pick("Comparison", "比较") }
    func compared(_ old: Phrase, _ new: Phrase) -> Phrase {
        pick("Old: \(old). New: \(new).", "旧：\(old)。新：\(new)。")
    }
    var old: Phrase { pick("old", "旧") }
    var new: Phrase { pick("new", "新") }
    var point: Phrase { pick("at", "条件") }
    var ratioOfNew: Phrase { pick("new / old", "新 / 旧") }
    var correctedP: Phrase { pick("p (Holm)", "p（Holm）") }

    func name(_ verdict: ResultComparison.Verdict) -> Phrase {
        switch verdict {
        case .slower: pick("slower", "变慢")
        case .larger: pick("larger", "变大")
        case .faster: pick("faster", "变快")
        case .smaller: pick("smaller", "变小")
        case .noDifference: pick("no difference shown", "未显示差异")
        case .tooFew: pick("too few samples", "样本太少")
        case .noRatio: pick("no ratio: a figure is not positive", "无比值：有数值不为正")
        case .missing: pick("missing: no sample any more", "缺失：不再有样本")
        }
    }

    var unlikeNote: Phrase {
        pick(
            "The results are unlike, and were compared by force: what changed may have changed for these reasons.",
            "两个结果条件不同，属强制比较：数值的变化可能由下列差异引起。")
    }
    func unlike(_ field: Phrase, _ old: String, _ new: String) -> Phrase {
        pick("unlike: \(field): \(old) before, \(new) now", "不同：\(field)：旧为 \(old)，新为 \(new)")
    }
    var nothingToCompare: Phrase {
        pick("No metric has a sample in either result.", "两个结果中没有任何指标有样本。")
    }
    func noRegression(beyond threshold: String) -> Phrase {
        pick("No regression beyond \(threshold) was shown.", "未显示超过 \(threshold) 的退化。")
    }
    func regressions(_ rows: Phrase, beyond threshold: String) -> Phrase {
        pick("Regression beyond \(threshold), or missing: \(rows).", "退化超过 \(threshold)，或缺失：\(rows)。")
    }
    func comparisonNote(tested: Int) -> Phrase {
        let level = Format.bound(ResultComparison.level, .ratio)
        return pick(
            "Ratios of medians with 95 % percentile bootstrap intervals; two-sided permutation tests, their p-values "
                + "corrected after Holm for the number of rows tested, \(tested). A difference is shown when the corrected p "
                + "is below \(level) and the interval excludes 1; it is a regression when the ratio exceeds the threshold "
                + "too. Slopes are judged by their interval alone. No difference shown is not equality: the interval says "
                + "what could be there. Intervals and tests know the spread within a run, not between runs: what else "
                + "changed in the machine from one to the other is in the ratio too, so repeat both before you act on it.",
            "中位数之比及 95 % 百分位自助法区间；双侧置换检验，p 值按 Holm 方法对所检验的 \(tested) 行校正。校正后 p 小于 "
                + "\(level) 且区间不含 1 时判为有差异；比值同时超过阈值则为退化。斜率只按区间判断。“未显示差异”不等于相等："
                + "可能的差异见区间。区间与检验只反映一次运行内部的离散，不反映两次运行之间的离散：机器状态的其他变化也在比值之中，"
                + "据此行动之前请重复两次运行。")
    }
}
