import Glibc
import LabCore
import Results
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
        struct Figure: Decodable {
            let value: Double
            let lower95: Double?
            let upper95: Double?
        }
        struct Side: Decodable {
            let runs: Int
            let n: Int
        }
        struct Row: Decodable {
            let metric: String
            let engine: String
            let old: Side
            let new: Side
            let change: Figure?
            let ratioChange: Figure?
            let basis: String
            let verdict: String
            let reason: String?
            let bound: Double?
            let correctedP: Double?
            let regression: Bool
        }
        let schema: String
        let old: [String]
        let newRuns: Int
        let baseline: String?
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

    /// Three runs that differ by a hundredth, so many times as slow as the measured one.
    private func saveRuns(_ result: RunResult, by factor: Double, _ name: String, in lab: LabProgram) throws {
        for (number, spread) in [0.99, 1, 1.01].enumerated() {
            var run = stretched(result, by: factor * spread)
            run.header.runID = "\(name)-\(number + 1)"
            try save(run, "\(name)/lab-\(number + 1)", in: lab)
        }
    }

    @Test("a regression exits with one, and the other way round with nought")
    func aRegressionExitsWithOne() throws {
        let (lab, result) = try measured()
        try saveRuns(result, by: 1, "fast", in: lab)
        try saveRuns(result, by: 50, "slow", in: lab)
        let worse = try lab.run(["compare", "fast", "slow", "--metric", "startup"])
        #expect(worse.status == 1 && worse.errors.isEmpty, "\(worse.errors)")
        #expect(worse.output.contains("**slower**") && worse.output.contains("Regression beyond 5.0 %"))
        #expect(worse.output.contains("| 3 / 3 |"))
        #expect(try lab.run(["compare", "slow", "fast"]).status == 0)
        #expect(try lab.run(["compare", "fast", "slow", "--threshold", "9900%"]).status == 0)
        #expect(try lab.run(["compare", "fast", "fast"]).status == 0)

        let answer = try lab.run(["compare", "fast", "slow", "--json"]).json(Answer.self)
        #expect(answer.regression && answer.unlike.isEmpty && answer.tested == answer.rows.count)
        #expect(answer.schema == "lab.compare/2" && answer.newRuns == 3 && answer.old == ["fast"])
        let row = try #require(answer.rows.first { $0.metric == "startup" })
        #expect(row.verdict == "slower" && row.regression && row.basis == "figure" && row.reason == nil)
        #expect(row.old.runs == 3 && row.old.n == 45 && row.ratioChange == nil)
        let change = try #require(row.change)
        #expect(try abs(change.value - 50) < 1 && #require(change.lower95) > 45)
        #expect(try abs(#require(row.bound) - (#require(change.upper95) - 1)) < 1e-9)
        #expect(
            try lab.run(["compare", "fast", "slow", "--format", "json"]).output
                == lab.run(["compare", "fast", "slow", "--json"]).output)
        let unknown = try lab.run(["compare", "old", "slow", "--metric", "startp"])
        #expect(unknown.status == 64 && unknown.errors.contains("did you mean \"startup\"?"))
        let stranger = try lab.run(["compare", "old", "slow", "--engine", "proces"])
        #expect(stranger.status == 64 && stranger.errors.contains("did you mean \"process\"?"))
        #expect(lab.leftovers.isEmpty)
    }

    @Test("Globs name the runs of both sides, and two sides must be told apart")
    func sides() throws {
        let (lab, result) = try measured()
        try saveRuns(result, by: 1, "fast", in: lab)
        try saveRuns(result, by: 50, "slow", in: lab)
        let (fast, slow) = ((1...3).map { "fast/lab-\($0)" }, (1...3).map { "slow/lab-\($0)/result.json" })
        let named = try lab.run(["compare"] + fast + ["--with"] + slow + ["--json", "--metric", "startup"])
        #expect(named.status == 1, "\(named.errors)")
        let answer = try named.json(Answer.self)
        #expect(answer.newRuns == 3 && answer.rows.map(\.old.runs) == [3])
        #expect(try lab.run(["compare", "--with", "fast", "--", "slow"]).status == 0)
        for words in [["fast"], ["fast", "slow", "old"]] {
            let refused = try lab.run(["compare"] + words)
            #expect(refused.status == 64 && refused.errors.contains("--with"), "\(refused.errors)")
        }

        // One run a side: the times of the only engine are left undecided.
        let single = try lab.run(["compare", "old", "slow/lab-2", "--json"])
        #expect(single.status == 0, "\(single.errors)")
        let rows = try single.json(Answer.self).rows.filter { $0.metric == "startup" }
        #expect(rows.map(\.verdict) == ["undecided"] && rows.map(\.reason) == ["no-baseline"])
    }

    @Test("hyperfine's exports and tables of samples are judged like runs")
    func foreignSamples() throws {
        let lab = try LabProgram()
        func write(_ name: String, _ text: String) throws {
            try Files.write(text, to: "\(lab.directory.path)/\(name)")
        }
        for (number, spread) in [0.99, 1, 1.01].enumerated() {
            for (side, factor) in [("old", 1.0), ("new", 1.2)] {
                try write(
                    "\(side)-\(number).json",
                    """
                    {"results": [{"command": "base", "times": [\(spread), \(spread * 1.01)]},
                     {"command": "tool, new", "times": [\(2 * spread * factor), \(2.01 * spread * factor)]}]}
                    """)
            }
        }
        let (old, new) = ((0..<3).map { "old-\($0).json" }, (0..<3).map { "new-\($0).json" })
        let exports = try lab.run(["compare"] + old + ["--with"] + new + ["--json", "--engine", "tool, new"])
        #expect(exports.status == 1, "\(exports.errors)")
        let answer = try exports.json(Answer.self)
        #expect(answer.baseline == "base" && answer.rows.map(\.engine) == ["tool, new"])
        #expect(answer.rows.map(\.basis) == ["ratio"] && answer.rows.map(\.metric) == ["time"])

        let heading = "run,engine,startup-ms,size-bytes\n"
        func rows(_ times: [Double]) -> String {
            times.enumerated().map { "\($0),a,\($1),4096\n" }.joined()
        }
        try write("before.csv", heading + rows([10, 10.2, 10.1]))
        try write("after.csv", heading + rows([9, 9.1, 9.2]))
        let tables = try lab.run(["compare", "before.csv", "after.csv"])
        #expect(tables.status == 0, "\(tables.errors)")
        #expect(tables.output.contains("| faster |") && tables.output.contains("| 4.00 KiB |"))
        #expect(try lab.run(["compare", "after.csv", "before.csv"]).status == 1)

        try write("torn.csv", heading + "1,a,10,4096\n1,a,ten,4096\n")
        let torn = try lab.run(["compare", "before.csv", "torn.csv"])
        #expect(torn.status == 65 && torn.errors.contains("torn.csv:3 is malformed"), "\(torn.errors)")
        let unlike = try lab.run(["compare", "before.csv", "old-0.json"])
        #expect(unlike.status == 65 && unlike.errors.contains("lab.id"), "\(unlike.errors)")
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
        try saveRuns(result, by: 1.0 / 50, "fast", in: lab)
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
