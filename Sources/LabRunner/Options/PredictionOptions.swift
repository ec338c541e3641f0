import ArgumentParser
import Glibc
import LabCore
import Texts

/// What the user expects of a run, written down before it starts. No words of the run: who repeats it knows the figures.
struct PredictionOptions: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Ask the lab's questions on the terminal before anything is measured; the report shows your answers beside the figures. An empty line leaves a question out."
        ))
    var predict = false

    @Option(
        help: ArgumentHelp(
            "Take the answers from a file instead: one line for each question, in their order.",
            valueName: "FILE"))
    var predictions: String?

    /// More bytes than all answers may have.
    private static let mostBytes = 64 << 10

    var isAsked: Bool { predict || predictions != nil }

    /// The answers to the lab's questions; nil where they are not wanted.
    /// - Throws: `.usage` where the lab asks nothing, or nobody is there to be asked.
    func answers(to lab: LabDefinition, in text: Language) throws(LabError) -> [String]? {
        if let predictions {
            guard !predict else {
                throw LabError(
                    .usage, "--predict asks for what --predictions brings", remedy: "give one of them")
            }
            return try lab.answers(in: Files.read(predictions, limit: Self.mostBytes), name: predictions)
        }
        guard predict else { return nil }
        let questions = try lab.askedQuestions().map { text[$0.question] }
        guard isatty(STDIN_FILENO) == 1 else {
            throw LabError(
                .usage, "nobody can be asked for predictions", cause: "standard input is no terminal",
                remedy:
                    "write the answers into a file, one line for each question, and name it with --predictions FILE"
            )
        }
        return try Self.ask(questions, text)
    }

    /// - Parameter questions: in the reader's language.
    private static func ask(_ questions: [String], _ text: Language) throws(LabError) -> [String] {
        var answers: [String] = []
        for (place, question) in questions.enumerated() {
            Terminal.say("\(place + 1)/\(questions.count)  \(ForeignText.line(question))")
            // The end of the input leaves the rest out.
            guard let line = readLine() else { break }
            answers.append(try LabDefinition.answer(Array(line.utf8)))
        }
        return answers + Array(repeating: "", count: questions.count - answers.count)
    }
}
