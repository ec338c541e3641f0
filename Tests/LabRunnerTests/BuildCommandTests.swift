import Artifacts
import Glibc
import Results
import Testing

@testable import LabCore
@testable import LabRunner

/// Two builds of a program in one run, and processors that it is held to, from the command line to the result.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct BuildCommandTests {
    /// The reason why crun starts nothing here; nil when it does.
    static let obstacle: String? = {
        guard geteuid() == 0 else { return "needs root" }
        guard Tool.find("crun") != nil else { return "crun is not installed" }
        guard let lab = try? LabProgram(),
            let tried = try? lab.run([
                "run", "startup-latency", "--series", "plain", "--engine", "crun", "--samples", "1",
                "--warmup", "0",
                "--output", "out",
            ])
        else { return "lab does not run" }
        return tried.status == 0 ? nil : tried.errors
    }()

    private func result(_ lab: LabProgram, _ directory: String) throws -> RunResult {
        try ResultStore.load("\(lab.directory.path)/\(directory)")
    }

    @Test(
        "Two names of one program are two engines in turns, each with its record, in report, answer and comparison",
        .enabled(if: obstacle == nil, "skipped: crun starts no container here"))
    func twoBuilds() throws {
        let lab = try LabProgram()
        let program = try #require(Tool.find("crun"))
        let words = [
            "run", "startup-latency", "--series", "plain", "--engine", "process,old=crun:\(program)",
            "--engine",
            "new=crun:\(program)", "--samples", "6", "--warmup", "0", "--output",
        ]
        let first = try lab.run(words + ["one"])
        #expect(first.status == 0, "\(first.errors)")
        #expect(
            first.output.contains("old (a build of crun): \(program)")
                && first.output.contains("new (a build of crun)"))
        #expect(first.output.contains("--engine new=crun:\(program)"), "it can be made again")
        let made = try result(lab, "one")
        #expect(made.header.engines.map(\.id) == ["process", "old", "new"])
        for record in made.header.engines.dropFirst() {
            let build = try #require(record.build)
            #expect(record.role == .peer && build.kind == "crun" && build.path == program)
            #expect(try build.digest == Digest.sha256(file: program))
            #expect(build.version?.english.contains("crun") == true)
            #expect(made.measuredAnywhere(record.id).count { $0.outcome.isCompleted } == 6)
        }
        let order = made.samples.map(\.engine)
        let isInTurns = order.lastIndex(of: "old").flatMap { last in
            order.firstIndex(of: "new").map { $0 < last }
        }
        #expect(isInTurns == true, "\(order)")
        let report = try Files.readText("\(lab.directory.path)/one/report.md")
        #expect(report.contains(program) && report.contains("a build of `crun`"))
        // No claim is judged by them.
        let figures = Figures(made)
        for claim in made.header.lab.claims where claim.rule.engines != [.process] {
            #expect(claim.judge(figures).allSatisfy { $0.verdict == .notMeasurable })
        }
        #expect(try lab.run(words + ["two"]).status == 0)
        let compared = try lab.run(["compare", "one", "two", "--engine", "new", "--threshold", "10000%"])
        #expect(compared.status == 0 && compared.output.contains("`new`"), "\(compared.errors)")
        #expect(lab.leftovers.isEmpty)
    }

    @Test(
        "A build that does not work is left out with the reason, and the run fails",
        .enabled(if: obstacle == nil, "skipped: crun starts no container here"))
    func anotherProgram() throws {
        let lab = try LabProgram()
        let finished = try lab.run([
            "run", "startup-latency", "--series", "plain", "--engine", "process,new=crun:/bin/true",
            "--samples", "2",
            "--output", "out",
        ])
        #expect(finished.status == 1)
        #expect(
            (finished.output + finished.errors).contains("/bin/true does not work as crun"),
            "\(finished.output)")
        #expect(lab.leftovers.isEmpty)
    }

    @Test("Names and files that can't be builds are refused before anything is made, each with the reason")
    func refusals() throws {
        let lab = try LabProgram()
        try Files.write("x", to: "\(lab.directory.path)/text", mode: 0o644)
        for (word, reason) in [
            ("new=crun:/none/crun", "is not there"), ("new=crun:/etc", "is a directory"),
            ("new=crun:\(lab.directory.path)/text", "is not executable"), ("new=crun:text", "root"),
            ("new=crn:/bin/true", "did you mean \"crun\"?"), ("runc=crun:/bin/true", "another engine"),
            ("new=process:/bin/true", "no program of its own"), ("new=container:/bin/true", "lab compare"),
            ("new=qemu:/bin/true", "qemu"), ("New=crun:/bin/true", "lower-case"),
            ("a=crun:/bin/true,a=crun:/bin/false", "twice"), ("crun,crun=crun:/bin/true", "twice"),
            ("new=crun:/bin/tr\u{fffd}ue", "UTF-8"),
        ] {
            let refused = try lab.run(["run", "startup-latency", "--engine", word, "--output", "out"])
            #expect(refused.status == 64 && refused.errors.contains(reason), "\(word): \(refused.errors)")
        }
        #expect(!Files.exists("\(lab.directory.path)/out") && lab.leftovers.isEmpty)
    }

    @Test(
        "The command of a build is explained",
        .enabled(if: obstacle == nil, "skipped: crun starts no container here"))
    func explained() throws {
        let lab = try LabProgram()
        let link = "\(lab.directory.path)/my crun"
        #expect(symlink(try #require(Tool.find("crun")), link) == 0)
        let said = try lab.run(["explain", "startup-latency", "--engine", "new=crun:\(link)"])
        #expect(said.status == 0 && said.output.contains("'\(link)' --root "), "\(said.errors)")
        #expect(said.output.contains("/new.build/"))
    }

    @Test(
        "What is measured keeps to its processors and lab to the others, and the result says so",
        .enabled(
            if: ProcessorTopology.current().online.numbers.count > 1, "skipped: there is only one processor"))
    func processors() throws {
        let lab = try LabProgram()
        let list = try #require(ProcessorTopology.current().online.numbers.last.map(String.init))
        let placement = try Placement(list)
        let running = try lab.start([
            "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "100000",
            "--budget",
            "60s", "--cpus-allowed", list, "--output", "out",
        ])
        let samples = "\(lab.directory.path)/out/samples.jsonl"
        let deadline = MonotonicInstant.now().advanced(by: .seconds(60))
        while MonotonicInstant.now() < deadline,
            (try? Files.readText(samples))?.contains("\"engine\"") != true
        {
            usleep(10_000)
        }
        let threads = Files.list("/proc/\(running.pid)/task").compactMap { thread in
            (try? Files.readText("/proc/\(running.pid)/task/\(thread)/status")).flatMap {
                ProcessStatus($0)["Cpus_allowed_list"]
            }
        }
        running.signal(SIGINT)
        let finished = try running.wait()
        #expect(finished.status == 130, "\(finished.errors)")
        #expect(Set(threads) == [placement.harness.description])
        let made = try result(lab, "out")
        #expect(made.header.environment.placement == placement)
        #expect(made.header.engines.first?.steps.contains("processors") == true)
        #expect(made.header.command.contains("--cpus-allowed \(list)"))
        #expect(
            try Files.readText("\(lab.directory.path)/out/report.md").contains(
                "CPUs of what is measured | \(list)"))
    }

    @Test("Processors that are not there, and what is no list, are refused")
    func unfitProcessors() throws {
        let lab = try LabProgram()
        for (word, reason) in [("8000", "no processor 8000"), ("0;1", "no list")] {
            let refused = try lab.run(["run", "startup-latency", "--cpus-allowed=\(word)"])
            #expect(refused.status == 64 && refused.errors.contains(reason), "\(refused.errors)")
        }
    }

    @Test("The doctor's script is one that a shell reads, with comments in the language that was chosen")
    func script() throws {
        let lab = try LabProgram()
        for (language, words) in [("en", "steadier"), ("zh", "更稳定")] {
            let said = try lab.run(["doctor", "--script", "--lang", language])
            #expect(said.status == 0 && said.output.hasPrefix("#!/bin/sh\n") && said.output.contains(words))
            try Files.write(said.output, to: "\(lab.directory.path)/steady.sh")
            #expect(
                try Tool.run(
                    "sh", ["-n", "steady.sh"], in: lab.directory.path,
                    deadline: .now().advanced(by: .seconds(20))
                ).status == 0)
        }
        #expect(lab.leftovers.isEmpty)
    }
}
