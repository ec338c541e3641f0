/// An exercise as `exercises/NN-<id>/exercise.yaml` defines it, validated.
public struct ExerciseDefinition: Equatable, Sendable {
    /// The name of its folder behind the number.
    public var id: String
    /// Its place in the course, from 1.
    public var number: Int
    public var title: LocalizedText
    /// What the student makes, in a sentence.
    public var summary: LocalizedText
    public var points: Int
    /// The time that it takes, about.
    public var minutes: Int
    /// The name of the oracle that judges it.
    public var oracle: String
    /// The names of what is handed in. The first is the program; the others may be missing.
    public var files: [String]
    /// The questions that are answered before the first check.
    public var predictions: [LocalizedText]
    public var hints: [Hint]

    public init(
        id: String, number: Int, title: LocalizedText, summary: LocalizedText, points: Int, minutes: Int,
        oracle: String, files: [String], predictions: [LocalizedText], hints: [Hint]
    ) {
        (self.id, self.number, self.title, self.summary) = (id, number, title, summary)
        (self.points, self.minutes, self.oracle, self.files) = (points, minutes, oracle, files)
        (self.predictions, self.hints) = (predictions, hints)
    }

    /// Three steps that lead away from one mistake; none is the solution.
    public struct Hint: Equatable, Sendable {
        /// The mistake, as the oracle names it.
        public var mistake: String
        /// What the check saw, the idea that explains it, and where to read.
        public var steps: [LocalizedText]

        public init(mistake: String, steps: [LocalizedText]) { (self.mistake, self.steps) = (mistake, steps) }
    }
}
