import Testing

@testable import Experiments
@testable import LabCore

/// What comes from a guest may be anything.
@Suite struct ProbeParserTests {
    @Test func whatAProbeSaysIsRead() throws {
        let answer = try #require(ProbeAnswer(output: "boot-id ok 5dd8 a\\x0a"))
        #expect(answer.name == "boot-id" && answer.result == .ok && answer.detail == "5dd8 a\\x0a")
        #expect(ProbeAnswer(output: "mount 1 ")?.result == .errno(1))
        #expect(ProbeAnswer(output: "mount 1 ")?.text.english == "EPERM")
        #expect(ProbeAnswer(output: "memory signal 9 ")?.result == .signal(9))
        #expect(ProbeAnswer(output: "memory signal 9")?.detail == "")
        #expect(ProbeAnswer(output: "perf timeout ")?.result == .timeout)
    }

    @Test(arguments: [
        "", " ", "done", "mount", "mount ", " ok ", "Mount ok ", "mount OK ", "mount 0 ", "mount 4096 ",
        "mount -1 ", "mount +1 ", "mount 1x ", "mount signal ", "mount signal 0 ", "mount signal 65 ",
        "mount ok \u{7}", "mount ok ü", "mount 99999999999999999999 ",
    ])
    func whatIsNoAnswerIsRefused(output: String) { #expect(ProbeAnswer(output: output) == nil) }

    @Test func anyMutationIsAnAnswerWithinBoundsOrNone() {
        var generator = SeededGenerator(seed: 7)
        let seeds = ["boot-id ok 5dd8-fec5", "memory signal 9 ", "mount 1 x y z", "perf timeout "]
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0 ... .max, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0x20...0x7e, using: &generator), at: place)
                }
            }
            guard let answer = ProbeAnswer(output: String(decoding: bytes, as: UTF8.self)) else { continue }
            accepted += 1
            #expect(!answer.name.isEmpty && !answer.name.contains(" "))
            #expect(answer.detail.utf8.allSatisfy { (0x20..<0x7f).contains($0) })
            switch answer.result {
            case .errno(let code): #expect((1...4_095).contains(code))
            case .signal(let number): #expect((1...64).contains(number))
            case .ok, .timeout: break
            }
        }
        // Neither all nor none: the mutations reach both sides.
        #expect((1_000..<19_000).contains(accepted))
    }

    @Test func aTranscriptMustAnswerWhatWasAskedInOrder() throws {
        let names = ["a", "b"]
        #expect(try ProbeAnswer.all(of: ["a ok ", "b 1 ", "done"], names: names).count == 2)
        let wrong: [[String]] = [
            [], ["done"], ["a ok ", "done"], ["b ok ", "a ok ", "done"], ["a ok ", "b ok "],
            ["a ok ", "b ok ", "b ok ", "done"], ["a ok ", "nonsense", "done"], ["a ok ", "b ok ", "Done"],
        ]
        for outputs in wrong {
            let error = #expect(throws: LabError.self) { _ = try ProbeAnswer.all(of: outputs, names: names) }
            #expect(error?.kind == .instance)
        }
    }

    @Test func aThreadsAccountIsReadWhateverItIsCalled() throws {
        for name in ["CPU 0/KVM", "a) R 1 (b", "", ")", "x y"] {
            let fields = (0..<50).map { "\($0)" }.joined(separator: " ")
            let thread = try #require(HostThread(process: 7, stat: "12 (\(name)) S \(fields)"))
            #expect(
                thread.name == name && thread.tid == 12 && thread.ticks == 10 + 11 && thread.startTicks == 18)
        }
        for stat in [
            "", "12", "12 (x", "x) S 1", "12 (x) S 1 2 3", "no (x) S " + String(repeating: "1 ", count: 50),
        ] {
            #expect(HostThread(process: 7, stat: stat) == nil)
        }
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<5_000 {
            let bytes = (0..<80).map { _ in UInt8.random(in: 0x20...0x7e, using: &generator) }
            _ = HostThread(process: 7, stat: String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test("the threads of processors are known by their names")
    func processorThreadsAreKnownByTheirNames() throws {
        func isOne(_ name: String) throws -> Bool {
            let fields = String(repeating: "1 ", count: 40)
            return try #require(HostThread(process: 7, stat: "1 (\(name)) S \(fields)")).isVirtualProcessor
        }
        for name in ["CPU 0/KVM", "CPU 12/TCG"] { #expect(try isOne(name)) }
        for name in ["CPU 0", "CPU /KVM", "CPU x/KVM", "CPU 0/KVM/1", "cpu 0/KVM", "CPU 0/XEN", "lab-guest"] {
            #expect(try !isOne(name))
        }
    }
}
