import Testing

@testable import Course
@testable import LabCore
@testable import LabFile

enum ExerciseDirectoryFiles {
    static func names(of exercise: ExerciseDefinition) throws -> [String] {
        let directory = try ExerciseDirectory.open("\(checkout)/exercises", oracles: Oracles.mistakes)
        return Files.list(directory.folder(of: exercise))
    }
}

@Suite struct ExerciseFileTests {
    static let plain = """
        title: {en: A, zh: 甲}
        summary: {en: B, zh: 乙}
        points: 5
        minutes: 10
        oracle: known
        files: [program]
        predictions:
          - {en: "C?", zh: 丙？}
        hints:
          - mistake: one
            seen: {en: D, zh: 丁}
            idea: {en: E, zh: 戊}
            read: {en: F, zh: 己}

        """

    private func parse(_ text: String, folder: String = "03-name") throws -> ExerciseDefinition {
        try ExerciseFile.parse(
            Array(text.utf8), name: "exercise.yaml", folder: folder, oracles: ["known": ["one"]])
    }

    @Test("An exercise is read, its id and number from its folder")
    func aDefinitionIsRead() throws {
        let exercise = try parse(Self.plain)
        #expect((exercise.number, exercise.id, exercise.points) == (3, "name", 5))
        #expect(exercise.hints.first?.steps.map { $0[.english] } == ["D", "E", "F"])
        #expect(exercise.predictions.first?[.chinese] == "丙？")
    }

    @Test(
        "What is wrong is named with its line",
        arguments: [
            ("oracle: known", "oracle: knwn", "did you mean \"known\"?"),
            ("points: 5", "points: 0", "from 1 to 100"),
            ("points: 5", "poinst: 5", "did you mean \"points\"?"),
            ("mistake: one", "mistake: two", "unknown mistake"),
            ("files: [program]", "files: [../program]", "lower-case letters"),
            ("files: [program]", "files: [task.md]", "the course's own"),
            ("files: [program]", "files: []", "is empty"),
            ("{en: F, zh: 己}", "{en: F}", "has no \"zh\""),
        ])
    func mistakesAreNamed(_ old: String, _ new: String, _ said: String) {
        let error = #expect(throws: LabError.self) { try parse(Self.plain.replacing(old, with: new)) }
        #expect(error?.kind == .data)
        #expect(error?.message.english.contains(said) == true, "\(error?.message.english ?? "")")
    }

    @Test("A mistake without a hint, or with two, is an error")
    func everyMistakeHasOneHint() throws {
        let bytes = Array(Self.plain.utf8)
        let error = #expect(throws: LabError.self) {
            try ExerciseFile.parse(
                bytes, name: "exercise.yaml", folder: "03-name", oracles: ["known": ["one", "two"]])
        }
        #expect(error?.message.english.contains("\"two\" has no hint") == true)
        let hint = Self.plain[try #require(Self.plain.range(of: "  - mistake")).lowerBound...]
        #expect(throws: LabError.self) { try parse(Self.plain + hint) }
    }

    @Test(
        "A folder that is no number and id is an error",
        arguments: ["name", "3-name", "00-name", "03-", "ab-name"])
    func folders(_ folder: String) {
        #expect(throws: LabError.self) { try parse(Self.plain, folder: folder) }
    }

    @Test("Any bytes are a definition or an error of data")
    func anyBytes() {
        var generator = SeededGenerator(seed: 7)
        let plain = Array(Self.plain.utf8)
        for _ in 0..<300 {
            var bytes = plain
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            do {
                _ = try ExerciseFile.parse(bytes, name: "x", folder: "03-name", oracles: ["known": ["one"]])
            } catch {
                #expect(error.kind == .data)
            }
        }
    }

    @Test("Each exercise has its texts in both languages, and an oracle of its own")
    func exercisesAreWhole() throws {
        let directory = try ExerciseDirectory.open("\(checkout)/exercises", oracles: Oracles.mistakes)
        let all = try directory.all()
        #expect(Set(all.map(\.oracle)) == Set(Oracles.all.map(\.id)))
        #expect(all.map(\.number) == all.map(\.number).sorted())
        for exercise in all {
            for name in ["task", "reveal"] {
                let (english, chinese) = (
                    try directory.text(name, of: exercise, in: .english),
                    try directory.text(name, of: exercise, in: .chinese)
                )
                #expect(chinese != english && chinese.contains("练习 \(exercise.number)："))
                #expect(english.hasPrefix("# Exercise \(exercise.number): "))
            }
            let task = try directory.text("task", of: exercise, in: .english)
            #expect(task.contains("\(exercise.points) points, about \(exercise.minutes) minutes"))
            #expect(try directory.definition("\(exercise.number)") == exercise)
        }
        #expect(throws: LabError.self) { try directory.definition("unshar") }
    }
}
