/// A course as an instructor's COURSE.yaml defines it, validated.
public struct CourseDefinition: Equatable, Sendable {
    /// An exercise and what it is worth in this course.
    public struct Item: Equatable, Sendable {
        /// The id of the exercise.
        public var exercise: String
        public var points: Int
        /// Seconds since the Epoch; nil where nothing is late.
        public var due: Int?

        public init(exercise: String, points: Int, due: Int? = nil) {
            (self.exercise, self.points, self.due) = (exercise, points, due)
        }
    }

    public var title: String
    /// The path of the file that holds the secret.
    public var secretFile: String
    /// The language of what students read.
    public var language: Language
    /// In the order of the file, each exercise once.
    public var items: [Item]

    public init(title: String, secretFile: String, language: Language, items: [Item]) {
        (self.title, self.secretFile, self.language, self.items) = (title, secretFile, language, items)
    }
}
