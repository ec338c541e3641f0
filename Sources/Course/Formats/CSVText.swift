import LabCore

/// Tables as RFC 4180 writes them.
package enum CSVText {
    /// What is read of anybody's at most.
    private static let mostCells = 2_000_000

    /// The text of rows. A cell that a spreadsheet would take for a formula begins with an apostrophe, which makes a text of
    /// it (OWASP, "CSV Injection").
    package static func write(_ rows: [[String]], separator: Character = ",") -> String {
        rows.map { $0.map { cell(harmless($0), separator) }.joined(separator: String(separator)) + "\r\n" }
            .joined()
    }

    /// A cell that nobody computes.
    package static func harmless(_ cell: String) -> String {
        guard let first = cell.unicodeScalars.first, "=+-@\t\r\n".unicodeScalars.contains(first) else {
            return cell
        }
        return "'\(cell)"
    }

    /// A cell as it is, quoted where it must be.
    static func cell(_ text: String, _ separator: Character = ",") -> String {
        let isPlain = text.unicodeScalars.allSatisfy {
            $0 != "\"" && $0 != "\n" && $0 != "\r" && Character($0) != separator
        }
        return isPlain && text.first != " " && text.last != " "
            ? text
            : "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                + "\""
    }

    /// The rows of a text, whatever its lines end with; an empty line is none.
    /// - Throws: `.data` for a quotation mark that is not closed, and for what is too large.
    package static func read(_ text: String, separator: Unicode.Scalar = ",") throws(LabError) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var cell = ""
        var cells = 0
        var isQuoted = false
        var rest = text.unicodeScalars[...]
        if rest.first == "\u{feff}" { rest.removeFirst() }
        func endRow() {
            if !row.isEmpty || !cell.isEmpty { rows.append(row + [cell]) }
            (row, cell) = ([], "")
        }
        while let scalar = rest.popFirst() {
            if isQuoted {
                if scalar != "\"" {
                    cell.unicodeScalars.append(scalar)
                } else if rest.first == "\"" {
                    cell.unicodeScalars.append(rest.removeFirst())
                } else {
                    isQuoted = false
                }
                continue
            }
            switch scalar {
            case "\"": isQuoted = true
            case separator:
                row.append(cell)
                cell = ""
                cells += 1
                guard cells <= mostCells else { throw damaged("it has more than \(mostCells) cells") }
            case "\r": break
            case "\n": endRow()
            default: cell.unicodeScalars.append(scalar)
            }
        }
        guard !isQuoted else { throw damaged("a quotation mark is not closed") }
        endRow()
        return rows
    }

    private static func damaged(_ cause: Message) -> LabError {
        LabError(.data, "the table can't be read", cause: cause)
    }
}
