import LabCore

/// The facts as tables, group by group, the evidence folded away under them.
struct FactsSection {
    let text: Language
    let matrix: FactMatrix
    let plot: MatrixPlot?

    /// A cell with more answers or more characters helps nobody; the CSV has them all.
    private static let mostAnswers = 4
    private static let answerLength = 160
    private static let evidenceLength = 400

    var blocks: [Block] {
        guard !matrix.groups.isEmpty else { return [] }
        var blocks = [Block.heading(2, "\(text.say("What was found"))")]
        if let plot {
            blocks.append(
                .figure(Figure(name: MatrixPlot.name, title: text.say("What was found"), svg: plot.svg)))
        }
        var rows = 0
        let groups = matrix.groups
        for group in groups {
            let shown = group.rows.prefix(max(Analysis.mostRows - rows, 0))
            rows += shown.count
            guard !shown.isEmpty else { continue }
            if groups.count > 1 { blocks.append(.heading(3, "\(group.title ?? text.say("Others"))")) }
            blocks.append(.table(table(shown, group.columns)))
        }
        blocks.append(.paragraph(text.factsNote))
        let left = groups.reduce(0) { $0 + $1.rows.count } - rows
        return blocks + text.leftOut(left) + evidence
    }

    private func table(_ rows: ArraySlice<FactMatrix.Row>, _ columns: [ExperimentColumn]) -> Table {
        var table = Table([.words(text.what)] + columns.map { .words($0.title(text)) })
        for row in rows {
            table.add([.words(Phrase(text.named(row.title, at: row.place)))] + row.cells.map(cell))
        }
        return table
    }

    private func cell(_ cell: FactMatrix.Cell?) -> Cell {
        guard let cell else { return .none }
        let lines = cell.answers.prefix(Self.mostAnswers).map { answer -> Phrase in
            var shown = shorten(answer.answer, Self.answerLength)
            if cell.answers.count > 1 { shown += ", \(text.times(answer.count, of: cell.n))" }
            return answer.mechanism.map { [shown, .emphasis(text.name($0))].lines } ?? shown
        }
        let left = cell.answers.count - lines.count
        return .words(
            (lines + (left > 0 ? [text.say("\(left, one: "other answer", other: "other answers")")] : []))
                .lines)
    }

    private func shorten(_ words: String, _ length: Int) -> Phrase {
        words.isEmpty ? .none : Phrase(Format.cut(words, length))
    }

    /// A row per answer that has evidence.
    private var evidence: [Block] {
        var table = Table(
            [
                .words(text.what), .words(text.engine), .words(text.say("answer")),
                .words(text.say("who answered")),
                .figures(text.trials), .words(text.evidence),
            ], most: Analysis.mostRows)
        for group in matrix.groups {
            for row in group.rows {
                for (column, cell) in zip(group.columns, row.cells) {
                    guard let cell else { continue }
                    let name = text.named(row.title, at: row.place + column.place)
                    for answer in cell.answers {
                        guard let evidence = answer.evidence else { continue }
                        table.add([
                            .words(Phrase(name)), .words(text.name(column.engine.record)),
                            .words(shorten(answer.answer, Self.answerLength)),
                            answer.mechanism.map { .words(text.name($0)) } ?? .none,
                            .figure(Double(answer.count), Phrase(text.times(answer.count, of: cell.n))),
                            .words(shorten(evidence, Self.evidenceLength)),
                        ])
                    }
                }
            }
        }
        let count = table.rows.count + table.left
        return count == 0
            ? []
            : [
                .fold(
                    text.say(
                        "Evidence: what the host itself read "
                            + "(\(count, one: "row", other: "rows"))"),
                    [.table(table)] + text.leftOut(table.left))
            ]
    }
}
