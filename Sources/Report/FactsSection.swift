import LabCore

/// The facts as tables, group by group, the evidence folded away under them.
struct FactsSection {
    let text: Catalogue
    let matrix: FactMatrix
    let plot: MatrixPlot?

    /// A cell with more answers or more characters helps nobody; the CSV has them all.
    private static let mostAnswers = 4
    private static let answerLength = 160
    private static let evidenceLength = 400

    var markdown: String {
        guard !matrix.groups.isEmpty else { return "" }
        var parts = ["## \(text.found)\n"]
        if plot != nil { parts.append("![\(text.found)](\(MatrixPlot.name))\n") }
        var rows = 0
        let groups = matrix.groups
        for group in groups {
            let shown = group.rows.prefix(max(Analysis.mostRows - rows, 0))
            rows += shown.count
            guard !shown.isEmpty else { continue }
            if groups.count > 1 { parts.append("### \(Escaping.markdown(group.title ?? text.otherFacts))\n") }
            parts.append(table(shown, group.columns))
        }
        parts.append(text.factsNote + "\n")
        let left = groups.reduce(0) { $0 + $1.rows.count } - rows
        if left > 0 { parts.append(text.notShown(left) + "\n") }
        parts.append(evidence)
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func table(_ rows: ArraySlice<FactMatrix.Row>, _ columns: [ExperimentColumn]) -> String {
        var table = MarkdownTable([(text.what, .left)] + columns.map { ($0.title(text), .left) })
        for row in rows {
            table.add([Escaping.markdown(text.named(row.title, at: row.place))] + row.cells.map(cell))
        }
        return table.text
    }

    private func cell(_ cell: FactMatrix.Cell?) -> String {
        guard let cell else { return Format.none }
        var lines = cell.answers.prefix(Self.mostAnswers).map { answer in
            var shown = shorten(answer.answer, Self.answerLength)
            if cell.answers.count > 1 { shown += ", \(text.times(answer.count, of: cell.n))" }
            if let mechanism = answer.mechanism { shown += "<br>*\(text.name(mechanism))*" }
            return shown
        }
        let left = cell.answers.count - lines.count
        if left > 0 { lines.append(text.otherAnswers(left)) }
        return lines.joined(separator: "<br>")
    }

    private func shorten(_ words: String, _ length: Int) -> String {
        let shown = Format.cut(Escaping.plain(words), length)
        return shown.isEmpty ? Format.none : Escaping.markdown(shown)
    }

    /// A row per answer that has evidence.
    private var evidence: String {
        var table = MarkdownTable([
            (text.what, .left), (text.engine, .left), (text.answerOfTrial, .left), (text.mechanism, .left),
            (text.trials, .right), (text.evidence, .left),
        ])
        var count = 0
        for group in matrix.groups {
            for row in group.rows {
                for (column, cell) in zip(group.columns, row.cells) {
                    guard let cell else { continue }
                    let name = text.named(row.title, at: row.place + column.place)
                    for answer in cell.answers {
                        guard let evidence = answer.evidence else { continue }
                        count += 1
                        guard count <= Analysis.mostRows else { continue }
                        table.add([
                            Escaping.markdown(name), text.name(column.engine.record),
                            shorten(answer.answer, Self.answerLength),
                            answer.mechanism.map(text.name) ?? Format.none,
                            text.times(answer.count, of: cell.n), shorten(evidence, Self.evidenceLength),
                        ])
                    }
                }
            }
        }
        guard count > 0 else { return "" }
        let left = count - Analysis.mostRows
        return "<details>\n<summary>\(text.evidenceOf(count))</summary>\n\n\(table.text)"
            + (left > 0 ? "\n\(text.notShown(left))\n" : "") + "\n</details>\n"
    }
}
