import FoundationEssentials
import Glibc
import Testing

@testable import LabCore
@testable import Results

/// Other programs' samples: hyperfine's JSON and tables of raw samples.
@Suite struct RawSamplesTests {
    private static let table = """
        engine,startup-ms,size-KiB,run\r
        container,1.5,4,monday\r
        "a ""quoted"", engine",2,,monday\r
        \r
        container,1.25,8,tuesday\r

        """

    private func table(_ text: String) throws(LabError) -> [RunResult] {
        try SampleTable.parse(Array(text.utf8), path: "a.csv")
    }

    @Test("A table's units become the smallest, its runs stand apart, and an empty field is no value")
    func tableIsRead() throws {
        let runs = try table("\u{feff}" + Self.table)
        #expect(runs.map(\.samples.count) == [2, 1])
        let lab = runs[0].header.lab
        #expect(lab.metrics.map(\.id) == ["startup", "size"])
        #expect(lab.metrics.map(\.unit) == [.nanoseconds, .bytes])
        #expect(runs[0].samples.map(\.engine.rawValue) == ["container", "a \"quoted\", engine"])
        #expect(runs[0].samples[0].values == ["startup": 1.5e6, "size": 4_096])
        #expect(runs[0].samples[1].values == ["startup": 2e6])
        #expect(runs[1].samples[0].values == ["startup": 1.25e6, "size": 8_192])
        #expect(runs.allSatisfy { $0.flaw == nil })
        for (column, factor) in [("t-ns", 1.0), ("t-us", 1e3), ("t-µs", 1e3), ("t-s", 1e9), ("t-bytes", 1)] {
            #expect(try table("engine,\(column)\na,3\n")[0].samples[0].values == ["t": 3 * factor])
        }
    }

    @Test(
        "What is no table of samples is refused with its line",
        arguments: [
            ("", 1, "no heading"), ("time-ms\n1\n", 1, "no column engine"),
            ("engine,startup\na,1\n", 1, "does not end in a unit"), ("engine,-ms\na,1\n", 1, "unit"),
            ("engine,a-ms,a-ms\n", 1, "occurs twice"), ("engine,a-ms,a-us\n", 1, "two columns are of"),
            ("engine\na\n", 1, "0 columns hold values"), ("engine,a-ms\n", 1, "no sample"),
            ("engine,a-ms\nb,1\nb,2,3\n", 3, "3 fields, and the heading 2"),
            ("engine,a-ms\nb,1\n\nb,fast\n", 4, "\"fast\" is no number"),
            ("engine,a-ms\nb,-1\n", 2, "is no number"), ("engine,a-ms\nb,nan\n", 2, "is no number"),
            ("engine,a-ms\nb,1e300\n", 2, "is no number"), ("engine,a-ms\n,1\n", 2, "name is empty"),
            ("engine,a-ms\n\"b\nc\",1\n\"d,1\n", 4, "not closed"),
            ("engine,a-ms\n\"b\"c,1\n", 2, "a comma or the end of the line is missing"),
        ])
    func tableIsRefused(text: String, line: Int, problem: String) throws {
        let error = try #require(throws: LabError.self) { try table(text) }
        #expect(error.kind == .data && error.message.english == "a.csv:\(line) is malformed", "\(error)")
        #expect(error.cause?.english.contains(problem) == true && error.remedy != nil, "\(error)")
    }

    @Test(
        "One command on either side is the same before and after, whatever it is called; of several the names count"
    )
    func singleCommandsArePaired() throws {
        func export(_ commands: [String]) -> String {
            #"{"results":["# + commands.map { #"{"command":"\#($0)","times":[1,2]}"# }.joined(separator: ",")
                + "]}"
        }
        let files = ["a.json": export(["./a"]), "b.json": export(["./b"]), "c.json": export(["./a", "./b"])]
        try withTemporaryDirectory { place in
            for (name, text) in files { try Files.write(text, to: "\(place)/\(name)") }
            let (old, new) = try ComparedRuns.load(["\(place)/a.json"], ["\(place)/b.json"])
            let engines = (old + new).flatMap { $0.result.header.engines.map(\.id.rawValue) }
            #expect(engines == ["./a → ./b", "./a → ./b"])
            #expect((old + new).allSatisfy { $0.result.samples.count == 2 && $0.result.flaw == nil })
            #expect(ResultComparison.differences(old: old, new: new).isEmpty)
            let several = try ComparedRuns.load(["\(place)/a.json"], ["\(place)/c.json"])
            #expect(several.old[0].result.header.engines.map(\.id.rawValue) == ["./a"])
        }
    }

    @Test("A run of hyperfine's that failed is a failure and no time")
    func failedRunsAreNoTimes() throws {
        let text = #"{"results":[{"command":"a","times":[1,2,3,4],"exit_codes":[0,1,null,0]}]}"#
        let samples = try Hyperfine.parse(Array(text.utf8), path: "a.json").samples
        #expect(samples.map(\.outcome.isCompleted) == [true, false, false, true])
        #expect(samples.map(\.values.isEmpty) == [false, true, true, false])
    }

    @Test("What is another program's JSON is called so")
    func foreignJSON() throws {
        try withTemporaryDirectory { place in
            try Files.write(#"{"some":1}"#, to: "\(place)/a.json")
            let error = try #require(throws: LabError.self) { try ComparedRuns.load(["\(place)/a.json"]) }
            #expect(error.kind == .data && error.message.english.hasSuffix("a.json is no result"))
        }
    }

    @Test("Samples, engines, runs, columns and fields of a table are limited")
    func tableIsLimited() throws {
        let head = "engine,a-ms,run\n"
        let texts = [
            head + String(repeating: "b,1,c\n", count: RawSamples.mostSamples + 1),
            head + (0...RawSamples.mostEngines).map { "\($0),1,c\n" }.joined(),
            head + (0...RawSamples.mostRuns).map { "b,1,\($0)\n" }.joined(),
            "engine," + (0...RawSamples.mostMetrics).map { "\($0)-ms" }.joined(separator: ","),
            "engine,a-ms" + String(repeating: ",", count: 1_000),
            head + String(repeating: "x", count: 100_000) + ",1,c\n",
            head + String(repeating: "x", count: 1_000) + ",1,c\n",
        ]
        for text in texts {
            let error = try #require(throws: LabError.self) { try table(text) }
            #expect(error.kind == .data && (error.cause?.english.utf8.count ?? 0) < 300, "\(error)")
        }
    }

    private static let export = """
        {"results": [
          {"command": "sleep 0.1", "mean": 0.1, "times": [0.1, 0.11], "exit_codes": [0, 0]},
          {"command": "new", "times": [0.2], "parameters": {"n": "3"}}
        ]}
        """

    private func export(_ text: String) throws(LabError) -> RunResult {
        try Hyperfine.parse(Array(text.utf8), path: "a.json")
    }

    @Test("Each command of hyperfine's is an engine, and its seconds become nanoseconds")
    func exportIsRead() throws {
        let result = try export(Self.export)
        #expect(result.header.engines.map(\.id.rawValue) == ["sleep 0.1", "new"])
        #expect(result.samples.map { $0.values["time"] } == [0.1 * 1e9, 0.11 * 1e9, 0.2 * 1e9])
        #expect(result.flaw == nil && Hyperfine.wrote(Array(Self.export.utf8)))
        let own = try ResultStore.encode(ResultFixture.result([]), with: ResultStore.encoder(pretty: true))
        #expect(!Hyperfine.wrote(own) && !Hyperfine.wrote([]) && !Hyperfine.wrote(Array("{".utf8)))
    }

    @Test(
        "What is no export of hyperfine's is refused with its place",
        arguments: [
            (#"{"results": []}"#, "results", "none"), (#"{"results": 3}"#, "results", ""),
            (#"{"results": [{"times": [1]}]}"#, "results[0].command", "missing"),
            (#"{"results": [{"command": "", "times": [1]}]}"#, "results[0].command", "empty"),
            (#"{"results": [{"command": "a"}]}"#, "results[0].times", "no time"),
            (#"{"results": [{"command": "a", "times": []}]}"#, "results[0].times", "no time"),
            (#"{"results": [{"command": "a", "times": [1, "x"]}]}"#, "results[0].times[1]", ""),
            (
                #"{"results": [{"command": "a", "times": [1, -1]}]}"#, "results[0].times[1]",
                "no length of time"
            ),
            (
                #"{"results": [{"command": "a", "times": [1]}, {"command": "a", "times": [1]}]}"#,
                "results[1].command", "occurs twice"
            ),
        ])
    func exportIsRefused(text: String, place: String, problem: String) throws {
        let error = try #require(throws: LabError.self) { try export(text) }
        #expect(error.kind == .data && error.message.english == "a.json is malformed at \(place)", "\(error)")
        #expect(error.cause?.english.contains(problem) == true || problem.isEmpty, "\(error)")
        #expect(error.remedy?.english.contains("hyperfine") == true || problem == "occurs twice", "\(error)")
    }

    @Test(
        "Text that is no JSON is refused with its line",
        arguments: [
            ("{\"results\": [\n\n  oops]}", 3), ("{\"results\": [\n{\"command\": \"a\"\n\"times\"}]}", 3),
            ("{\"results\":\n[}", 2), ("{\"results\": [1,\n]}", 2), ("{\"results\": [01]}", 1),
            ("{\"results\": \"a\nb\"}", 1), ("{\"results\": []}\n\n}", 3), ("{\"results\": [\n", 2),
        ])
    func brokenExport(text: String, line: Int) throws {
        let error = try #require(throws: LabError.self) { try export(text) }
        #expect(error.kind == .data && error.message.english == "a.json:\(line) is malformed", "\(error)")
    }

    @Test("A flaw of any text lies within it, and JSON has none")
    func syntax() {
        var fuzzer = Fuzzer(seed: 7)
        let seed = Array(#"{"a": [1, -2.5e+3, true, null, "\u0041\"\n"], "b": {"c": {}, "d": []}} "#.utf8)
        #expect(JSONSyntax.lineOfFlaw(in: seed) == nil)
        for _ in 0..<1_000 {
            let bytes = fuzzer.mutated(
                seed, dictionary: ["{", "}", "[", "]", ",", ":", "\"", "1e", "\\", "\n"])
            let lines = 1 + bytes.count { $0 == 0x0a }
            #expect(JSONSyntax.lineOfFlaw(in: bytes).map { (1...lines).contains($0) } ?? true)
        }
    }

    /// Whatever is read can be compared with itself, and nothing is then regressed.
    private func use(_ runs: [RunResult]) {
        for run in runs { #expect(run.flaw == nil && !run.samples.isEmpty) }
        let figures = runs.prefix(2).map { Figures($0) }
        for row in ResultComparison(old: figures, new: figures).rows {
            #expect(!row.isRegression && row.bound.map(\.isFinite) ?? true)
        }
    }

    @Test("Odd bytes are read or refused, and what was read can be compared")
    func anyBytes() throws {
        var fuzzer = Fuzzer(seed: 20_261_128)
        let words = ["\"", ",", "\n", "\r", "-ms", "nan", "1e999", "engine", "[", "}", "\u{feff}", "-1", "0"]
        var (taken, refused) = (0, 0)
        for _ in 0..<1_000 {
            let csv = fuzzer.mutated(Array(Self.table.utf8), dictionary: words)
            let json = fuzzer.mutated(Array(Self.export.utf8), dictionary: words)
            let readers: [() throws -> [RunResult]] = [
                { try SampleTable.parse(csv, path: "a") }, { [try Hyperfine.parse(json, path: "a")] },
            ]
            for read in readers {
                do {
                    use(try read())
                    taken += 1
                } catch let error as LabError {
                    #expect(error.kind == .data && error.message.english.hasPrefix("a"))
                    refused += 1
                }
            }
        }
        #expect(taken > 100 && refused > 100, "\(taken) were taken and \(refused) refused")
    }

    @Test("A side is results, directories of several, exports and tables together")
    func sides() throws {
        try withTemporaryDirectory { directory in
            func result(_ name: String) throws {
                try Files.makeDirectory("\(directory)/\(name)")
                var result = ResultFixture.result([(.process, [5])])
                result.header.runID = name
                try ResultStore.save(result, in: "\(directory)/\(name)")
            }
            try result("runs/lab-1")
            try result("runs/lab-2")
            try Files.makeDirectory("\(directory)/runs/notes")
            try result("one")
            try Files.write(Self.table, to: "\(directory)/a.csv")
            try Files.write(Self.export, to: "\(directory)/export")
            let names = ["runs", "one", "one/result.json", "a.csv", "export"]
            let counts = try names.map { try ComparedRuns.load(["\(directory)/\($0)"]).count }
            #expect(counts == [2, 1, 1, 2, 1])
            // Runs that were told apart by nothing would be one; these have the same samples and one identity.
            let twice = try #require(throws: LabError.self) {
                try ComparedRuns.load(["\(directory)/one", "\(directory)/one/result.json"])
            }
            #expect(twice.kind == .usage && twice.message.english.hasSuffix("on one side twice"))
            for missing in ["runs/notes", "nowhere", "nowhere.csv"] {
                let error = try #require(throws: LabError.self) {
                    try ComparedRuns.load(["\(directory)/\(missing)"])
                }
                #expect(error.kind == .input, "\(error)")
            }
        }
    }

    @Test("A run in a directory whose name is no UTF-8 is not passed over")
    func namesAreNoText() throws {
        try withTemporaryDirectory { directory in
            let name = Array(directory.utf8CString.dropLast()) + [0x2f, 0x72, -1, 0]
            try #require(mkdir(name, 0o755) == 0)
            defer { rmdir(name) }
            let error = try #require(throws: LabError.self) { try ComparedRuns.load([directory]) }
            #expect(error.kind == .data && error.message.english.contains("is no UTF-8"))
        }
    }
}
