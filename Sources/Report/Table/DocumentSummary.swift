import LabCore

extension Report {
    /// The document's table for a terminal: two lines a row, its verdicts and the first figure of each half. Lines hold
    /// no control character, no line feed, and at most 100 cells.
    public static func summaryLines(for table: FilledTable, language: Language = .english) -> [String] {
        let text = Catalogue(language: language)
        let cell = CellText(text: text, isMarkdown: false)
        let rows = table.rows.flatMap { row in
            row.subjects.enumerated().map { place, judgement in
                [
                    place == 0 ? "\(row.number). \(Escaping.plain(text[row.document.dimension]))" : "",
                    text.name(judgement.subject), text.name(judgement.verdict),
                    found(judgement.subject, row, text, cell),
                ]
            }
        }
        let widths = (0..<3).map { column in rows.map { Columns.count($0[column]) }.max() ?? 0 }
        var lines = rows.map { row in
            let fields = (0..<3).map { column in
                row[column] + String(repeating: " ", count: widths[column] - Columns.count(row[column]))
            }
            return cut("  " + (fields + [row[3]]).joined(separator: "  "))
        }
        if let emulator = table.reference?.result.header.environment.emulator {
            lines.append(text.nestedNote(Escaping.plain(emulator)))
        }
        if !table.missingLabs.isEmpty {
            lines.append(text.labsToRun("`lab run \(table.missingLabs.joined(separator: ","))`"))
        }
        return lines.map(Escaping.plain)
    }

    /// The first figure of a half: of a VM that of KVM, else the emulated one, marked; else why there is none.
    private static func found(
        _ subject: Claim.Subject, _ row: FilledTable.Row, _ text: Catalogue, _ cell: CellText
    ) -> String {
        let engines: [EngineID] = subject == .vm ? [.kvm, .qemu] : [.container]
        for engine in engines {
            let cells = row.cells[engine] ?? []
            let first = cells.first { one in
                if case .absent = one.content { false } else { true }
            }
            guard let first else { continue }
            let record = row.source?.result.header.engines.first { $0.id == engine }
            let name = subject == .vm ? record.map { text.plainName($0) + text.colon } ?? "" : ""
            let title = first.shown.title.map { Escaping.plain(text[$0]) + text.colon } ?? ""
            return "\(name)\(title)\(cell.content(first.content))"
        }
        return (row.cells[engines[0]]?.first).map { cell.content($0.content) } ?? Format.none
    }

    private static func cut(_ line: String) -> String {
        guard Columns.count(line) > width else { return line }
        var kept = ""
        var used = 0
        for scalar in line.unicodeScalars {
            used += Columns.count(String(scalar))
            if used > width - 2 { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + "…"
    }
}
