import ArgumentParser
import LabCore

/// The language of what is printed and written for people. JSON, CSV and result files are the same in every language.
struct LanguageOptions: ParsableArguments {
    @Option(
        name: .customLong("lang"),
        help: ArgumentHelp(
            "Language of texts and reports; auto, the default, is LAB_LANG or else that of the locale.",
            valueName: (Language.allCases.map(\.rawValue) + [auto]).joined(separator: "|")))
    var language: String?

    /// The variable that chooses when no option does.
    static let variable = "LAB_LANG"
    private static let auto = "auto"

    /// The language that was chosen, by the option, else by `LAB_LANG`, else by the locale.
    /// - Throws: `.usage` for a language that lab does not speak.
    func choice(_ environment: [String: String] = Process.environment) throws(LabError) -> Language {
        let words = Language.allCases.map(\.rawValue) + [Self.auto]
        for (word, option) in [(language, "--lang"), (environment[Self.variable], Self.variable)] {
            guard let word, !word.isEmpty else { continue }
            let chosen = try Words.choice(word, option: option, of: words)
            if let language = Language(rawValue: chosen) { return language }
        }
        return .ofLocale(environment)
    }
}

/// A command that speaks to people.
protocol SpeakingCommand: ParsableCommand {
    var speech: LanguageOptions { get }
}
