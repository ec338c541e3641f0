extension LabDefinition {
    /// More questions than these nobody answers.
    public static let mostPredictions = 20

    /// The answers in a text: line n is that to question n, an empty line none. What is not there was not answered.
    /// - Throws: `.usage` when the lab asks nothing; `.data` for more lines than questions, or one that is too long.
    public func answers(in bytes: [UInt8], name: String) throws(LabError) -> [String] {
        let questions = try askedQuestions()
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        while let last = lines.last, last.allSatisfy({ $0 <= 0x20 }) { lines.removeLast() }
        guard lines.count <= questions.count else {
            throw LabError(
                .data,
                "\(ForeignText.line(name)) has \(lines.count) lines, and \(id) asks \(questions.count) questions",
                remedy: "write one line for each question, in their order; an empty one leaves a question out"
            )
        }
        var answers: [String] = []
        for line in lines { answers.append(try Self.answer(line)) }
        return answers + Array(repeating: "", count: questions.count - answers.count)
    }

    /// What is asked before a run.
    /// - Throws: `.usage` when that is nothing.
    public func askedQuestions() throws(LabError) -> [Prediction] {
        guard let predictions, !predictions.isEmpty else {
            throw LabError(
                .usage, "the lab \(id) asks for no predictions",
                remedy: "write your questions under \"predictions\" into its lab.yaml")
        }
        return predictions
    }

    /// One answer: as the user gave it, on one line, without what would act on whoever shows it.
    /// - Throws: `.data` for one that is too long to be set beside a figure.
    public static func answer(_ bytes: some Collection<UInt8>) throws(LabError) -> String {
        let most = 1_000
        guard bytes.count <= most else {
            throw LabError(
                .data, "an answer has \(bytes.count) bytes", cause: "at most \(most) stand beside a figure",
                remedy: "say it in fewer words")
        }
        return ForeignText.line(bytes).trimmingWhitespace()
    }
}

extension RunResult {
    /// A question of the run's lab and the answer that was given before the run; empty for none.
    public struct AnsweredPrediction: Sendable {
        public let question: LocalizedText
        public let answer: String
        public let shows: [TableRow.Shown]
    }

    /// The questions with their answers; empty where nobody was asked.
    public var predictions: [AnsweredPrediction] {
        zip(header.lab.predictions ?? [], header.predictions ?? []).map {
            AnsweredPrediction(question: $0.question, answer: $1, shows: $0.shows)
        }
    }
}
