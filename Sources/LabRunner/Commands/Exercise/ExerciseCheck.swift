import ArgumentParser
import Course
import LabCore
import LabFile
import Texts

/// `lab exercise check`: whether what was made does what was asked.
struct ExerciseCheck: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check what you made for an exercise, as often as you like.",
        discussion: """
            The parameters stay the same until you submit, so that you can look for a
            mistake; afterwards they are new. Exits with 0 when it passed, with 1 when
            it did not, and with 69 when this machine can't tell.

            EXAMPLES
              lab exercise check unshare
              lab exercise check 2 --json
            """)

    @Argument(help: ArgumentHelp("The exercise, by its id or its number.", valueName: "EXERCISE"))
    var exercise: String

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    @OptionGroup var course: CourseOptions
    @OptionGroup var speech: LanguageOptions

    private struct Answer: Encodable {
        struct Point: Encodable {
            let isRight: Bool
            let seen: Message
        }
        let exercise: String
        let verdict: CheckVerdict.Name
        let points: [Point]
        let outOf: Int
        let mistake: String?
        let error: LabError?
    }

    func run() throws {
        let text = try speech.choice()
        let exercise = try ExerciseDirectory.own().definition(exercise)
        let course = try course.opened()
        let record = try course.started(exercise)
        let oracle = try Oracles.named(exercise.oracle)
        let artefact = try course.artefact(of: exercise)
        // As it was before the check.
        let prediction = try course.prediction(of: exercise)
        let key = try course.key(of: exercise, record)
        let verdict = try Workspace.lend(text) { (context) throws(LabError) in
            try Check(oracle, key, context).verdict(on: artefact)
        }
        var entry = JournalEntry(.checked, exercise, record)
        (entry.digest, entry.prediction) = (artefact.digest, prediction)
        (entry.verdict, entry.mistake) = (verdict.name, verdict.mistake)
        entry.seen = verdict.judgements.map(\.seen)
        if case .ungradable(let error) = verdict { entry.error = error }
        try course.journal.append(entry)

        if json {
            try Terminal.answer(
                json: Answer(
                    exercise: exercise.id, verdict: verdict.name,
                    points: verdict.judgements.map { .init(isRight: $0.isRight, seen: $0.seen) },
                    outOf: oracle.points, mistake: verdict.mistake, error: entry.error))
        } else {
            try Terminal.answer(lines(exercise, oracle.points, verdict, text).joined(separator: "\n"))
            if prediction == nil && record.checks == 0 {
                Terminal.say(text.say("(no prediction was written before this first check)"))
            }
        }
        switch verdict {
        case .passed: return
        case .notPassed: throw ExitCode.failure
        case .ungradable(let error): throw ExitCode(LabError(.unavailable, error.message).exitCode)
        }
    }

    private func lines(
        _ exercise: ExerciseDefinition, _ points: Int, _ verdict: CheckVerdict, _ text: Language
    ) -> [String] {
        let seen = verdict.judgements.enumerated().map { place, judgement in
            let sign = judgement.isRight ? "✓" : "✗"
            return "  \(sign) " + text.say("point \(place + 1) of \(points): \(judgement.seen)")
        }
        switch verdict {
        case .passed: return [text.say("\(exercise.id): passed")] + seen
        case .notPassed:
            let next =
                verdict.mistake == nil
                ? text.say("the task says what is asked")
                : text.say("a hint: lab exercise hint \(exercise.id)")
            return [text.say("\(exercise.id): not passed")] + seen + ["  " + next]
        case .ungradable(let error):
            let remedy = error.remedy.map { ["  " + text.remedy(text.say($0))] } ?? []
            return [text.say("\(exercise.id): ungradable on this machine: \(error.reason)")] + remedy
        }
    }
}
