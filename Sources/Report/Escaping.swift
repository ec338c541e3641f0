import LabCore

/// Makes text from guests, definitions and tools harmless where it is shown.
///
/// A result file may come from anywhere, and a guest says what it likes: nothing of it may end a table cell, open a
/// tag, move a terminal's cursor or turn the direction of the text.
enum Escaping {
    /// One line of plain text for a terminal or a cell.
    static func plain(_ text: String) -> String { ForeignText.line(text) }

    /// Text for XML content and attribute values; characters that XML 1.0 can't hold are gone by then.
    static func xml(_ text: String) -> String { ForeignText.xml(text) }

    /// A field of RFC 4180, quoted where it must be.
    static func csv(_ text: String) -> String {
        let field = plain(text)
        guard field.contains(where: { $0 == "," || $0 == "\"" }) else { return field }
        return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
            + "\""
    }
}
