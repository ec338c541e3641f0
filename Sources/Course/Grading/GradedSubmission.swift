import LabCore

/// What a grader found in one archive: a pure function of archive, secret and grader, but for what a machine could not tell.
package struct GradedSubmission: Codable, Equatable, Sendable {
    package static let format = "lab-grade/1"

    package var format = GradedSubmission.format
    /// SHA-256 of the archive.
    package var submission: String
    /// `Grader.identity`.
    package var grader: String
    /// Whose it is, as its seal shows; nil for one that was refused.
    package var student: String?
    /// Why nothing of it was judged: it is no submission, or nobody's of this course.
    package var refusal: LabError?
    /// One for each exercise of the course, in its order.
    package var exercises: [ExerciseGrade] = []

    package init(submission: String, grader: String) { (self.submission, self.grader) = (submission, grader) }

    /// False while it may be judged otherwise on another machine, or later on this one.
    package var isFinal: Bool { !exercises.contains { $0.outcome == .ungradable } }
}

/// What was found of one exercise in several runs.
package struct ExerciseGrade: Codable, Equatable, Sendable {
    package enum Outcome: String, Codable, Sendable, CaseIterable {
        case passed
        case notPassed = "not-passed"
        /// The runs do not agree: somebody has to look.
        case review
        /// The machine could not tell, which costs nothing and is tried again.
        case ungradable
        /// Nothing was handed in.
        case missing
    }

    /// One check with parameters of its own.
    package struct Run: Codable, Equatable, Sendable {
        package var verdict: CheckVerdict.Name
        package var mistake: String?
        /// At its last point.
        package var seen: Message?
        package var error: LabError?

        package init(_ verdict: CheckVerdict) {
            self.verdict = verdict.name
            mistake = verdict.mistake
            seen = verdict.judgements.last?.seen
            if case .ungradable(let error) = verdict { self.error = error }
        }
    }

    package var exercise: String
    /// Of the artefact.
    package var digest: String?
    package var runs: [Run] = []
    /// Whether the texts that people read were handed in with it.
    package var hasPrediction = false
    package var hasExplanation = false
    /// See `Similarity`; sorted.
    package var shingles: [UInt64] = []

    package init(exercise: String) { self.exercise = exercise }

    package var outcome: Outcome {
        let verdicts = Set(runs.map(\.verdict))
        if verdicts.isEmpty { return .missing }
        if verdicts.contains(.ungradable) { return .ungradable }
        if verdicts.count > 1 { return .review }
        return verdicts.contains(.passed) ? .passed : .notPassed
    }

    /// The run that says why it is not passed: one that knows the mistake, where one does. What a run saw may be otherwise when
    /// it is graded again, since it is counters and moments; whether it was right is not.
    package var telling: Run? {
        runs.first { $0.mistake != nil } ?? runs.last { $0.verdict != .passed } ?? runs.last
    }
}
