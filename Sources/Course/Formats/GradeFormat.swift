import FoundationEssentials
import LabCore

/// A form in which grades are handed on.
package enum GradeFormat: String, CaseIterable, Sendable {
    /// results.json of Gradescope's autograders, a file for each archive.
    case gradescope
    /// `classroom50/result/v1`, a file for each archive.
    case classroom50
    /// JUnit's XML, as Jenkins and GitLab read it.
    case junit
    /// What a student reads, and on the last line Autolab's scores; a file for each archive.
    case autolab
    /// The instructor's own export from Canvas with the points in it.
    case canvas
    /// A table for Moodle's import of grades.
    case moodle
}

/// What the formats are made of beside the grades.
package struct GradeText: Sendable {
    /// A message in the course's language.
    package var say: @Sendable (Message) -> String
    /// A text of an exercise in that language.
    package var language: Language
    /// What a runner of Classroom 50 says about a submission, by the names of its variables.
    package var environment: [String: String]
    /// The instructor's export.
    package var canvas: String?

    package init(
        language: Language, environment: [String: String] = [:], canvas: String? = nil,
        say: @escaping @Sendable (Message) -> String
    ) {
        (self.language, self.environment, self.canvas, self.say) = (language, environment, canvas, say)
    }

    /// What is said of an exercise, on one line: the words of a program of a student's may be in it.
    func said(_ line: GradeBook.Line) -> String { ForeignText.line(say(line.said)) }

    func said(_ error: LabError) -> String {
        ForeignText.line(say(error.remedy.map { "\(error.reason); \($0)" } ?? error.reason))
    }

    func title(_ exercise: ExerciseDefinition) -> String { exercise.title[language] }
}

extension GradeFormat {
    /// The files of this form, by their names.
    /// - Throws: `.data` or `.usage` for an export that can't be used.
    package func files(
        of book: GradeBook, _ text: GradeText
    ) throws(LabError) -> [(name: String, text: String)] {
        switch self {
        case .gradescope:
            try each(of: book, "json") { (entry) throws(LabError) in try gradescope(entry, text) }
        case .classroom50:
            try each(of: book, "json") { (entry) throws(LabError) in try classroom50(entry, book, text) }
        case .junit: [("junit.xml", junit(book, text))]
        case .autolab: try each(of: book, "txt") { (entry) throws(LabError) in try autolab(entry, text) }
        case .canvas: [("canvas.csv", try canvas(book, text))]
        case .moodle: [("moodle.csv", moodle(book, text))]
        }
    }

    private func each(
        of book: GradeBook, _ ending: String, _ text: (GradeBook.Entry) throws(LabError) -> String
    ) throws(LabError) -> [(name: String, text: String)] {
        var files: [(name: String, text: String)] = []
        var names: [String: Int] = [:]
        for entry in book.entries {
            let count = names[entry.fileName, default: 0]
            names[entry.fileName] = count + 1
            let name = count == 0 ? entry.fileName : "\(entry.fileName)~\(count)"
            files.append(("\(rawValue)/\(name).\(ending)", try text(entry)))
        }
        return files
    }

    static func json(_ value: some Encodable, isPretty: Bool = true) throws(LabError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            isPretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys]
        do {
            return String(decoding: ForeignText.json(Array(try encoder.encode(value))), as: UTF8.self)
        } catch {
            throw LabError(.software, "cannot encode grades", cause: "\(error)")
        }
    }

    // What is not decided has no points to earn there: these forms know no other way to say nothing of it.
    private func earned(_ line: GradeBook.Line) -> (score: Int, most: Int) {
        if line.outcome == .missing { return (0, line.item.points) }
        return line.points.map { ($0, line.item.points) } ?? (0, 0)
    }

    // gradescope-autograders.readthedocs.io, "Specifications": Output format.
    private struct Gradescope: Encodable {
        struct Test: Encodable {
            let name: String
            let number: String
            let score: Int
            let max_score: Int
            /// `passed` or `failed`; nil for what is neither.
            let status: String?
            let output: String
            let tags: [String]
            let visibility = "visible"
        }
        let score: Int
        let output: String
        let visibility = "visible"
        /// Only instructors see what the grader itself says.
        let stdout_visibility = "hidden"
        let tests: [Test]
    }

    private func gradescope(_ entry: GradeBook.Entry, _ text: GradeText) throws(LabError) -> String {
        let tests = entry.lines.map { line in
            let (score, most) = earned(line)
            return Gradescope.Test(
                name: text.title(line.exercise), number: "\(line.exercise.number)", score: score,
                max_score: most,
                status: line.outcome == .passed ? "passed" : line.outcome == .notPassed ? "failed" : nil,
                output: text.said(line), tags: [line.exercise.id, line.outcome.rawValue])
        }
        return try Self.json(
            Gradescope(
                score: entry.points, output: entry.refusal.map { text.said($0) } ?? text.say("graded by lab"),
                tests: tests)) + "\n"
    }

    // schemas/result-v1.schema.json of foundation50/classroom50.
    private struct Classroom50: Encodable {
        struct Test: Encodable {
            let name: String
            let passed: Bool
            let score: Int
            let most: Int
            let outcome: String
            let output: String
            enum CodingKeys: String, CodingKey {
                case name = "test-name", passed, score, most = "max-score", outcome, output
            }
        }
        let schema = "classroom50/result/v1"
        let classroom: String
        let assignment: String
        let assignment_type = "individual"
        let owner: String
        let submission: String
        let commit: String
        let release: String
        let review: String
        let datetime: String
        let score: Int
        let most: Int
        let tests: [Test]
        enum CodingKeys: String, CodingKey {
            case schema, classroom, assignment, assignment_type, owner, submission, commit, release, review
            case datetime, score, most = "max-score", tests
        }
    }

    /// What the runner says of a submission stands where it is a runner's; else what is known of the archive.
    private func classroom50(
        _ entry: GradeBook.Entry, _ book: GradeBook, _ text: GradeText
    ) throws(LabError) -> String {
        func told(_ name: String, _ own: String) -> String {
            text.environment[name].flatMap { $0.isEmpty ? nil : $0 } ?? own
        }
        let archive = "sha256:\(entry.found.digest)"
        let time = RFC3339.text(entry.found.received)
        let commit = told("COMMIT_URL", archive)
        let tests = entry.lines.map { line in
            let (score, most) = earned(line)
            return Classroom50.Test(
                name: line.exercise.id, passed: line.outcome == .passed, score: score, most: most,
                outcome: line.outcome.rawValue, output: text.said(line))
        }
        return try Self.json(
            Classroom50(
                classroom: told("CLASSROOM", book.course.title), assignment: told("ASSIGNMENT", "exercises"),
                owner: entry.name,
                submission: told(
                    "SUBMISSION_TAG",
                    "submit/\(RFC3339.compact(entry.found.received))-\(entry.found.digest.prefix(7))"),
                commit: commit, release: told("RELEASE_URL", archive), review: told("REVIEW_URL", commit),
                datetime: time, score: entry.points, most: tests.reduce(0) { $0 + $1.most }, tests: tests))
            + "\n"
    }

    /// Autolab takes the last line: `{"scores": {PROBLEM: POINTS}}`. What is not decided is not in it and stays as it is there.
    private func autolab(_ entry: GradeBook.Entry, _ text: GradeText) throws(LabError) -> String {
        struct Last: Encodable { let scores: [String: Int] }
        // What nothing could be taken of earned nothing.
        let decided = entry.lines.compactMap { line in
            (entry.refusal == nil ? line.points : 0).map { (line.exercise.id, $0) }
        }
        let lines =
            entry.refusal.map { [text.said($0)] }
            ?? entry.lines.map { "\($0.exercise.id): \(text.said($0))" }
        let last = Last(scores: Dictionary(decided, uniquingKeysWith: { first, _ in first }))
        return (lines + [try Self.json(last, isPretty: false)]).joined(separator: "\n") + "\n"
    }

    /// A row for each student; columns that Moodle's import maps by their titles. An empty cell is no grade.
    private func moodle(_ book: GradeBook, _ text: GradeText) -> String {
        let titles = book.exercises.flatMap { exercise in
            let title = "\(exercise.number) \(text.title(exercise))"
            return [title, text.say("\(title) (feedback)")]
        }
        let rows = book.entries.compactMap { entry in
            entry.student.map { student in
                [student]
                    + entry.lines.flatMap { line in [line.points.map { "\($0)" } ?? "", text.said(line)] }
            }
        }
        return CSVText.write([["username"] + titles] + rows)
    }
}
