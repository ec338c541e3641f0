import ArgumentParser
import Course
import LabCore
import LabFile
import Texts

/// `lab exercise progress`: how far a student is.
struct ExerciseProgress: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "progress",
        abstract: "Say how far you are. It earns nothing: what you hand in is checked again.",
        discussion: """
            EXAMPLES
              lab exercise progress
              lab exercise progress --json
            """)

    @Flag(help: "Print it as JSON.")
    var json = false

    @OptionGroup var course: CourseOptions
    @OptionGroup var speech: LanguageOptions

    private struct Row: Encodable {
        enum State: String, Encodable { case notStarted = "not-started", started, passed }

        let exercise: String
        let state: State
        let points: Int
        let checks: Int
        let hints: Int
        let submissions: Int
        let isPredicted: Bool
        let isRevealed: Bool
        let isExplained: Bool
        /// Whether the files are others than those that passed.
        let isChanged: Bool
        /// The version of the program that passed it.
        let version: String?
    }

    func run() throws {
        let text = try speech.choice()
        let course = try course.opened()
        var rows: [Row] = []
        for exercise in try ExerciseDirectory.own().all() {
            let record = try course.journal.record(of: exercise.id)
            rows.append(
                Row(
                    exercise: exercise.id,
                    state: record.passed != nil ? .passed : record.isStarted ? .started : .notStarted,
                    points: exercise.points, checks: record.checks, hints: record.hints,
                    submissions: record.round, isPredicted: record.prediction != nil,
                    isRevealed: record.isRevealed,
                    isExplained: course.isExplained(exercise),
                    isChanged: record.passed.map { $0.digest != (try? course.artefact(of: exercise))?.digest }
                        ?? false,
                    version: record.passed?.version))
        }
        if json { return try Terminal.answer(json: rows) }
        let width = rows.map { Columns.count($0.exercise) }.max() ?? 0
        let lines = rows.map { "\(Columns.padded($0.exercise, to: width))  \(line($0, text))" }
        try Terminal.answer(lines.joined(separator: "\n"))
    }

    private func line(_ row: Row, _ text: Language) -> String {
        var parts: [Message] = []
        switch row.state {
        case .notStarted: return text.say("not started")
        case .started: parts.append("started")
        case .passed: parts.append("passed with lab \(row.version.or("?"))")
        }
        if row.isChanged { parts.append("changed since") }
        parts.append("checks: \(row.checks)")
        parts.append("hints: \(row.hints)")
        parts.append(row.isPredicted ? "predicted" : "not predicted")
        if row.state == .passed { parts.append(row.isExplained ? "explanation there" : "no explanation") }
        if row.submissions > 0 { parts.append("handed in, times: \(row.submissions)") }
        if row.isRevealed { parts.append("revealed") }
        return parts.map(text.say).joined(separator: " · ")
    }
}
