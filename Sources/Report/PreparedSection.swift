import LabCore

/// What each engine had before the first mark of its trials: work that none of their figures contains.
struct PreparedSection {
    let analysis: Analysis
    let text: Language

    var blocks: [Block] {
        var table = Table([.words(text.engine), .words(text.say("made once, shared by its trials"))])
        for record in analysis.engines.filter(\.isMeasured).map(\.record) {
            let prepared = analysis.result.prepared(for: record).map { Phrase(text.say($0)) }
            if !prepared.isEmpty { table.add([.words(text.name(record)), .words(prepared.lines)]) }
        }
        guard !table.rows.isEmpty else { return [] }
        return [
            .heading(2, text.say("Prepared before the first mark")), .table(table),
            .paragraph(
                text.say(
                    "Whatever else an instance needs is made after \(.code(Mark.requested.rawValue)) and gone before "
                        + "\(.code(Mark.cleanedUp.rawValue)), in every engine.")),
        ]
    }
}
