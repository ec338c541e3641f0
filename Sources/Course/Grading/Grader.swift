import Artifacts
import LabCore

/// Judges archives of anybody's, in the name of a course.
///
/// Each artefact is run several times with parameters that secret, student, artefact and number of the run decide: nobody
/// knows them before, and who grades again gets the same. It is to live in a process of its own for each archive, so that
/// whatever ends it is seen from outside.
package struct Grader: Sendable {
    /// Those of the course, in its order.
    package let exercises: [ExerciseDefinition]
    /// All that a student may have handed in with them.
    package let known: [ExerciseDefinition]
    package let secret: ParameterKey
    /// Names it: two graders of one identity find the same.
    package let identity: String

    /// The runs of an artefact.
    package static let runs = 3

    /// - Parameters:
    ///   - version: of the program.
    ///   - guest: the digest of the tree that guests have in which it judges; nil for rooms of this machine.
    package init(
        _ course: CourseDefinition, known: [ExerciseDefinition], secret: ParameterKey, version: String,
        guest: String? = nil
    ) {
        exercises = course.items.compactMap { item in known.first { $0.id == item.exercise } }
        (self.known, self.secret) = (known, secret)
        let names = exercises.map { "\($0.id) \($0.oracle) \($0.files.joined(separator: ","))" }
        // Not the points, nor the dates: what they change is no verdict.
        let own = names + [secret.derived("grader").hexadecimal] + (guest.map { ["guest=\($0)"] } ?? [])
        let text = ([version] + own).joined(separator: "\n")
        identity = "\(version)-\(Digest.sha256(Array(text.utf8)).prefix(16))"
    }

    /// Judges an archive in rooms of this machine.
    /// - Parameter limit: the time that an artefact has at a point.
    /// - Throws: `.interrupted` on a signal.
    package func grade(
        _ archive: [UInt8], _ context: RunContext, limit: Duration = CheckBench.limit
    ) throws(LabError) -> GradedSubmission {
        try grade(archive) { (pieces) throws(LabError) in
            var runs: [String: [ExerciseGrade.Run]] = [:]
            for piece in pieces { runs[piece.exercise] = try piece.judged(context, limit: limit) }
            return runs
        }
    }

    /// Takes an archive apart and has its artefacts judged.
    /// - Parameter judge: returns the runs by the exercises; is not asked where there is nothing to judge.
    /// - Throws: what `judge` throws.
    package func grade(
        _ archive: [UInt8],
        by judge: ([GradingPiece]) throws(LabError) -> [String: [ExerciseGrade.Run]]
    ) throws(LabError) -> GradedSubmission {
        var graded = GradedSubmission(submission: Digest.sha256(archive), grader: identity)
        let submission: Submission
        do throws(LabError) {
            submission = try Submission(archive: archive, exercises: known)
            try submission.require(submission.manifest.student, of: secret)
        } catch {
            guard error.kind == .data else { throw error }
            graded.refusal = error
            return graded
        }
        graded.student = submission.manifest.student
        var pieces: [GradingPiece] = []
        for exercise in exercises {
            var grade = ExerciseGrade(exercise: exercise.id)
            let files = submission.files[exercise.id] ?? [:]
            grade.hasPrediction = files[CourseDirectory.predictionFile] != nil
            grade.hasExplanation = files[CourseDirectory.explanationFile] != nil
            if let artefact = submission.artefact(of: exercise) {
                grade.digest = artefact.digest
                grade.shingles = Similarity.shingles(of: artefact)
                let keys = (0..<Self.runs).map { run in
                    secret.grading(
                        submission.manifest.student, exercise: exercise.id, digest: artefact.digest, run: run)
                }
                pieces.append(GradingPiece(exercise, artefact, keys: keys))
            }
            graded.exercises.append(grade)
        }
        guard !pieces.isEmpty else { return graded }
        let runs = try judge(pieces)
        for index in graded.exercises.indices where graded.exercises[index].digest != nil {
            graded.exercises[index].runs = runs[graded.exercises[index].exercise] ?? []
        }
        return graded
    }
}
