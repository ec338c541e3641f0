/// Blocks as GitHub Flavored Markdown. Whatever a text holds, it is shown and does nothing.
enum MarkdownRenderer {
    static func render(_ blocks: [Block]) -> String { blocks.map(block).joined(separator: "\n") }

    private static func block(_ block: Block) -> String {
        switch block {
        case .heading(let level, let title): "\(String(repeating: "#", count: level)) \(inline(title))\n"
        case .paragraph(let words): opening(inline(words)) + "\n"
        case .list(let items): items.map { "- \(opening(inline($0)))\n" }.joined()
        case .steps(let items):
            items.enumerated().map { "\($0.offset + 1). \(opening(inline($0.element)))\n" }.joined()
        case .table(let table): self.table(table)
        case .figure(let figure): "![\(text(figure.title))](\(figure.name))\n"
        case .code(let lines, let language): fenced(lines, language)
        case .fold(let summary, let inside):
            "<details>\n<summary>\(inline(summary))</summary>\n\n\(render(inside))\n</details>\n"
        }
    }

    /// Tables are those of GFM 4.10.
    private static func table(_ table: Table) -> String {
        let lines =
            [
                table.columns.map { inline($0.title) },
                table.columns.map { $0.holdsFigures ? "---:" : ":---" },
            ] + table.rows.map { $0.map { inline($0.phrase) } }
        return lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    static func inline(_ words: Phrase) -> String {
        words.parts.map { part in
            switch part {
            case .text(let text): self.text(text)
            case .code(let code): span(code)
            case .strong(let inside): "**\(inline(inside))**"
            case .emphasis(let inside): "*\(inline(inside))*"
            case .link(let inside, .section(let heading)):
                "[\(inline(inside))](#\(Anchor.of(heading: heading.plain)))"
            case .link(let inside, .file(let path)): "[\(inline(inside))](\(Anchor.path(path)))"
            case .link(let inside, .page(let address)): "[\(inline(inside))](<\(address)>)"
            case .lineBreak: "<br>"
            }
        }.joined()
    }

    /// Text, a table cell's included, as it is.
    static func text(_ text: String) -> String {
        var escaped = ""
        var rest = Escaping.plain(text).unicodeScalars[...]
        while let character = rest.popFirst() {
            switch character {
            // Only where it could begin a character reference.
            case "&" where rest.first?.properties.isAlphabetic != false || rest.first == "#":
                escaped += "&amp;"
            // Before a space it opens no tag.
            case "<" where rest.first != " ": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\\", "`", "*", "_", "[", "]", "|", "~", "#", "$", "!":
                escaped += "\\"
                escaped.unicodeScalars.append(character)
            // Neither a mention nor a link of its own making.
            case "@": escaped += "&#64;"
            case ":" where ["http", "https"].contains { escaped.suffix(5).lowercased().hasSuffix($0) }:
                escaped += "&#58;"
            case "." where escaped.suffix(3).lowercased() == "www": escaped += "&#46;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// A line whose first characters would make a list of it says them.
    private static func opening(_ line: String) -> String {
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        let rest = line[digits.endIndex...]
        let marks: [Character] = digits.isEmpty ? ["-", "+"] : [".", ")"]
        guard let first = rest.first, marks.contains(first), [" ", nil].contains(rest.dropFirst().first)
        else {
            return line
        }
        return "\(digits)\\\(rest)"
    }

    /// A code span that may stand in a table cell. Backticks become apostrophes: a span can't hold its own fence. A bar
    /// behind a backslash would end the cell however it is written, so what has one is text.
    private static func span(_ code: String) -> String {
        guard !code.contains("\\|") else { return text(code) }
        let code = Escaping.plain(code).replacing("`", with: "'").replacing("|", with: "\\|")
        return "`\(code.isEmpty ? " " : code)`"
    }

    /// A fenced block; its fence is longer than any run of backticks inside.
    private static func fenced(_ lines: [String], _ language: String) -> String {
        let lines = lines.map(Escaping.plain)
        let runs = lines.flatMap { $0.split { $0 != "`" }.map(\.count) }
        let fence = String(repeating: "`", count: max(runs.max() ?? 0, 2) + 1)
        return "\(fence)\(language)\n\(lines.joined(separator: "\n"))\n\(fence)\n"
    }
}
