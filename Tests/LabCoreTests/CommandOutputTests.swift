import Foundation
import Glibc
import Results
import Testing

@testable import LabCore

@Suite("what a command says")
struct CommandOutputTests {
    private func receive(_ text: String, _ output: CommandOutput, of stream: CommandOutput.Stream = .output)
        -> CommandOutput.News
    {
        Array(text.utf8).withUnsafeBytes { output.receive($0, of: stream) }
    }

    @Test("A word of --ready comes back as it was said, and any other is refused")
    func readinessWords() throws {
        for word in [
            "exit", "first-output", "line=Ready to accept", "line=a=b", "port=6379", "command=pg_isready -q",
            "command=sh -c '[ -e /tmp/up ]'",
        ] {
            #expect(try Readiness(word).word == word)
        }
        for word in [
            "", "ready", "exit=1", "line", "line=", "line=a\nb", "port", "port=0", "port=65536", "port=x",
            "command", "command=", "command= ", "command=''", "command='a", "command=a\0",
            "command=\(String(repeating: "a", count: 1_025))",
        ] {
            #expect(throws: LabError.self) { _ = try Readiness(word) }
        }
        let encoded = try JSONEncoder().encode([Readiness.line("x")])
        #expect(try JSONDecoder().decode([Readiness].self, from: encoded) == [.line("x")])
        #expect(throws: DecodingError.self) {
            _ = try JSONDecoder().decode([Readiness].self, from: Data("[\"x\"]".utf8))
        }
    }

    @Test("A text is found in any pieces exactly where the whole has it")
    func textsAreFound() {
        var generator = SeededGenerator(seed: 3)
        func random(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in UInt8.random(in: 97...98, using: &generator) }
        }
        for _ in 0..<2_000 {
            let text = random(Int.random(in: 1...6, using: &generator))
            let whole = random(Int.random(in: 0...24, using: &generator))
            var search = TextSearch(text)
            var rest = whole[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(Int.random(in: 1...5, using: &generator)))
                piece.withUnsafeBytes { search.receive($0) }
                rest = rest.dropFirst(piece.count)
            }
            let isThere =
                whole.count >= text.count
                && (0...whole.count - text.count).contains { whole[$0..<$0 + text.count].elementsEqual(text) }
            #expect(search.isFound == isThere)
        }
    }

    @Test("The first byte and the line are seen once, in whichever stream they come")
    func newsComeOnce() throws {
        let output = try CommandOutput(.line("ready now"))
        #expect(receive("starting\nrea", output, of: .errors) == .firstOutput)
        #expect(receive("dy now", output, of: .output).isEmpty)
        #expect(receive("dy now\n", output, of: .errors) == .ready)
        #expect(receive("ready now\n", output).isEmpty)
        let first = try CommandOutput(.firstOutput)
        #expect(receive("x", first) == [.firstOutput, .ready])
        #expect(receive("x", first, of: .errors).isEmpty)
    }

    @Test("Both streams are kept apart and whole, and a file that stayed empty goes")
    func streamsAreKept() throws {
        let fixture = try TreeFixture()
        let output = try CommandOutput(.exit, path: "\(fixture.path)/000001-process")
        _ = receive("a\0b\n", output)
        _ = receive("c", output)
        #expect(output.contents(of: .output) == Array("a\0b\nc".utf8))
        output.removeEmptyFiles()
        #expect(Files.list(fixture.path) == ["000001-process.stdout"])
        #expect(try Files.read("\(fixture.path)/000001-process.stdout") == Array("a\0b\nc".utf8))
        #expect(throws: LabError.self) {
            _ = try CommandOutput(.exit, path: "\(fixture.path)/000001-process")
        }
    }

    @Test("More than the limit is one error; what came before it is kept")
    func tooMuchIsAnError() throws {
        let output = try CommandOutput(.exit)
        let piece = [UInt8](repeating: 0x78, count: 1 << 20)
        for _ in 0..<17 { _ = piece.withUnsafeBytes { output.receive($0, of: .output) } }
        #expect(output.failure?.kind == .instance && output.failure?.remedy != nil)
        #expect(output.contents(of: .output).count == CommandOutput.mostBytes)
    }

    @Test("One that had no room for what it wrote is told where that is kept")
    func noRoom() throws {
        let output = try CommandOutput(.exit)
        _ = receive("dd: error writing '/x': No space left on device\n", output, of: .errors)
        let error = try #require(TrialProcedure.failure(.success(1), output, endsByItself: true))
        #expect(error.reason.english.contains("No space left on device"))
        #expect(error.remedy?.english.contains("kept in memory") == true)
    }

    @Test("Of a long output the last words begin with a whole line, or where there is none with a whole word")
    func wordsAreWhole() throws {
        let lines = try CommandOutput(.exit)
        for number in 100..<200 { _ = receive("line \(number)\n", lines) }
        #expect(lines.lastWords.hasPrefix("line ") && lines.lastWords.hasSuffix("line 198 line 199"))
        let one = try CommandOutput(.exit)
        for number in 100..<300 { _ = receive("w\(number) ", one, of: .errors) }
        #expect(one.lastWords.hasPrefix("w2") && one.lastWords.hasSuffix("w298 w299"))
        let word = try CommandOutput(.exit)
        _ = receive(String(repeating: "x", count: 1_000), word)
        #expect(word.lastWords == String(repeating: "x", count: 400))
    }

    @Test("A figure that is missing because nothing was written yet is told so, with what made it end")
    func nothingWasWritten() throws {
        let error = LabError(.instance, "the command's output holds no n", cause: "x", remedy: "y")
        let silent = try CommandOutput(.port(80)).lacking(error)
        #expect(silent.reason.english.contains("(port=80)") && silent.remedy != error.remedy)
        #expect(try CommandOutput(.exit).lacking(error) == error)
        let output = try CommandOutput(.firstOutput)
        _ = receive("x", output)
        #expect(output.lacking(error) == error)
    }

    @Test("A figure is read by a pattern from the last line that has it, or by a pointer, in its unit")
    func valuesAreRead() throws {
        let output = try CommandOutput(.exit)
        _ = receive("rate 1 MB\r\nrate 1,250.5 MB\nlatency: 12.5 ms\n", output)
        #expect(
            try CommandValue("rate:more=rate ([0-9.,]+)").value(in: output, pointed: JSONPointer.number)
                == 1_250.5)
        #expect(
            try CommandValue("latency:ms=latency: ([0-9.]+)").value(in: output, pointed: JSONPointer.number)
                == 12_500_000)
        #expect(throws: LabError.self) {
            _ = try CommandValue("x=nothing ([0-9]+)").value(in: output, pointed: JSONPointer.number)
        }
        #expect(throws: LabError.self) {
            _ = try CommandValue("x=(rate)").value(in: output, pointed: JSONPointer.number)
        }
        #expect(throws: LabError.self) {
            _ = try CommandValue("x=/a").value(in: output, pointed: JSONPointer.number)
        }
        let json = try CommandOutput(.exit)
        _ = receive(#"{"a/b": {"list": [1, {"p99": 2.5}]}, "text": "x"}"#, json)
        #expect(try CommandValue("p=/a~1b/list/1/p99").value(in: json, pointed: JSONPointer.number) == 2.5)
        #expect(try CommandValue("p:KiB=/a~1b/list/0").value(in: json, pointed: JSONPointer.number) == 1_024)
        for place in ["/text", "/a~1b/list/2", "/a~1b/list/-1", "/none", "/a~1b"] {
            #expect(throws: LabError.self) {
                _ = try CommandValue("p=\(place)").value(in: json, pointed: JSONPointer.number)
            }
        }
    }

    @Test("A figure's word comes back as it was said, and one that can't be one is refused")
    func valueWords() throws {
        for word in ["rate:more=([0-9]+)", "t:ms=a:b=([0-9]+)", "p99:us:more=/a/b", "n=x([0-9])"] {
            #expect(try CommandValue(word).word == word)
        }
        #expect(try CommandValue("t:ms:less=(x)").metric.unit == .nanoseconds)
        #expect(try CommandValue("t:more=(x)").metric.moreIsBetter == true)
        for word in [
            "", "a", "=x", "A=(x)", "ready=(x)", "a:parsec=(x)", "a:ms:s=(x)", "a=x", "a=(x)(y)", "a=(x",
            "a=",
        ] {
            #expect(throws: LabError.self) { _ = try CommandValue(word) }
        }
    }

    @Test("A listening port is told from any other line of the kernel's table, and no table traps")
    func portsAreRead() {
        let table = """
              sl  local_address rem_address   st tx_queue
               0: 0100007F:18EB 00000000:0000 0A 00000000:00000000
               1: 0100007F:0050 0100007F:9999 01 00000000:00000000
            """
        #expect(ListeningPorts.has(6_379, in: table))
        #expect(!ListeningPorts.has(80, in: table))
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            let bytes = table.utf8.map {
                Bool.random(using: &generator) ? $0 : UInt8.random(in: 0...127, using: &generator)
            }
            _ = ListeningPorts.has(80, in: String(decoding: bytes, as: UTF8.self))
        }
    }
}
