/// A block of Markdown, of the subset that this project writes: what is not in it is a paragraph.
indirect enum MarkdownBlock: Equatable {
    case heading(level: Int, [MarkdownInline])
    case paragraph([MarkdownInline])
    case list(isOrdered: Bool, [[MarkdownInline]])
    case code([String])
    case table(Table)
    /// What is folded away under a line that opens it.
    case details(summary: [MarkdownInline], [MarkdownBlock])

    struct Table: Equatable {
        var head: [[MarkdownInline]]
        var isRight: [Bool]
        var rows: [[[MarkdownInline]]]
    }
}

/// Reads the blocks of a document, line by line (GitHub Flavored Markdown, the part that reports use): headings with
/// `#`, tables, lists without levels, fenced code, `<details>` with a `<summary>`, and paragraphs.
struct MarkdownBlockParser {
    private let lines: [Substring]
    private var next = 0

    /// Deeper nesting is text.
    private static let mostDepth = 4

    static func parse(_ markdown: String) -> [MarkdownBlock] {
        var parser = MarkdownBlockParser(
            lines: markdown.split(
                omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" }))
        return parser.blocks(depth: 0)
    }

    private init(lines: [Substring]) { self.lines = lines }

    private mutating func blocks(depth: Int) -> [MarkdownBlock] {
        var blocks: [MarkdownBlock] = []
        while next < lines.count {
            let line = lines[next]
            if line.isBlank {
                next += 1
            } else if depth > 0, line == "</details>" {
                next += 1
                return blocks
            } else {
                blocks.append(block(depth: depth))
            }
        }
        return blocks
    }

    private mutating func block(depth: Int) -> MarkdownBlock {
        heading() ?? fence() ?? table() ?? list() ?? details(depth: depth) ?? paragraph(depth: depth)
    }

    private mutating func heading() -> MarkdownBlock? {
        let level = lines[next].prefix { $0 == "#" }.count
        let rest = lines[next].dropFirst(level)
        guard (1...6).contains(level), rest.first == " " else { return nil }
        next += 1
        return .heading(level: level, MarkdownInlineParser.parse(rest.trimmed))
    }

    /// Without its end a fence reaches to the end of the document.
    private mutating func fence() -> MarkdownBlock? {
        let length = lines[next].prefix { $0 == "`" }.count
        guard length >= 3, !lines[next].dropFirst(length).contains("`") else { return nil }
        next += 1
        var code: [String] = []
        while next < lines.count {
            let line = lines[next]
            next += 1
            let fence = line.prefix { $0 == "`" }.count
            if fence >= length, line.dropFirst(fence).isBlank { break }
            code.append(String(line))
        }
        return .code(code)
    }

    private mutating func list() -> MarkdownBlock? {
        guard let first = Self.item(lines[next]) else { return nil }
        var items: [[MarkdownInline]] = []
        while next < lines.count, let item = Self.item(lines[next]), item.isOrdered == first.isOrdered {
            items.append(MarkdownInlineParser.parse(item.text))
            next += 1
        }
        return .list(isOrdered: first.isOrdered, items)
    }

    private static func item(_ line: Substring) -> (isOrdered: Bool, text: String)? {
        if line.hasPrefix("- ") { return (false, line.dropFirst(2).trimmed) }
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        guard (1...9).contains(digits.count), line[digits.endIndex...].hasPrefix(". ") else { return nil }
        return (true, line[digits.endIndex...].dropFirst(2).trimmed)
    }

    /// A summary follows on the line behind `<details>`, in one line of its own.
    private mutating func details(depth: Int) -> MarkdownBlock? {
        let (open, close) = ("<summary>", "</summary>")
        guard depth < Self.mostDepth, lines[next] == "<details>", next + 1 < lines.count,
            lines[next + 1].hasPrefix(open), lines[next + 1].hasSuffix(close),
            lines[next + 1].count >= open.count + close.count
        else { return nil }
        let summary = lines[next + 1].dropFirst(open.count).dropLast(close.count)
        next += 2
        return .details(
            summary: MarkdownInlineParser.parse(summary.trimmed), blocks(depth: depth + 1))
    }

    private mutating func paragraph(depth: Int) -> MarkdownBlock {
        var text = String(lines[next])
        next += 1
        while next < lines.count, !lines[next].isBlank, !(depth > 0 && lines[next] == "</details>"),
            !opensBlock
        {
            text += "\n\(lines[next])"
            next += 1
        }
        return .paragraph(MarkdownInlineParser.parse(text))
    }

    /// Whether the next line ends a paragraph by being something else.
    private var opensBlock: Bool {
        let line = lines[next]
        return line.hasPrefix("#") || line.hasPrefix("```") || line.hasPrefix("|") || line == "<details>"
            || Self.item(line) != nil
    }
}

extension MarkdownBlockParser {
    private mutating func table() -> MarkdownBlock? {
        guard next + 1 < lines.count, let head = Self.cells(lines[next]),
            let alignments = Self.alignments(lines[next + 1]), alignments.count == head.count
        else { return nil }
        next += 2
        var rows: [[[MarkdownInline]]] = []
        while next < lines.count, let cells = Self.cells(lines[next]) {
            // A row that is too short is filled, one that is too long is cut (GFM 4.10).
            let row = (cells + Array(repeating: "", count: max(head.count - cells.count, 0)))
            rows.append(row.prefix(head.count).map(MarkdownInlineParser.parse))
            next += 1
        }
        return .table(
            .init(head: head.map(MarkdownInlineParser.parse), isRight: alignments, rows: rows))
    }

    /// The cells of a line that starts and ends with a bar; `\|` is a bar in a cell, in code too.
    private static func cells(_ line: Substring) -> [String]? {
        let trimmed = line.trimmed
        guard trimmed.count >= 2, trimmed.hasPrefix("|"), trimmed.hasSuffix("|") else { return nil }
        var cells: [String] = []
        var cell = ""
        var isEscaped = false
        for scalar in trimmed.unicodeScalars.dropFirst() {
            if scalar == "|", !isEscaped {
                cells.append(cell.trimmed)
                cell = ""
                continue
            }
            if scalar == "|" { cell.unicodeScalars.removeLast() }
            cell.unicodeScalars.append(scalar)
            isEscaped = scalar == "\\" && !isEscaped
        }
        // The last bar was escaped: the line is no row.
        return cell.isEmpty ? cells : nil
    }

    /// For each column whether its cells stand at the right.
    private static func alignments(_ line: Substring) -> [Bool]? {
        guard let cells = cells(line) else { return nil }
        for cell in cells {
            let dashes = cell.drop { $0 == ":" }.prefix { $0 == "-" }
            guard !dashes.isEmpty, cell.count - dashes.count <= 2,
                cell.allSatisfy({ $0 == "-" || $0 == ":" })
            else { return nil }
        }
        return cells.map { $0.hasSuffix(":") && !$0.hasPrefix(":") }
    }
}

extension StringProtocol {
    fileprivate var isBlank: Bool { allSatisfy { $0 == " " || $0 == "\t" } }

    /// Without spaces at either end.
    fileprivate var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return String(text)
    }
}
