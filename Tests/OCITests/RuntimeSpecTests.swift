import LabCore
import Testing

@testable import OCI

@Suite("config.json") struct RuntimeSpecTests {
    @Test("Whatever a specification holds, it is the same after it was written and read")
    func roundTrip() throws {
        var lengths: Set<Int> = []
        for seed in 0..<600 {
            let spec = try RandomDecoder.value(RuntimeSpec.self, seed: UInt64(seed))
            let text = try spec.text()
            #expect(try RuntimeSpec(json: Array(text.utf8), of: "config.json") == spec, "\(seed)")
            lengths.insert(text.utf8.count)
        }
        // Control: they are many, and not all empty.
        #expect(lengths.count > 200 && lengths.max() ?? 0 > 1_000)
    }

    /// What may stand in the place of a value.
    private let values = [
        "null", "true", "-1", "1e999", "0.5", "99999999999999999999999", "\"\"", "\"\\u0000\"", "\"\\ud800\"",
        "{}",
        "[]", "[null]", "{\"type\": {}}", "NaN", "", "\"", "[" + String(repeating: "[", count: 100_000),
        String(repeating: "{\"a\":", count: 100_000),
    ]

    @Test("A hostile file is a LabError that says where, and never a trap")
    func hostileFiles() throws {
        var generator = SeededGenerator(seed: 3)
        var (read, refused) = (0, 0)
        for seed in 0..<200 {
            let text = try RandomDecoder.value(RuntimeSpec.self, seed: UInt64(seed)).text()
            for _ in 0..<10 {
                var bytes = Array(text.utf8)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator))
                case 1:
                    for _ in 0..<3 {
                        let place = Int.random(in: 0..<bytes.count, using: &generator)
                        bytes[place] = UInt8.random(in: 0...255, using: &generator)
                    }
                default:
                    let places = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") }
                    guard let place = places.randomElement(using: &generator) else { continue }
                    let end =
                        bytes[place...].firstIndex { $0 == UInt8(ascii: ",") || $0 == 0x0a } ?? bytes.count
                    let value = values.randomElement(using: &generator) ?? ""
                    bytes.replaceSubrange(place + 1..<max(end, place + 1), with: value.utf8)
                }
                do throws(LabError) {
                    _ = try RuntimeSpec(json: bytes, of: "config.json")
                    read += 1
                } catch {
                    #expect(error.kind == .data && error.cause?.isEmpty == false && error.remedy != nil)
                    refused += 1
                }
            }
        }
        #expect(read > 20 && refused > 100, "\(read) read, \(refused) refused")
    }

    @Test(
        "What does not fit is named by its place",
        arguments: [
            (
                #"{"ociVersion":"1.0.2","process":{"cwd":"/","rlimits":[{"type":"X","soft":"x","hard":0}]}}"#,
                "process.rlimits.0.soft"
            ),
            (#"{"ociVersion":"1.0.2","linux":{"namespaces":[{}]}}"#, "linux.namespaces.0.type"),
            (#"{"process":{"cwd":"/"}}"#, "ociVersion"),
        ])
    func theirPlace(text: String, place: String) throws {
        let error = #expect(throws: LabError.self) {
            try RuntimeSpec(json: Array(text.utf8), of: "config.json")
        }
        #expect(error?.cause?.english.hasPrefix("\(place): ") == true, "\(error?.cause?.english ?? "")")
    }

    @Test(
        "Numbers are exact, texts are what their escapes say, and of a name that is there twice the last counts"
    )
    func exact() throws {
        func limits(_ value: String) throws -> RuntimeSpec.Rlimit {
            try RuntimeSpec.Rlimit(json: Array(#"{"type": "a", "hard": 1, "soft": \#(value)}"#.utf8), of: "x")
        }
        #expect(try limits("18446744073709551615").soft == .max)
        #expect(try limits("1e3").soft == 1_000 && limits("2.0").soft == 2 && limits("0").soft == 0)
        for wrong in [
            "18446744073709551616", "-1", "1.5", "1e400", "01", "+1", "1.", ".5", "1e", "0x1", "\"1\"", "--1",
        ] {
            #expect(throws: LabError.self, "\(wrong)") { try limits(wrong) }
        }
        #expect(try limits("1, \"soft\": 2").soft == 2)
        func text(_ value: String) throws -> String {
            try RuntimeSpec.Root(json: Array("{\"path\": \"\(value)\"}".utf8), of: "x").path
        }
        #expect(
            try text(#"a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00"#) == "a\"\\/\u{8}\u{c}\n\r\té\u{e9}\u{1f600}")
        for wrong in [#"\ud83d"#, #"\ud83d\u0041"#, #"\ude00"#, #"\u12"#, #"\x"#, "\n", #"\"#, #"\u00g0"#] {
            #expect(throws: LabError.self, "\(wrong)") { try text(wrong) }
        }
        for wrong in [
            "", " ", "{", "{}x", "{,}", "{\"path\"}", "{\"path\": \"a\",}", "[1,]", "nul", "{a: 1}",
        ] {
            #expect(throws: LabError.self, "\(wrong)") {
                try RuntimeSpec.Root(json: Array(wrong.utf8), of: "x")
            }
        }
        // Many names, of which some are there twice.
        let many = (0..<200).map { "\"n\($0 % 150)\": \"\($0)\"" }.joined(separator: ",")
        let read = try RuntimeSpec(
            json: Array("{\"ociVersion\": \"1\", \"annotations\": {\(many)}}".utf8), of: "x")
        #expect(read.annotations?.count == 150 && read.annotations?["n3"] == "153")
    }

    @Test("A file that is too large is not read, and words that nobody knows are passed over")
    func otherFiles() throws {
        let large = [UInt8](repeating: 0x20, count: 5 << 20)
        #expect(throws: LabError.self) { try RuntimeSpec(json: large, of: "config.json") }
        let text = #"{"ociVersion":"1.2.1","windows":{"a":[1]},"x-vendor":null,"root":{"path":"r","y":1}}"#
        let expected = RuntimeSpec {
            $0.ociVersion = "1.2.1"
            $0.root = RuntimeSpec.Root { $0.path = "r" }
        }
        #expect(try RuntimeSpec(json: Array(text.utf8), of: "config.json") == expected)
    }
}
