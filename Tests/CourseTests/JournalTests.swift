import Testing

@testable import Course
@testable import LabCore

@Suite struct JournalTests {
    private func entry(_ event: JournalEntry.Event, _ exercise: String = "unshare") -> JournalEntry {
        JournalEntry(time: "2026-11-28T10:00:00Z", exercise: exercise, event: event, version: "1", round: 0)
    }

    private func record(_ entries: [JournalEntry]) throws -> ExerciseRecord {
        try withDirectory { directory in
            let journal = CourseJournal(path: "\(directory)/journal.jsonl")
            #expect(try !journal.record(of: "unshare").isStarted)
            for entry in entries { try journal.append(entry) }
            return try journal.record(of: "unshare")
        }
    }

    @Test("What was done is read again, of each exercise apart")
    func entriesAreRead() throws {
        var check = entry(.checked)
        (check.verdict, check.mistake, check.seen) = (
            .notPassed, "host-proc", ["asked for \("pid" as String)"]
        )
        check.error = LabError(.unavailable, "cannot", cause: Errno(1).message)
        let entries = [entry(.started), check]
        #expect(try record(entries + [entry(.started, "limits")]).entries == entries)
    }

    @Test("Done stays done with the version that found it so, whatever comes later")
    func doneStaysDone() throws {
        var (passed, failed) = (entry(.checked), entry(.checked))
        passed.verdict = .passed
        (failed.verdict, failed.version) = (.notPassed, "2")
        let record = try record([entry(.started), passed, failed])
        #expect(record.passed?.version == "1")
        #expect(record.lastCheck?.verdict == .notPassed)
    }

    @Test("A prediction counts when it was there before the first check")
    func predictionsAreEarly() throws {
        var (early, late) = (entry(.checked), entry(.checked))
        early.prediction = "a"
        late.prediction = "b"
        #expect(try record([early, late]).prediction == "a")
        #expect(try record([entry(.checked), late]).prediction == nil)
    }

    @Test("Each hint shows one more step of its mistake, and the last one again")
    func hintsGoOn() throws {
        var entries: [JournalEntry] = []
        for step in 0..<3 {
            #expect(try record(entries).nextStep(of: "host-proc", outOf: 3) == step)
            var hint = entry(.hinted)
            (hint.mistake, hint.step) = ("host-proc", step)
            entries.append(hint)
        }
        #expect(try record(entries).nextStep(of: "host-proc", outOf: 3) == 2)
        #expect(try record(entries).nextStep(of: "no-reaper", outOf: 3) == 0)
    }

    @Test("Handing in changes the round")
    func rounds() throws {
        #expect(try record([entry(.started)]).round == 0)
        #expect(try record([entry(.submitted), entry(.submitted)]).round == 2)
    }

    @Test("Lines that are none are passed over")
    func anyBytes() throws {
        try withDirectory { directory in
            let path = "\(directory)/journal.jsonl"
            let journal = CourseJournal(path: path)
            try journal.append(entry(.started))
            let line = try Files.read(path)
            var generator = SeededGenerator(seed: 5)
            for _ in 0..<200 {
                var bytes = line + line
                for _ in 0..<4 {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                try Files.write(bytes + Array("\n{\n".utf8) + line, to: path)
                #expect(try journal.record(of: "unshare").entries.last == entry(.started))
            }
        }
    }
}
