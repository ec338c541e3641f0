/// A language that people are spoken to in.
public enum Language: String, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh"
}

/// Every sentence that the program says, in each language: the targets that speak add their sentences in extensions.
///
/// A text can't be added in one language only: `pick` takes both.
public struct Catalogue: Sendable {
    public let language: Language

    public init(language: Language) { self.language = language }

    /// The text in this catalogue's language.
    public func pick(_ en: String, _ zh: String) -> String {
        switch language {
        case .english: en
        case .chinese: zh
        }
    }

    public subscript(_ text: LocalizedText) -> String { pick(text.en, text.zh) }

    /// Items of a sentence: `a, b and c`.
    public func list(_ items: [String]) -> String {
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        let rest = items.dropLast()
        return pick("\(rest.joined(separator: ", ")) and \(last)", "\(rest.joined(separator: "、"))和\(last)")
    }

    /// What ends a sentence and stands before the next.
    public var sentenceGap: String { pick(" ", "") }
}
