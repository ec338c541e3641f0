import Glibc
import LabCore
import Results
import Testing

/// `lab run --predict` and `--sweep`, from end to end.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct PredictCommandTests {
    private let run = [
        "run", "startup-latency", "--engine", "process", "--series", "plain", "--samples", "3", "--spread",
        "10ms", "--output", "out", "--quiet",
    ]

    @Test("Answers of a file stand in the result and the report, and the recorded command has none of them")
    func answersOfAFile() throws {
        let lab = try LabProgram()
        try Files.write("one ms\n\n*three*\n", to: "\(lab.directory.path)/answers")
        let finished = try lab.run(run + ["--predictions", "answers"])
        #expect(finished.status == 0, "\(finished.errors)")
        let result = try ResultStore.load("\(lab.directory.path)/out/result.json")
        #expect(result.header.predictions == ["one ms", "", "*three*"])
        #expect(!result.header.command.contains("predict"))
        let report = try Files.readText("\(lab.directory.path)/out/report.md")
        #expect(report.contains("## Predictions") && report.contains("| one ms |"))
        #expect(report.contains("\\*three\\*"))
    }

    @Test("Without a terminal nobody is asked, and nothing is measured")
    func nobodyToAsk() throws {
        let lab = try LabProgram()
        for words in [["--predict"], ["--predict", "--predictions", "x"], ["--predictions", "none"]] {
            let finished = try lab.run(run + words)
            #expect(finished.status != 0 && finished.errors.contains("lab: "), "\(words)")
            #expect(!Files.exists("\(lab.directory.path)/out"))
        }
        #expect(try lab.run(run + ["--predict"]).errors.contains("--predictions FILE"))
        let several = try lab.run(["run", "startup-latency,tools", "--predict"])
        #expect(several.status == LabError(.usage, "x").exitCode)
    }

    @Test(
        "On a terminal the questions are asked one by one",
        .enabled(if: Tool.find("script") != nil, "skipped: there is no script(1)"))
    func askedOnATerminal() throws {
        let lab = try LabProgram()
        let words = ShellText.join([try #require(LabProgram.path)] + run + ["--predict", "--lang", "zh"])
        // Each answer once its question was seen, as somebody at a terminal does.
        let shell = """
            { for n in 1 2 3; do
                until grep -q "$n/3" seen 2>/dev/null; do sleep 0.05; done; echo "answer $n"
              done; while [ ! -e out/result.json ]; do sleep 0.05; done; } \
            | timeout 60 script -qefc "$0" seen > /dev/null
            """
        let running = try lab.start(["-c", shell, words], program: "/bin/sh")
        _ = try running.wait(within: .seconds(120))
        let result = try ResultStore.load("\(lab.directory.path)/out/result.json")
        #expect(result.header.predictions == ["answer 1", "answer 2", "answer 3"])
        let seen = try Files.readText("\(lab.directory.path)/seen")
        #expect(seen.contains("从发出请求到第一行输出要多久"))
    }

    struct Answer: Decodable {
        struct Point: Decodable {
            let parameters: [String: String]
            let samples: Int
            let failures: Int
        }
        struct Engine: Decodable {
            let id: String
            let samples: Int
            let points: [Point]
        }
        let engines: [Engine]
    }

    @Test(
        "A sweep measures a container at every combination of limits, a process without, and says what bwrap can't",
        .enabled(if: geteuid() == 0, "skipped: not root"))
    func sweep() throws {
        let lab = try LabProgram()
        let finished = try lab.run([
            "run", "startup-latency", "--engine", "process,container,bwrap", "--sweep", "memory=64MiB,128MiB",
            "--sweep", "cpus=1,2", "--samples", "3", "--spread", "10ms", "--output", "out", "--json",
        ])
        #expect(finished.status == 0, "\(finished.errors)")
        let answer = try finished.json(Answer.self)
        func engine(_ id: String) throws -> Answer.Engine {
            try #require(answer.engines.first { $0.id == id })
        }
        #expect(try engine("process").samples == 3)
        let points = try engine("container").points
        #expect(Set(points.map(\.parameters)).count == 4)
        #expect(points.allSatisfy { $0.samples == 3 && $0.failures == 0 && $0.parameters.count == 2 })
        let report = try Files.readText("\(lab.directory.path)/out/report.md")
        #expect(report.contains("sweep-1.svg") && report.contains("sweep-2.svg"))
        if Tool.find("bwrap") != nil {
            #expect(try engine("bwrap").points.allSatisfy { $0.failures == $0.samples })
            #expect(report.contains("nothing of it has a cgroup of its own"))
        }
    }

    @Test("lab list labs has the order in which they can be understood, and what each asks")
    func labsAreListedInOrder() throws {
        struct List: Decodable {
            struct Lab: Decodable {
                let id: String
                let after: [String]
                let predictions: [[String: String]]
            }
            let labs: [Lab]
        }
        let lab = try LabProgram()
        let list = try lab.run(["list", "labs", "--json"]).json(List.self)
        #expect(list.labs.first?.id == "namespaces" && list.labs.first?.after == [])
        #expect(list.labs.allSatisfy { !$0.predictions.isEmpty })
        let lines = try lab.run(["list", "labs"]).output
        #expect(lines.contains("\n    after: namespaces, cgroups, overlay\n"))
    }
}
