import LabCore

/// Makes text from guests, definitions and tools harmless where it is shown.
///
/// A result file may come from anywhere, and a guest says what it likes: nothing of it may end a table cell, open a
/// tag, move a terminal's cursor or turn the direction of the text.
enum Escaping {
    /// One line of plain text for a terminal or a cell.
    static func plain(_ text: String) -> String { ForeignText.line(text) }

    /// Text for Markdown, a table cell included (GFM 4.10): shown as it is, whatever it holds.
    static func markdown(_ text: String) -> String {
        var escaped = ""
        for character in plain(text).unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\\", "`", "*", "_", "[", "]", "|", "~", "#", "$", "!":
                escaped += "\\"
                escaped.unicodeScalars.append(character)
            // Neither a mention nor a link of its own making.
            case "@": escaped += "&#64;"
            case ":" where escaped.hasSuffix("http") || escaped.hasSuffix("https"): escaped += "&#58;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// A code span that may stand in a table cell. Backticks become apostrophes: a span can't hold its own fence.
    static func code(_ text: String) -> String {
        var span = ""
        for character in plain(text) {
            switch character {
            case "`": span.append("'")
            case "|": span += "\\|"
            default: span.append(character)
            }
        }
        return "`\(span.isEmpty ? " " : span)`"
    }

    /// A fenced block; its fence is longer than any run of backticks inside.
    static func fenced(_ lines: [String], language: String) -> String {
        let lines = lines.map(plain)
        var longest = 2
        for line in lines {
            var run = 0
            for character in line {
                run = character == "`" ? run + 1 : 0
                longest = max(longest, run)
            }
        }
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence)\(language)\n\(lines.joined(separator: "\n"))\n\(fence)\n"
    }

    /// Text for XML content and attribute values; characters that XML 1.0 can't hold are gone by then.
    static func xml(_ text: String) -> String {
        var escaped = ""
        for character in plain(text).unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// A field of RFC 4180, quoted where it must be.
    static func csv(_ text: String) -> String {
        let field = plain(text)
        guard field.contains(where: { $0 == "," || $0 == "\"" }) else { return field }
        return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
            + "\""
    }
}
