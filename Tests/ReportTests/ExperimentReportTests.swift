import LabCore
import Testing

@testable import Report

@Suite struct ExperimentReportTests {
    private func section(_ heading: String, in markdown: String) throws -> String {
        let start = try #require(markdown.firstRange(of: heading))
        let rest = markdown[start.upperBound...]
        return String(rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)])
    }

    private var markdown: String { Report.files(for: RunFixture.experiment().result)[0].contents }

    @Test func eachExperimentHasItsTable() throws {
        let answer = try section("## Answer", in: markdown)
        let headings = answer.split(separator: "\n").filter { $0.hasPrefix("### ") }
        #expect(headings == ["### `probes`", "### `copy-up`", "### `limits`"])
        // One place: a row per engine.
        #expect(
            answer.contains(
                "| engine | n | failed | it sees the host's processes | processes that it sees |"))
        #expect(answer.contains("| `process` | 5 | 0 | **yes, 5 of 5** | **180** |"))
        #expect(answer.contains("| `container` | 5 | 0 | **no, 5 of 5** | **1** |"))
        // A setting is varied: a row per setting.
        let copy = try #require(row("64 KiB", in: answer))
        #expect(answer.contains("| setting | `process` | `container` | `qemu` (emulated) |"))
        #expect(
            copy[2].hasPrefix("**12") && copy[2].contains(" µs** (") && copy[2].hasSuffix("µs)"), "\(copy)")
        #expect(answer.contains("n = 5 in each cell.") && answer.contains("**first write to a file**:"))
        // More than the setting is varied, and one engine can't take part.
        let held = try #require(row("memory, isolation only-limits", in: answer))
        #expect(
            held == ["memory, isolation only-limits", "not possible", "**yes, 5 of 5**", "**yes, 5 of 5**"])
        #expect(row("pids, isolation none", in: answer)?[2] == "**no, 5 of 5**")
        #expect(
            answer.contains("- `process`, `limits`: a bare process has no limits. Remedy: another engine"))
        #expect(answer.components(separatedBy: "a bare process has no limits").count == 2, "once")
        #expect(answer.contains("- `kvm`: unavailable, because KVM opens"))
    }

    @Test func theAnswerIsSaidInSentences() throws {
        let answer = try section("## Answer", in: markdown)
        #expect(
            answer.contains(
                "**it sees the host's processes**: yes for `process`; no for `container` and `qemu` (emulated)."
            ))
        #expect(
            answer.contains("**first write to a file** (64 MiB): `container` takes 7,"), "at the last setting"
        )
        // The words come before the tables.
        let words = try #require(answer.firstRange(of: "**it sees the host's"))
        let table = try #require(answer.firstRange(of: "### `probes`"))
        #expect(words.lowerBound < table.lowerBound)
        #expect(answer.contains("hardware virtualisation: `qemu` (emulated)"))
        #expect(!answer.contains("1 sample failed"), "what can't be done is no warning")
    }

    @Test(
        "What the harness stopped is a lower bound in the answer, the table and the claims; no ratio is made of it"
    )
    func lowerBounds() throws {
        var result = RunFixture.experiment().result
        for place in result.samples.indices where result.samples[place].engine == .container {
            result.samples[place].stops = ["visible-count": .cap]
        }
        result.header.lab.metrics.swapAt(0, 1)
        let markdown = Report.files(for: result)[0].contents
        let answer = try section("## Answer", in: markdown)
        #expect(answer.contains("**processes that it sees**: `process` 180; `container` at least 1;"))
        #expect(answer.contains("`process` | 5 | 0 | **180**") && answer.contains("**at least 1**"))
        let claims = try section("## What the document says", in: markdown)
        #expect(claims.contains("`container`: at least 1, counted"))
        let chinese = Report.files(for: result, language: .chinese)[0].contents
        #expect(chinese.contains("**不低于 1**"))
    }

    @Test func factsStandByGroupAndEngine() throws {
        let found = try section("## What was found", in: markdown)
        let headings = found.split(separator: "\n").filter { $0.hasPrefix("### ") }
        #expect(headings == ["### Visible", "### Reachable", "### Others"], "a group stands together")
        #expect(
            row("a process of the host", in: found) == [
                "a process of the host", "180 of them<br>*nothing stood in the way*",
                "not there<br>*PID namespace*", "not there<br>*the VM's own kernel*",
            ])
        // Trials that disagree say how often each answer came.
        #expect(
            row("the host's name", in: found)?[2]
                == "other name, 4 of 5<br>*UTS namespace*<br>EACCES, 1 of 5<br>*seccomp filter*")
        #expect(row("the kernel's release", in: found)?[3] == "6.1.0-40", "no mechanism")
        #expect(row("unlisted", in: found)?[1] == "seen")
        let evidence = try #require(found.firstRange(of: "<details>"))
        let folded = String(found[evidence.lowerBound...])
        #expect(folded.contains("<summary>Evidence: what the host itself read (7 rows)</summary>\n\n|"))
        #expect(folded.hasSuffix("</details>\n"))
        #expect(
            folded.contains(
                "| load a kernel module | `container` | EPERM | missing capability | 5 of 5 | CapEff: 00000000a80425fb |"
            ))
    }

    @Test func everyMechanismHasItsNames() {
        for text in Language.allCases {
            let names = Mechanism.allCases.map { text.name($0).plain }
            #expect(Set(names).count == names.count && names.allSatisfy { !$0.isEmpty })
            #expect(Mechanism.allCases.allSatisfy { SVG.width(of: text.shortName($0)) < 96 })
        }
        #expect(Language.english.name(.pidNamespace) == "PID namespace")
        #expect(Language.chinese.name(.pidNamespace) == "PID 命名空间")
    }

    @Test func claimsOnWhatIsSoFlipWithTheFacts() throws {
        var fixture = RunFixture.experiment()
        let claims = try section("## What the document says", in: markdown)
        #expect(
            claims.contains("| `qemu` (emulated): no, 5 of 5 | **confirmed** | as claimed, in every trial |"))
        #expect(
            claims.contains("| `container`: no, 5 of 5 | **contradicted** | the opposite, in every trial |"))
        #expect(
            claims.contains("| `container`: 1, counted, n = 5 | **confirmed** | counted: at most 1 |"))
        #expect(claims.contains("| probes |"))
        for place in fixture.samples.indices where fixture.samples[place].index % 2 == 0 {
            if fixture.samples[place].values["host-processes"] != nil {
                fixture.samples[place].values["host-processes"] = 1
            }
        }
        #expect(
            Report.files(for: fixture.result)[0].contents.contains(
                "**inconclusive** | the trials disagree |"))
    }

    @Test func theMatrixHasAMarkPerCellByShapeAndWord() throws {
        let svg = try file("matrix.svg", RunFixture.experiment().result)
        expectWellFormed(svg)
        // Three rows with mechanisms by three engines, and a legend of four kinds.
        #expect(svg.components(separatedBy: "class=\"mark").count - 1 == 3 * 3 + 4)
        #expect(!svg.contains("release"), "what tells of no mechanism has no place")
        for word in [
            ">reached<", ">PID ns<", ">guest kernel<", ">host kernel<", ">capability<", ">UTS ns 4/5<",
        ] {
            #expect(svg.contains(word), "\(word)")
        }
        #expect(
            svg.contains("<title>a process of the host, container: not there (PID namespace), 5 of 5</title>")
        )
        #expect(try file("matrix.svg", RunFixture.experiment().result, .chinese).contains(">客户机内核<"))
    }

    /// Experiments of one family: rows that differ by their experiment keep that where they are cut.
    @Test func whatTellsRowsApartIsNeverCut() throws {
        var fixture = RunFixture.experiment()
        fixture.samples = []
        let long = "a title that is rather longer than the first column of a terminal"
        fixture.shape.facts = [.init(id: "f", title: LocalizedText(en: long, zh: long))]
        fixture.shape.metrics?[0].title = LocalizedText(en: long, zh: long)
        for name in ["fork-bomb", "memory-hog"] {
            var finding = Finding(values: ["host-processes": 1])
            finding.facts["f"] = Fact(answer: "stopped", mechanism: .cgroup)
            fixture.addFinding(.container, at: [.experiment: name], finding)
        }
        let lines = Report.summaryLines(for: fixture.result)
        #expect(
            lines.count { $0.contains("… (fork-bomb)") } == 2
                && lines.count { $0.contains("… (memory-hog)") } == 2)
        let svg = try file("matrix.svg", fixture.result)
        #expect(svg.contains("… (fork-bomb)<") && svg.contains("… (memory-hog)<"))
        #expect(row("\(long) (fork-bomb)", in: Report.files(for: fixture.result)[0].contents)?.count == 2)
    }

    /// Different numbers of instances in different settings make no curve.
    @Test func singleDotsAreNotPlotted() {
        var fixture = RunFixture.experiment()
        fixture.samples = []
        fixture.shape.facts = nil
        for (count, budget) in [("6", "budget=1GiB"), ("128", "budget=4GiB")] {
            fixture.addFinding(
                .container, at: [.experiment: "density", .setting: budget, .instances: count],
                Finding(values: ["copy-ns": 5]))
        }
        let files = Report.files(for: fixture.result)
        #expect(files.map(\.name) == ["report.md"])
        #expect(files[0].contents.contains("| budget=4GiB, 128 at once |"))
    }

    /// Of one place that one time was reached and another time not, no mark says either.
    @Test func trialsThatDisagreeHaveAMarkOfTheirOwn() throws {
        var fixture = RunFixture.experiment()
        let place = try #require(
            fixture.samples.firstIndex { $0.engine == .container && $0.facts?["load-module"] != nil })
        fixture.samples[place].facts?["load-module"] = Fact(answer: "loaded", mechanism: Mechanism.none)
        let svg = try file("matrix.svg", fixture.result)
        #expect(svg.contains(">capability 4/5<") && svg.contains(">the trials disagree<"))
        #expect(svg.contains("EPERM (missing capability), 4 of 5; loaded (nothing stood in the way), 1 of 5"))
    }

    @Test func settingsThatAreNumbersArePlotted() throws {
        let files = Report.files(for: RunFixture.experiment().result)
        #expect(files.map(\.name) == ["report.md", "matrix.svg", "settings-1.svg"], "words are no numbers")
        let svg = files[2].contents
        expectWellFormed(svg)
        #expect(svg.components(separatedBy: "class=\"mark").count - 1 == 3 * 4 + 3)
        #expect(svg.contains(">64 MiB<") && svg.contains(">100 µs<") && svg.contains(">10 ms<"))
        #expect(files[0].contents.contains("(settings-1.svg)"))
        #expect(SettingPlot.numbers(["4 KiB", "1 MiB"]) == ["4 KiB": 4_096, "1 MiB": 0x1p20])
        #expect(SettingPlot.numbers(["1", "2.5"]) == ["1": 1, "2.5": 2.5])
        #expect(SettingPlot.numbers(["100 ms", "1 s"]) == ["100 ms": 1e8, "1 s": 1e9])
        #expect(SettingPlot.numbers(["1", "many"]) == nil && SettingPlot.numbers(["nan", "1"]) == nil)
    }

    @Test func manyMetricsStandUnderEachOther() throws {
        var fixture = RunFixture()
        fixture.shape = .init(
            id: "x", method: .experiment,
            metrics: (0..<5).map {
                Metric(
                    id: "m\($0)", title: LocalizedText(en: "metric \($0)", zh: "量 \($0)"), unit: .bytes,
                    source: .value("v\($0)"), exact: true)
            }, series: [Series(id: "s", parameters: [.init(.experiment, ["sizes"])])])
        fixture.claims = []
        for trial in 0..<3 {
            fixture.addFinding(
                .container, at: [.experiment: "sizes"],
                Finding(values: ["v0": 4_096, "v1": 8_192 * Double(1 + trial % 2), "v2": 1, "v3": 0, "v4": 2])
            )
        }
        fixture.addFinding(.process, at: [.experiment: "sizes"], Finding(values: ["v0": 4_096]))
        let markdown = Report.files(for: fixture.result)[0].contents
        #expect(
            row("metric 0", in: markdown) == ["metric 0", "**4 KiB**, n = 1", "**4 KiB**, n = 3"],
            "what was always the same has no interval")
        #expect(row("metric 1", in: markdown)?[2] == "**8 KiB** (8.00–16.0 KiB), n = 3")
        #expect(row("metric 1", in: markdown)?[1] == "–")
        #expect(markdown.contains("**metric 0**: `container` has the same as `process`."))
        #expect(!markdown.contains("its interval is rough"), "what is counted needs few samples")
    }

    @Test func factsInCSVAndTerminal() throws {
        let result = RunFixture.experiment().result
        let lines = Report.csv(for: result).split(separator: "\n")
        #expect(lines[0].contains("fact:load-module,fact:load-module:mechanism,fact:load-module:evidence"))
        #expect(lines.contains { $0.contains(",EPERM,capability,CapEff: 00000000a80425fb,") })
        let two = Report.csv(for: [result, RunFixture.memory().result]).split(
            separator: "\n", omittingEmptySubsequences: true)
        #expect(
            two[0].hasPrefix("lab,run,index,engine") && two[1].hasPrefix("isolation,20261124T064930-3fa9,0,"))
        #expect(
            two.allSatisfy { $0.hasPrefix("lab,") || $0.hasPrefix("isolation,") || $0.hasPrefix("memory-") })

        let summary = Report.summaryLines(for: result)
        #expect(summary[0] == "Isolation")
        #expect(
            summary.contains { $0.hasPrefix("  it sees the host's processes ") && $0.contains("yes, 5 of 5") }
        )
        #expect(summary.contains { $0.hasPrefix("  first write to a file (64 MiB)") && $0.contains(" ms ±") })
        #expect(summary.contains { $0.hasPrefix("  load a kernel module ") && $0.contains("EPERM") })
        #expect(summary.contains { $0.hasPrefix("  the host's name ") && $0.contains("other name (4 of 5)") })
        #expect(summary.contains("unaware of each other: confirmed"))
    }

    /// Where one engine alone was tried in more places, each of them is a column and not a row that is empty elsewhere.
    @Test func placesOfOneEngineAreColumns() throws {
        var fixture = RunFixture.experiment()
        let isolations = ["without-pid", "without-seccomp", "without-network", "none"]
        fixture.samples.removeAll { $0.parameters.experiment != "probes" }
        fixture.shape.series = [
            Series(id: "probes", parameters: [.init(.experiment, ["probes"])]),
            Series(
                id: "ablation", parameters: [.init(.experiment, ["probes"]), .init(.isolation, isolations)],
                engines: [.container]),
        ]
        fixture.shape.samples = .init(default: 1, warmup: 0)
        for isolation in isolations {
            var finding = Finding(values: ["visible-count": 7])
            finding.note("host-processes", true, answer: "seen", mechanism: Mechanism.none)
            fixture.addFinding(
                .container, at: [.experiment: "probes", .isolation: isolation], finding)
        }
        let files = Report.files(for: fixture.result)
        let answer = try section("## Answer", in: files[0].contents)
        let head = try #require(row("what", in: answer))
        #expect(
            head == ["what", "`process`", "`container`", "`qemu` (emulated)"]
                + isolations.map { "`container`<br>isolation \($0)" })
        let count = try #require(row("processes that it sees", in: answer))
        #expect(count[1] == "**180**, n = 5" && count[2] == "**1**, n = 5" && count[4] == "**7**, n = 1")
        let found = try section("## What was found", in: files[0].contents)
        let seen = try #require(row("a process of the host", in: found))
        #expect(seen.count == 8 && seen[7] == "seen<br>*nothing stood in the way*")
        let svg = try #require(files.first { $0.name == "matrix.svg" }).contents
        expectWellFormed(svg)
        #expect(svg.contains("<title>a process of the host (isolation none), container: seen"))
        #expect(svg.components(separatedBy: ">process<").count == 2, "the columns are named once")
        let summary = Report.summaryLines(for: fixture.result)
        #expect(summary.contains { $0.hasPrefix("  processes that it sees ") && $0.contains("180") })
    }

    /// How much a figure grows with a setting is a figure of the experiment, where the settings are numbers.
    @Test func slopesHaveARowOfTheirOwn() throws {
        var fixture = RunFixture()
        let title = LocalizedText(en: "per KiB", zh: "每 KiB")
        let time = LocalizedText(en: "first write", zh: "首次写入")
        fixture.shape = .init(
            id: "x", method: .experiment,
            metrics: [
                Metric(id: "t", title: time, unit: .nanoseconds, source: .value("t-ns")),
                Metric(id: "s", title: title, unit: .nanoseconds, source: .slope("t-ns", over: .setting)),
            ], series: [Series(id: "s", parameters: [.init(.experiment, ["copy", "mode"])])])
        fixture.claims = []
        for trial in 0..<6 {
            for size in ["4", "64", "1024"] {
                fixture.addFinding(
                    .container, at: [.experiment: "copy", .setting: size],
                    Finding(values: ["t-ns": (Double(size) ?? 0) * 250 + 1_000 + Double(trial)]))
            }
            fixture.addFinding(
                .container, at: [.experiment: "mode", .setting: trial % 2 == 0 ? "on" : "off"],
                Finding(values: ["t-ns": 1_000]))
        }
        let markdown = Report.files(for: fixture.result)[0].contents
        let slope = try #require(row("per KiB", in: markdown))
        #expect(slope[1] == "–" && slope[2].hasPrefix("**250 ns**"), "\(slope)")
        let answer = try section("## Answer", in: markdown)
        #expect(answer.components(separatedBy: "| per KiB |").count == 2, "words have no slope")
        #expect(row("on", in: answer)?[1].hasPrefix("**1.00 µs**") == true)
    }

    /// The quality of sampled figures, with their names; what is counted has none.
    @Test func samplingIsOfEachSampledFigure() throws {
        let method = try section("### How sure each figure is", in: markdown)
        let rows = method.split(separator: "\n").filter { $0.hasPrefix("| `") }
        #expect(
            rows.count == 3 * 4 && rows[0].hasPrefix("| `process` | copy-up: 4 KiB | 5 |"),
            "\(rows.first ?? "")")
        #expect(!markdown.contains("Marks are host"))
    }

    @Test(arguments: Language.allCases)
    func poorExperimentsStillGiveAReport(language: Language) throws {
        var none = RunFixture.experiment()
        none.samples = []
        var failed = RunFixture.experiment()
        failed.samples = []
        failed.addFailures(.container, count: 3, at: [.experiment: "probes"])
        var facts = RunFixture.experiment()
        for place in facts.samples.indices { facts.samples[place].values = [:] }
        var missing = RunFixture.experiment()
        missing.samples.removeAll { $0.engine != .container }
        var strange = RunFixture.experiment()
        for place in strange.samples.indices where place % 2 == 0 { strange.samples[place].parameters = [:] }
        for fixture in [none, failed, facts, missing, strange] {
            let files = Report.files(for: fixture.result, language: language)
            expectWholeTables(files[0].contents)
            for file in files.dropFirst() { expectWellFormed(file.contents) }
            #expect(!Report.summaryLines(for: fixture.result, language: language).isEmpty)
        }
        guard language == .english else { return }
        #expect(Report.files(for: none.result).map(\.name) == ["report.md"])
        #expect(Report.files(for: none.result)[0].contents.contains("Nothing was measured"))
        let answer = Report.files(for: failed.result)[0].contents
        #expect(answer.contains("- `container`: every sample failed, see the warnings"))
        let only = Report.files(for: missing.result)[0].contents
        #expect(
            only.contains("- `process`: no sample was taken")
                && row("a process of the host", in: only)?.count == 2)
        // Facts alone are an answer.
        #expect(
            Report.files(for: facts.result)[0].contents.contains("## What was found"))
    }

    /// The shared checks of hostile text, with facts that try everything.
    @Test func hostileFactsActNowhere() throws {
        let hostile = "a|b\n`c` <script>alert(1)</script> [x](http://e) \u{1b}[31m\u{202e} </details> *** &"
        var fixture = RunFixture.experiment()
        fixture.shape.facts?[0].title = LocalizedText(en: hostile, zh: hostile)
        fixture.shape.facts?[0].group = LocalizedText(en: hostile, zh: hostile)
        for place in fixture.samples.indices where place % 2 == 0 {
            fixture.samples[place].facts?[hostile] = Fact(
                answer: "\(hostile)", mechanism: .seccomp, evidence: "\(hostile)")
            fixture.samples[place].facts?["release"] = Fact(
                answer: Message(stringLiteral: String(repeating: hostile, count: 50)),
                evidence: "\(String(repeating: hostile, count: 50))"
            )
            fixture.samples[place].parameters.setting = place % 4 == 0 ? hostile : "1e308"
        }
        for language in Language.allCases {
            for (name, contents) in Report.files(for: fixture.result, language: language) {
                #expect(!contents.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{202e}" }, "\(name)")
                if name.hasSuffix(".svg") { expectWellFormed(contents) } else { expectWholeTables(contents) }
                #expect(!contents.contains("<script"))
                #expect(contents.components(separatedBy: "</details>").count <= 2)
            }
            for line in Report.summaryLines(for: fixture.result, language: language) {
                #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202e}" })
            }
        }
        var result = fixture.result
        result.header.lab.title = LocalizedText(en: hostile, zh: hostile)
        let page = Report.page(for: [result], language: .english)
        let elements = try #require(Elements(of: page))
        #expect(elements.names.count { $0 == "script" } == 1 && elements.names.count { $0 == "details" } == 1)
    }

    /// A boot has no rounds: what a place has nothing to do with has no row there; what failed has one.
    @Test("what a place has nothing to do with has no row there")
    func noRowWherePlaceAndFactDoNotMeet() {
        var fixture = RunFixture.experiment()
        fixture.samples = []
        let (boot, work): (Condition, Condition) = (
            [.experiment: "execution", .setting: "boot"], [.experiment: "execution", .setting: "work"]
        )
        fixture.addFinding(.container, at: boot, Finding(values: ["copy-ns": 1e6, "visible-count": 1]))
        fixture.addFinding(.container, at: work, Finding(values: ["visible-count": 2]))
        func rows(_ fixture: RunFixture) -> (report: Int, terminal: Int) {
            let report = Report.files(for: fixture.result)[0].contents.split(separator: "\n")
            let answer = report.prefix { !$0.hasPrefix("## What was measured") }
            return (
                answer.count { $0.hasPrefix("| first write to a file |") },
                Report.summaryLines(for: fixture.result).count { $0.contains("first write to a file (") }
            )
        }
        #expect(rows(fixture) == (1, 1))
        fixture.addFailures(.container, count: 1, at: work)
        #expect(rows(fixture) == (2, 2))
    }

    @Test func thousandsOfFactsAreCapped() {
        var fixture = RunFixture.experiment()
        fixture.samples = []
        for setting in 0..<300 {
            var finding = Finding()
            for fact in 0..<10 {
                finding.note(
                    "fact-\(fact)", true, answer: "answer \(setting)", mechanism: .seccomp, evidence: "e")
            }
            fixture.addFinding(
                .container, at: [.experiment: "many", .setting: "\(setting)"], finding)
        }
        let files = Report.files(for: fixture.result)
        #expect(files[0].contents.contains("more are not shown"))
        #expect(files.reduce(0) { $0 + $1.contents.utf8.count } < 400_000)
        #expect(Report.summaryLines(for: fixture.result).count < 80)
    }
}

@Suite struct VariantReportTests {
    /// A lab that varies everything has its conditions for an answer.
    @Test func waysOfStartingAreTheAnswer() throws {
        let result = RunFixture.variants().result
        let markdown = Report.files(for: result)[0].contents
        let qemu = try #require(row("made as `machine=q35`", in: markdown))
        #expect(qemu[1].hasPrefix("**1.") || qemu[1].hasPrefix("**2."), "\(qemu)")
        #expect(!markdown.contains("## Under other conditions"), "once")
        #expect(markdown.contains("`qemu` (emulated) takes from 1."))
        #expect(markdown.contains("- `process`: no sample was taken"))
        let lines = Report.summaryLines(for: result)
        #expect(
            lines.contains { $0.hasPrefix("  qemu (emulated)") && $0.contains("made as machine=microvm") })
    }

    /// A variant beside the plain start is compared with it; one of a kind of work with the baseline's plain work.
    @Test func variantsAreComparedWithThePlainWay() throws {
        var fixture = RunFixture.complete()
        fixture.add(.qemu, count: 12, factor: 2, at: [.variant: "machine=q35"])
        let markdown = Report.files(for: fixture.result)[0].contents
        #expect(markdown.contains("| engine | warm, one at a time | made as `machine=q35` |"))
        let section = try #require(markdown.firstRange(of: "## Under other conditions"))
        let qemu = try #require(row("`qemu` (emulated)", in: String(markdown[section.lowerBound...])))
        #expect(qemu[2].contains("<br>2.") || qemu[2].contains("<br>1.9"), "\(qemu)")

        var compute = RunFixture.compute()
        for place in compute.samples.indices where compute.samples[place].engine == .qemu {
            compute.samples[place].parameters = compute.samples[place].parameters.merging(
                [.variant: "machine=q35"])
        }
        let integer = try #require(
            row("`integer, made as machine=q35`", in: Report.files(for: compute.result)[0].contents))
        #expect(integer[2].hasPrefix("**+7"), "\(integer)")

        var memory = RunFixture.memory()
        for place in memory.samples.indices where memory.samples[place].engine == .qemu {
            memory.samples[place].parameters = memory.samples[place].parameters.merging(
                [.variant: "memory=balloon"])
        }
        #expect(
            Report.files(for: memory.result)[0].contents.contains("host, idle (made as memory=balloon)"))
    }
}
