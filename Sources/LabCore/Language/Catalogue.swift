/// A language that people are spoken to in. Another one is a case here and a table in `Texts`.
public enum Language: String, Codable, CodingKeyRepresentable, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh"
}

/// Who speaks one language: what is said is written in English, and looked up in that language's table (`Texts`).
public struct Catalogue: Sendable {
    public let language: Language
    /// The words for settings, of the lab that is spoken of.
    public var settings: [LabDefinition.SettingTitle] = []

    public init(language: Language) { self.language = language }

    /// The same, who speaks of one lab.
    public func speaking(of lab: LabDefinition?) -> Catalogue {
        var text = self
        text.settings = lab?.settings ?? []
        return text
    }

    public subscript(_ text: LocalizedText) -> String { text[language] }
}
