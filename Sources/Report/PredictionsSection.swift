import LabCore
import Texts

/// The user's predictions beside what the run found; no score.
struct PredictionsSection {
    let analysis: Analysis
    let text: Language

    private var cell: CellText { CellText(text: text, lab: analysis.result.header.lab, longest: 200) }

    var blocks: [Block] {
        let predictions = analysis.result.predictions.prefix(LabDefinition.mostPredictions)
        guard !predictions.isEmpty else { return [] }
        return [
            .heading(2, text.say("Predictions")),
            .paragraph(text.say("What was written down before the run, beside what the run found.")),
        ] + predictions.flatMap { [.paragraph(.strong(text[$0.question])), .table(table($0))] }
    }

    /// A row for each thing that is shown, the prediction beside the first.
    private func table(_ prediction: RunResult.AnsweredPrediction) -> Table {
        let shows = prediction.shows.prefix(Analysis.mostRows).map { shown in
            (shown, analysis.engines.map { ($0, analysis.figures.tableCell(shown, $0.id)) })
        }
        // An engine has a column when it has anything to show.
        let engines = analysis.engines.filter { engine in
            shows.contains { $0.1.contains { $0.0.id == engine.id && $0.1.isFound } }
        }.prefix(Analysis.mostColumns)
        var table = Table(
            [.words(text.say("prediction")), .words(text.say("found"))]
                + engines.map { .words(text.name($0.record)) })
        let answer = ForeignText.line(prediction.answer, most: 1_000)
        let words: Cell = answer.isEmpty ? .none : .words(Phrase(answer))
        guard !engines.isEmpty else {
            let found: Phrase =
                shows.isEmpty
                ? text.say("see this report") : text.say("nothing was measured of it")
            table.add([words, .words(.emphasis(found))])
            return table
        }
        for (place, (shown, cells)) in shows.enumerated() {
            table.add(
                [place == 0 ? words : .blank, .words(cell.title(of: shown))]
                    + engines.map { engine in
                        guard let one = cells.first(where: { $0.0.id == engine.id })?.1, one.isFound,
                            engine.id != shown.relativeTo
                        else { return .none }
                        return .words(cell.words(one))
                    })
        }
        return table
    }
}

extension TableCell {
    fileprivate var isFound: Bool { if case .absent = content { false } else { true } }
}
