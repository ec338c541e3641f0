import LabFile
import Testing

@testable import LabCore

/// The questions of labs, and what is taken for an answer.
@Suite struct PredictionTests {
    private func lab(_ questions: Int) -> LabDefinition {
        let text = LocalizedText(en: "Test", zh: "测试")
        var lab = LabDefinition(
            id: "test", title: text, question: text, dimension: "", engines: [.process], workload: "noop",
            method: .lifecycle, metrics: [], samples: .init(default: 1, warmup: 0), budgetSeconds: 1,
            timeoutSeconds: 1, memoryBytes: 1 << 20, cpus: 1, claims: [])
        lab.predictions = questions == 0 ? nil : (0..<questions).map { _ in .init(question: text) }
        return lab
    }

    private func answers(_ text: String, to questions: Int = 3) throws -> [String] {
        try lab(questions).answers(in: Array(text.utf8), name: "file")
    }

    @Test("Line n answers question n; an empty line, and what is not there, answers nothing")
    func aLineForEachQuestion() throws {
        #expect(try answers("one\n\n three \n") == ["one", "", "three"])
        #expect(try answers("one") == ["one", "", ""])
        #expect(try answers("") == ["", "", ""])
        #expect(try answers("one\ntwo\nthree\n\n  \n") == ["one", "two", "three"])
    }

    @Test("More lines than questions, a long line, and a lab that asks nothing are refused")
    func refused() throws {
        for (text, questions, kind) in [
            ("1\n2\n3\n4", 3, LabError.Kind.data), (String(repeating: "x", count: 1_001), 3, .data),
            ("1", 0, .usage),
        ] {
            let error = #expect(throws: LabError.self) { try answers(text, to: questions) }
            #expect(error?.kind == kind && error?.remedy != nil)
        }
    }

    @Test("Whatever bytes an answer has, what is kept of it acts on nobody")
    func hostileAnswers() throws {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<200 {
            let bytes = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let answer = try LabDefinition.answer(bytes)
            #expect(!answer.unicodeScalars.contains(where: ForeignText.acts))
        }
        #expect(try answers("\u{1b}[2J\u{202e}x\n", to: 1) == [#"\x1b[2J\u{202e}x"#])
    }

    @Test("Every lab of this checkout asks, and sets beside the answers what it measures")
    func everyLabAsks() throws {
        let catalogue = try LabDirectory.open("\(checkout)/labs")
        for id in catalogue.ids {
            let lab = try catalogue.definition(id)
            let predictions = try lab.askedQuestions()
            for prediction in predictions {
                for shown in prediction.shows {
                    let metric = lab.metrics.first { $0.id == shown.metric }
                    #expect(lab.measures(metric, at: shown.at), "\(id) shows \(shown.at.text)")
                }
            }
            #expect(predictions.contains { !$0.shows.isEmpty }, "\(id)")
            for name in ["README.md", "README.zh.md"] {
                let text = try Files.readText("\(checkout)/labs/\(id)/\(name)")
                #expect(text.contains("`./lab run \(id) --predict`"), "\(id)/\(name)")
            }
        }
    }
}
