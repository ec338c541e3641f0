import ArgumentParser
import LabCore

/// `lab version`.
struct VersionCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the version.",
        discussion: """
            EXAMPLES
              lab version
              lab version --json
            """)

    @Flag(help: "Print the version and the schema of results as JSON.")
    var json = false

    private struct Answer: Encodable {
        let version: String
        let resultSchema: String
    }

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        guard json else { return try Terminal.answer("lab \(Version.current)") }
        try Terminal.answer(json: Answer(version: Version.current, resultSchema: RunResult.schema))
    }
}
