import LabCore
import Testing

struct GuestTranscriptTests {
    private func receive(_ text: String) -> (GuestTranscript, [GuestRecord]) {
        var transcript = GuestTranscript()
        var records: [GuestRecord] = []
        transcript.receive(text.utf8) { records.append($0) }
        return (transcript, records)
    }

    @Test func aWholeLifeIsRead() {
        let (transcript, records) = receive(
            "init\nready\nmetric uptime-ns 42\noutput a b  c\noutput \nexit 137\n")
        #expect(
            records == [
                .initStarted, .ready, .metric(name: "uptime-ns", value: 42), .output("a b  c"), .output(""),
                .exit(status: 137),
            ])
        #expect(transcript.outputs == ["a b  c", ""])
        #expect(transcript.metrics == ["uptime-ns": 42])
        #expect(transcript.exitStatus == 137)
        #expect(transcript.violation == nil)
    }

    @Test(arguments: [
        "", "Init", "init ", "init 1", "ready\r", "output", "outputs x", "metric", "metric a", "metric a b",
        "metric a 1 ", "metric A 1", "metric a -1", "metric  1", "metric a 18446744073709551616", "exit",
        "exit ",
        "exit x", "exit 256", "exit 1000", "exit -1", "exit +1", "exit 1 ", "\u{0}",
        "[    0.000000] Linux version",
    ])
    func whatIsNoRecordIsAViolation(line: String) {
        let (transcript, records) = receive(line + "\nready\n")
        #expect(records.isEmpty)
        #expect(transcript.violation?.english.contains("not a record") == true)
    }

    @Test func outputThatIsNoUTF8IsAViolation() {
        var transcript = GuestTranscript()
        transcript.receive(Array("output ".utf8) + [0xff, 0x0a]) { _ in }
        #expect(transcript.violation?.english == "the guest sent what is not a record: \"output \\xff\"")
    }

    @Test func anOverlongLineIsAViolationBeforeItEnds() {
        let fits = "output " + String(repeating: "x", count: GuestTranscript.longestLine - 7)
        #expect(receive(fits + "\n").0.violation == nil)
        #expect(receive(fits + "x").0.violation?.english.contains("more than 4096 bytes") == true)
    }

    @Test func tooMuchOfItAllIsAViolation() {
        let line = "output " + String(repeating: "x", count: 1_016) + "\n"
        let fits = String(repeating: line, count: GuestTranscript.mostBytes / line.utf8.count)
        let (atLimit, records) = receive(fits)
        #expect(atLimit.violation == nil)
        #expect(records.count == 1_024)
        #expect(receive(fits + "r").0.violation?.english.contains("said more than") == true)
    }

    @Test func halfARecordAtTheEndIsAViolation() {
        var (transcript, _) = receive("ready\noutp")
        #expect(transcript.violation == nil)
        transcript.finish()
        #expect(transcript.violation?.english.contains("in the middle of a record: \"outp\"") == true)
    }

    @Test func theFirstViolationStaysAndEndsTheReading() {
        var (transcript, _) = receive("bad\nworse\n")
        #expect(transcript.violation?.english.contains("bad") == true)
        transcript.finish()
        #expect(transcript.violation?.english.contains("bad") == true)
    }

    @Test func violationsAreSafeToPrint() {
        var fuzzer = Fuzzer(seed: 4)
        for _ in 0..<500 {
            var transcript = GuestTranscript()
            transcript.receive(fuzzer.bytes(atMost: 300)) { _ in }
            transcript.finish()
            let text = transcript.violation ?? ""
            #expect(
                text.english.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7f || $0 == "…" },
                "\(text)"
            )
            #expect(text.english.count < 500)
        }
    }

    /// The kernel hands bytes over in whatever pieces it likes.
    @Test func howTheBytesArriveMakesNoDifference() {
        var fuzzer = Fuzzer(seed: 5)
        let seed = Array("init\nready\nmetric uptime-ns 42\noutput 你好\nexit 0\n".utf8)
        for _ in 0..<1_000 {
            let bytes = fuzzer.mutated(seed, dictionary: ["\n", "ready\n", "exit 3\n", "output ", " "])
            var whole = GuestTranscript()
            var expected: [GuestRecord] = []
            whole.receive(bytes) { expected.append($0) }
            whole.finish()

            var pieces = GuestTranscript()
            var records: [GuestRecord] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...8, using: &fuzzer.generator)
                pieces.receive(rest.prefix(count)) { records.append($0) }
                rest = rest.dropFirst(count)
            }
            pieces.finish()
            #expect(records == expected)
            #expect(pieces.violation == whole.violation)
            #expect(pieces.exitStatus == whole.exitStatus)
            #expect(pieces.outputs == whole.outputs)
        }
    }
}
