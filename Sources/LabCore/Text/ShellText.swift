/// Words as a POSIX shell reads them.
public enum ShellText {
    /// `word` so that a shell takes it as one word and expands nothing in it.
    public static func quote(_ word: String) -> String {
        let plain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_./,:=+@%".utf8.contains(byte)
                }
            }
        if plain { return word }
        // Nothing is special between single quotes but the quote itself (POSIX.1-2024, XCU 2.2.2).
        let parts = word.unicodeScalars.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + parts.map { String($0) }.joined(separator: "'\\''") + "'"
    }

    public static func join(_ words: [String]) -> String { words.map(quote).joined(separator: " ") }

    /// The words of a text, with what quotes and backslashes do; nothing is expanded, and no character ends a command. Nil
    /// where a quote has no end.
    public static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word: String.UnicodeScalarView?
        var quote: Unicode.Scalar?
        var rest = text.unicodeScalars[...]
        while let next = rest.popFirst() {
            switch (next, quote) {
            case ("'", nil), ("\"", nil):
                quote = next
                word = word ?? .init()
            case ("'", "'"?), ("\"", "\""?): quote = nil
            case ("\\", nil), ("\\", "\""?):
                guard let escaped = rest.popFirst() else { return nil }
                // Between double quotes it is special before these alone (POSIX.1-2024, XCU 2.2.3).
                let isKept = quote != nil && !"$`\"\\".unicodeScalars.contains(escaped)
                word = (word ?? .init()) + (isKept ? [next, escaped] : [escaped])
            case (" ", nil), ("\t", nil), ("\n", nil):
                if let whole = word { words.append(String(whole)) }
                word = nil
            default: word = (word ?? .init()) + [next]
            }
        }
        guard quote == nil else { return nil }
        return words + (word.map { [String($0)] } ?? [])
    }
}
