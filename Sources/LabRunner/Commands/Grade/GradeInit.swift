import ArgumentParser
import Course
import LabCore
import LabFile
import Texts

/// `lab grade init`: a course to begin with.
struct GradeInit: SpeakingCommand {
    static let courseFile = "COURSE.yaml"
    static let secretFile = "secret"

    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a COURSE.yaml with every exercise, and a secret.",
        discussion: """
            The secret is a file that only you may read. Whoever has it can make any
            student's ticket: keep it apart from what you publish.

            EXAMPLES
              lab grade init
              lab grade init course --lang zh
            """)

    @Argument(help: ArgumentHelp("The directory; made where it is missing.", valueName: "DIR"))
    var directory = "."

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        let text = try speech.choice()
        let exercises = try ExerciseDirectory.own().all()
        let file = "\(directory)/\(Self.courseFile)"
        guard !Files.exists(file) else {
            throw LabError(.output, "cannot write \(file)", cause: "it is there already")
        }
        try Files.makeDirectory(directory)
        let items = exercises.map { exercise in
            """
              - {exercise: \(exercise.id), points: \(exercise.points)}  # \(exercise.number) \(text[exercise.title])

            """
        }
        let course = """
            # \(text.say("Your course; the keys are explained in INSTRUCTOR.md."))
            title: \(text.say("Virtual machines and containers"))
            # \(text.say("A file beside this one that only you may read. Never write the secret itself here."))
            secret: \(Self.secretFile)
            # \(text.say("The language of what students read: en or zh."))
            language: \(text.rawValue)
            # \(text.say("Take out what your course leaves out; change points; add a date:"))
            #   - {exercise: unshare, points: 7, due: 2026-12-07T23:59:00+08:00}
            exercises:

            """
        try Files.write(course + items.joined(), to: file)
        let secret = "\(directory)/\(Self.secretFile)"
        if !Files.exists(secret) { try ParameterKey.makeSecret(at: secret) }
        try Terminal.answer(
            text.say("\(file) is there; next: lab grade ticket \(ShellText.quote(file)) NAME…"))
    }
}
