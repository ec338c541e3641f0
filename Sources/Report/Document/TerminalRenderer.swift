import LabCore

/// Blocks as lines for a terminal: plain text without a control character or a line feed, tables in aligned columns.
enum TerminalRenderer {
    /// The most columns that a table may fill.
    static let width = 100

    static func render(_ blocks: [Block]) -> [String] {
        blocks.flatMap { block -> [String] in
            switch block {
            case .heading(_, let words), .paragraph(let words): [line(words)]
            case .list(let items): items.map { "  " + line($0) }
            case .steps(let items): items.enumerated().map { "  \($0.offset + 1). \(line($0.element))" }
            case .table(let table): lines(of: table)
            case .figure: []
            case .code(let lines, _): lines.map { "  " + Escaping.plain($0) }
            case .fold(let summary, let inside): [line(summary)] + render(inside)
            }
        }
    }

    static func line(_ words: Phrase) -> String { Escaping.plain(words.plain) }

    /// Returns the table as lines. One that is too wide loses the columns that can be spared, the last first, and is
    /// then cut into as many tables as it takes for each to fit, the first column in all of them.
    private static func lines(of table: Table) -> [String] {
        let titles = table.columns.map { line($0.title) }
        let isCut = table.columns.last?.isShortened == true
        let rows =
            (titles.allSatisfy(\.isEmpty) ? [] : [titles]) + table.rows.map { $0.map { line($0.phrase) } }
        let widths = table.columns.indices.map { column in
            rows.map { Columns.count($0[column]) }.max() ?? 0
        }
        var kept = Array(table.columns.indices)
        for column in kept.reversed() where table.columns[column].isSpare {
            if kept.reduce(0, { $0 + 2 + widths[$1] }) > width { kept.removeAll { $0 == column } }
        }
        return (isCut ? [kept] : blocks(of: kept, widths)).flatMap { columns in
            rows.map { row in
                let fields = columns.map { column in
                    let padding = String(repeating: " ", count: widths[column] - Columns.count(row[column]))
                    // Nothing stands to the right of the last column that it would have to be flush with.
                    if column == columns.last { return row[column] }
                    return table.columns[column].holdsFigures ? padding + row[column] : row[column] + padding
                }
                let line = "  " + fields.joined(separator: "  ")
                return isCut && Columns.count(line) > width ? Columns.prefix(line, width - 2) + "…" : line
            }
        }
    }

    private static func blocks(of columns: [Int], _ widths: [Int]) -> [[Int]] {
        guard let first = columns.first, columns.count > 1 else { return [columns] }
        var blocks: [[Int]] = []
        var used = 0
        for column in columns.dropFirst() {
            // A column that is too wide for any block has one of its own.
            if blocks.isEmpty || used + 2 + widths[column] > width {
                blocks.append([first])
                used = 2 + widths[first]
            }
            blocks[blocks.count - 1].append(column)
            used += 2 + widths[column]
        }
        return blocks
    }
}
