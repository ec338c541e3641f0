import FoundationEssentials
import Testing

@testable import Course
@testable import LabCore

/// What a grading and its guest say to each other, where the guest may be anybody.
@Suite struct GuestTalkTests {
    private static let silence = LabError(.instance, "the guest is silent")
    private static let right = ExerciseGrade.Run(.passed([.right("as asked")]))
    private static let wrong = ExerciseGrade.Run(.notPassed([.wrong("host-proc", "another's")]))
    private static let unknown = ExerciseGrade.Run(.ungradable(LabError(.unavailable, "too busy")))

    private func piece(_ id: String, secret: UInt8 = 7) throws -> GradingPiece {
        let artefact = Artefact(program: "launch", files: ["launch": Array("#!/bin/sh\n".utf8)])
        let secret = ParameterKey([UInt8](repeating: secret, count: 32))
        let keys = (0..<Grader.runs).map { run in
            secret.grading("ada", exercise: id, digest: artefact.digest, run: run)
        }
        return GradingPiece(try exercise(id), artefact, keys: keys)
    }

    private func pieces() throws -> [GradingPiece] { try ["unshare", "who"].map { try piece($0) } }

    /// What is taken of it.
    private func heard(_ output: [UInt8]) throws -> [String: [ExerciseGrade.Run]] {
        GuestTalk.runs(of: try pieces(), in: output, end: Self.silence)
    }

    private func line(_ id: String, _ runs: [ExerciseGrade.Run]) throws -> [UInt8] {
        try GuestTalk.line(id, runs)
    }

    @Test("A guest is told artefacts and keys of runs, and neither the secret nor who the student is")
    func told() throws {
        let pieces = try pieces()
        let task = try GuestTalk.task(pieces)
        #expect(try GuestTalk.pieces(task) == pieces)
        let text = String(decoding: task, as: UTF8.self)
        let secret = ParameterKey([UInt8](repeating: 7, count: 32))
        for word in [secret.hexadecimal, secret.ticket(of: "ada").hexadecimal, "ada"] {
            #expect(!text.contains(word))
        }
        #expect(pieces.allSatisfy { Set($0.keys).count == Grader.runs })
        #expect(throws: LabError.self) { try GuestTalk.pieces(task.dropLast()) }
    }

    @Test("What a guest of ours says comes back as it was, of whichever exercises it is")
    func whole() throws {
        let output = try line("who", [Self.unknown]) + line("unshare", [Self.right, Self.wrong, Self.right])
        let heard = try heard(output)
        #expect(heard["unshare"] == [Self.right, Self.wrong, Self.right] && heard["who"] == [Self.unknown])
        #expect(try self.heard(line("unshare", [Self.right, Self.unknown]))["unshare"]?.count == 2)
    }

    @Test("What is not said is ungradable, with the reason; half a line says nothing")
    func silent() throws {
        let answer = try line("unshare", [Self.right, Self.right, Self.right])
        for output in [[], Array(answer.dropLast()), Array(answer.prefix(9))] {
            let heard = try heard(output)
            #expect(Set(heard.keys) == ["unshare", "who"])
            for runs in heard.values {
                #expect(runs.map(\.verdict) == [.ungradable] && runs[0].error == Self.silence)
            }
        }
        let half = try heard(answer)
        #expect(half["unshare"]?.map(\.verdict) == [.passed, .passed, .passed])
        #expect(half["who"]?.first?.error == Self.silence)
    }

    /// Lines that no guest of ours would say.
    private static let badLines: [[UInt8]] = {
        func runs(_ verdict: String, _ more: String = "", count: Int = 3) -> String {
            "["
                + [String](repeating: #"{"verdict":"\#(verdict)"\#(more)}"#, count: count).joined(
                    separator: ",")
                + "]"
        }
        func line(_ id: String, _ runs: String) -> String { #"{"exercise":"\#(id)","runs":\#(runs)}"# }
        let deep = String(repeating: "[", count: 5_000)
        let nested = String(repeating: #"{"format":"{}","arguments":["#, count: 300)
        return [
            "", "passed", "{}", "[]", "null", deep, "\u{1b}[2J",
            line("unshare", "[]"), line("unshare", runs("passed", count: 2)),
            line("unshare", runs("passed", count: 4)), line("limits", runs("passed")),
            line("../unshare", runs("passed")), line("unshare", runs("Passed")),
            line("unshare", runs("passed", #","mistake":"host-proc""#)),
            line("unshare", runs("not-passed", #","mistake":"relative-pid""#)),
            line("unshare", runs("not-passed", #","mistake":"\u001b[2J""#)),
            line("unshare", runs("ungradable", count: 1)),
            line(
                "unshare",
                runs("ungradable", #","error":{"kind":"instance","message":"x"}"#, count: 3)),
            line("unshare", runs("passed", #","error":{"kind":"instance","message":"x"}"#)),
            line("unshare", runs("not-passed", #","seen":\#(nested)"#)),
            line("unshare", runs("not-passed", #","seen":"\#(String(repeating: "x", count: 1 << 18))""#)),
        ].map { Array($0.utf8) }
    }()

    @Test(
        "What is no grade makes ungradable what was not said before it, and is never a pass or a fail",
        arguments: badLines.indices)
    func nonsense(_ place: Int) throws {
        let bad = Self.badLines[place] + [0x0a]
        let good = try line("who", [Self.right, Self.right, Self.right])
        let before = try heard(good + bad + line("unshare", [Self.right, Self.right, Self.right]))
        #expect(before["who"]?.map(\.verdict) == [.passed, .passed, .passed])
        #expect(before["unshare"]?.map(\.verdict) == [.ungradable])
        #expect(before["unshare"]?[0].error?.reason.english.contains("no grade") == true)
        let after = try heard(bad + good)
        #expect(after.values.allSatisfy { $0.map(\.verdict) == [.ungradable] })
    }

    @Test("Of an exercise that is said twice the first counts, and nothing behind it")
    func twice() throws {
        let heard = try heard(
            line("unshare", [Self.wrong, Self.wrong, Self.wrong])
                + line("unshare", [Self.right, Self.right, Self.right])
                + line("who", [Self.right, Self.right, Self.right]))
        #expect(heard["unshare"]?.map(\.verdict) == [.notPassed, .notPassed, .notPassed])
        #expect(heard["who"]?.map(\.verdict) == [.ungradable])
    }

    /// Whether of runs only what is known is left, and no text of them acts or begins a line.
    private func isTame(_ heard: [String: [ExerciseGrade.Run]]) -> Bool {
        guard Set(heard.keys) == ["unshare", "who"] else { return false }
        return heard.allSatisfy { id, runs in
            let mistakes = (Oracles.mistakes[id] ?? []) + [NotStarted.mistake]
            return (1...Grader.runs).contains(runs.count)
                && runs.allSatisfy { run in
                    let messages = [run.seen, run.error?.message, run.error?.cause, run.error?.remedy]
                    return run.mistake.map(mistakes.contains) ?? true
                        && messages.compactMap { $0 }.allSatisfy { isTame($0) }
                }
        }
    }

    private func isTame(_ message: Message) -> Bool {
        let texts = [message.english, message.text { _ in nil }]
        return texts.allSatisfy { text in
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.dropFirst().allSatisfy { $0.hasPrefix("      ") }
                && !text.unicodeScalars.contains { $0 != "\n" && ForeignText.acts($0) }
                // What is made visible is longer than it was.
                && text.unicodeScalars.count <= 12 * GuestTalk.longestText
        }
    }

    @Test("Any bytes: nothing but runs that may be, and no text that acts")
    func anyBytes() throws {
        var generator = SeededGenerator(seed: 14)
        let good =
            try line("unshare", [Self.right, Self.wrong, Self.unknown])
            + line("who", [Self.right, Self.right, Self.right])
        for _ in 0..<3_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: good.prefix(place), at: place)
                default: bytes.insert(0x0a, at: place)
                }
            }
            let heard = try heard(bytes)
            #expect(isTame(heard))
        }
        for length in [1, 100, 5_000] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let heard = try heard(bytes)
            #expect(heard.values.allSatisfy { $0.map(\.verdict) == [.ungradable] } && isTame(heard))
        }
    }

    @Test("Any text: what a room's program said stays what it was, what acts is made visible")
    func anyText() throws {
        var generator = SeededGenerator(seed: 15)
        let pieces = [
            "\u{1b}[31m", "\u{202e}", "\n", "\r\n", "passed", "{}", "{2}", " ", "中文", "\u{0}", "lab: ",
        ]
        for _ in 0..<400 {
            let text = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined()
            let messages: [Message] = [
                Message(verbatim: text), "its standard error ends:\(text)",
                "\(["a" as Message, Message(verbatim: text)].joined(separator: ", ")) of \(3)",
            ]
            for seen in messages {
                let run = ExerciseGrade.Run(.notPassed([.wrong(nil, seen)]))
                let failed = ExerciseGrade.Run(.ungradable(LabError(.data, seen, cause: seen, remedy: seen)))
                let heard = try heard(line("unshare", [run, run, run]) + line("who", [failed]))
                #expect(isTame(heard))
                #expect(heard["unshare"]?.map(\.verdict) == [.notPassed, .notPassed, .notPassed])
            }
        }
        let words: Message =
            "the program ended with status \(1); \("its standard error ends:\("\n      sh: x" as String)" as Message)"
        let run = ExerciseGrade.Run(.notPassed([.wrong(nil, words)]))
        #expect(try heard(line("unshare", [run, run, run]))["unshare"]?[0].seen == words)
        let long = Message(verbatim: String(repeating: "x\n", count: 50_000))
        let cut = try #require(
            try heard(
                line("unshare", [Self.right, Self.right, .init(.notPassed([.wrong(nil, long)]))]))["unshare"])
        #expect(cut.count == 3 && (cut[2].seen?.english.utf8.count ?? .max) < 40_000)
    }
}
