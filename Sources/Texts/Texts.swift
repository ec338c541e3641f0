import LabCore

extension Language {
    /// This language's sentence for an English one (`Message.format`); nil where English is shown. `{}` is the next
    /// argument, `{2}` the second.
    public func sentence(for english: String) -> String? {
        switch self {
        case .english: nil
        case .chinese: Chinese.sentences[english]
        }
    }
}

extension Catalogue {
    /// A message in this catalogue's language.
    public func say(_ message: Message) -> String { message.text(language.sentence) }

    /// Items of a sentence: `a, b and c`.
    public func list(_ items: [String]) -> String {
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        return say("\(items.dropLast().joined(separator: say(", "))) and \(last)")
    }

    /// The gap between the end of a sentence and the next.
    public var sentenceGap: String { say(" ") }
}
