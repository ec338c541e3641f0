import LabCore

/// Blocks as HTML that is well-formed XML too: every element is closed, every text escaped.
///
/// It keeps what must be unique in a page that may hold several documents: the ids of headings.
struct HTMLRenderer {
    let text: Language
    /// Ids that are taken.
    private var ids: Set<String>
    /// The targets of the document's anchors: the id as GitHub would give it, and as it is here.
    private var anchors: [String: String] = [:]
    /// The heading above, which names the tables below it.
    private var section = ""
    /// Headings of the second level so far, for the list of contents.
    private(set) var contents: [(id: String, title: String)] = []

    init(text: Language, reserved: Set<String>) {
        self.text = text
        ids = reserved
    }

    mutating func render(_ blocks: [Block]) -> String {
        var headings = headingIDs(in: blocks)[...]
        return html(blocks, headings: &headings)
    }

    private mutating func html(_ blocks: [Block], headings: inout ArraySlice<String>) -> String {
        var html = ""
        for block in blocks {
            switch block {
            case .heading(let level, let title):
                let id = headings.popFirst() ?? ""
                section = title.plain
                if level == 2 { contents.append((id, section)) }
                html += "<h\(level) id=\"\(Escaping.xml(id))\">\(inline(title))</h\(level)>\n"
            case .paragraph(let words): html += "<p>\(inline(words))</p>\n"
            case .list(let items):
                html += "<ul>\n" + items.map { "<li>\(inline($0))</li>\n" }.joined() + "</ul>\n"
            case .steps(let items):
                html += "<ol>\n" + items.map { "<li>\(inline($0))</li>\n" }.joined() + "</ol>\n"
            case .code(let lines, _):
                let code = lines.map(Escaping.xml).joined(separator: "\n")
                html += "<pre tabindex=\"0\"><code>\(code)</code></pre>\n"
            case .table(let table): html += self.table(table)
            case .figure(let figure): html += self.figure(figure)
            case .fold(let summary, let inside):
                html += "<details>\n<summary>\(inline(summary))</summary>\n"
                html += self.html(inside, headings: &headings) + "</details>\n"
            }
        }
        return html
    }

    /// The ids of all headings in their order; what comes twice gets a number, as on GitHub.
    private mutating func headingIDs(in blocks: [Block]) -> [String] {
        anchors = [:]
        return Self.titles(in: blocks).map { title in
            let anchor = Anchor.of(heading: title.plain)
            let name = anchor.isEmpty ? "section" : anchor
            var id = name
            var number = 0
            while !ids.insert(id).inserted {
                number += 1
                id = "\(name)-\(number)"
            }
            if anchors[anchor] == nil { anchors[anchor] = id }
            return id
        }
    }

    private static func titles(in blocks: [Block]) -> [Phrase] {
        blocks.flatMap { block -> [Phrase] in
            switch block {
            case .heading(_, let title): [title]
            case .fold(_, let inside): titles(in: inside)
            default: []
            }
        }
    }

    private func inline(_ words: Phrase) -> String {
        words.parts.map { part in
            switch part {
            case .text(let text): Escaping.xml(text)
            case .code(let code): "<code>\(Escaping.xml(code))</code>"
            case .strong(let inside): "<strong>\(inline(inside))</strong>"
            case .emphasis(let inside): "<em>\(inline(inside))</em>"
            case .lineBreak: "<br/>"
            case .link(let inside, let destination):
                "<a href=\"\(Escaping.xml(target(destination)))\">\(inline(inside))</a>"
            }
        }.joined()
    }

    private func target(_ destination: Inline.Destination) -> String {
        switch destination {
        case .file(let path): return Anchor.path(path)
        case .page(let address): return address
        case .section(let heading):
            let anchor = Anchor.of(heading: heading.plain)
            return "#\(anchors[anchor] ?? anchor)"
        }
    }

    private func figure(_ figure: Figure) -> String {
        let plot = scrolling(text.say("Plot: \(figure.title)"), figure.svg)
        return "<figure>\n\(plot)<figcaption>\(Escaping.xml(text.plotKeys))</figcaption>\n</figure>\n"
    }

    /// Returns a part that may be wider than the page, with its name for a screen reader.
    private func scrolling(_ name: String, _ inside: String) -> String {
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
            + "aria-label=\"\(Escaping.xml(name))\">\n\(inside)</div>\n"
    }

    private func table(_ table: Table) -> String {
        var html = "<table>\n<thead>\n<tr>"
        for column in table.columns {
            html += "<th scope=\"col\"\(side(column))>\(inline(column.title))</th>"
        }
        html += "</tr>\n</thead>\n<tbody>\n"
        for row in table.rows {
            html += "<tr>"
            for (cell, column) in zip(row, table.columns) {
                let value = cell.value.map { " data-value=\"\($0)\"" } ?? ""
                html += "<td\(side(column))\(value)>\(inline(cell.phrase))</td>"
            }
            html += "</tr>\n"
        }
        return scrolling(text.say("Table: \(section)"), html + "</tbody>\n</table>\n")
    }

    private func side(_ column: Table.Column) -> String { column.holdsFigures ? " class=\"right\"" : "" }
}
