import Foundation
import LabCore
import Testing

/// Messages: what a literal becomes, how one is shown, and what a file may hold in its place.
@Suite struct MessageTests {
    private func say(_ message: Message, _ table: [String: String]) -> String { message.text { table[$0] } }

    @Test("What is interpolated is told apart: words of no language, numbers, messages, literals, errors")
    func aLiteralIsASentenceAndItsArguments() {
        let isBusy = CommandLine.argc > 0
        let message: Message =
            "\("/x" as String) has \(3) \(isBusy ? "busy" : "free") ports: \(Errno(2))" + ", \(UInt8(7))"
        #expect(message.format == "{} has {} {} ports: {}, {}")
        let table = ["{} has {} {} ports: {}, {}": "{}|{}|{}|{}|{}", "busy": "B", "/x": "X", "3": "Y"]
        #expect(say(message, table) == "/x|3|B|No such file or directory|7")
        #expect(message.english == "/x has 3 busy ports: No such file or directory, 7")
    }

    @Test("Only the whole sentence is looked up: words that are not ours are never translated")
    func theLookUpIsExact() {
        let table = ["cannot open {}": "打不开 {}", "cannot open": "打不开", "x": "叉"]
        #expect(say("cannot open \("x" as String)", table) == "打不开 x")
        #expect(say(Message(verbatim: "cannot open x"), table) == "cannot open x")
        #expect(say("cannot open \("x" as String) again", table) == "cannot open x again")
        #expect(say("\("a cause" as Message): \("x" as Message)", table) == "a cause: 叉")
        #expect(say(["x", "y"].joined(separator: ", "), table.merging([", ": "、"]) { $1 }) == "叉、y")
    }

    @Test("A language may put the arguments in another order")
    func argumentsChangePlaces() {
        #expect(say("\(3) of \(9) files", ["{} of {} files": "{2} 个文件中的 {1} 个"]) == "9 个文件中的 3 个")
    }

    @Test("A result says what it says in a string where it can, and is read back")
    func jsonIsReadable() throws {
        let messages: [Message] = [
            "plain", "", Message(verbatim: "a {} b"), "\(1) of \("{}" as String)",
            "\("nested" as Message) in \(["a", "b \(2)"].joined(separator: "; "))",
        ]
        for message in messages {
            let back = try JSONDecoder().decode(Message.self, from: JSONEncoder().encode(message))
            #expect(back == message)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func json(_ message: Message) throws -> String {
            String(decoding: try encoder.encode([message]), as: UTF8.self)
        }
        #expect(try json("plain") == #"["plain"]"#)
        #expect(
            try json("\(1) of \("x" as String)\("y" as Message)")
                == #"[{"arguments":[1,"x",{"format":"y"}],"format":"{} of {}{}"}]"#)
        encoder.userInfo[try #require(Message.asText)] = true
        #expect(try json("\(1) of \("x" as String)") == #"["1 of x"]"#)
    }

    /// Any JSON value, sentences and fields of messages among them.
    private func value(_ generator: inout SeededGenerator, depth: Int) -> Any {
        let words = ["{}", "{2}{1}", "{", "}{", "{} {}", "{99}", "{-1}", "{}{}{}", "x", "", "\u{0}", "{１}"]
        switch Int.random(in: 0..<(depth > 6 ? 4 : 8), using: &generator) {
        case 0: return Int.random(in: -9...9, using: &generator)
        case 1: return 1.5
        case 2: return NSNull()
        case 3: return words.randomElement(using: &generator) ?? ""
        case 4:
            return (0..<3).map { _ in value(&generator, depth: depth + 1) }
        default:
            let keys = ["format", "arguments", "list", "joint", "format", "arguments"]
            return Dictionary(
                (0..<3).map { _ in
                    (keys.randomElement(using: &generator) ?? "", value(&generator, depth: depth + 1))
                }, uniquingKeysWith: { first, _ in first })
        }
    }

    @Test("Whatever stands in a message's place is refused, or shown without growing")
    func hostileMessagesAreHarmless() {
        var generator = SeededGenerator(seed: 41)
        var read = 0
        for _ in 0..<12_000 {
            let arguments = (0..<3).map { _ in value(&generator, depth: 0) }
            let tree: [String: Any] = ["format": "{} {2} {{}{}", "arguments": arguments]
            guard let bytes = try? JSONSerialization.data(withJSONObject: tree),
                let message = try? JSONDecoder().decode(Message.self, from: bytes)
            else { continue }
            read += 1
            let shown = message.english
            #expect(shown.utf8.count <= bytes.count + 100, "\(shown)")
            // A table that knows a sentence meets fewer arguments than it counts on.
            _ = say(message, ["{} {2} {{}{}": "{4}{3}{2}{1}{9}{", "{}": "{2}"])
        }
        #expect(read > 200, "the test reads too little: \(read)")
    }

    @Test("A message that is nested without end is refused, and one that is long takes no long time")
    func depthAndLength() throws {
        func nested(_ depth: Int) -> Data {
            let start = String(repeating: #"{"format":"{}{}","arguments":["#, count: depth)
            return Data((start + "1" + String(repeating: "]}", count: depth)).utf8)
        }
        #expect(throws: Never.self) { try JSONDecoder().decode(Message.self, from: nested(15)) }
        for depth in [50, 400, 100_000] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(Message.self, from: nested(depth))
            }
        }
        let holes = String(repeating: "{}{2}{", count: 100_000)
        let long = Message(stringLiteral: holes)
        #expect(long.english == holes)
    }
}

/// Messages of somebody else's.
extension MessageTests {
    @Test("Of another's message every text is shown and none acts; its sentence is still looked up")
    func foreignText() {
        let message: Message = "cannot open \("a\u{1b}[2J\nlab: b" as String): \(Errno(2))"
        let foreign = message.foreign(most: 1_000)
        #expect(foreign.english == "cannot open a\\x1b[2J\n      lab: b: No such file or directory")
        #expect(say(foreign, ["cannot open {}: {}": "打不开 {}：{}"]).hasPrefix("打不开 a"))
        #expect(foreign.foreign(most: 1_000) == foreign)
        let plain: Message = "\(1) of \("x" as String), \(["a", "b"].joined(separator: "; "))"
        #expect(plain.foreign(most: 1_000) == plain)
        #expect(Message(verbatim: "abcdef").foreign(most: 5).english == "abc…")
        #expect(plain.foreign(most: 1).english.count < 8)
    }
}
