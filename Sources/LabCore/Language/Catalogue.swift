/// A language that people are spoken to in. Another one is a case here and a table in `Texts`.
public enum Language: String, Codable, CodingKeyRepresentable, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh"
}

/// Who speaks one language: what is said is written in English, and looked up in that language's table (`Texts`).
public struct Catalogue: Sendable {
    public let language: Language

    public init(language: Language) { self.language = language }

    public subscript(_ text: LocalizedText) -> String { text[language] }
}
