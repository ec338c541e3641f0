import LabCore

/// Turns blocks of Markdown into HTML that is well-formed XML too: every element is closed, every text escaped.
///
/// It keeps what must be unique in a page that may hold several documents: the ids of headings.
struct HTMLWriter {
    let text: Catalogue
    /// Ids that are taken.
    private var ids: Set<String>
    /// What an anchor of the document at hand leads to: the id as GitHub would give it, and as it is here.
    private var anchors: [String: String] = [:]
    private var plots: [String: String] = [:]
    /// The heading above, which names the tables and plots below it.
    private var section = ""
    /// Headings of the second level so far, for the list of contents.
    private(set) var contents: [(id: String, title: String)] = []

    init(text: Catalogue, reserved: Set<String>) {
        self.text = text
        ids = reserved
    }

    /// The HTML of one document whose images are among the plots: SVG documents by the names that the images have.
    mutating func html(_ blocks: [MarkdownBlock], plots: [String: String]) -> String {
        self.plots = plots
        var headings = headingIDs(in: blocks)[...]
        return html(blocks, headings: &headings)
    }

    private mutating func html(_ blocks: [MarkdownBlock], headings: inout ArraySlice<String>) -> String {
        var html = ""
        for block in blocks {
            switch block {
            case .heading(let level, let title):
                let id = headings.popFirst() ?? ""
                section = title.plain
                if level == 2 { contents.append((id, title.plain)) }
                html += "<h\(level) id=\"\(Escaping.xml(id))\">\(inline(title))</h\(level)>\n"
            case .paragraph(let parts): html += paragraph(parts)
            case .list(let isOrdered, let items):
                let name = isOrdered ? "ol" : "ul"
                html += "<\(name)>\n" + items.map { "<li>\(inline($0))</li>\n" }.joined() + "</\(name)>\n"
            case .code(let lines):
                let code = lines.map(Escaping.xml).joined(separator: "\n")
                html += "<pre tabindex=\"0\"><code>\(code)</code></pre>\n"
            case .table(let table): html += self.table(table)
            case .details(let summary, let inside):
                html += "<details>\n<summary>\(inline(summary))</summary>\n"
                html += self.html(inside, headings: &headings) + "</details>\n"
            }
        }
        return html
    }

    // MARK: Headings

    /// The ids of all headings in their order; what comes twice gets a number, as on GitHub.
    private mutating func headingIDs(in blocks: [MarkdownBlock]) -> [String] {
        anchors = [:]
        return Self.titles(in: blocks).map { title in
            let slug = Self.slug(title.plain)
            var id = slug
            var number = 0
            while !ids.insert(id).inserted {
                number += 1
                id = "\(slug)-\(number)"
            }
            if anchors[slug] == nil { anchors[slug] = id }
            return id
        }
    }

    private static func titles(in blocks: [MarkdownBlock]) -> [[MarkdownInline]] {
        blocks.flatMap { block -> [[MarkdownInline]] in
            switch block {
            case .heading(_, let title): [title]
            case .details(_, let inside): titles(in: inside)
            default: []
            }
        }
    }

    /// The anchor that GitHub gives a heading: lower case, letters, digits, hyphens; a space is a hyphen.
    static func slug(_ title: String) -> String {
        var slug = ""
        for scalar in title.lowercased().unicodeScalars {
            let properties = scalar.properties
            if scalar == " " || scalar == "-" {
                slug += "-"
            } else if scalar == "_" || properties.isAlphabetic || properties.numericType != nil {
                slug.unicodeScalars.append(scalar)
            }
        }
        return slug.isEmpty ? "section" : slug
    }

    // MARK: Lines

    private mutating func paragraph(_ parts: [MarkdownInline]) -> String {
        // A plot is a figure, which may not stand in a paragraph.
        if parts.count == 1, case .image(let alternative, let name) = parts[0], let plot = plots[name] {
            return figure(plot, alternative)
        }
        return "<p>\(inline(parts))</p>\n"
    }

    private func inline(_ parts: [MarkdownInline]) -> String {
        parts.map { part in
            switch part {
            case .text(let text): Escaping.xml(text)
            case .code(let code): "<code>\(Escaping.xml(code))</code>"
            case .strong(let inside): "<strong>\(inline(inside))</strong>"
            case .emphasis(let inside): "<em>\(inline(inside))</em>"
            case .lineBreak: "<br/>"
            case .image(let alternative, _): Escaping.xml(alternative)
            case .link(let inside, let destination): link(inside, destination)
            }
        }.joined()
    }

    private func link(_ inside: [MarkdownInline], _ destination: String) -> String {
        guard let target = target(destination) else { return inline(inside) }
        return "<a href=\"\(Escaping.xml(target))\">\(inline(inside))</a>"
    }

    /// A place in the page, a file beside it or a page of the web; nil for what could act.
    private func target(_ destination: String) -> String? {
        if destination.hasPrefix("#") {
            let anchor = String(destination.dropFirst())
            return "#\(anchors[anchor] ?? anchor)"
        }
        if destination.hasPrefix("https://") || destination.hasPrefix("http://") { return destination }
        let first = destination.prefix { $0 != "/" && $0 != "#" && $0 != "?" }
        return first.isEmpty || first.contains(":") || first.contains("\\") ? nil : destination
    }

    private mutating func figure(_ plot: String, _ alternative: String) -> String {
        let name = Escaping.xml(text.plotOf(alternative))
        return
            "<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(name)\">\n\(plot)"
            + "</div>\n<figcaption>\(Escaping.xml(text.plotKeys))</figcaption>\n</figure>\n"
    }

    // MARK: Tables

    private func table(_ table: MarkdownBlock.Table) -> String {
        let name = Escaping.xml(text.tableOf(section))
        var html =
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(name)\">\n<table>\n<thead>\n<tr>"
        for (title, isRight) in zip(table.head, table.isRight) {
            html += "<th scope=\"col\"\(Self.side(isRight))>\(inline(title))</th>"
        }
        html += "</tr>\n</thead>\n<tbody>\n"
        for row in table.rows {
            html += "<tr>"
            for (cell, isRight) in zip(row, table.isRight) {
                let value = CellValue.of(cell.plain).map { " data-value=\"\($0)\"" } ?? ""
                html += "<td\(Self.side(isRight))\(value)>\(inline(cell))</td>"
            }
            html += "</tr>\n"
        }
        return html + "</tbody>\n</table>\n</div>\n"
    }

    private static func side(_ isRight: Bool) -> String { isRight ? " class=\"right\"" : "" }
}

/// What a cell is sorted by: the number that it starts with, in the smallest unit of its kind.
enum CellValue {
    private static let units: [(name: String, factor: Double)] = [
        ("ns", 1), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("B", 1), ("KiB", 0x1p10), ("MiB", 0x1p20),
        ("GiB", 0x1p30), ("TiB", 0x1p40), ("%", 1), ("×", 1), ("", 1),
    ]

    /// Nil where the cell does not start with a number that stands alone or has a unit.
    static func of(_ cell: String) -> Double? {
        var rest = cell[...]
        var sign = 1.0
        if let first = rest.first, "+-−±".contains(first) {
            sign = first == "-" || first == "−" ? -1 : 1
            rest = rest.dropFirst()
        }
        let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "," || $0 == "." }
        guard digits.first?.isNumber == true,
            let number = Double(String(digits.filter { $0 != "," })), number.isFinite
        else { return nil }
        rest = rest.dropFirst(digits.count)
        // Of an interval, where it starts: `1.18–1.24 ms`; the unit stands behind its end.
        if rest.hasPrefix("–") {
            rest = rest.dropFirst().drop { $0.isASCII && $0.isNumber || "−,.".contains($0) }
        }
        guard rest.isEmpty || rest.hasPrefix(" ") || rest.hasPrefix(",") || rest.hasPrefix("（") else {
            return nil
        }
        let word = rest.drop { $0 == " " }.prefix { !" ,;(（".contains($0) }
        // Something else than a figure may start with a number as well: `3 of 5`.
        let unit = units.first { $0.name == word } ?? units[units.count - 1]
        return sign * number * unit.factor
    }
}
