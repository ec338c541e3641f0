import Glibc
import LabCore
import Testing

@testable import LabRunner

/// The words of the command line, and the text that goes back into a shell.
@Suite struct WordsTests {
    @Test func countsAreWholeAndWithinBounds() throws {
        #expect(try Words.count("7", option: "--samples", in: 1...9) == 7)
        for text in ["0", "-3", "10", "1.5", "", "ten", "99999999999999999999"] {
            let error = #expect(throws: LabError.self) {
                try Words.count(text, option: "--samples", in: 1...9)
            }
            #expect(error?.exitCode == 64)
            #expect(error?.message.english.contains("--samples") == true)
        }
    }

    @Test func enginesAreKnownAndNamedOnce() throws {
        #expect(try Words.engines(["qemu, process", "crun"]).map(\.id) == [.qemu, .process, "crun"])
        let unknown = #expect(throws: LabError.self) { try Words.engines(["contaner"]) }
        #expect(unknown?.message.english.contains("did you mean \"container\"?") == true)
        #expect(throws: LabError.self) { try Words.engines(["kvm", "kvm"]) }
        #expect(throws: LabError.self) { try Words.engines([""]) }
        #expect(throws: LabError.self) { try Words.engines(["kvm,"]) }
    }

    @Test("an engine that no driver has is an error with the nearest, and never left out")
    func unknownEngine() throws {
        #expect(try EngineFactory.named("podman").id == "podman")
        let error = #expect(throws: LabError.self) { try EngineFactory.named("podmna") }
        #expect(error?.message.english == "there is no engine \"podmna\"; did you mean \"podman\"?")
        #expect(error?.kind == .usage)
        #expect(
            try EngineFactory.make(["podman", "process"], EngineSettings()).map(\.id) == [
                "podman", "process",
            ])
        #expect(throws: LabError.self) {
            try EngineFactory.make(["process", "podmna"], EngineSettings())
        }
    }

    @Test("every engine says of itself what its descriptor says")
    func descriptorsAndRecords() {
        for descriptor in EngineFactory.all {
            let record = descriptor.make(EngineSettings(), nil).record
            #expect(record.id == descriptor.id && record.kind == descriptor.kind)
            #expect(record.role == descriptor.role && record.emulates == descriptor.emulates)
        }
    }

    @Test func lengthsAndSizesNeedTheirUnitsAndSomeSize() throws {
        #expect(try Words.seconds("1500ms", option: "--timeout") == 1.5)
        #expect(throws: LabError.self) { try Words.seconds("0s", option: "--timeout") }
        #expect(throws: LabError.self) { try Words.seconds("-1s", option: "--timeout") }
        #expect(throws: LabError.self) { try Words.seconds("5", option: "--timeout") }
        #expect(try Words.bytes("1GiB", option: "--memory", atLeast: 1) == 1 << 30)
        #expect(throws: LabError.self) { try Words.bytes("1KiB", option: "--memory", atLeast: 1 << 20) }
    }

    @Test func everyEngineIsDescribedAndEveryWorkload() {
        #expect(EngineFactory.all.count == Set(EngineFactory.ids).count)
        #expect(EngineFactory.all.allSatisfy { !$0.summary.isEmpty })
        #expect(ListCommand.workloads.map(\.id) == Workload.knownNames)
    }

    @Test func whatAUserTypedCannotStirTheTerminal() {
        #expect(quoted("a\u{1b}[2Jb") == "\"a\\x1b[2Jb\"")
        #expect(quoted(String(repeating: "x", count: 1_000)).count == 63)
    }

    /// A shell reads back exactly the words that were quoted, whatever bytes of text they hold.
    @Test func aShellReadsQuotedWordsBack() throws {
        var generator = SeededGenerator(seed: 2_026)
        let letters = Array("ab '\"\\$`*?;&|<>(){}[]~#!\n\t启=")
        let words = (0..<100).map { _ in
            String(
                (0..<Int.random(in: 0..<12, using: &generator)).compactMap { _ in
                    letters.randomElement(using: &generator)
                })
        }
        let pipe = try FileDescriptor.pipe()
        // The answer fits into a pipe's buffer, so that it can be read after the shell's end.
        let child = try spawn(
            ["/bin/sh", "-c", "printf '%s\\001' \(ShellText.join(words))"], output: pipe.write.rawValue)
        var status: Int32 = 0
        waitpid(child, &status, 0)
        let said = String(decoding: try pipe.read.read(upTo: 1 << 16), as: UTF8.self)
        #expect(
            said.split(separator: "\u{1}", omittingEmptySubsequences: false).dropLast().map(String.init)
                == words)
        #expect(ShellText.join(["lab", "run", "a,b"]) == "lab run a,b")
        #expect(ShellText.split(ShellText.join(words)) == words)
    }

    @Test("A text is split into the words that a shell makes of it, where nothing is to be expanded")
    func wordsAreSplit() throws {
        var generator = SeededGenerator(seed: 2_027)
        let letters = Array("ab '\"\\ \t\u{301}启")
        var split = 0
        for _ in 0..<300 {
            let text = String(
                (0..<Int.random(in: 0..<10, using: &generator)).compactMap { _ in
                    letters.randomElement(using: &generator)
                })
            // Where a quote has no end, a shell makes nothing of it either.
            guard let found = ShellText.split(text) else { continue }
            let pipe = try FileDescriptor.pipe()
            let child = try spawn(
                ["/bin/sh", "-c", "printf '%s\\001' \"\" \(text)\n"], output: pipe.write.rawValue)
            var status: Int32 = 0
            waitpid(child, &status, 0)
            split += 1
            let said = String(decoding: try pipe.read.read(upTo: 1 << 16), as: UTF8.self)
            #expect(
                said.split(separator: "\u{1}", omittingEmptySubsequences: false).dropLast().map(String.init)
                    == [""] + found, "\(text.debugDescription)")
        }
        #expect(split > 100)
    }

    @Test func timesArePrintedInUTC() {
        let time = UTCTime(secondsSinceEpoch: 1_795_502_970)
        #expect(time.rfc3339 == "2026-11-24T06:49:30Z")
        #expect(time.compact == "20261124T064930Z")
    }

    @Test("progress fits the line and promises no more than the budget")
    func progressFitsTheLine() throws {
        let plan = Plan(
            [.init(.init(engine: "process"), samples: 4, warmup: 0, growth: 2)], seed: 1)
        var progress = RunProgress(plan: plan)
        #expect(progress.remainingNanoseconds == nil)
        progress.made(plan.trials[0], nanoseconds: 20_000_000_000)
        #expect(progress.remainingNanoseconds == 60_000_000_000)
        let english = Language.english
        let text = english.trial(
            plan.trials[1], progress, elapsed: .seconds(20), budget: .seconds(65))
        #expect(text == "trial 2/4  process  20 s elapsed, about 45 s left")
        #expect(ProgressLine.fit(text, columns: 20).count == 19)
        #expect(english.spoken(.seconds(185)) == "3 min 05 s")
    }
}
