import FoundationEssentials
import Glibc
import Testing

@testable import LabCore

/// `lab grade` as an instructor uses it.
@Suite(.enabled(if: LabProgram.isBuilt, "lab has not been built")) struct GradeCommandTests {
    private let lab: LabProgram
    private var place: String { lab.directory.path }

    init() throws { lab = try LabProgram() }

    /// The table that grading writes, without its first line.
    private struct Sheet: Equatable {
        let text: String
        var rows: [[String]] { text.split(whereSeparator: \.isNewline).dropFirst().map(Self.cells) }

        /// What a student earns: which mistake was seen is no part of it.
        static func == (one: Sheet, other: Sheet) -> Bool { one.earned == other.earned }
        private var earned: [[String]] { rows.map { Array($0.prefix(5)) } }

        private static func cells(_ line: Substring) -> [String] {
            line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        /// The same of some of the files.
        func earned(of files: [String]) -> [[String]] {
            rows.filter { row in files.contains { row.contains($0) } }.map { Array($0.prefix(5)) }
        }
        /// Of the exercise of a file.
        func outcome(_ file: String, _ exercise: String = "unshare") -> String? {
            rows.first { $0.contains(file) && $0[1] == exercise }?[2]
        }
    }

    private func sheet(_ output: String = "grades") throws -> Sheet {
        Sheet(text: try Files.readText("\(place)/\(output)/grades.csv"))
    }

    private struct Expected: Decodable {
        let file: String
        let kind: String
        let expected: String
    }

    /// A course of the exercise unshare, and archives of these kinds.
    private func course(_ kinds: [String]) throws -> [Expected] {
        try lab.makeCourse(kinds)
        return try JSONDecoder().decode([Expected].self, from: Data(try Files.read("\(place)/expected.json")))
    }

    private func grade(_ options: String...) throws -> LabProgram.Finished {
        try lab.run(["grade", "course", "submissions"] + options)
    }

    /// Skips where no room is made: all is ungradable then, as another test says.
    private func requireRooms(_ sheet: Sheet) throws {
        if sheet.text.contains("ungradable") {
            try Test.cancel("skipped: no room is made here: \(sheet.text)")
        }
    }

    private static let kinds = [
        "reference", "wrong/host-proc", "wrong/children-only", "constant", "stale", "kills-checker",
        "writes-result",
        "now-and-then", "truncated", "leads-out", "link", "other-course", "neighbours",
    ]

    @Test(
        "Each kind of submission gets what it earns; killed half-way and gone on with, the outcome is the same"
    )
    func killedAndResumed() throws {
        let expected = try course(Self.kinds)
        let whole = try grade(
            "--jobs", "2", "--format", "junit,gradescope,classroom50,autolab,moodle", "--viva", "1")
        let sheet = try sheet()
        try requireRooms(sheet)
        #expect(whole.status == 0, "\(whole.errors)")
        for one in expected { #expect(sheet.outcome(one.file) == one.expected, "\(one.kind)") }
        #expect(whole.errors.contains("a minute"))
        for name in ["junit.xml", "moodle.csv", "viva.txt", "similarity.csv"] {
            #expect(Files.exists("\(place)/grades/\(name)"))
        }
        for name in ["gradescope", "classroom50", "autolab"] {
            #expect(Files.list("\(place)/grades/\(name)").count == expected.count)
        }
        // The entry that made it malformed is named.
        #expect(sheet.rows.contains { row in row.joined().contains("../student-") })

        // Some of them are enough for that.
        let some = expected.prefix(6).map(\.file)
        try Files.makeDirectory("\(place)/some")
        for file in some { try checked { link("\(place)/submissions/\(file)", "\(place)/some/\(file)") } }
        let words = ["grade", "course", "some", "--output", "halves", "--jobs", "2"]
        let results = "\(place)/halves/results"
        let running = try lab.start(words)
        #expect(waitUntil(.seconds(120)) { Files.list(results).count { $0.hasSuffix(".json") } >= 2 })
        running.signal(SIGKILL)
        #expect(try running.wait().status == 128 + SIGKILL)
        // Its processes end with it.
        #expect(waitUntil(.seconds(20)) { graders("/some/").isEmpty })
        let kept = Files.list(results).filter { $0.hasSuffix(".json") }
        #expect(kept.count < some.count && !Files.exists("\(place)/halves/grades.csv"))
        let resumed = try lab.run(words + ["--resume"])
        #expect(resumed.status == 0, "\(resumed.errors)")
        let halves = try self.sheet("halves")
        #expect(halves.earned(of: some) == sheet.earned(of: some) && !halves.rows.isEmpty)
        // And once more, of which nothing is left to do.
        #expect(try lab.run(words + ["--resume"]).errors.contains("archives graded: 0"))
        #expect(try self.sheet("halves") == halves)
        #expect(try lab.run(["clean"]).status == 0 && lab.leftovers.isEmpty)
    }

    /// The processes that grade an archive whose path ends so.
    private func graders(_ word: String) -> [HostProcess] {
        HostProcess.all.filter { process in
            let words = process.commandLine ?? []
            return words.contains("one") && words.contains { $0.hasPrefix(place) && $0.contains(word) }
        }
    }

    @Test("Whose process is killed is tried again; killed each time it could not be judged, which is no fail")
    func killedCheckers() throws {
        let expected = try course(["reference", "reference"])
        let (once, always) = (expected[0].file, expected[1].file)
        let running = try lab.start(["grade", "course", "submissions", "--jobs", "2"])
        var first: pid_t?
        var kills = 0
        let isOver = waitUntil(.seconds(240)) {
            for process in graders(always) where kill(process.pid, SIGKILL) == 0 { kills += 1 }
            if let process = graders(once).first, first == nil || first == process.pid {
                first = process.pid
                kill(process.pid, SIGKILL)
            }
            return !HostProcess(pid: running.pid).isRunning
        }
        let finished = try running.wait()
        #expect(isOver && finished.status == 1, "\(finished.errors)")
        let sheet = try sheet()
        #expect(first != nil && kills >= 3)
        #expect(sheet.outcome(always) == "ungradable" && sheet.rows.allSatisfy { $0[2] != "not-passed" })
        #expect(sheet.rows.first { $0.contains(always) }?[3] == "")
        if sheet.outcome(once) == "ungradable" { try Test.cancel("skipped: no room is made here") }
        #expect(sheet.outcome(once) == "passed")
        // Nothing was kept of it, so that it is tried again.
        #expect(Files.list("\(place)/grades/results").count == 1)
        #expect(try grade("--resume").status == 0)
        #expect(try self.sheet().outcome(always) == "passed")
    }

    @Test("Parts that several machines have graded are put together by --resume")
    func shards() throws {
        let expected = try course(["reference", "wrong/no-reaper", "constant", "truncated"])
        for part in ["1/2", "2/2"] {
            let finished = try grade("--shard", part)
            if finished.status == 1 { try requireRooms(try sheet()) }
            #expect(finished.status == 0, "\(finished.errors)")
        }
        let together = try grade("--resume", "--json")
        #expect(together.status == 0 && together.errors.contains("archives graded: 0"))
        for one in expected { #expect(try sheet().outcome(one.file) == one.expected) }
    }

    @Test("Ctrl-C ends it with its processes and leaves nothing; what was graded is kept")
    func interrupted() throws {
        _ = try course(["endless", "endless"])
        let running = try lab.start(["grade", "course", "submissions", "--jobs", "2"])
        #expect(lab.hasBegun())
        running.signal(SIGINT)
        let finished = try running.wait(within: .seconds(60))
        #expect(finished.status == 130 && finished.errors.contains("--resume"), "\(finished.errors)")
        #expect(waitUntil(.seconds(20)) { graders("submissions").isEmpty })
        #expect(lab.leftovers.isEmpty && !Files.exists("\(place)/grades/grades.csv"))
    }

    @Test("A course is made once, with a secret of the instructor's own, and a ticket is the same each time")
    func initAndTickets() throws {
        #expect(try lab.run(["grade", "init", "course", "--lang", "zh"]).status == 0)
        var status = stat()
        #expect(stat("\(place)/course/secret", &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try lab.run(["grade", "init", "course"]).status == 73)
        let tickets = try lab.run(["grade", "ticket", "course", "ada", "bob@example.org"]).output
        let lines = tickets.split(separator: "\n").map { $0.split(separator: ",") }
        #expect(
            lines.map { String($0[0]) } == ["ada", "bob@example.org"]
                && lines.allSatisfy { $0[1].count == 64 })
        try Files.write("bob@example.org\n\nada\n", to: "\(place)/names")
        let again = try lab.run(["grade", "ticket", "course", "--roster", "names"]).output
        #expect(Set(again.split(separator: "\n")) == Set(tickets.split(separator: "\n")))
        // From the ticket to the grade.
        let ticket = String(lines[0][1])
        #expect(
            try lab.run(["exercise", "start", "unshare", "--student", "ada", "--ticket", ticket]).status == 0)
        try Files.write("#!/bin/sh\nexit 1\n", to: "\(place)/course/unshare/launch")
        try Files.makeDirectory("\(place)/submissions")
        #expect(try lab.run(["exercise", "submit", "--output", "submissions/mine.tar.gz"]).status == 0)
        _ = try grade()
        #expect(try sheet().rows.first { $0[1] == "unshare" }?[0] == "ada")
    }

    @Test(
        "A wrong word is an error of usage, a wrong course one of data, and a secret that others read one of permission"
    )
    func refusals() throws {
        #expect(try lab.run(["grade", "init", "course"]).status == 0)
        try Files.makeDirectory("\(place)/submissions")
        #expect(try grade().status == 66)
        try Files.write("none", to: "\(place)/submissions/a.tar.gz")
        for options in [
            ["--jobs", "0"], ["--shard", "3/2"], ["--shard", "x"], ["--format", "junti"], ["--viva", "none"],
            ["--format", "canvas"],
        ] {
            let finished = try lab.run(["grade", "course", "submissions"] + options)
            #expect(finished.status == 64, "\(options): \(finished.status) \(finished.errors)")
        }
        #expect(try lab.run(["grade", "ticket", "course", "../x"]).status == 64)
        #expect(try lab.run(["grade", "ticket", "course"]).status == 64)
        chmod("\(place)/course/secret", 0o644)
        #expect(try grade().status == 77)
        chmod("\(place)/course/secret", 0o600)
        try Files.write("title: x\n", to: "\(place)/course/COURSE.yaml")
        #expect(try grade().status == 65)
    }

    @Test("Of one archive Autolab's format is what is printed, and its last line has the scores")
    func autolab() throws {
        _ = try course(["truncated"])
        let finished = try grade("--format", "autolab")
        struct Last: Decodable { let scores: [String: Int] }
        let last = try #require(finished.output.split(separator: "\n").last)
        #expect(try JSONDecoder().decode(Last.self, from: Data(last.utf8)).scores == ["unshare": 0])
    }

    @Test("A handout is one page of an exercise in either language, with the points and the date of a course")
    func handouts() throws {
        #expect(try lab.run(["exercise", "handout", "unshare", "7", "--output", "pages"]).status == 0)
        #expect(Files.list("\(place)/pages") == ["02-unshare.en.html", "07-layers.en.html"])
        _ = try lab.run(["grade", "init", "course"])
        try Files.write(
            "title: A & B\nsecret: secret\nlanguage: zh\n"
                + "exercises: [{exercise: unshare, points: 9, due: 2026-12-07T23:59:00+08:00}]\n",
            to: "\(place)/course/COURSE.yaml")
        let finished = try lab.run(["exercise", "handout", "--for", "course/COURSE.yaml", "--json"])
        #expect(try finished.json([String].self) == ["./02-unshare.zh.html"])
        let page = try Files.readText("\(place)/02-unshare.zh.html")
        #expect(page.contains("A &amp; B") && page.contains("9") && page.contains("2026-12-07T15:59:00Z"))
        #expect(page.contains("lang=\"zh") && !page.contains("exec unshare"))
    }
}
