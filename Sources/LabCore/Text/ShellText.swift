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
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            + "'"
    }

    public static func join(_ words: [String]) -> String { words.map(quote).joined(separator: " ") }
}
