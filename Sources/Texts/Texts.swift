import LabCore

/// The sentences of one language, by those that are written in English.
struct SentenceTable: Sendable {
    /// The sentences of the sources, and the texts that stand in none: names, and the words of strerror(3).
    let own, foreign: [KeyValuePairs<String, String>]
    let sentences: [String: String]

    init(_ own: [KeyValuePairs<String, String>], foreign: [KeyValuePairs<String, String>]) {
        (self.own, self.foreign) = (own, foreign)
        sentences = Dictionary(
            (own + foreign).flatMap { $0.map { ($0.key, $0.value) } }, uniquingKeysWith: { first, _ in first }
        )
    }
}

extension Language {
    /// Nil for English.
    var table: SentenceTable? {
        switch self {
        case .english: nil
        case .chinese: Chinese.table
        }
    }

    /// This language's sentence for an English one (`Message.format`); nil where English is shown. `{}` is the next
    /// argument, `{2}` the second.
    public func sentence(for english: String) -> String? { table?.sentences[english] }

    /// A text in this language: its own words, else those that the table has for its English ones.
    public subscript(_ text: LocalizedText) -> String { sentence(for: text[self]) ?? text[self] }

    /// A message in this language.
    public func say(_ message: Message) -> String { message.text(sentence(for:)) }

    /// Items of a sentence: `a, b and c`.
    public func list(_ items: [String]) -> String {
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        return say("\(items.dropLast().joined(separator: say(", "))) and \(last)")
    }

    /// The gap between the end of a sentence and the next.
    public var sentenceGap: String { say(" ") }
}
