import LabCore
import Translations

/// What stands behind one row of the document's table.
struct DocumentRowSection {
    let row: FilledTable.Row
    let text: Catalogue

    private var cell: CellText { CellText(text: text, isMarkdown: true) }

    static func anchor(_ row: FilledTable.Row, _ text: Catalogue) -> String {
        Anchor.of(heading: heading(row, text))
    }

    private static func heading(_ row: FilledTable.Row, _ text: Catalogue) -> String {
        text.rowHeading(row.number, text[row.document.dimension])
    }

    var markdown: String {
        var blocks = ["## \(Escaping.markdown(Self.heading(row, text)))\n", words]
        if let source = row.source {
            let lab = source.result.header.lab
            let behind = text.standsBehind(
                Escaping.code(lab.id), Escaping.markdown(text[lab.title]),
                Escaping.markdown(text[lab.question]))
            blocks.append("\(behind)\n")
            if !row.unlike.isEmpty { blocks.append("\(unlike)\n") }
        }
        blocks += ["\(text.whatWasShown)\n", verdicts]
        if let source = row.source {
            blocks += evidence(source.result).filter { !$0.isEmpty }
            blocks.append(rawData(source))
        }
        return blocks.joined(separator: "\n")
    }

    /// What the document says.
    private var words: String {
        let halves = [
            (text.documentOnVMs, row.document.vm), (text.documentOnContainers, row.document.container),
        ]
        return halves.map { "- \($0)\(text.colon)\(text.withOriginal($1))\n" }.joined()
    }

    private var verdicts: String {
        row.subjects.map { judgement in
            let reasons = cell.sentences(judgement)
            let verdict = "\(text.name(judgement.subject))\(text.colon)\(cell.verdict(judgement))"
            // A half that was decided in full has no more to say than its claims below.
            guard !reasons.isEmpty, judgement.verdict == .notMeasurable else { return "- \(verdict)\n" }
            let name = "**\(text.name(judgement.verdict))**"
            let why = reasons.joined(separator: text.pick("; ", "；"))
            return "- \(text.name(judgement.subject))\(text.colon)\(name)\(text.colon)\(why)\n"
        }.joined()
    }

    private func evidence(_ result: RunResult) -> [String] {
        let analysis = Analysis(result)
        let judged = row.subjects.flatMap(\.claims).map { ($0.claim, $0.judgements) }
        let claims = ClaimsSection(analysis: analysis, text: text)
        return [
            figures(analysis),
            judged.isEmpty ? "" : claims.table(of: judged, showsVerdicts: row.unlike.isEmpty),
        ]
    }

    /// Every engine's figures of what the row shows.
    private func figures(_ analysis: Analysis) -> String {
        guard let shows = row.entry?.shows, !shows.isEmpty else { return "" }
        var table = MarkdownTable(
            [(text.shown, .left), (text.engine, .left), (text.foundColumn, .left), (text.evidence, .left)])
        var left = 0
        for shown in shows {
            for engine in analysis.engines where !engine.isAbsentPeer {
                let content = analysis.result.tableCell(shown, engine.id, analysis.figures).content
                // The three of the table say why they lack a figure, but not of what was never to be measured of them; of
                // the others there are those that have something to show.
                if case .absent(let absence) = content,
                    absence == .notSampled || !FilledTable.engines.contains(engine.id)
                {
                    continue
                }
                if engine.id == shown.relativeTo { continue }
                guard table.count < Analysis.mostRows else {
                    left += 1
                    continue
                }
                table.add([
                    name(of: shown, in: analysis.result), text.name(engine.record), cell.content(content),
                    evidence(content),
                ])
            }
        }
        guard !table.isEmpty else { return "" }
        return table.text + (left > 0 ? "\n\(text.moreRows(left))\n" : "")
    }

    private func evidence(_ content: TableCell.Content) -> String {
        guard case .fact(let fact, _, _) = content, let evidence = fact.evidence else { return Format.none }
        return Escaping.markdown(cell.shortened(text.translated(evidence)))
    }

    private func name(of shown: TableRow.Shown, in result: RunResult) -> String {
        let lab = result.header.lab
        let title =
            shown.title ?? lab.metrics.first { $0.id == shown.metric }?.title
            ?? lab.facts?.first { $0.id == shown.fact }?.title
        let name = title.map { Escaping.markdown(text[$0]) } ?? Format.none
        return shown.at.isEmpty ? name : "\(name)<br>\(Escaping.code(shown.at.text))"
    }

    private var unlike: String {
        let differences = row.unlike.map {
            text.differs(
                Escaping.code($0.field), Escaping.markdown($0.old), Escaping.markdown($0.new))
        }
        return text.unlikeRow(differences.joined(separator: text.pick("; ", "；")))
    }

    private func rawData(_ source: TableSource) -> String {
        let header = source.result.header
        let link = "[\(Escaping.code(source.path))](\(Anchor.path(source.path)))"
        return text.rawData(
            link, run: Escaping.code(header.runID), started: Escaping.markdown(header.startedAt))
            + text.sentenceGap
            + text.wholeReport(Escaping.code(ShellText.join(["lab", "report", source.path]))) + "\n\n"
            + "\(text.commandNote)\n\n" + Escaping.fenced([header.command], language: "sh")
    }
}
