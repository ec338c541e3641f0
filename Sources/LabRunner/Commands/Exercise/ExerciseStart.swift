import ArgumentParser
import Course
import Glibc
import LabCore
import LabFile
import Texts

/// `lab exercise start`: a workspace.
struct ExerciseStart: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Begin an exercise: make its directory, with the task and what it starts from.",
        discussion: """
            Files that are there already stay as they are. The first time the course is
            made too, for you: with --ticket, the 64 digits that your instructor gave you
            and without which nothing that you hand in is yours, or for yourself.

            EXAMPLES
              lab exercise start unshare
              lab exercise start 2 --lang zh
              lab exercise start unshare --student ada --ticket 5f…
            """)

    @Argument(help: ArgumentHelp("The exercise, by its id or its number.", valueName: "EXERCISE"))
    var exercise: String

    @Option(
        help: ArgumentHelp("Your name in the course; by default that of your account.", valueName: "NAME"))
    var student: String?

    @Option(help: ArgumentHelp("Your ticket; by default a random one.", valueName: "DIGITS"))
    var ticket: String?

    @Flag(help: "Print what was made as JSON.")
    var json = false

    @OptionGroup var course: CourseOptions
    @OptionGroup var speech: LanguageOptions

    private struct Answer: Encodable {
        let exercise: String
        let directory: String
        let written: [String]
    }

    func run() throws {
        let text = try speech.choice()
        let exercises = try ExerciseDirectory.own()
        let exercise = try exercises.definition(exercise)
        let isNew = (try? course.opened()) == nil
        let course = try openedOrMade()
        let record = try course.journal.record(of: exercise.id)
        var files = [
            (name: "task.md", bytes: Array(try exercises.text("task", of: exercise, in: text).utf8)),
            (
                name: CourseDirectory.predictionFile,
                bytes: Array(CourseDirectory.questions(exercise, text).utf8)
            ),
        ]
        files.append(
            (CourseDirectory.explanationFile, Array(ExplanationForm.text(exercise, text).utf8)))
        let start = "\(exercises.folder(of: exercise))/start"
        for name in exercise.files where Files.exists("\(start)/\(name)") {
            files.append((name, try Files.read("\(start)/\(name)", limit: Artefact.mostBytes)))
        }
        let written = try course.fill(exercise, files)
        try course.journal.append(JournalEntry(.started, exercise, record))
        let directory = course.workspace(of: exercise)
        if json {
            return try Terminal.answer(
                json: Answer(exercise: exercise.id, directory: directory, written: written))
        }
        let program = "\(directory)/\(exercise.files.first ?? "")"
        try Terminal.answer(
            [
                text[exercise.summary], "",
                text.say("task:         \("\(directory)/task.md" as String)"),
                text.say(
                    "predict in:   \("\(directory)/\(CourseDirectory.predictionFile)" as String), before the first check"
                ),
                text.say("write:        \(program)"),
                text.say("then:         lab exercise check \(exercise.id)"),
                "",
                text.say(
                    "It runs in a room: root of a user namespace, the host's /usr, an empty /tmp, no network, your \(exercise.files.listed)."
                ),
                text.say(
                    "What it writes to standard error comes back to you. The parameters stay the same until you submit."
                ),
            ].joined(separator: "\n"))
        if isNew && ticket == nil {
            Terminal.say(
                text.say(
                    "(without an instructor's ticket this course is for yourself only; once you have one, start again with --student and --ticket: what you wrote stays)"
                ))
        }
    }

    private func openedOrMade() throws(LabError) -> CourseDirectory {
        if let existing = try? course.opened() {
            // What was begun while the ticket was still on its way is handed in with it.
            if let ticket, existing.student.isOwn == true, ParameterKey(hexadecimal: ticket) != nil {
                let name = student ?? existing.student.name
                try Self.require(name)
                Terminal.say(
                    try speech.choice().say(
                        "The course in \(course.course) has your instructor's ticket now: check again what you made for parameters, they are new."
                    ))
                return try CourseDirectory.make(course.course, .init(name: name, ticket: ticket))
            }
            guard student == nil || student == existing.student.name,
                ticket == nil || ticket == existing.student.ticket
            else {
                throw LabError(
                    .usage,
                    "the course in \(course.course) is \(existing.student.name)'s, with another ticket or name",
                    remedy: "make another: --course DIR")
            }
            return existing
        }
        // A damaged one is an error, and not overwritten.
        if Files.exists("\(course.course)/.lab/student.json") { return try course.opened() }
        let name = student ?? getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "student"
        try Self.require(name)
        if let ticket, ParameterKey(hexadecimal: ticket) == nil {
            throw LabError(
                .usage, "--ticket is \(ForeignText.quoted(ticket))",
                cause: "a ticket has 64 hexadecimal digits",
                remedy: "leave it out to learn by yourself")
        }
        return try CourseDirectory.make(
            course.course,
            .init(
                name: name, ticket: ticket ?? ParameterKey.random().hexadecimal,
                isOwn: ticket == nil ? true : nil))
    }

    private static func require(_ name: String) throws(LabError) {
        guard !CourseDirectory.Student.isName(name) else { return }
        throw LabError(
            .usage, "--student is \(ForeignText.quoted(name))",
            cause:
                "a name has 1 to 64 letters, digits and the signs - _ . @ +, and begins with neither a hyphen nor a dot"
        )
    }
}
