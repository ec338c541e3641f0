import ArgumentParser
import Course
import LabCore
import LabFile
import Texts

/// `lab exercise hint`: one more step away from the mistake of the last check.
struct ExerciseHint: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "hint", abstract: "Say something about the mistake that the last check saw.",
        discussion: """
            Three steps, one more each time: what was seen, which idea explains it, and
            where to read. They cost nothing, and none is the solution.

            EXAMPLES
              lab exercise hint unshare
              lab exercise hint unshare --json
            """)

    @Argument(help: ArgumentHelp("The exercise, by its id or its number.", valueName: "EXERCISE"))
    var exercise: String

    @Flag(help: "Print the hint as JSON.")
    var json = false

    @OptionGroup var course: CourseOptions
    @OptionGroup var speech: LanguageOptions

    private struct Answer: Encodable {
        let exercise: String
        let mistake: String?
        let seen: Message?
        let steps: [LocalizedText]
        let outOf: Int
    }

    /// The hint that every exercise has.
    private static let notStarted = ExerciseDefinition.Hint(
        mistake: NotStarted.mistake,
        steps: NotStarted.steps.map {
            LocalizedText(en: Language.english.say($0), zh: Language.chinese.say($0))
        })

    func run() throws {
        let text = try speech.choice()
        let exercise = try ExerciseDirectory.own().definition(exercise)
        let course = try course.opened()
        let record = try course.started(exercise)
        guard let last = record.lastCheck else {
            throw LabError(
                .usage, "there is no hint before a check", remedy: "lab exercise check \(exercise.id)")
        }
        let seen = last.verdict == .notPassed ? last.seen?.last : nil
        guard last.verdict == .notPassed, let mistake = last.mistake,
            let hint = ([Self.notStarted] + exercise.hints).first(where: { $0.mistake == mistake })
        else {
            if json {
                return try Terminal.answer(
                    json: Answer(exercise: exercise.id, mistake: nil, seen: seen, steps: [], outOf: 0))
            }
            return try Terminal.answer(
                seen.map { text.say("There is no hint for this mistake. The check saw: \($0)") }
                    ?? text.say("the last check saw no mistake"))
        }
        let step = record.nextStep(of: mistake, outOf: hint.steps.count)
        var entry = JournalEntry(.hinted, exercise, record)
        (entry.mistake, entry.step) = (mistake, step)
        try course.journal.append(entry)
        let shown = Array(hint.steps.prefix(step + 1))
        if json {
            return try Terminal.answer(
                json: Answer(
                    exercise: exercise.id, mistake: mistake, seen: seen, steps: shown, outOf: hint.steps.count
                ))
        }
        let lines = shown.enumerated().map { "\($0.offset + 1)/\(hint.steps.count)  \(text[$0.element])" }
        try Terminal.answer(lines.joined(separator: "\n"))
    }
}
