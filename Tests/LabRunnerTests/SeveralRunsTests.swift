import Glibc
import LabCore
import LabFile
import Report
import Results
import Testing

@testable import LabRunner

/// The checkout that these tests were built from.
let checkout = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" }

/// `lab run` of several labs from end to end, with the bare process and the container.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct SeveralRunsTests {
    struct Answer: Decodable {
        struct Run: Decodable {
            let lab: String
            let directory: String
            let command: String
            let ending: String
        }
        struct Failure: Decodable { let lab: String }
        struct Table: Decodable {
            struct Row: Decodable {
                let number: Int
                let path: String?
                let lab: String?
            }
            let schema: String
            let rows: [Row]
        }
        let schema: String
        let runs: [Run]
        let failed: [Failure]
        let skipped: [String]
        let interrupted: Bool
        let directory: String
        let files: [String]
        let table: Table
    }

    private static let quick = ["--engine", "process", "--samples", "1", "--warmup", "0"]

    @Test("each lab gets its directory, and the table links to them")
    func eachLabGetsItsDirectory() throws {
        let lab = try LabProgram()
        let finished = try lab.run(
            ["run", "startup-latency,cpu-overhead", "--json", "--output", "out", "--seed", "7"] + Self.quick)
        #expect(finished.status == 0, "\(finished.errors)")
        let answer = try finished.json(Answer.self)
        #expect(answer.runs.map(\.lab) == ["startup-latency", "cpu-overhead"])
        #expect(answer.runs.map(\.directory) == ["out/startup-latency", "out/cpu-overhead"])
        #expect(answer.table.schema == "lab.table/1" && answer.table.rows.map(\.number) == Array(1...12))
        #expect(answer.directory == "out/table" && answer.files.contains("table.md"))
        #expect(answer.failed.isEmpty && answer.skipped.isEmpty && !answer.interrupted)
        #expect(lab.leftovers.isEmpty)
        let out = "\(lab.directory.path)/out"
        let table = try Files.readText("\(out)/table/table.md")
        for run in answer.runs {
            #expect(table.contains("](../\(run.lab)/result.json)"))
            #expect(Files.exists("\(out)/table/../\(run.lab)/result.json"))
            // The command of one lab alone, with the one seed.
            #expect(
                run.command
                    == "lab run \(run.lab) --engine process --samples 1 --warmup 0 --spread 10ms --seed 7")
        }
        // The same bytes again from the results alone.
        let again = try lab.run([
            "report", "--table", "out/startup-latency", "out/cpu-overhead/result.json", "--output",
            "out/again",
        ])
        #expect(again.status == 0, "\(again.errors)")
        #expect(try Files.readText("\(out)/again/table.md") == table)
    }

    @Test func oneLineALabAndThenTheTable() throws {
        let lab = try LabProgram()
        let finished = try lab.run(["run", "startup-latency,cpu-overhead"] + Self.quick)
        #expect(finished.status == 0, "\(finished.errors)")
        let names = Files.list("\(lab.directory.path)/results").sorted()
        #expect(names.count == 3)
        for name in ["startup-latency", "cpu-overhead", "table"] {
            #expect(names.contains { $0.hasSuffix("Z-\(name)") }, "\(names)")
        }
        let lines = finished.output.split(separator: "\n")
        #expect(lines[0].hasPrefix("lab 1 of 2  startup-latency  results/"))
        #expect(lines[1].hasPrefix("lab 2 of 2  cpu-overhead  results/"))
        #expect(lines.contains { $0.contains("4. speed of start-up") })
        #expect(lines.last?.hasPrefix("table:   results/") == true)
    }

    /// A small lab of its own beside others.
    private func write(_ id: String, _ dimension: String, engines: String, in labs: String) throws {
        try Files.makeDirectory("\(labs)/\(id)")
        let text = """
            id: \(id)
            title: {en: t, zh: t}
            question: {en: q, zh: q}
            dimension: \(dimension)
            engines: [\(engines)]
            workload: hello
            method: lifecycle
            metrics:
              - {id: startup, title: {en: s, zh: s}, from: requested, to: first-output}
            samples: {default: 2, warmup: 0}
            budget: 10 s
            timeout: 5 s
            memory: 256 MiB
            cpus: 1
            claims:
              - id: c
                subject: container
                source: "3"
                text: {en: c, zh: c}
                rule: {metric: startup, engines: [\(engines)], at-most: 1 s}
            row:
              shows: [{metric: startup}]
              claims: [c]

            """
        try Files.write(text, to: "\(labs)/\(id)/lab.yaml")
    }

    @Test("engines are those of each lab, and one without any is skipped")
    func enginesAreThoseOfEachLab() throws {
        let lab = try LabProgram()
        let labs = "\(lab.directory.path)/labs"
        try write("one", "启动速度", engines: "process", in: labs)
        try write("two", "内核归属", engines: "container", in: labs)
        let finished = try lab.run(
            ["run", "all", "--json", "--engine", "kvm,process"], environment: ["LAB_LABS": labs])
        #expect(finished.status == 0, "\(finished.errors)")
        let answer = try finished.json(Answer.self)
        #expect(answer.runs.map(\.lab) == ["one"] && answer.skipped == ["two"])
        #expect(answer.runs.first?.command.contains("--engine process ") == true)
        let none = try lab.run(
            ["run", "all", "--engine", "kvm"], environment: ["LAB_LABS": labs])
        #expect(none.status == 64 && none.errors.contains("--engine"), "\(none.errors)")
    }

    /// No engine of the second lab is on this machine; the others are measured all the same, and the table says why.
    @Test func aLabThatFailsDoesNotStopTheOthers() throws {
        let lab = try LabProgram()
        let labs = "\(lab.directory.path)/labs"
        try write("one", "虚拟化层级", engines: "process", in: labs)
        try write("two", "内核归属", engines: "bwrap", in: labs)
        try write("three", "启动速度", engines: "process", in: labs)
        let finished = try lab.run(
            ["run", "all", "--json", "--output", "out"],
            environment: ["LAB_LABS": labs, "PATH": "/nonexistent"])
        #expect(finished.status == 1, "\(finished.errors)")
        let answer = try finished.json(Answer.self)
        #expect(answer.runs.map(\.lab) == ["one", "three"] && answer.failed.map(\.lab) == ["two"])
        #expect(finished.errors.contains("no engine of two works on this machine"))
        let table = try Files.readText("\(lab.directory.path)/out/table/table.md")
        #expect(table.contains("`two` yielded nothing, because no engine of two works on this machine"))
        #expect(lab.leftovers.isEmpty)
        // Alone it is the error that it is.
        let alone = try lab.run(["run", "two,two-b"], environment: ["LAB_LABS": labs])
        #expect(alone.status == 64)
    }

    /// libvirt's driver can be opened once in a process, and a hypervisor need be proved once.
    @Test(.timeLimit(.minutes(5)))
    func severalLabsBootVMsInOneProcess() throws {
        let lab = try LabProgram()
        // A cache that outlives the test: the guest kernel is downloaded once, not for each run of the tests.
        let shared = "/tmp/lab-vm-tests-\(getuid())/cache"
        try Files.makeDirectory(shared)
        try Files.makeDirectory("\(lab.directory.path)/home")
        #expect(symlink(shared, "\(lab.directory.path)/home/cache") == 0)
        let labs = "\(lab.directory.path)/labs"
        try write("one", "虚拟化层级", engines: "qemu", in: labs)
        try write("two", "启动速度", engines: "qemu", in: labs)
        let finished = try lab.run(
            ["run", "all", "--json", "--samples", "1", "--output", "out", "--timeout", "60s"],
            environment: ["LAB_LABS": labs, "LAB_FETCH": "1"])
        if finished.status == 69 { try Test.cancel("skipped: \(finished.errors)") }
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(try finished.json(Answer.self).runs.map(\.lab) == ["one", "two"])
        for name in ["one", "two"] {
            let result = try ResultStore.load("\(lab.directory.path)/out/\(name)")
            #expect(result.samples.map(\.outcome.isCompleted) == [true])
            #expect(result.header.engines.map(\.availability) == [.available])
        }
        #expect(lab.leftovers.isEmpty)
    }

    @Test("a signal ends the lab that runs, and the table is written")
    func aSignalEndsTheLabThatRuns() throws {
        let lab = try LabProgram()
        let running = try lab.start([
            "run", "startup-latency,cpu-overhead", "--engine", "process", "--samples", "5000", "--budget",
            "20min", "--json",
        ])
        _ = try #require(lab.samples(lines: 20))
        running.signal(SIGINT)
        let finished = try running.wait()
        #expect(finished.status == 130, "\(finished.errors)")
        let answer = try finished.json(Answer.self)
        #expect(answer.runs.map(\.ending) == ["interrupted"] && answer.interrupted)
        #expect(answer.table.rows[3].path != nil && answer.table.rows[6].path == nil)
        #expect(Files.exists("\(lab.directory.path)/\(answer.directory)/table.md"))
        #expect(lab.leftovers.isEmpty)
    }

    @Test func theTimeOfAllIsShared() throws {
        let lab = try LabProgram()
        let finished = try lab.run([
            "run", "startup-latency,cpu-overhead", "--engine", "process", "--samples", "5000", "--budget",
            "12s", "--json",
        ])
        let answer = try finished.json(Answer.self)
        // On a busy machine a share may be over while it still warms up: then the lab has no sample, which is 1.
        #expect([0, 1].contains(finished.status), "\(finished.errors)")
        #expect(answer.runs.map(\.ending) == ["budget", "budget"])
        for run in answer.runs { #expect(run.command.contains("--budget ")) }
    }

    @Test func theTableIsMadeOfResultsInAnyForm() throws {
        let lab = try LabProgram()
        let made = try lab.run(
            ["run", "startup-latency", "--series", "plain", "--output", "one"] + Self.quick)
        #expect(made.status == 0, "\(made.errors)")
        let whole = try lab.run(["report", "--table", "one"])
        #expect(whole.status == 0 && whole.output.contains("[`one/result.json`](one/result.json)"))
        for path in ["one/", "one/result.json"] {
            #expect(try lab.run(["report", "--table", path]).output == whole.output)
        }
        // Named twice it is one result.
        #expect(try lab.run(["report", "--table", "one", "one/"]).output == whole.output)
        let json = try lab.run(["report", "--table", "one", "--format", "json"])
        let table = try json.json(Answer.Table.self)
        #expect(table.rows[3].path == "one/result.json" && table.rows.count == 12)
        #expect(try lab.run(["report", "--table", "one/samples.jsonl"]).output.contains("samples.jsonl"))
    }
}

/// What needs no run.
@Suite struct LabSelectionTests {
    private func catalogue() throws -> LabDirectory {
        try LabDirectory.open("\(checkout)/labs", engines: EngineFactory.ids)
    }

    @Test func allIsEveryLabInTheDocumentsOrder() throws {
        let selection = try LabSelection.read("all", in: catalogue())
        #expect(selection.isSeveral)
        let left: Set = ["applications", "block-io", "first-run", "network"]
        #expect(Set(selection.labs.map(\.id)) == Set(try catalogue().ids).subtracting(left))
        let rows = selection.labs.prefix { $0.row != nil }
        #expect(rows.count == selection.labs.count { $0.row != nil })
        let places = rows.map { lab in
            DocumentTable.rows.firstIndex { $0.dimension[.chinese] == lab.dimension } ?? -1
        }
        #expect(places == places.sorted() && !places.contains(-1))
    }

    @Test func labsAreThoseThatAreNamedInTheirOrder() throws {
        let names = ["startup-latency", "cpu-overhead"]
        for word in [names, names.reversed()] {
            let selection = try LabSelection.read(word.joined(separator: ", "), in: catalogue())
            #expect(selection.labs.map(\.id) == word && selection.isSeveral)
        }
        #expect(try !LabSelection.read("cpu-overhead", in: catalogue()).isSeveral)
    }

    @Test(arguments: ["cpu-overhead,cpu-overhead", "cpu-overhead,", ",", "", "al", "all,cpu-overhead"])
    func otherWordsAreUsageErrors(word: String) throws {
        let error = #expect(throws: LabError.self) { try LabSelection.read(word, in: catalogue()) }
        #expect(error?.kind == .usage)
    }
}

@Suite struct SharedBudgetTests {
    @Test func partsAreInProportionAndAddUpToTheWhole() {
        let budget = SharedBudget(own: [100, 300, 100], asked: 50, quick: false)
        #expect(budget.share(of: 0, elapsed: 0) == 10)
        #expect(budget.share(of: 1, elapsed: 10) == 30)
        #expect(budget.share(of: 2, elapsed: 40) == 10)
    }

    @Test func whatOneDoesNotUseIsLeftForTheOthers() {
        let budget = SharedBudget(own: [100, 100, 100], asked: 90, quick: false)
        #expect(budget.share(of: 1, elapsed: 2) == 44)
        #expect(budget.share(of: 2, elapsed: 4) == 86)
    }

    @Test("nobody gets more than its own unless it is asked for")
    func nobodyGetsMoreThanItsOwn() {
        #expect(SharedBudget(own: [20, 40], asked: nil, quick: false).share(of: 0, elapsed: 0) == nil)
        #expect(SharedBudget(own: [20, 40], asked: 600, quick: false).share(of: 0, elapsed: 0) == 200)
        let many = SharedBudget(own: Array(repeating: 160, count: 17), asked: nil, quick: false)
        #expect(many.total == SharedBudget.limit)
        #expect(many.share(of: 0, elapsed: 0) == 45)
        let quick = SharedBudget(own: Array(repeating: 50, count: 17), asked: nil, quick: true)
        #expect(quick.total == SharedBudget.quickLimit && quick.share(of: 0, elapsed: 0) == 8)
    }

    @Test("Each lab gets what its first round needs before any gets more, and less than all need is refused")
    func firstRoundsFirst() throws {
        var budget = SharedBudget(own: [100, 100, 200], asked: 120, quick: false)
        // A tenth is added to each: 11, 66 and 22.
        try budget.provide(for: [10, 60, 20])
        #expect(budget.share(of: 0, elapsed: 0) == 16)
        #expect(budget.share(of: 1, elapsed: 16) == 71)
        #expect(budget.share(of: 1, elapsed: 60) == 66, "never less than it needs")
        #expect(budget.share(of: 2, elapsed: 87) == 33)
        let error = #expect(throws: LabError.self) { try budget.provide(for: [50, 60, 20]) }
        #expect(error?.kind == .usage && error?.remedy?.english.contains("--budget 215s") == true)
        // Nobody named the default, which is no more for it.
        var quick = SharedBudget(own: [100, 900], asked: nil, quick: true)
        try quick.provide(for: [180, 20])
        #expect(quick.total == 150 && quick.share(of: 0, elapsed: 0) == nil, "its own is less")
        #expect(quick.share(of: 1, elapsed: 135) == 15)
    }

    @Test func whoComesTooLateStillMakesATrial() {
        let budget = SharedBudget(own: [100, 100], asked: 10, quick: false)
        #expect(budget.share(of: 1, elapsed: 500) == SharedBudget.least)
    }
}

@Suite struct RelativePathTests {
    @Test(arguments: [
        ("results/a/result.json", "results/table", "../a/result.json"),
        ("a/result.json", "a", "result.json"), ("./x", "deep/er", "../../x"),
        ("/etc/passwd", "results/table", "/etc/passwd"), ("/a/b/c", "/a/d", "../b/c"),
        ("../up/x", "here", "../../up/x"),
    ])
    func leadsFromOneToTheOther(path: String, directory: String, expected: String) {
        #expect(RelativePath.of(path, from: directory) == expected)
    }
}
