import ArgumentParser
import Course
import Glibc
import LabCore
import LabFile
import Texts

/// `lab grade COURSE.yaml SUBMISSIONS/`.
struct GradeRun: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Grade the archives below a directory (the default).",
        discussion: """
            Writes below --output: results/ with what was found in each archive,
            grades.csv, similarity.csv, and the files of each --format. Exits with 1 when
            something could not be judged, and with 130 on a signal: then
            --resume goes on. Grading again finds the same.

            EXAMPLES
              lab grade COURSE.yaml submissions/ --jobs 2
              lab grade COURSE.yaml submissions/ --shard 2/4 --output part
              lab grade COURSE.yaml submissions/ --resume --format gradescope,junit
              lab image build grader && lab grade COURSE.yaml submissions/ --guest grader
            """)

    @Argument(help: ArgumentHelp("The course.", valueName: "COURSE.yaml"))
    var course: String

    @Argument(help: ArgumentHelp("The directory of the archives.", valueName: "SUBMISSIONS"))
    var submissions: String

    @Option(help: ArgumentHelp("Archives that are graded at the same time, 1 to 64.", valueName: "N"))
    var jobs = "1"

    @Option(help: ArgumentHelp("Only part I of N of the archives: for several machines.", valueName: "I/N"))
    var shard: String?

    @Option(
        help: ArgumentHelp(
            "Judge each archive in a VM of its own with the files of an image, without a network and thrown away afterwards; by default in rooms of this machine.",
            valueName: "IMAGE"))
    var guest: String?

    @Flag(help: "Take what has been graded as it is.")
    var resume = false

    @Option(
        help: ArgumentHelp(
            "Forms for other systems, separated by commas: gradescope, classroom50, junit, autolab, canvas, moodle.",
            valueName: "FORMAT"))
    var format: [String] = []

    @Option(
        help: ArgumentHelp(
            "The export of Canvas's gradebook that points are written into.", valueName: "FILE"))
    var canvas: String?

    @Option(
        help: ArgumentHelp("Draw N students and a question for each about their own work.", valueName: "N"))
    var viva: String?

    @Option(help: ArgumentHelp("The directory of what is written.", valueName: "DIR"))
    var output = "grades"

    @Flag(help: "Print the grades as JSON.")
    var json = false

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        let text = try speech.choice()
        let jobs = try Words.count(jobs, option: "--jobs", in: 1...64)
        let viva = try viva.map { text throws(LabError) in
            try Words.count(text, option: "--viva", in: 1...1_000)
        }
        let part = try part()
        let formats = try formats()
        let export = try canvas.map { path throws(LabError) in try Files.readText(path, limit: 16 << 20) }
        // What is wrong with it is said before anything is made.
        var course = try InstructorCourse(course)
        var passed: [String] = []
        let root = try absolute(submissions)
        var archives = try GradeSession.archives(below: root) { passed.append($0) }
        for file in passed {
            Terminal.warn(text.say("\(ForeignText.quoted(file)) is no archive and was passed over"), in: text)
        }
        // By their bytes, so that every machine decides alike.
        archives = archives.filter { archive in
            UInt64(archive.digest.prefix(15), radix: 16).map { Int($0 % UInt64(part.of)) == part.index - 1 }
                ?? (part.index == 1)
        }
        let interrupt = try Interrupt()
        try interrupt.catchSignals()
        let store = try GradeStore(try absolute("\(output)/results"))
        let line = ProgressLine(quiet: false, text: text)
        let ground = try guest.map { (image) throws(LabError) -> GuestGround in
            line.show(text.say("making what the guests start from"), now: true)
            defer { line.clear() }
            return try GuestGround(of: image, interrupt, text)
        }
        defer { ground?.close() }
        if let ground { course = try InstructorCourse(self.course, guest: ground.guest.digest) }
        let exercises = course.grader.exercises.count
        let session = GradeSession(
            course: course, courseFile: try absolute(self.course), store: store, jobs: jobs, resumes: resume,
            guests: ground.map { .init(file: $0.file, limit: $0.guest.limit(exercises)) })
        let outcome = try session.run(archives) { done, count in
            line.show(text.say("graded \(done) of \(count)"))
        }
        line.clear()
        cleanUp(text)
        report(outcome, text)
        let book = GradeBook(course.course, known: course.known, outcome.found)
        // Half of the grades would be taken for all of them.
        if outcome.isInterrupted { throw Interrupt.error }
        let files = try write(book, course, formats, export, viva)
        try answer(book, files, text)
        if book.entries.contains(where: { $0.lines.contains { $0.outcome == .ungradable } }) {
            throw ExitCode.failure
        }
    }

    private func part() throws(LabError) -> (index: Int, of: Int) {
        guard let shard else { return (1, 1) }
        let words = shard.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 2 else {
            throw LabError(.usage, "--shard is \(quoted(shard))", cause: "it must be like 2/4: part 2 of 4")
        }
        let count = try Words.count(words[1], option: "--shard", in: 1...1_000)
        return (try Words.count(words[0], option: "--shard", in: 1...count), count)
    }

    private func formats() throws(LabError) -> [GradeFormat] {
        let known = GradeFormat.allCases.map(\.rawValue)
        var formats: [GradeFormat] = canvas == nil ? [] : [.canvas]
        for word in format.flatMap({ $0.split(separator: ",") }) {
            let name = try Words.choice(word.trimmingWhitespace(), option: "--format", of: known)
            if let format = GradeFormat(rawValue: name), !formats.contains(format) { formats.append(format) }
        }
        if formats.contains(.canvas), canvas == nil { throw GradeFormat.lacksExport }
        return formats
    }

    private func absolute(_ path: String) throws(LabError) -> String {
        if path.hasPrefix("/") { return path }
        do throws(Errno) { return "\(try Files.realPath("."))/\(path)" } catch {
            throw LabError(.input, "cannot tell the current directory", cause: error)
        }
    }

    /// What processes left that were ended.
    private func cleanUp(_ text: Language) {
        do throws(LabError) {
            let paths = try LabPaths.own(environment: Process.environment)
            let cleaned = try Removers.cleaner(paths).cleanAbandoned(in: paths)
            let says = CleanText(text: text)
            for failure in cleaned.failures {
                Terminal.warn(says.left(failure), remedy: failure.error.remedy, in: text)
            }
        } catch {
            Terminal.warn(text.say(error.reason), remedy: "lab clean", in: text)
        }
    }

    private func report(_ outcome: GradeSession.Outcome, _ text: Language) {
        let seconds = Double(outcome.duration.nanoseconds) / 1e9
        let rate = Int((Double(outcome.judged) * 600 / max(seconds, 0.001)).rounded())
        Terminal.say(
            text.say(
                "archives graded: \(outcome.judged) in \(Int(seconds.rounded())) s, \("\(rate / 10).\(rate % 10)" as String) a minute"
            ))
        if outcome.isInterrupted {
            Terminal.say(text.say("what has been graded is kept: go on with --resume"))
        }
    }

    /// - Returns: the paths of what was written.
    private func write(
        _ book: GradeBook, _ course: InstructorCourse, _ formats: [GradeFormat], _ export: String?,
        _ viva: Int?
    ) throws(LabError) -> [String] {
        let language = course.course.language
        let words = GradeText(
            language: language, environment: Process.environment, canvas: export, say: { language.say($0) })
        var files: [(name: String, text: String)] = [
            ("grades.csv", book.table(words)), ("similarity.csv", book.similarity),
        ]
        for format in formats { files += try format.files(of: book, words) }
        if let viva { files.append(("viva.txt", try questions(viva, book, course, words))) }
        for (name, text) in files {
            if let slash = name.lastIndex(of: "/") {
                try Files.makeDirectory("\(output)/\(name[..<slash])", mode: 0o700)
            }
            try Files.write(text, to: "\(output)/\(name)", mode: 0o600)
        }
        return files.map { "\(output)/\($0.name)" }
    }

    /// The archives are read again, which a process of their own has done before.
    private func questions(
        _ count: Int, _ book: GradeBook, _ course: InstructorCourse, _ words: GradeText
    ) throws(LabError) -> String {
        var all: [(submission: Submission, passed: [ExerciseDefinition])] = []
        for entry in book.entries where entry.student != nil {
            let passed = entry.lines.filter { $0.outcome == .passed }.map(\.exercise)
            guard !passed.isEmpty else { continue }
            let bytes = try Files.read("\(submissions)/\(entry.found.file)", limit: Submission.mostBytes)
            let submission = try Submission(archive: bytes, exercises: course.known)
            guard submission.manifest.student == entry.student else { continue }
            all.append((submission, passed))
        }
        return try VivaQuestion.draw(count, from: all, secret: course.secret).map { $0.text(words) }
            .joined(separator: "\n")
    }

    private struct Answer: Encodable {
        struct Exercise: Encodable {
            let exercise: String
            let outcome: ExerciseGrade.Outcome
            let points: Int?
            let outOf: Int
            let isLate: Bool
            let mistake: String?
            let said: Message
        }
        let student: String?
        let file: String
        let submission: String
        let error: LabError?
        let exercises: [Exercise]
    }

    private func answer(_ book: GradeBook, _ files: [String], _ text: Language) throws {
        // Autolab reads what its grader prints, of one archive.
        if format.flatMap({ $0.split(separator: ",") }).contains("autolab"), book.entries.count == 1,
            let file = files.first(where: { $0.hasPrefix("\(output)/autolab/") })
        {
            return try Terminal.write(try Files.readText(file))
        }
        if json {
            return try Terminal.answer(
                json: book.entries.map { entry in
                    Answer(
                        student: entry.student, file: entry.found.file, submission: entry.found.digest,
                        error: entry.refusal ?? entry.lines.first?.fault,
                        exercises: entry.lines.map { line in
                            .init(
                                exercise: line.exercise.id, outcome: line.outcome, points: line.points,
                                outOf: line.item.points, isLate: line.isLate,
                                mistake: line.grade.telling?.mistake, said: line.said)
                        })
                })
        }
        for entry in book.superseded {
            Terminal.say(text.say("\(entry.found.file): \(entry.name) has handed in a later one"))
        }
        let lines = book.entries.map { shown($0, text) }
        try Terminal.answer(
            (lines + files.prefix(2).map { text.say("written: \($0)") }).joined(separator: "\n"))
    }

    private func shown(_ entry: GradeBook.Entry, _ text: Language) -> String {
        let name = ForeignText.line(entry.name, most: 80)
        if let refusal = entry.refusal { return text.say("\(name): refused: \(refusal.reason)") }
        if let fault = entry.lines.first?.fault { return text.say("\(name): ungradable: \(fault.reason)") }
        let parts = entry.lines.map { line in
            let word: Message =
                switch line.outcome {
                case .passed: "passed"
                case .notPassed: "not passed"
                case .review: "review"
                case .ungradable: "ungradable"
                case .missing: "missing"
                }
            return "\(line.exercise.id) \(text.say(word))" + (line.isLate ? " (\(text.say("late")))" : "")
        }
        let most = entry.lines.reduce(0) { $0 + $1.item.points }
        return text.say("\(name): \(entry.points) of \(most) points") + " · " + parts.joined(separator: " · ")
    }
}
