import LabCore

/// A test of an exercise itself: what is right passes, and nothing else does.
///
/// Solutions are the instructor's, in a directory that no student is given: `NN-<id>/reference/` and `NN-<id>/wrong/<mistake>/`,
/// each with the files of an artefact; `wrong/<mistake>.<name>/` makes a mistake in another way.
package struct SelfTest: Sendable {
    /// An answer and what is to come of it.
    package enum Case: Equatable, Sendable {
        case reference
        /// A wrong solution by its folder, whose name begins with the mistake whose hint is meant for it.
        case wrong(String)
        /// A program that prints the same whatever it is asked.
        case constant
        /// A program without a line.
        case empty
        /// The reference with what it was asked another time.
        case stale
        /// What another student handed in.
        case copied

        package var name: String {
            switch self {
            case .reference: "reference"
            case .wrong(let mistake): "wrong/\(mistake)"
            case .constant: "constant"
            case .empty: "empty"
            case .stale: "stale"
            case .copied: "copied"
            }
        }
    }

    /// What came of an answer.
    package struct Row: Sendable {
        package let exercise: String
        package let name: String
        /// Nil where this machine can't tell.
        package let isAsMeant: Bool?
        package let seen: Message
    }

    package let exercise: ExerciseDefinition
    /// The folder of its solutions.
    package let solutions: String
    package let context: RunContext
    /// Everything random in it.
    package let secret: ParameterKey

    package init(
        _ exercise: ExerciseDefinition, solutions: String, _ context: RunContext,
        secret: ParameterKey = .random()
    ) {
        (self.exercise, self.solutions, self.context, self.secret) = (exercise, solutions, context, secret)
    }

    /// Who checks.
    private static let student = "student"
    private static let neighbour = "neighbour"

    /// Every case of an exercise, in order; a mistake without a wrong solution is one too.
    /// - Parameter solutions: the folder of the exercise's.
    package static func cases(of exercise: ExerciseDefinition, _ solutions: String) -> [Case] {
        let others = Files.list("\(solutions)/wrong").filter { $0.contains(".") }.sorted()
        return [.reference] + exercise.hints.map { .wrong($0.mistake) } + others.map { .wrong($0) }
            + [.constant, .empty, .stale, .copied]
    }

    /// The mistake that a folder of wrong solutions is for.
    package static func mistake(_ folder: String) -> String { String(folder.prefix { $0 != "." }) }

    /// - Throws: `.interrupted` on a signal, and what is wrong with the solutions' files.
    package func row(_ answer: Case) throws(LabError) -> Row {
        if answer == .copied { return try copied() }
        let oracle = try Oracles.named(exercise.oracle)
        let key = secret.ticket(of: Self.student).ownChecks(of: exercise.id, round: 0)
        let verdict = try Check(oracle, key, context).verdict(
            on: try Self.artefact(answer, of: exercise, solutions, secret))
        let seen = verdict.judgements.last?.seen ?? "nothing"
        switch (verdict, answer) {
        case (.ungradable(let error), _): return made(answer, nil, error.reason)
        case (.passed, .reference): return made(answer, true, seen)
        case (.notPassed, .wrong(let folder)) where verdict.mistake == Self.mistake(folder):
            return made(answer, true, seen)
        case (.notPassed, .wrong):
            return made(answer, false, "another hint than its own, \(verdict.mistake.or("none")): \(seen)")
        case (.notPassed, .constant), (.notPassed, .empty), (.notPassed, .stale):
            return made(answer, true, seen)
        default: return made(answer, false, seen)
        }
    }

    private func made(_ answer: Case, _ isAsMeant: Bool?, _ seen: Message) -> Row {
        Row(exercise: exercise.id, name: answer.name, isAsMeant: isAsMeant, seen: seen)
    }

    /// What is handed in as an answer.
    /// - Parameters:
    ///   - solutions: the folder of the exercise's.
    ///   - secret: whose other parameters a stale one has.
    package static func artefact(
        _ answer: Case, of exercise: ExerciseDefinition, _ solutions: String, _ secret: ParameterKey
    ) throws(LabError) -> Artefact {
        let program = exercise.files.first ?? ""
        func solution(_ name: String) throws(LabError) -> Artefact {
            try Artefact.read("\(solutions)/\(name)", files: exercise.files)
        }
        switch answer {
        case .reference, .copied: return try solution("reference")
        case .wrong(let mistake): return try solution("wrong/\(mistake)")
        case .constant: return Artefact(program: program, files: [program: Array("#!/bin/sh\necho 1\n".utf8)])
        case .empty: return Artefact(program: program, files: [program: []])
        case .stale:
            // The reference under another name, and the words of a check with other parameters.
            var draw = secret.ticket(of: student).ownChecks(of: exercise.id, round: 1).draw(point: 0)
            let words = ShellText.join(try Oracles.named(exercise.oracle).words(0, &draw))
            var artefact = try solution("reference")
            artefact.files["other"] = artefact.files[program]
            artefact.files[program] = Array("#!/bin/sh\nexec \"${0%/*}/other\" \(words)\n".utf8)
            return artefact
        }
    }

    /// What a neighbour handed in is refused in the student's name: as it is, and with the name changed.
    private func copied() throws(LabError) -> Row {
        let theirs = CourseDirectory.Student(
            name: Self.neighbour, ticket: secret.ticket(of: Self.neighbour).hexadecimal)
        let reference = try Self.artefact(.reference, of: exercise, solutions, secret)
        let archive = try Submission(theirs, [exercise.id: reference.files]).archive()
        var submission = try Submission(archive: archive, exercises: [exercise])
        guard (try? submission.require(Self.neighbour, of: secret)) != nil else {
            return made(.copied, false, "a submission is refused to who made it")
        }
        for name in [Self.neighbour, Self.student] {
            submission.manifest.student = name
            if (try? submission.require(Self.student, of: secret)) != nil {
                return made(.copied, false, "a neighbour's submission was accepted")
            }
        }
        guard (try? submission.require(Self.neighbour, of: .random())) == nil else {
            return made(.copied, false, "a submission of another course was accepted")
        }
        return made(.copied, true, "a neighbour's submission was refused")
    }
}
