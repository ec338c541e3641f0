import LabCore
import Texts

/// The details of one row of the document's table.
struct DocumentRowSection {
    let row: FilledTable.Row
    let text: Language

    private var cell: CellText { CellText(text: text, lab: row.source?.result.header.lab) }

    static func heading(_ row: FilledTable.Row, _ text: Language) -> Phrase {
        text.say("Row \(row.number): \(text[row.document.dimension])")
    }

    var blocks: [Block] {
        var blocks: [Block] = [.heading(2, Self.heading(row, text)), .list(words)]
        if let source = row.source {
            let lab = source.result.header.lab
            let behind = text.say(
                "Lab \(.code(lab.id)), \(emphasis: Phrase(text[lab.title])): "
                    + "\(text[lab.question])")
            blocks.append(.paragraph(behind))
            if !row.unlike.isEmpty { blocks.append(.paragraph(unlike)) }
        }
        blocks.append(.paragraph(text.say("What the measurements say of it:")))
        return blocks + .list(verdicts) + (row.source.map { evidence($0) + rawData($0) } ?? [])
    }

    /// The document's words on VMs and on containers.
    private var words: [Phrase] {
        [
            (text.say("the document on VMs"), row.document.vm),
            (text.documentOnContainers, row.document.container),
        ].map { "\($0)\(text.colon)\(text.withOriginal($1))" }
    }

    private var verdicts: [Phrase] {
        row.subjects.map { judgement in
            let reasons = cell.sentences(judgement)
            let name = text.name(judgement.subject)
            // A half that was decided in full has no more to say than its claims below.
            guard !reasons.isEmpty else { return "\(name)\(text.colon)\(cell.verdict(judgement))" }
            let why = reasons.joined(separator: text.say("; "))
            let verdict =
                judgement.verdict == .open
                ? cell.verdict(judgement) : .strong(text.name(judgement.verdict))
            return "\(name)\(text.colon)\(verdict)\(text.colon)\(why)"
        }
    }

    private func evidence(_ source: TableSource) -> [Block] {
        let analysis = Analysis(source.figures)
        let judged = row.subjects.flatMap(\.claims).map { ($0.claim, $0.judgements) }
        let claims = ClaimsSection(report: analysis.report(in: text))
        return figures(analysis)
            + (judged.isEmpty
                ? [] : [.table(claims.table(of: judged, showsVerdicts: row.unlike.isEmpty))])
    }

    /// Every engine's figures of what the row shows.
    private func figures(_ analysis: Analysis) -> [Block] {
        guard let shows = row.entry?.shows, !shows.isEmpty else { return [] }
        var table = Table(
            [
                .words(text.say("shown")), .words(text.engine), .words(text.say("found")),
                .words(text.evidence),
            ], most: Analysis.mostRows)
        for shown in shows {
            for engine in analysis.engines where !engine.isAbsentPeer {
                let one = analysis.figures.tableCell(shown, engine.id)
                let content = one.content
                // The three of the table say why they lack a figure, but not of what was never to be measured of them; of
                // the others there are those that have something to show.
                if case .absent(let absence) = content,
                    absence == .notSampled || !FilledTable.engines.contains(engine.id)
                {
                    continue
                }
                if engine.id == shown.relativeTo { continue }
                table.add([
                    .words(name(of: shown)), .words(text.name(engine.record)),
                    found(one), evidence(content),
                ])
            }
        }
        guard !table.rows.isEmpty else { return [] }
        return [.table(table)]
            + (table.left > 0 ? [.paragraph(text.say("\(table.left) more are not shown."))] : [])
    }

    private func found(_ one: TableCell) -> Cell {
        let words = cell.words(one)
        if case .figure(let estimate, _, _) = one.content { return .figure(estimate.value, words) }
        return .words(words)
    }

    private func evidence(_ content: TableCell.Content) -> Cell {
        guard case .fact(let fact, _, _) = content, let evidence = fact.evidence else { return .none }
        return .words(Phrase(cell.shortened(text.say(evidence))))
    }

    private func name(of shown: TableRow.Shown) -> Phrase {
        let name = cell.title(of: shown)
        return shown.at.isEmpty
            ? name : [name, Phrase(text.conditions(of: cell.lab).experimentPlace(shown.at))].lines
    }

    private var unlike: Phrase {
        let differences = row.unlike.map { text.differs(.code($0.field), text.say($0.old), text.say($0.new)) }
        return text.unlikeRow(differences.joined(separator: text.say("; ")))
    }

    private func rawData(_ source: TableSource) -> [Block] {
        let header = source.result.header
        let link = Phrase([.link(.code(source.path), to: .file(source.path))])
        let whole = ShellText.join(["lab", "report", source.path])
        return [
            .paragraph(
                text.paragraph([
                    text.rawData(link, run: .code(header.runID), started: header.startedAt),
                    text.say("The lab's whole report: \(.code(whole))."),
                ])), .paragraph(text.commandNote), .code([header.command], language: "sh"),
        ]
    }
}
