import ArgumentParser
import Course
import LabCore
import LabFile
import Texts

/// `lab exercise reveal`: what an exercise was about.
struct ExerciseReveal: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "reveal",
        abstract: "Explain an exercise that you have passed: what was looked at, and why.",
        discussion: """
            With --give-up also one that you have not passed. The journal remembers it.

            EXAMPLES
              lab exercise reveal unshare
              lab exercise reveal unshare --give-up
            """)

    @Argument(help: ArgumentHelp("The exercise, by its id or its number.", valueName: "EXERCISE"))
    var exercise: String

    @Flag(help: "Explain it although it has not been passed.")
    var giveUp = false

    @Flag(help: "Print it as JSON.")
    var json = false

    @OptionGroup var course: CourseOptions
    @OptionGroup var speech: LanguageOptions

    private struct Answer: Encodable {
        let exercise: String
        let explanation: String
    }

    func run() throws {
        let text = try speech.choice()
        let exercises = try ExerciseDirectory.own()
        let exercise = try exercises.definition(exercise)
        let course = try course.opened()
        let record = try course.started(exercise)
        guard record.passed != nil || giveUp else {
            throw LabError(
                .usage, "the exercise \(exercise.id) has not been passed",
                remedy: "go on with it; or lab exercise reveal \(exercise.id) --give-up")
        }
        let explanation = try exercises.text("reveal", of: exercise, in: text)
        try course.journal.append(JournalEntry(.revealed, exercise, record))
        if json { return try Terminal.answer(json: Answer(exercise: exercise.id, explanation: explanation)) }
        try Terminal.write(explanation)
    }
}
