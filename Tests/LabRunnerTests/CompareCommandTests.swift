import Glibc
import LabCore
import Testing

/// `lab compare` and `lab run --baseline` from end to end, with runs of the bare process.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct CompareCommandTests {
    struct Answer: Decodable {
        struct Difference: Decodable {
            let field: String
            let old: String
            let new: String
        }
        struct Row: Decodable {
            let metric: String
            let verdict: String
            let correctedP: Double?
            let regression: Bool
        }
        let regression: Bool
        let tested: Int
        let unlike: [Difference]
        let rows: [Row]
    }
    struct RunAnswer: Decodable { let comparison: Answer? }

    static let run = [
        "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "15",
    ]

    /// A real run in `old`, and copies of it in which times or facts are other ones.
    private func measured() throws -> (lab: LabProgram, result: RunResult) {
        let lab = try LabProgram()
        let finished = try lab.run(Self.run + ["--output", "old"])
        try #require(finished.status == 0, "\(finished.errors)")
        return (lab, try ResultStore.load("\(lab.directory.path)/old"))
    }

    private func save(_ result: RunResult, _ name: String, in lab: LabProgram) throws {
        try Files.makeDirectory("\(lab.directory.path)/\(name)")
        try ResultStore.save(result, in: "\(lab.directory.path)/\(name)")
    }

    /// The same run, each mark so many times as late.
    private func stretched(_ result: RunResult, by factor: Double) -> RunResult {
        var result = result
        for place in result.samples.indices {
            var timeline = Timeline()
            let zero = MonotonicInstant(nanoseconds: 0)
            for (mark, time) in result.samples[place].timeline.nanoseconds {
                timeline.stamp(
                    mark, at: MonotonicInstant(nanoseconds: UInt64(Double(time) * factor)), since: zero)
            }
            result.samples[place].timeline = timeline
        }
        return result
    }

    @Test("a regression exits with one, and the other way round with nought")
    func aRegressionExitsWithOne() throws {
        let (lab, result) = try measured()
        try save(stretched(result, by: 50), "slow", in: lab)
        let worse = try lab.run(["compare", "old", "slow", "--metric", "startup"])
        #expect(worse.status == 1 && worse.errors.isEmpty, "\(worse.errors)")
        #expect(worse.output.contains("**slower**") && worse.output.contains("Regression beyond 5.0 %"))
        #expect(try lab.run(["compare", "slow", "old"]).status == 0)
        #expect(try lab.run(["compare", "old", "slow", "--threshold", "9900%"]).status == 0)
        #expect(try lab.run(["compare", "old", "old"]).status == 0)

        let answer = try lab.run(["compare", "old", "slow", "--json"]).json(Answer.self)
        #expect(answer.regression && answer.unlike.isEmpty && answer.tested == answer.rows.count)
        #expect(answer.rows.contains { $0.metric == "startup" && $0.verdict == "slower" && $0.regression })
        #expect(
            try lab.run(["compare", "old", "slow", "--format", "json"]).output
                == lab.run(["compare", "old", "slow", "--json"]).output)
        let unknown = try lab.run(["compare", "old", "slow", "--metric", "startp"])
        #expect(unknown.status == 64 && unknown.errors.contains("did you mean \"startup\"?"))
        #expect(lab.leftovers.isEmpty)
    }

    @Test("unlike results are refused by name, and forced with every difference")
    func unlikeResultsAreRefusedByName() throws {
        let (lab, result) = try measured()
        var other = result
        other.header.environment.kernel = "9.9"
        other.header.digests["workload"] = "0123"
        try save(other, "other", in: lab)
        let kernel = try #require(result.header.environment.kernel)
        let refused = try lab.run(["compare", "old", "other"])
        #expect(refused.status == 65 && refused.output.isEmpty)
        #expect(refused.errors.contains("environment.kernel: \(kernel) before, 9.9 now"), "\(refused.errors)")
        #expect(refused.errors.contains("digests.workload") && refused.errors.contains("remedy:"))

        for format in ["md", "csv", "json"] {
            let forced = try lab.run(["compare", "old", "other", "--force", "--format", format])
            #expect(forced.status == 0)
            for field in ["environment.kernel", "digests.workload"] {
                #expect(forced.output.contains(field), "\(format)")
                #expect(forced.errors.contains("unlike: \(field)"), "\(format)")
            }
        }
    }

    @Test func aRunComparesWithItsBaseline() throws {
        let (lab, result) = try measured()
        try save(stretched(result, by: 1.0 / 50), "fast", in: lab)
        let worse = try lab.run(Self.run + ["--baseline", "fast", "--output", "second", "--json"])
        #expect(worse.status == 1, "\(worse.errors)")
        #expect(try worse.json(RunAnswer.self).comparison?.regression == true)
        #expect(try ResultStore.load("\(lab.directory.path)/second").samples.count == 16)

        // What varies between two runs of a busy machine is no matter here: only a tenfold start is.
        let same = try lab.run(
            Self.run + ["--baseline", "old", "--threshold", "9900%", "--output", "third"])
        #expect(same.status == 0, "\(same.errors)")
        let (table, comparison) = (
            same.output.ranges(of: "ratio to process"), same.output.ranges(of: "# Comparison")
        )
        #expect(try #require(table.first).lowerBound < #require(comparison.first).lowerBound)
        #expect(lab.leftovers.isEmpty)
    }

    @Test("a run that cannot match its baseline measures nothing")
    func anUnmatchedBaselineMeasuresNothing() throws {
        let (lab, result) = try measured()
        var foreign = result
        foreign.header.digests["workload"] = "0123"
        try save(foreign, "foreign", in: lab)
        var other = result
        other.header.engines[0].details = [.init("start", "by hand")]
        try save(other, "other", in: lab)
        for (arguments, field) in [
            (["--baseline", "foreign"], "digests.workload"),
            // Known only when the engine has been prepared.
            (["--baseline", "other"], "engines.process.details.start"),
            (["--baseline", "old", "--memory", "128MiB"], "lab.memoryBytes"),
            (["--baseline", "old", "--engine", "process,container"], "plan.engines"),
        ] {
            let words =
                arguments.contains("--engine") ? ["run", "startup-latency", "--series", "plain"] : Self.run
            let refused = try lab.run(words + arguments + ["--output", "new"])
            #expect(refused.status == 65, "\(refused.errors)")
            #expect(refused.errors.contains(field) && refused.output.isEmpty, "\(refused.errors)")
            #expect(!Files.exists("\(lab.directory.path)/new"), "\(field)")
            #expect(lab.leftovers.isEmpty)
        }
        let forced = try lab.run(Self.run + ["--baseline", "foreign", "--force", "--threshold", "9900%"])
        #expect(forced.status == 0, "\(forced.output) \(forced.errors)")
        #expect(forced.output.contains("unlike: `digests.workload`"))
    }
}
