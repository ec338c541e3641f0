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
    /// The tries of a run, where the machine could not tell.
    private static let tries = 2
    /// Between two tries.
    private static let pause = Duration.seconds(2)

    /// - Parameter version: of the program.
    package init(
        _ course: CourseDefinition, known: [ExerciseDefinition], secret: ParameterKey, version: String
    ) {
        exercises = course.items.compactMap { item in known.first { $0.id == item.exercise } }
        (self.known, self.secret) = (known, secret)
        let names = exercises.map { "\($0.id) \($0.oracle) \($0.files.joined(separator: ","))" }
        // Not the points, nor the dates: what they change is no verdict.
        let text = ([version] + names + [secret.derived("grader").hexadecimal]).joined(separator: "\n")
        identity = "\(version)-\(Digest.sha256(Array(text.utf8)).prefix(16))"
    }

    /// - Parameter limit: the time that an artefact has at a point.
    /// - Throws: `.interrupted` on a signal.
    package func grade(
        _ archive: [UInt8], _ context: RunContext, limit: Duration = CheckBench.limit
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
        for exercise in exercises {
            graded.exercises.append(try grade(exercise, of: submission, context, limit))
        }
        return graded
    }

    private func grade(
        _ exercise: ExerciseDefinition, of submission: Submission, _ context: RunContext, _ limit: Duration
    ) throws(LabError) -> ExerciseGrade {
        var grade = ExerciseGrade(exercise: exercise.id)
        let files = submission.files[exercise.id] ?? [:]
        grade.hasPrediction = files[CourseDirectory.predictionFile] != nil
        grade.hasExplanation = files[CourseDirectory.explanationFile] != nil
        guard let artefact = submission.artefact(of: exercise) else { return grade }
        grade.digest = artefact.digest
        grade.shingles = Similarity.shingles(of: artefact)
        let oracle = try Oracles.named(exercise.oracle)
        for run in 0..<Self.runs {
            let key = secret.grading(
                submission.manifest.student, exercise: exercise.id, digest: artefact.digest, run: run)
            let check = Check(oracle, key, context, limit: limit)
            var verdict = try check.verdict(on: artefact)
            for _ in 1..<Self.tries where verdict.name == .ungradable {
                try context.interrupt.wait(until: .now().advanced(by: Self.pause))
                verdict = try check.verdict(on: artefact)
            }
            grade.runs.append(ExerciseGrade.Run(verdict))
            // What this machine can't tell once it can't tell at all.
            if verdict.name == .ungradable { break }
        }
        return grade
    }
}
