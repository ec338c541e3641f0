import Artifacts
import FoundationEssentials
import Glibc
import LabCore

/// A student's directory of a course: `<id>/` has the artefact of an exercise, `.lab/` the journal and who the student is.
package struct CourseDirectory: Sendable {
    package let path: String
    package let student: Student
    package let journal: CourseJournal

    /// Who hands in, and what shows it.
    package struct Student: Codable, Equatable, Sendable {
        package var name: String
        /// 64 hexadecimal digits: the instructor's, or for who learns alone a random one.
        package var ticket: String
        /// True for a ticket that no instructor gave: one that comes later may take its place.
        package var isOwn: Bool?

        package init(name: String, ticket: String, isOwn: Bool? = nil) {
            (self.name, self.ticket, self.isOwn) = (name, ticket, isOwn)
        }

        package var key: ParameterKey? { ParameterKey(hexadecimal: ticket) }

        /// A name that can stand in a manifest and in a file's name.
        package static func isName(_ name: String) -> Bool {
            (1...64).contains(name.utf8.count) && !name.hasPrefix("-") && !name.hasPrefix(".")
                && name.utf8.allSatisfy {
                    switch $0 {
                    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                    default: "-_.@+".utf8.contains($0)
                    }
                }
        }
    }

    /// What the student writes beside the artefact: the predictions before the first check, the explanation after the last.
    package static let predictionFile = "prediction.md"
    package static let explanationFile = "explanation.md"
    /// What a program wrote to standard error at the last check.
    package static let errorFile = "last-stderr.txt"
    /// What is in a workspace for the student alone.
    package static let ownFiles = ["task.md", errorFile]

    /// Whether somebody's course is in a directory.
    package static func isOne(_ path: String) -> Bool { Files.exists(studentFile(path)) }

    private static func studentFile(_ path: String) -> String { "\(path)/.lab/student.json" }

    /// Opens one that has been made.
    /// - Throws: `.input` where there is none, `.data` for a damaged one.
    package static func open(_ path: String) throws(LabError) -> CourseDirectory {
        let file = studentFile(path)
        guard isOne(path) else {
            throw LabError(
                .input, "there is no course in \(path)",
                remedy: "lab exercise start EXERCISE; --course names another place")
        }
        let bytes = try Files.read(file, limit: 1 << 16)
        guard let student = try? JSONDecoder().decode(Student.self, from: Data(bytes)),
            Student.isName(student.name), student.key != nil
        else {
            throw LabError(
                .data, "\(file) is damaged", remedy: "delete it and start again; the artefacts stay")
        }
        return CourseDirectory(
            path: path, student: student, journal: CourseJournal(path: "\(path)/.lab/journal.jsonl"))
    }

    /// Makes one for a student.
    /// - Throws: `.output` when it can't be written.
    package static func make(_ path: String, _ student: Student) throws(LabError) -> CourseDirectory {
        try Files.makeDirectory("\(path)/.lab")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let bytes: Data
        do { bytes = try encoder.encode(student) } catch {
            throw LabError(.software, "cannot encode the student", cause: "\(error)")
        }
        try Files.write(Array(bytes), to: studentFile(path), mode: 0o600)
        return try open(path)
    }

    package func workspace(of exercise: ExerciseDefinition) -> String { "\(path)/\(exercise.id)" }

    /// The artefact in an exercise's workspace.
    package func artefact(of exercise: ExerciseDefinition) throws(LabError) -> Artefact {
        try Artefact.read(workspace(of: exercise), files: exercise.files)
    }

    /// The parameters of a student's own checks.
    package func key(of exercise: ExerciseDefinition, _ record: ExerciseRecord) throws(LabError)
        -> ParameterKey
    {
        guard let ticket = student.key else { throw LabError(.data, "the ticket of \(path) is damaged") }
        return ticket.ownChecks(of: exercise.id, round: record.round)
    }

    /// Fills an exercise's workspace; what is there already stays.
    /// - Parameters:
    ///   - files: by their names: the task, the questions, what the exercise starts from.
    /// - Returns: the names of those that were written.
    package func fill(
        _ exercise: ExerciseDefinition, _ files: [(name: String, bytes: [UInt8])]
    ) throws(LabError) -> [String] {
        let directory = workspace(of: exercise)
        try Files.makeDirectory(directory)
        var written: [String] = []
        for (name, bytes) in files where !Files.exists("\(directory)/\(name)") {
            try Files.write(
                bytes, to: "\(directory)/\(name)", mode: exercise.files.first == name ? 0o755 : 0o644)
            written.append(name)
        }
        return written
    }

    /// The student's predictions: how many of the questions have an answer, and their digest once all have.
    package func prediction(of exercise: ExerciseDefinition) throws(LabError) -> (
        answers: Int, digest: String?
    ) {
        let bytes =
            try Artefact.read(Self.predictionFile, in: workspace(of: exercise), most: Artefact.mostBytes)
            ?? []
        let answers = Self.answers(String(decoding: bytes, as: UTF8.self), exercise)
        return (answers, answers == exercise.predictions.count ? Digest.sha256(bytes) : nil)
    }

    /// The number of questions below whose number more stands than the question.
    static func answers(_ text: String, _ exercise: ExerciseDefinition) -> Int {
        var answered: Set<Int> = []
        var number: Int?
        for line in text.split(separator: "\n") {
            var words = line.drop(while: \.isWhitespace)
            if let next = exercise.predictions.indices.first(where: { words.hasPrefix("\($0 + 1).") }) {
                number = next
                words = words.drop(while: { $0 != "." }).dropFirst().drop(while: \.isWhitespace)
            }
            guard let number else { continue }
            for language in Language.allCases where words.hasPrefix(exercise.predictions[number][language]) {
                words = words.dropFirst(exercise.predictions[number][language].count)
            }
            if words.contains(where: { !$0.isWhitespace }) { answered.insert(number) }
        }
        return answered.count
    }

    /// The text of `prediction.md` before it is answered.
    package static func questions(_ exercise: ExerciseDefinition, _ language: Language) -> String {
        "# \(exercise.title[language])\n\n"
            + exercise.predictions.enumerated().map { "\($0.offset + 1). \($0.element[language])\n\n   \n" }
            .joined(separator: "\n")
    }
}
