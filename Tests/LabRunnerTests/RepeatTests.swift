import Glibc
import LabCore
import Results
import Testing

@testable import LabRunner

/// `lab run --repeat` from end to end, with the bare process.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct RepeatTests {
    struct Answer: Decodable {
        struct Run: Decodable {
            let directory: String
            let command: String
            let ending: String
        }
        let schema: String
        let directory: String
        let runs: [Run]
        let planned: Int
        let interrupted: Bool
    }

    private static let run = [
        "run", "startup-latency", "--series", "plain", "--engine", "process", "--warmup", "0",
    ]

    @Test("Each run has a directory and a seed of its own, and all of them are a side of a comparison")
    func severalRuns() throws {
        let lab = try LabProgram()
        let finished = try lab.run(
            Self.run + ["--samples", "5", "--repeat", "3", "--seed", "7", "--json", "--output", "out"])
        #expect(finished.status == 0, "\(finished.errors)")
        let answer = try finished.json(Answer.self)
        #expect(answer.schema == "lab.repeats/1" && answer.planned == 3 && !answer.interrupted)
        #expect(answer.directory == "out")
        #expect(answer.runs.map(\.directory) == (1...3).map { "out/startup-latency-\($0)" })
        // Each is made again by its own words, with the seed that followed from the first.
        let seeds = RepeatedRuns.seeds(3, from: 7)
        #expect(Set(seeds).count == 3 && RepeatedRuns.seeds(2, from: 7) == Array(seeds[..<2]))
        for (run, seed) in zip(answer.runs, seeds) {
            #expect(run.command.hasSuffix("--seed \(seed)") && !run.command.contains("--repeat"))
            #expect(try ResultStore.load("\(lab.directory.path)/\(run.directory)").header.plan.seed == seed)
        }
        #expect(lab.leftovers.isEmpty)

        let compared = try lab.run(["compare", "out", "out", "--json"])
        #expect(compared.status == 0, "\(compared.errors)")
        let rows = try compared.json(CompareCommandTests.Answer.self).rows
        #expect(!rows.isEmpty && rows.allSatisfy { $0.old.runs == 3 && $0.new.runs == 3 })
    }

    @Test("A line a run with its figures, then how to compare them")
    func lines() throws {
        let lab = try LabProgram()
        let finished = try lab.run(Self.run + ["--samples", "1", "--repeat", "2"])
        #expect(finished.status == 0, "\(finished.errors)")
        let names = Files.list("\(lab.directory.path)/results")
        let directory = "results/\(try #require(names.first))"
        #expect(names.count == 1 && directory.hasSuffix("Z-startup-latency"))
        let lines = finished.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 3 && lines.last == "compare: lab compare \(directory) …")
        for (number, line) in zip(1...2, lines) {
            let start = "run \(number) of 2  \(directory)/startup-latency-\(number)/report.md  process "
            #expect(line.hasPrefix(start) && line.hasSuffix("s") && line.count < start.count + 12, "\(line)")
        }
    }

    @Test("A signal ends the run that is being made, writes it, and leaves the rest out")
    func interrupted() throws {
        let lab = try LabProgram()
        let running = try lab.start(
            Self.run + ["--samples", "100000", "--repeat", "3", "--json", "--output", "out"])
        let samples = "\(lab.directory.path)/out/startup-latency-1/samples.jsonl"
        let deadline = MonotonicInstant.now().advanced(by: .seconds(60))
        while MonotonicInstant.now() < deadline,
            (try? Files.readText(samples))?.count(where: { $0 == "\n" }) ?? 0 < 5
        {
            usleep(10_000)
        }
        running.signal(SIGINT)
        let finished = try running.wait()
        #expect(finished.status == 130, "\(finished.errors)")
        let answer = try finished.json(Answer.self)
        #expect(answer.interrupted && answer.runs.map(\.ending) == ["interrupted"])
        #expect(Files.list("\(lab.directory.path)/out") == ["startup-latency-1"])
        #expect(try !ResultStore.load("\(lab.directory.path)/out/startup-latency-1").samples.isEmpty)
        #expect(lab.leftovers.isEmpty)
    }

    @Test(
        "What can't be repeated is a usage error",
        arguments: [
            (["all"], "--repeat", "2"), (["startup-latency,cpu-overhead"], "--repeat", "2"),
            (["startup-latency", "--baseline", "x"], "--baseline", "2"),
            (["startup-latency"], "--repeat", "0"), (["startup-latency"], "--repeat", "1001"),
            (["startup-latency"], "--repeat", "often"),
        ])
    func refusals(words: [String], named: String, count: String) throws {
        let finished = try LabProgram().run(["run"] + words + ["--repeat", count])
        #expect(finished.status == 64 && finished.errors.contains(named), "\(finished.errors)")
        #expect(finished.output.isEmpty)
    }
}
