import FoundationEssentials
import Glibc
import Testing

@testable import LabCore

/// `lab exercise` as a student uses it.
@Suite(.enabled(if: LabProgram.isBuilt, "lab has not been built")) struct ExerciseCommandTests {
    private let lab: LabProgram
    private var course: String { "\(lab.directory.path)/course" }

    init() throws { lab = try LabProgram() }

    private func run(_ words: String..., environment: [String: String] = [:]) throws -> LabProgram.Finished {
        try lab.run(["exercise"] + words, environment: environment)
    }

    private func solve(_ exercise: String, _ solution: String) throws {
        let folder = "\(checkout)/exercises-solutions/\(exercise)/\(solution)"
        let id = String(exercise.dropFirst(3))
        for name in Files.list(folder) {
            try Files.write(try Files.read("\(folder)/\(name)"), to: "\(course)/\(id)/\(name)", mode: 0o755)
        }
    }

    private struct Outcome: Decodable {
        struct Point: Decodable { let isRight: Bool }
        let verdict: String
        let points: [Point]
        let outOf: Int
        let mistake: String?
    }

    private struct Progress: Decodable {
        let exercise: String
        let state: String
        let checks: Int
        let hints: Int
        let submissions: Int
        let isPredicted: Bool
        let isRevealed: Bool
    }

    @Test("From start to submission: a mistake gets its hints, what is right passes, and the journal knows")
    func fromStartToEnd() throws {
        #expect(try run("start", "2").status == 0)
        #expect(Files.list("\(course)/unshare") == ["explanation.md", "prediction.md", "task.md"])
        let missing = try run("check", "unshare")
        #expect(missing.status == 66 && missing.errors.contains("launch"))
        #expect(try run("reveal", "unshare").status == 64)
        #expect(try run("hint", "unshare").status == 64)

        try solve("02-unshare", "wrong/host-proc")
        // Not before there is a prediction, and one line is not an answer to three questions.
        try Files.write("1. It sees its old PID.\n", to: "\(course)/unshare/prediction.md")
        let early = try run("check", "unshare")
        #expect(early.status == 64 && early.errors.contains("--no-prediction"), "\(early.errors)")
        try Files.write("1. Its old PID.\n2. All.\n3. Its PID 1.\n", to: "\(course)/unshare/prediction.md")
        let wrong = try run("check", "unshare", "--json")
        // Where no room is made it is ungradable, and nothing else can be said.
        if wrong.status == 69 {
            #expect(try wrong.json(Outcome.self).verdict == "ungradable")
            try Test.cancel("skipped: no room is made here: \(wrong.errors)")
        }
        #expect(wrong.status == 1, "\(wrong.errors)")
        #expect(try wrong.json(Outcome.self).mistake == "host-proc")
        for step in 1...3 {
            let hint = try run("hint", "unshare")
            #expect(hint.status == 0 && hint.output.split(separator: "\n").count == step)
        }
        #expect(try run("hint", "unshare", environment: ["LAB_LANG": "zh"]).output.contains("procfs 显示什么"))

        try solve("02-unshare", "reference")
        let right = try run("check", "unshare", "--json")
        #expect(right.status == 0, "\(right.output) \(right.errors)")
        let outcome = try right.json(Outcome.self)
        #expect(outcome.verdict == "passed" && outcome.points.count == outcome.outOf)
        #expect(try run("reveal", "unshare").output.hasPrefix("# Exercise 2"))

        let first = try run("submit", "--output", "first.tar.gz")
        #expect(first.status == 0, "\(first.errors)")
        #expect(try run("submit", "--output", "second.tar.gz").status == 0)
        let archives = try ["first", "second"].map { try Files.read("\(lab.directory.path)/\($0).tar.gz") }
        #expect(archives[0] == archives[1])

        let rows = try run("progress", "--json").json([Progress].self)
        let row = try #require(rows.first { $0.exercise == "unshare" })
        #expect((row.state, row.checks, row.hints, row.submissions) == ("passed", 2, 4, 2))
        #expect(row.isPredicted && row.isRevealed)
        #expect(rows.contains { $0.state == "not-started" })
    }

    @Test("What is there already is not overwritten, and a course is one student's")
    func startKeepsFiles() throws {
        let ticket = String(repeating: "a1", count: 32)
        #expect(try run("start", "layers", "--student", "ada", "--ticket", ticket).status == 0)
        try Files.write("mine", to: "\(course)/layers/layer")
        try Files.write("mine", to: "\(course)/layers/task.md")
        #expect(try run("start", "layers").status == 0)
        #expect(try Files.readText("\(course)/layers/task.md") == "mine")
        #expect(try run("start", "layers", "--student", "bob").status == 64)
        #expect(try Files.readText("\(course)/.lab/student.json").contains(ticket))
        var status = stat()
        #expect(stat("\(course)/.lab/student.json", &status) == 0 && status.st_mode & 0o077 == 0)
    }

    @Test(
        "A wrong word is an error of usage, with what was meant",
        arguments: [
            ["start", "unshar"], ["start", "unshare", "--ticket", "12"],
            ["start", "unshare", "--student", "../x"],
            ["start", "99"],
        ])
    func wrongWords(_ words: [String]) throws {
        let finished = try lab.run(["exercise"] + words)
        #expect(finished.status == 64, "\(finished.errors)")
        #expect(!Files.exists(course))
    }

    @Test(
        "Without a course, with a damaged one or with a link for an artefact, it is an error and no verdict")
    func damagedCourses() throws {
        #expect(try run("progress").status == 66)
        #expect(try run("start", "unshare").status == 0)
        symlink("/etc/passwd", "\(course)/unshare/launch")
        #expect(try run("check", "unshare").status == 65)
        #expect(try run("submit").status == 65)
        try Files.write("{", to: "\(course)/.lab/student.json")
        #expect(try run("progress").status == 65)
        #expect(try run("start", "unshare").status == 65)
    }

    @Test("A check that is killed takes its room with it, and `lab clean` removes what it leaves")
    func killedChecks() throws {
        struct Cleaned: Decodable {
            struct Resource: Decodable { let name: String }
            let removed: [Resource]
        }
        #expect(try run("start", "unshare").status == 0)
        // A number that no other process sleeps for.
        let seconds = "8\(UInt32.random(in: 100_000...999_999)).25"
        try Files.write("#!/bin/sh\nexec sleep \(seconds)\n", to: "\(course)/unshare/launch", mode: 0o755)
        func isAsleep() -> Bool { HostProcess.all.contains { $0.commandLine == ["sleep", seconds] } }
        let running = try lab.start(["exercise", "check", "unshare", "--no-prediction"])
        let isUp = waitUntil(.seconds(15)) { isAsleep() || !HostProcess(pid: running.pid).isRunning }
        running.signal(SIGKILL)
        let finished = try running.wait()
        // Where no room is made it has ended by itself.
        if finished.status == 69 { try Test.cancel("skipped: no room is made here: \(finished.errors)") }
        #expect(isUp && finished.status == 128 + SIGKILL)
        #expect(waitUntil(.seconds(10)) { !isAsleep() })
        let cleaned = try lab.run(["clean", "--json"])
        #expect(cleaned.status == 0, "\(cleaned.errors)")
        let removed = try cleaned.json(Cleaned.self).removed.map(\.name)
        #expect(removed.contains { $0.contains("-room-") })
        #expect(removed.filter(Files.exists).isEmpty)
    }

    @Test(
        "What is not written yet is left out of a submission and named; a course is found from a directory in it"
    )
    func leftOut() throws {
        #expect(try run("submit").status == 66)
        for exercise in ["unshare", "layers"] { #expect(try run("start", exercise).status == 0) }
        #expect(try run("submit").status == 64)
        try Files.write("#!/bin/sh\n", to: "\(course)/layers/layer", mode: 0o755)
        try Files.write("", to: "\(course)/layers/helper")
        let submitted = try run("submit")
        #expect(submitted.status == 0 && submitted.output.contains("layers"), "\(submitted.errors)")
        #expect(submitted.errors.contains("helper") && !submitted.errors.contains("task.md"))
        #expect(submitted.errors.contains("unshare") && !submitted.output.contains("unshare"))
    }

    @Test(
        "A form of an explanation that nobody filled in is none, in either language; a word of one's own makes it one"
    )
    func explanations() throws {
        for language in ["en", "zh"] {
            #expect(try run("start", "layers", environment: ["LAB_LANG": language]).status == 0)
            let file = "\(course)/layers/explanation.md"
            #expect(try Files.readText(file).contains("3. "))
            try Files.write("#!/bin/sh\n", to: "\(course)/layers/layer", mode: 0o755)
            let without = try run("submit")
            #expect(without.status == 0 && !without.output.contains("explanation.md"))
            #expect(without.errors.contains("layers: nothing is written in explanation.md"))
            try Files.write(try Files.readText(file) + "The merged directory.\n", to: file)
            let with = try run("submit")
            #expect(with.status == 0 && with.output.contains("explanation.md"), "\(with.errors)")
            try Files.removeTree(course)
        }
    }

    @Test("A ticket that comes late takes the place of one's own, once, and what was written stays")
    func lateTicket() throws {
        let tickets = ["a1", "b2"].map { String(repeating: $0, count: 32) }
        #expect(try run("start", "layers").status == 0)
        try Files.write("mine", to: "\(course)/layers/layer")
        let late = try run("start", "layers", "--student", "ada", "--ticket", tickets[0])
        #expect(late.status == 0, "\(late.errors)")
        #expect(try Files.readText("\(course)/layers/layer") == "mine")
        let file = "\(course)/.lab/student.json"
        #expect(try Files.readText(file).contains(tickets[0]) && Files.readText(file).contains("ada"))
        #expect(try run("start", "layers", "--ticket", tickets[1]).status == 64)
        #expect(try Files.readText(file).contains(tickets[0]))
    }

    @Test("A program that did not begin has a hint of its own in every exercise")
    func notStarted() throws {
        #expect(try run("start", "unshare").status == 0)
        try Files.write("#!/no/such/interpreter\n", to: "\(course)/unshare/launch", mode: 0o755)
        let check = try run("check", "unshare", "--json", "--no-prediction")
        if check.status == 69 { try Test.cancel("skipped: no room is made here: \(check.errors)") }
        #expect(try check.json(Outcome.self).mistake == "not-started", "\(check.output)")
        #expect(try run("hint", "unshare").output.hasPrefix("1/3"))
    }

    @Test("The list is in the course's order, in both languages")
    func list() throws {
        struct Entry: Decodable { let number: Int }
        let numbers = try run("list", "--json").json([Entry].self).map(\.number)
        #expect(numbers == numbers.sorted() && !numbers.isEmpty)
        #expect(try run("list", environment: ["LAB_LANG": "zh"]).output.contains("命名空间启动器"))
        #expect(try run("list").output.contains("7 points, about 90 minutes"))
    }
}
