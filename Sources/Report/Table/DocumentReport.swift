import LabCore

extension Report {
    /// The document's table filled in, as Markdown: the table, then a section for each row with the figures, the
    /// claims, their verdicts and reasons, and where the raw data are. A pure function of the table.
    public static func markdown(for table: FilledTable, language: Language = .english) -> String {
        DocumentReport(table: table, text: Catalogue(language: language)).markdown
    }
}

extension Report {
    /// What the page of the document's table is called.
    public static func tableTitle(_ language: Language = .english) -> String {
        Catalogue(language: language).tableTitle
    }

    /// The table as one self-contained page of HTML.
    public static func page(for table: FilledTable, language: Language) -> String {
        HTMLPage.render(
            [HTMLPage.Document(markdown: markdown(for: table, language: language))],
            title: Catalogue(language: language).tableTitle, language: language)
    }
}

/// The page.
struct DocumentReport {
    let table: FilledTable
    let text: Catalogue

    private var cell: CellText { CellText(text: text, isMarkdown: true, longest: 120) }

    var markdown: String {
        let reference = table.reference?.result
        var blocks = ["# \(text.tableTitle)\n", text.tableIntroduction + "\n"]
        if let emulator = reference?.header.environment.emulator {
            blocks.append("**\(text.nestedNote(Escaping.markdown(emulator)))**\n")
        }
        blocks += [twelveRows, text.tableNote + "\n"]
        blocks += notes.map { $0 + "\n" }
        blocks += table.rows.map { DocumentRowSection(row: $0, text: text).markdown }
        if !table.leftOut.isEmpty { blocks.append(leftOut) }
        if let reference {
            blocks.append(
                "## \(text.machine)\n\n"
                    + EnvironmentSection(environment: reference.header.environment, text: text).table)
        }
        return blocks.joined(separator: "\n")
    }

    private var twelveRows: String {
        var rows = MarkdownTable(
            [
                text.dimension, text.documentOnVMs, text.documentOnContainers, text.measuredKVM,
                text.measuredEmulated, text.measuredContainer, text.verdict,
            ].map { ($0, .left) })
        for row in table.rows {
            rows.add(
                [link(row), original(row.document.vm), original(row.document.container)]
                    + FilledTable.engines.map { measured($0, row) } + [verdicts(row)])
        }
        return rows.text
    }

    private func link(_ row: FilledTable.Row) -> String {
        let name = Escaping.markdown(text[row.document.dimension])
        let link = "[\(row.number). \(name)](#\(DocumentRowSection.anchor(row, text)))"
        return text.pick("\(link)<br>“\(Escaping.markdown(row.document.dimension.zh))”", link)
    }

    /// The document's own words stand beside the translation.
    private func original(_ words: LocalizedText) -> String { text.withOriginal(words, gap: "<br>") }

    private func measured(_ engine: EngineID, _ row: FilledTable.Row) -> String {
        let cells = row.cells[engine] ?? []
        // What keeps all of them away is said once.
        if let first = cells.first, case .absent = first.content,
            cells.allSatisfy({ $0.content == first.content })
        {
            return cell.content(first.content)
        }
        // What a lab shows of other engines, or of other ways of making one, is nothing that this one lacks.
        let lines = cells.filter { $0.content != .absent(.notSampled) }.map { one in
            let title = one.shown.title.map { Escaping.markdown(text[$0]) + text.colon } ?? ""
            return title + cell.content(one.content)
        }
        let mark = mark(engine, row).map { ["*\($0)*"] } ?? []
        return (lines + mark).joined(separator: "<br>")
    }

    /// What must be known of the figures of an engine where they stand.
    private func mark(_ engine: EngineID, _ row: FilledTable.Row) -> String? {
        guard let header = row.source?.result.header else { return nil }
        if !row.unlike.isEmpty { return text.otherMachine }
        if header.environment.emulator != nil { return text.nested }
        let isEmulated = header.engines.contains { $0.id == engine && $0.emulated }
        return isEmulated ? text.emulated : nil
    }

    private func verdicts(_ row: FilledTable.Row) -> String {
        row.subjects.map { text.name($0.subject) + text.colon + cell.verdict($0) }
            .joined(separator: "<br>")
    }

    /// What holds for the whole table.
    private var notes: [String] {
        var notes: [String] = []
        let emulated = Set(
            table.rows.compactMap(\.source).flatMap { source in
                source.result.header.engines.filter { record in
                    record.emulates && FilledTable.engines.contains(record.id)
                        && source.result.samples.contains { $0.engine == record.id }
                }.map(\.id)
            })
        if !emulated.isEmpty {
            notes.append(text.emulationNote(text.list(emulated.sorted().map { Escaping.code($0.rawValue) })))
        }
        let missing = table.missingLabs
        if !missing.isEmpty {
            notes.append(text.labsToRun(Escaping.code("lab run \(missing.joined(separator: ","))")))
        }
        return notes
    }

    private var leftOut: String {
        let lines = table.leftOut.map { one in
            let path = Escaping.code(one.source.path)
            let lab = Escaping.code(one.source.result.header.lab.id)
            let line =
                switch one.reason {
                case .later(let later): text.leftOutLater(path, lab, Escaping.code(later))
                case .noRow: text.leftOutWithoutRow(path, lab)
                }
            return "- \(line)\n"
        }
        return "## \(text.leftOutHeading)\n\n" + lines.joined()
    }
}

extension FilledTable {
    /// The labs that would fill the rows without a result, in the order of the rows.
    public var missingLabs: [String] {
        rows.filter { $0.source == nil }.compactMap(\.lab)
    }
}

extension Catalogue {
    /// A translation with the document's words, or these alone in their own language.
    func withOriginal(_ words: LocalizedText, gap: String = " ") -> String {
        let original = Escaping.markdown(words.zh)
        return pick("\(Escaping.markdown(words.en))\(gap)“\(original)”", original)
    }
}
