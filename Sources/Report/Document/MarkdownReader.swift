import LabCore

/// Reads the Markdown that the exercises' texts are written in: headings, paragraphs, both sorts of lists, tables, code that is
/// indented or fenced, and in a line code, strong, emphasis and links to https. Everything else is text as it stands.
struct MarkdownReader {
    private var lines: ArraySlice<String>
    private var blocks: [Block] = []

    static func blocks(of text: String) -> [Block] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            String($0.reversed().drop { $0 == " " || $0 == "\r" }.reversed())
        }
        var reader = MarkdownReader(lines: lines[...])
        while let line = reader.lines.first { reader.read(line) }
        return reader.blocks
    }

    private init(lines: ArraySlice<String>) { self.lines = lines }

    private mutating func read(_ line: String) {
        if line.isEmpty {
            lines.removeFirst()
        } else if let (level, title) = Self.heading(line) {
            lines.removeFirst()
            blocks.append(.heading(level, Self.phrase(title)))
        } else if line.hasPrefix("```") {
            lines.removeFirst()
            let code = lines.prefix { !$0.hasPrefix("```") }
            lines = lines.dropFirst(code.count + 1)
            blocks.append(.code(Array(code), language: ""))
        } else if line.hasPrefix("    ") {
            let code = lines.prefix { $0.hasPrefix("    ") }
            lines = lines.dropFirst(code.count)
            blocks.append(.code(code.map { String($0.dropFirst(4)) }, language: ""))
        } else if line.hasPrefix("|") {
            readTable()
        } else if Self.item(line, isNumbered: false) != nil {
            blocks.append(.list(readItems(isNumbered: false)))
        } else if Self.item(line, isNumbered: true) != nil {
            blocks.append(.steps(readItems(isNumbered: true)))
        } else {
            var words: [String] = []
            repeat { words.append(lines.removeFirst()) } while lines.first.map(Self.goesOn) ?? false
            blocks.append(.paragraph(Self.phrase(Self.joined(words))))
        }
    }

    private static func heading(_ line: String) -> (Int, String)? {
        let level = line.prefix { $0 == "#" }.count
        guard (1...6).contains(level), line.dropFirst(level).first == " " else { return nil }
        return (level, line.dropFirst(level).trimmingWhitespace())
    }

    /// True when a line belongs to the paragraph or the item above it.
    private static func goesOn(_ line: String) -> Bool {
        !line.isEmpty && heading(line) == nil && !line.hasPrefix("```") && !line.hasPrefix("|")
            && item(line, isNumbered: false) == nil && item(line, isNumbered: true) == nil
    }

    /// The words of a line that begins an item.
    private static func item(_ line: String, isNumbered: Bool) -> String? {
        guard isNumbered else { return line.hasPrefix("- ") ? String(line.dropFirst(2)) : nil }
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        let rest = line[digits.endIndex...]
        return !digits.isEmpty && rest.hasPrefix(". ") ? String(rest.dropFirst(2)) : nil
    }

    private mutating func readItems(isNumbered: Bool) -> [Phrase] {
        var items: [Phrase] = []
        while let first = lines.first.flatMap({ Self.item($0, isNumbered: isNumbered) }) {
            lines.removeFirst()
            var words = [first]
            while let line = lines.first, Self.goesOn(line) {
                words.append(line.trimmingWhitespace())
                lines.removeFirst()
            }
            items.append(Self.phrase(Self.joined(words)))
        }
        return items
    }

    /// GFM 4.10: a head, a line of hyphens, rows.
    private mutating func readTable() {
        let rows = lines.prefix { $0.hasPrefix("|") }
        lines = lines.dropFirst(rows.count)
        let cells = rows.map { row in
            row.dropFirst().dropLast(row.hasSuffix("|") ? 1 : 0)
                .split(separator: "|", omittingEmptySubsequences: false)
                .map { Self.phrase($0.trimmingWhitespace()) }
        }
        let rule = rows.dropFirst().first?.allSatisfy { "|-: ".contains($0) } ?? false
        var table = Table((cells.first ?? []).map { .words($0) })
        let count = table.columns.count
        for row in cells.dropFirst(rule ? 2 : 1) {
            let filled = row.prefix(count).map { Cell.words($0) }
            table.add(filled + [Cell](repeating: .blank, count: count - filled.count))
        }
        blocks.append(.table(table))
    }

    /// Lines as one: between two Chinese characters stands no space.
    private static func joined(_ lines: [String]) -> String {
        lines.dropFirst().reduce(lines.first ?? "") { text, line in
            func isWide(_ character: Character?) -> Bool {
                character?.unicodeScalars.first.map { $0.value >= 0x2e80 } ?? false
            }
            return text + (isWide(text.last) && isWide(line.first) ? "" : " ") + line
        }
    }

    /// The marks in a line; one that is not closed is text.
    static func phrase(_ text: String) -> Phrase {
        var phrase = Phrase()
        var rest = text[...]
        func inside(_ mark: String) -> Substring? {
            guard rest.hasPrefix(mark) else { return nil }
            let begun = rest.dropFirst(mark.count)
            guard let end = begun.firstRange(of: mark), end.lowerBound > begun.startIndex else { return nil }
            return begun[..<end.lowerBound]
        }
        while let first = rest.first {
            if let code = inside("`") {
                phrase += Phrase.code(String(code))
                rest = rest.dropFirst(code.count + 2)
            } else if let words = inside("**") {
                phrase += Phrase.strong(self.phrase(String(words)))
                rest = rest.dropFirst(words.count + 4)
            } else if let words = inside("*"), words.first != " " {
                phrase += Phrase.emphasis(self.phrase(String(words)))
                rest = rest.dropFirst(words.count + 2)
            } else if let (words, address, length) = link(rest) {
                phrase += Phrase([.link(self.phrase(words), to: .page(address))])
                rest = rest.dropFirst(length)
            } else {
                phrase += Phrase(String(first))
                rest = rest.dropFirst()
            }
        }
        return phrase
    }

    /// `[words](https://…)` at the start of a text, and its length.
    private static func link(_ text: Substring) -> (words: String, address: String, length: Int)? {
        guard text.first == "[", let middle = text.firstRange(of: "](https://"),
            let end = text[middle.upperBound...].firstIndex(of: ")")
        else { return nil }
        let words = text[text.index(after: text.startIndex)..<middle.lowerBound]
        let address = text[text.index(middle.lowerBound, offsetBy: 2)..<end]
        // No other link in its words, and nothing in its address that an address does not have.
        guard !words.contains("["),
            address.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"<>\"`".utf8.contains($0) })
        else { return nil }
        return (String(words), String(address), text.distance(from: text.startIndex, to: end) + 1)
    }
}
