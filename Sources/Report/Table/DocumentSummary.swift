import LabCore

extension Report {
    /// The document's table for a terminal: two lines a row, its verdicts and the first figure of each half. Lines hold
    /// no control character, no line feed, and at most 100 cells.
    public static func summaryLines(for table: FilledTable, language text: Language = .english) -> [String] {
        var lines = Table([.words(""), .words(""), .words(""), .words("").shortened])
        for row in table.rows {
            for (place, judgement) in row.subjects.enumerated() {
                lines.add([
                    place == 0 ? .words("\(row.number). \(text[row.document.dimension])") : .blank,
                    .words(text.name(judgement.subject)), .words(text.name(judgement.verdict)),
                    .words(found(judgement.subject, row, text)),
                ])
            }
        }
        var notes: [Phrase] = []
        if let emulator = table.reference?.result.header.environment.emulator {
            notes.append(text.nestedInEmulation(emulator))
        }
        if !table.missingLabs.isEmpty {
            notes.append(text.labsToRun("`lab run \(table.missingLabs.joined(separator: ","))`"))
        }
        return TerminalRenderer.render([.table(lines)] + notes.map(Block.paragraph))
    }

    /// The first figure of a half: of a VM that of KVM, else the emulated one, marked; else why there is none.
    private static func found(
        _ subject: Claim.Subject, _ row: FilledTable.Row, _ text: Language
    ) -> Phrase {
        let cell = CellText(text: text, lab: row.source?.result.header.lab)
        let engines = FilledTable.engines(of: subject)
        for engine in engines {
            let cells = row.cells[engine] ?? []
            let first = cells.first { one in
                if case .absent = one.content { false } else { true }
            }
            guard let first else { continue }
            let record = row.source?.result.header.engines.first { $0.id == engine }
            let names =
                (subject == .vm ? record.map { [text.name($0)] } ?? [] : [])
                + (first.shown.title.map { [Phrase(text[$0])] } ?? [])
            return (names + [cell.words(first)]).joined(separator: text.colon)
        }
        return (row.cells[engines[0]]?.first).map { cell.words($0) } ?? .none
    }
}
