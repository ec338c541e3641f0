/// A language that people are spoken to in: what is said is written in English, and looked up in a language's table
/// (`Texts`). Another one is a case here and its table.
public enum Language: String, Codable, CodingKeyRepresentable, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh"

    /// The language of the locale for messages: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set and not
    /// empty decides, see POSIX.1-2017, Base Definitions 8.2. Its letters before `_`, `.` or `@` are
    /// the code of a language; one that lab doesn't speak is English.
    public static func ofLocale(_ environment: [String: String]) -> Language {
        let names = ["LC_ALL", "LC_MESSAGES", "LANG"]
        let locale = names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        return Language(rawValue: String(locale.lowercased().prefix { $0.isLetter })) ?? .english
    }
}
