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
            it did not, and with 69 when this machine can't tell. The first check wants
            every question in prediction.md answered; what your program wrote to
            standard error at last is in last-stderr.txt.

            EXAMPLES
              lab exercise check unshare
              lab exercise check 2 --json
              lab exercise check unshare --no-prediction
            """)

    @Argument(help: ArgumentHelp("The exercise, by its id or its number.", valueName: "EXERCISE"))
    var exercise: String

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    @Flag(help: "Check for the first time without predictions, which can't be made up for.")
    var noPrediction = false

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
        guard prediction.digest != nil || record.checks > 0 || noPrediction else {
            let file = "\(course.workspace(of: exercise))/\(CourseDirectory.predictionFile)"
            throw LabError(
                .usage,
                "of the \(exercise.predictions.count) questions in \(file) \(prediction.answers) are answered",
                remedy:
                    "answer each below its number before the first check; or go on without: --no-prediction")
        }
        let key = try course.key(of: exercise, record)
        let errorFile = "\(course.workspace(of: exercise))/\(CourseDirectory.errorFile)"
        let (verdict, errors) = try Workspace.lend(text) { (context) throws(LabError) in
            let check = Check(oracle, key, context)
            return (try check.verdict(on: artefact), check.bench.errors.withLock { $0 })
        }
        try Files.write(errors, to: errorFile)
        var entry = JournalEntry(.checked, exercise, record)
        (entry.digest, entry.prediction) = (artefact.digest, prediction.digest)
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
            try Terminal.answer(
                (lines(exercise, oracle.points, verdict, text)
                    + next(exercise, verdict, errors.isEmpty ? nil : errorFile, text))
                    .joined(separator: "\n"))
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
        case .notPassed: return [text.say("\(exercise.id): not passed")] + seen
        case .ungradable(let error):
            let remedy = error.remedy.map { ["  " + text.remedy(text.say($0))] } ?? []
            return [text.say("\(exercise.id): ungradable on this machine: \(error.reason)")] + remedy
        }
    }

    /// What can be done now.
    private func next(
        _ exercise: ExerciseDefinition, _ verdict: CheckVerdict, _ errorFile: String?, _ text: Language
    ) -> [String] {
        var lines: [Message] = []
        switch verdict {
        case .passed:
            lines.append("say in \(CourseDirectory.explanationFile) what surprised you")
            lines.append("then: lab exercise reveal \(exercise.id); lab exercise submit")
        case .notPassed:
            if verdict.mistake != nil { lines.append("a hint: lab exercise hint \(exercise.id)") }
            if let errorFile {
                lines.append("what your program wrote to standard error, whole: \(errorFile)")
            }
        case .ungradable: break
        }
        return lines.map { "  " + text.say($0) }
    }
}
