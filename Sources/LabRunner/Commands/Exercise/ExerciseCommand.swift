import ArgumentParser
import Course
import LabCore
import LabFile

/// `lab exercise`: the course.
struct ExerciseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exercise",
        abstract: "Do the exercises of the course: predict, build, and be checked by what the kernel says.",
        discussion: """
            What you make is run in a room: a user of its own, its own namespaces,
            limits, no network. A check looks at the host itself and not at what your
            program prints, at several points with random parameters. It has three
            outcomes: passed, not passed, and ungradable where this machine can't tell,
            which costs nothing.

            EXAMPLES
              lab exercise list
              lab exercise start unshare
              lab exercise check unshare
              lab exercise hint unshare
              lab exercise submit

            EXIT CODES of `lab exercise check`
              0   passed
              1   not passed
              69  ungradable, with the reason
            """,
        subcommands: [
            ExerciseList.self, ExerciseStart.self, ExerciseCheck.self, ExerciseHint.self, ExerciseSubmit.self,
            ExerciseProgress.self, ExerciseReveal.self, ExerciseSelfTest.self, ExerciseHandout.self,
        ])

    /// Before the command it says the same as behind it.
    @OptionGroup var speech: LanguageOptions
}

/// Where a student's course is.
struct CourseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Directory of your course.", valueName: "DIR"))
    var course = Self.standard
    private static let standard = "course"

    /// The course, or the one that the working directory is in.
    func opened() throws(LabError) -> CourseDirectory {
        if course == Self.standard, !CourseDirectory.isOne(course), var place = RelativePath.workingDirectory
        {
            while !place.isEmpty {
                if CourseDirectory.isOne(place) { return try .open(place) }
                place = String(place.prefix(upTo: place.lastIndex(of: "/") ?? place.startIndex))
            }
        }
        return try .open(course)
    }
}

extension ExerciseDirectory {
    /// Those of this program.
    static func own() throws(LabError) -> ExerciseDirectory {
        try .locate(environment: Process.environment, oracles: Oracles.mistakes)
    }
}

extension Workspace {
    /// Lends a run's context for something that is not measured; then all of it is removed.
    static func lend<Value>(
        _ text: Language, _ body: (RunContext) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        let interrupt = try Interrupt()
        try interrupt.catchSignals()
        let warn = { (words: String, remedy: Message?) in Terminal.warn(words, remedy: remedy, in: text) }
        let workspace = try open(
            time: .now(), interrupt: interrupt, mayFetch: EngineSettings.fetchIsAllowed, text: text,
            warn: warn)
        var leftovers = true
        defer { workspace.close(leftovers: leftovers, warn: warn) }
        let value = try body(workspace.context)
        leftovers = false
        return value
    }
}

extension CourseDirectory {
    /// What was done with an exercise.
    /// - Throws: `.usage` when it has not been started.
    func started(_ exercise: ExerciseDefinition) throws(LabError) -> ExerciseRecord {
        let record = try journal.record(of: exercise.id)
        guard record.isStarted else {
            throw LabError(
                .usage, "the exercise \(exercise.id) has not been started in \(path)",
                remedy: "lab exercise start \(exercise.id)")
        }
        return record
    }
}

extension JournalEntry {
    init(_ event: Event, _ exercise: ExerciseDefinition, _ record: ExerciseRecord) {
        self.init(
            time: UTCTime.now().rfc3339, exercise: exercise.id, event: event, version: Version.current,
            round: record.round)
    }
}
