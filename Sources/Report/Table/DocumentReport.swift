import LabCore

extension Report {
    /// The document's table filled in, as Markdown: the table, then a section for each row with the figures, the
    /// claims, their verdicts and reasons, and where the raw data are. A pure function of the table.
    public static func markdown(for table: FilledTable, language: Language = .english) -> String {
        MarkdownRenderer.render(DocumentReport(table: table, text: language).blocks)
    }

    /// The table as one self-contained page of HTML.
    public static func page(for table: FilledTable, language text: Language) -> String {
        HTMLPage.render(
            [DocumentReport(table: table, text: text).blocks], title: text.tableTitle.plain, text)
    }
}

/// The page.
struct DocumentReport {
    let table: FilledTable
    let text: Language

    private func cell(_ row: FilledTable.Row) -> CellText {
        CellText(text: text, lab: row.source?.result.header.lab, longest: 120)
    }

    var blocks: [Block] {
        let reference = table.reference?.result
        var blocks: [Block] = [.heading(1, text.tableTitle), .paragraph(text.tableIntroduction)]
        if let emulator = reference?.header.environment.emulator {
            blocks.append(.paragraph(.strong(text.nestedInEmulation(emulator))))
        }
        blocks += [.table(twelveRows), .paragraph(text.tableNote)] + notes.map(Block.paragraph)
        blocks += table.rows.flatMap { DocumentRowSection(row: $0, text: text).blocks }
        if !table.leftOut.isEmpty { blocks += [.heading(2, text.say("Other results")), .list(leftOut)] }
        if let reference {
            let environment = EnvironmentTable(environment: reference.header.environment, text: text)
            blocks += [.heading(2, text.machine), .table(environment.table)]
        }
        return blocks
    }

    private var twelveRows: Table {
        var rows = Table(
            [
                text.say("dimension"), text.say("the document on VMs"), text.documentOnContainers,
                text.say("measured: VM (KVM)"),
                text.say("measured: VM (emulated)"), text.say("measured: container"), text.verdict,
            ].map(Table.Column.words))
        for row in table.rows {
            rows.add(
                ([link(row)]
                    // The document's own words stand beside the translation.
                    + [row.document.vm, row.document.container].map { text.withOriginal($0, gap: .lineBreak) }
                    + FilledTable.engines.map { measured($0, row) } + [verdicts(row)]).map(Cell.words))
        }
        return rows
    }

    private func link(_ row: FilledTable.Row) -> Phrase {
        let heading = DocumentRowSection.heading(row, text)
        let name: Phrase = "\(row.number). \(text[row.document.dimension])"
        let link = Phrase([.link(name, to: .section(heading))])
        return text == .chinese ? link : [link, "“\(row.document.dimension[.chinese])”"].lines
    }

    private func measured(_ engine: EngineID, _ row: FilledTable.Row) -> Phrase {
        let cells = row.cells[engine] ?? []
        // A reason that all of them share is said once.
        if let first = cells.first, case .absent = first.content,
            cells.allSatisfy({ $0.content == first.content })
        {
            return cell(row).words(first)
        }
        // Cells that a lab shows of other engines, or of other ways of making one, are nothing that this one lacks.
        let lines = cells.filter { $0.content != .absent(.notSampled) }.map { one in
            (one.shown.title.map { Phrase("\(text[$0])\(text.colon)") } ?? Phrase())
                + cell(row).words(one)
        }
        return (lines + (mark(engine, row).map { [.emphasis($0)] } ?? [])).lines
    }

    /// Returns the note that the figures of an engine need where they stand.
    private func mark(_ engine: EngineID, _ row: FilledTable.Row) -> Phrase? {
        guard let header = row.source?.result.header else { return nil }
        if !row.unlike.isEmpty { return text.otherMachine }
        if header.environment.emulator != nil { return text.say("nested in emulation") }
        let isEmulated = header.engines.contains { $0.id == engine && $0.emulated }
        return isEmulated ? text.emulated : nil
    }

    private func verdicts(_ row: FilledTable.Row) -> Phrase {
        row.subjects.map { "\(text.name($0.subject))\(text.colon)\(cell(row).verdict($0))" as Phrase }.lines
    }

    /// The notes on the whole table.
    private var notes: [Phrase] {
        var notes: [Phrase] = []
        let emulated = Set(
            table.rows.compactMap(\.source).flatMap { source in
                source.result.header.engines.filter { record in
                    record.emulates && FilledTable.engines.contains(record.id)
                        && source.result.samples.contains { $0.engine == record.id }
                }.map(\.id)
            })
        if !emulated.isEmpty {
            notes.append(text.emulationNote(text.list(emulated.sorted().map { .code($0.rawValue) })))
        }
        let missing = table.missingLabs
        if !missing.isEmpty {
            notes.append(text.labsToRun(.code("lab run \(missing.joined(separator: ","))")))
        }
        return notes
    }

    private var leftOut: [Phrase] {
        table.leftOut.map { one in
            let path = Phrase.code(one.source.path)
            let lab = Phrase.code(one.source.result.header.lab.id)
            return switch one.reason {
            case .later(let later): text.say("\(path) (\(lab)) is left out: \(.code(later)) is later.")
            case .noRow: text.say("\(path) (\(lab)) stands behind no row of the table: see its own report.")
            }
        }
    }
}

extension FilledTable {
    /// The labs that would fill the rows without a result, in the order of the rows.
    public var missingLabs: [String] {
        rows.filter { $0.source == nil }.compactMap(\.lab)
    }
}
