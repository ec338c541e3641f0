import ArgumentParser
import Artifacts
import Course
import LabCore
import LabFile
import Texts

/// `lab exercise submit`: the archive that is handed in.
struct ExerciseSubmit: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Write the archive that you hand in.",
        discussion: """
            It has the files of every exercise that you have begun to write, or of those
            that you name, with a manifest and your seal, and no score: what you made is
            checked again where it is graded, with parameters that nobody knows before.
            Your own checks have new parameters from then on.

            EXAMPLES
              lab exercise submit
              lab exercise submit unshare --output unshare.tar.gz
            """)

    @Argument(
        help: ArgumentHelp(
            "The exercises, by id or number; by default all that were started.", valueName: "EXERCISE"))
    var exercises: [String] = []

    @Option(help: ArgumentHelp("The archive; by default submission.tar.gz in the course.", valueName: "FILE"))
    var output: String?

    @Flag(help: "Print what was written as JSON.")
    var json = false

    @OptionGroup var course: CourseOptions
    @OptionGroup var speech: LanguageOptions

    private struct Answer: Encodable {
        let archive: String
        let digest: String
        let student: String
        let exercises: [String: Submission.Exercise]
    }

    func run() throws {
        let text = try speech.choice()
        let directory = try ExerciseDirectory.own()
        let course = try course.opened()
        var chosen: [(exercise: ExerciseDefinition, record: ExerciseRecord)] = []
        var unwritten: [String] = []
        if exercises.isEmpty {
            for exercise in try directory.all() {
                let record = try course.journal.record(of: exercise.id)
                guard record.isStarted else { continue }
                if Files.list(course.workspace(of: exercise)).contains(exercise.files.first ?? "") {
                    chosen.append((exercise, record))
                } else {
                    unwritten.append(exercise.id)
                }
            }
        } else {
            for word in exercises {
                let exercise = try directory.definition(word)
                chosen.append((exercise, try course.started(exercise)))
            }
        }
        guard !chosen.isEmpty else {
            throw LabError(
                .usage, "no exercise has anything to hand in in \(course.path)",
                remedy: "lab exercise start EXERCISE, and write what its task asks for")
        }
        var files: [String: [String: [UInt8]]] = [:]
        for (exercise, _) in chosen {
            files[exercise.id] = try Submission.files(of: exercise, in: course)
            if !course.isExplained(exercise) { files[exercise.id]?[CourseDirectory.explanationFile] = nil }
        }
        let submission = try Submission(course.student, files)
        let archive = try submission.archive()
        let path = output ?? "\(course.path)/submission.tar.gz"
        try Files.write(archive, to: path)
        for (exercise, record) in chosen {
            var entry = JournalEntry(.submitted, exercise, record)
            entry.digest = submission.artefact(of: exercise)?.digest
            try course.journal.append(entry)
        }
        let answer = Answer(
            archive: path, digest: Digest.sha256(archive), student: course.student.name,
            exercises: submission.manifest.exercises)
        if json { return try Terminal.answer(json: answer) }
        let lines = chosen.map { chosen in
            let names = (files[chosen.exercise.id] ?? [:]).keys.sorted().joined(separator: ", ")
            return "  \(chosen.exercise.id): \(names)"
        }
        try Terminal.answer(
            ([text.say("\(path), \(archive.count) bytes, of \(answer.student)")] + lines).joined(
                separator: "\n"))
        if !unwritten.isEmpty { Terminal.say(text.say("left out, nothing written yet: \(unwritten.listed)")) }
        for (exercise, _) in chosen {
            let own = Set(files[exercise.id, default: [:]].keys).union(CourseDirectory.ownFiles).union([
                CourseDirectory.explanationFile
            ])
            if files[exercise.id]?[CourseDirectory.explanationFile] == nil {
                Terminal.say(
                    text.say(
                        "\(exercise.id): nothing is written in \(CourseDirectory.explanationFile) yet, and it is left out"
                    ))
            }
            let others = Files.list(course.workspace(of: exercise)).filter { !own.contains($0) }
            guard !others.isEmpty else { continue }
            Terminal.say(text.say("\(exercise.id): not part of the exercise, and left out: \(others.listed)"))
        }
        Terminal.say(text.say("Your own checks have new parameters from now on."))
    }
}
