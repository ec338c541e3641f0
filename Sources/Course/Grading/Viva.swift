import Artifacts
import LabCore

/// A question for one student about what that student handed in: who wrote it can say what it does when one word changes.
package struct VivaQuestion: Sendable {
    package var student: String
    package var exercise: ExerciseDefinition
    /// What was handed in, the file that is run first.
    package var files: [(name: String, bytes: [UInt8])]
    /// The words that its program was graded with.
    package var words: [String]
    /// The word of them that is another one, and which.
    package var changed: (place: Int, word: String)

    /// Draws students, each with an exercise that passed. The same submissions and secret give the same.
    /// - Parameter submissions: of students whose seal has been seen.
    /// - Returns: fewer than `count` where there are not so many to ask about.
    package static func draw(
        _ count: Int, from submissions: [(submission: Submission, passed: [ExerciseDefinition])],
        secret: ParameterKey
    ) throws(LabError) -> [VivaQuestion] {
        let students = submissions.sorted {
            $0.submission.manifest.student < $1.submission.manifest.student
        }
        let text = students.map { $0.submission.manifest.text }.joined()
        var draw = secret.derived("viva", Digest.sha256(Array(text.utf8))).draw(point: 0)
        var questions: [VivaQuestion] = []
        for (submission, passed) in students.shuffled(using: &draw) {
            for exercise in passed.shuffled(using: &draw) {
                guard let question = try Self.question(exercise, submission, secret, &draw) else { continue }
                questions.append(question)
                break
            }
            if questions.count == count { break }
        }
        return questions
    }

    /// Nil where no word of the exercise's can be exchanged.
    private static func question(
        _ exercise: ExerciseDefinition, _ submission: Submission, _ secret: ParameterKey, _ draw: inout Draw
    ) throws(LabError) -> VivaQuestion? {
        guard let artefact = submission.artefact(of: exercise) else { return nil }
        let oracle = try Oracles.named(exercise.oracle)
        let student = submission.manifest.student
        func words(run: Int) -> [String] {
            var draw = secret.grading(
                student, exercise: exercise.id, digest: artefact.digest, run: run
            ).draw(point: 0)
            return oracle.words(0, &draw)
        }
        let own = words(run: 0)
        func question(_ changed: (place: Int, word: String)) -> VivaQuestion {
            let files = exercise.files.compactMap { name in artefact.files[name].map { (name, $0) } }
            return VivaQuestion(
                student: student, exercise: exercise, files: files, words: own, changed: changed)
        }
        // Runs that were never graded. A nonce says nothing: only where there is nothing else.
        var fallback: (place: Int, word: String)?
        for run in Grader.runs..<Grader.runs + 16 {
            let other = words(run: run)
            let changes = own.indices.compactMap { place in change(at: place, of: own, to: other) }
            fallback = fallback ?? changes.first
            let telling = changes.filter { Shape($0.word) != .nonce }
            if let changed = telling.randomElement(using: &draw) { return question(changed) }
        }
        return fallback.map(question)
    }

    /// A word that may stand at a place instead of the one that does: neither is one of the exercise's own.
    private static func change(
        at place: Int, of own: [String], to other: [String]
    ) -> (place: Int, word: String)? {
        func fits(_ word: String) -> Bool { !own.contains(word) && Shape(word) == Shape(own[place]) }
        guard !other.contains(own[place]) else { return nil }
        let word =
            other.indices.contains(place) && fits(other[place]) ? other[place] : other.first(where: fits)
        return word.map { (place, $0) }
    }

    /// What a word looks like, so that a number stands for a number.
    private enum Shape {
        case number, nonce, name, other

        init(_ word: String) {
            if word.allSatisfy({ $0.isASCII && $0.isNumber }) {
                self = .number
            } else if word.utf8.count == 16 && word.allSatisfy(\.isHexDigit) {
                self = .nonce
            } else {
                self = word.allSatisfy { $0.isASCII && $0.isLowercase } ? .name : .other
            }
        }
    }

    /// The question and what was handed in, for who asks.
    package func text(_ text: GradeText) -> String {
        var other = words
        other[changed.place] = changed.word
        let program = files.first?.name ?? ""
        var lines = [
            "== \(student) · \(exercise.number) \(text.title(exercise)) ==", "",
            text.say("It was graded with:   ./\(program) \(ShellText.join(words))"),
            text.say("Now it is called:     ./\(program) \(ShellText.join(other))"),
            text.say("1. Which lines of your program do something else now, and what?"),
            text.say("2. What would the check see on the host that it did not see before?"),
            text.say("3. What would go wrong if those lines were missing?"),
        ]
        for (name, bytes) in files {
            lines += ["", "-- \(name)"]
            let shown = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).prefix(200)
            lines += shown.enumerated().map { "\($0.offset + 1)\t\(ForeignText.line($0.element, most: 200))" }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
