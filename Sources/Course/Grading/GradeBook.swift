import LabCore

/// What every student of a course has earned: what the formats write.
package struct GradeBook: Sendable {
    /// An archive that was found and what came of it.
    package struct Found: Sendable {
        /// Its path below the directory of the submissions.
        package var file: String
        /// When it was last written to, in seconds since the Epoch.
        package var received: Int
        /// SHA-256 of it.
        package var digest: String
        package var result: Result<GradedSubmission, LabError>

        package init(file: String, received: Int, digest: String, result: Result<GradedSubmission, LabError>)
        {
            (self.file, self.received, self.digest, self.result) = (file, received, digest, result)
        }
    }

    /// One exercise of one archive.
    package struct Line: Sendable {
        package var exercise: ExerciseDefinition
        package var item: CourseDefinition.Item
        package var grade: ExerciseGrade
        /// Why the whole archive could not be judged.
        package var fault: LabError?
        /// True when the archive was written after the exercise was due.
        package var isLate: Bool

        package var outcome: ExerciseGrade.Outcome { fault == nil ? grade.outcome : .ungradable }
        /// Nil for what nobody has decided yet, and for what was not handed in: it may still come.
        package var points: Int? {
            switch outcome {
            case .passed: item.points
            case .notPassed: 0
            case .review, .ungradable, .missing: nil
            }
        }
    }

    package struct Entry: Sendable {
        package var found: Found
        package var student: String?
        package var refusal: LabError?
        /// One for each exercise of the course; those of a refused archive are missing.
        package var lines: [Line]

        /// What it is called: the student, or the file where nobody knows whose it is.
        package var name: String { student ?? file }
        /// The path of the archive, of which nothing acts.
        var file: String { ForeignText.line(found.file, most: 200) }
        /// The same as a part of a file's name.
        package var fileName: String {
            let plain = name.map {
                $0.isASCII && ($0.isLetter || $0.isNumber || "-_.@+".contains($0)) ? $0 : "_"
            }
            return String(plain.suffix(100))
        }
        /// What is decided of it.
        package var points: Int { lines.reduce(0) { $0 + ($1.points ?? 0) } }
    }

    package let course: CourseDefinition
    /// Of the course, in its order.
    package let exercises: [ExerciseDefinition]
    /// By name, then by file.
    package let entries: [Entry]
    /// Archives of students who have handed in a later one.
    package let superseded: [Entry]

    package init(_ course: CourseDefinition, known: [ExerciseDefinition], _ found: [Found]) {
        self.course = course
        let pairs = course.items.compactMap { item in
            known.first { $0.id == item.exercise }.map { (item, $0) }
        }
        exercises = pairs.map(\.1)
        let all = found.map { Self.entry($0, pairs) }.sorted {
            ($0.name, $1.found.received, $0.found.file) < ($1.name, $0.found.received, $1.found.file)
        }
        var seen: Set<String> = []
        let counts = all.map { $0.student == nil || seen.insert($0.name).inserted }
        entries = zip(all, counts).filter(\.1).map(\.0)
        superseded = zip(all, counts).filter { !$0.1 }.map(\.0)
    }

    private static func entry(
        _ found: Found, _ pairs: [(CourseDefinition.Item, ExerciseDefinition)]
    ) -> Entry {
        var entry = Entry(found: found, student: nil, refusal: nil, lines: [])
        var grades: [ExerciseGrade] = []
        var fault: LabError?
        switch found.result {
        case .success(let graded):
            (entry.student, entry.refusal, grades) = (graded.student, graded.refusal, graded.exercises)
        case .failure(let error): fault = error
        }
        entry.lines = pairs.map { item, exercise in
            Line(
                exercise: exercise, item: item,
                grade: grades.first { $0.exercise == exercise.id } ?? ExerciseGrade(exercise: exercise.id),
                fault: fault, isLate: item.due.map { found.received > $0 } ?? false)
        }
        return entry
    }

    /// What is alike, exercise by exercise.
    package var matches: [Similarity.Match] {
        exercises.flatMap { exercise in
            Similarity.matches(
                exercise.id,
                entries.compactMap { entry in
                    guard let student = entry.student else { return nil }
                    return entry.lines.first { $0.exercise.id == exercise.id }.map { (student, $0.grade) }
                })
        }
    }
}

// What is said of it to the student.
extension GradeBook.Line {
    package var said: Message {
        if let fault { return Self.ungradable(fault) }
        let runs = grade.runs.count
        switch outcome {
        case .passed: return "passed in all of \(runs) runs"
        case .notPassed: return "not passed: \(grade.telling?.seen ?? "nothing")"
        case .review: return "the \(runs) runs do not agree; your instructor looks at it"
        case .ungradable:
            return Self.ungradable(
                grade.telling?.error ?? LabError(.unavailable, "the machine did not say why"))
        case .missing: return "nothing was handed in for this exercise"
        }
    }

    private static func ungradable(_ error: LabError) -> Message {
        "this could not be judged, which costs nothing and is tried again: \(error.reason)"
    }
}

// The tables for the instructor.
extension GradeBook {
    /// A row for each exercise of each archive. Nothing in it but the mistake can change when it is graded again.
    package func table(_ text: GradeText) -> String {
        let titles = [
            "student", "exercise", "outcome", "points", "of", "late", "prediction", "explanation",
            "mistake", "file", "reason",
        ]
        var rows = [titles]
        for entry in entries { for line in entry.lines { rows.append(row(entry, line, text)) } }
        return CSVText.write(rows)
    }

    private func row(_ entry: Entry, _ line: Line, _ text: GradeText) -> [String] {
        let outcome = entry.refusal == nil ? line.outcome.rawValue : "refused"
        let points = line.points.map { "\($0)" } ?? ""
        let reason = (entry.refusal ?? line.fault).map { text.said($0) } ?? ""
        func word(_ isThere: Bool) -> String { isThere ? "yes" : "no" }
        return [
            entry.student ?? "", line.exercise.id, outcome, points, "\(line.item.points)",
            line.isLate ? "late" : "", word(line.grade.hasPrediction), word(line.grade.hasExplanation),
            line.grade.telling?.mistake ?? "", entry.file, reason,
        ]
    }

    /// A row for each match: how much of the shingles of two artefacts both have.
    package var similarity: String {
        let rows = matches.map { match in
            let percent = Int((100 * match.share).rounded())
            return [match.exercise, "\(percent)", match.students.joined(separator: " ")]
        }
        return CSVText.write([["exercise", "percent", "students"]] + rows)
    }
}
