import LabCore
import Testing

@testable import Report

@Suite struct MemoryReportTests {
    @Test func answerGivesTheMarginalCost() throws {
        let result = RunFixture.memory().result
        let markdown = Report.files(for: result)[0].contents
        let head = try #require(row("engine", in: markdown))
        #expect(
            head == [
                "engine", "configured", "used, says the guest", "host, idle", "host, 64 MiB touched",
                "PSS per instance", "cgroup charge per instance",
            ])
        let qemu = try #require(row("`qemu` (emulated)", in: markdown))
        #expect(qemu[1] == "256 MiB" && qemu[2] == "28.6 MiB")
        #expect(
            qemu[3].hasPrefix("**87.") && qemu[4].hasPrefix("**151.") || qemu[4].hasPrefix("**152"), "\(qemu)"
        )
        #expect(qemu[5].hasPrefix("79.") && qemu[6].hasPrefix("70."))
        let process = try #require(row("`process`", in: markdown))
        #expect(process[1] == "–" && process[2] == "–" && process[6] == "–")
        #expect(markdown.contains("- `kvm`: unavailable, because KVM opens"))
        let ratio = try #require(
            Analysis(result).figures.ratio(
                result.header.lab.metrics[0], .qemu, to: .container, at: [.touch: "0"]))
        #expect((60.0...95).contains(ratio.value))
        #expect(markdown.contains("`qemu` (emulated) has \(Format.number(ratio.value)) times"))
        // Both claims are judged when idle: a VM that was paid for in advance would cost its 256 MiB.
        #expect(markdown.contains("| idle | `qemu` (emulated): 87."))
        #expect(row("3 · 资源分配方式", in: markdown)?[4] == "**contradicted**")
    }

    /// Where each instance's cost can't be told from the trials, nothing is made up.
    @Test func oneNumberOfInstancesGivesNoSlope() throws {
        let markdown = Report.files(for: RunFixture.memory(instances: ["2"]).result)[0].contents
        #expect(markdown.contains("No cost per instance can be given"))
        #expect(row("`container`", in: markdown)?[3] == "–")
    }

    @Test("the plot has a panel per condition and a dot per number")
    func plotHasAPanelPerCondition() throws {
        let files = Report.files(for: RunFixture.memory().result)
        let svg = try #require(files.first { $0.name == "memory.svg" }).contents
        expectWellFormed(svg)
        #expect(svg.contains(">idle<") && svg.contains(">64 MiB touched<"))
        #expect(svg.components(separatedBy: "class=\"mark").count - 1 == 3 * 4 * 2 + 3, "with the legend")
        #expect(svg.components(separatedBy: "class=\"whisker").count - 1 == 3 * 4 * 2)
        #expect(svg.contains("prefers-color-scheme:dark") && svg.contains("role=\"img\" aria-label=\""))
        // A run whose every figure is nothing has no place on a logarithmic axis.
        var nothing = RunFixture.memory()
        for place in nothing.samples.indices { nothing.samples[place].values["host-bytes"] = 0 }
        #expect(Report.files(for: nothing.result).map(\.name) == ["report.md"])
    }

    @Test func detailHasEveryNumberOfInstances() throws {
        let markdown = Report.files(for: RunFixture.memory().result)[0].contents
        let section = try #require(markdown.firstRange(of: "## Memory against"))
        let rows = markdown[section.lowerBound...].split(separator: "\n").prefix { !$0.hasPrefix("## What") }
            .filter { $0.hasPrefix("| `container` | 64 MiB touched | ") }
        #expect(rows.count == 4 && rows[3].hasPrefix("| `container` | 64 MiB touched | 8 | 5 | 0 |"))
    }
}

/// What the method says of a client on this host.
@Suite struct ClientReportTests {
    @Test(
        "The method says who drives the command, from where and over what, and whose the time is",
        arguments: Language.allCases)
    func clientIsSaid(language: Language) {
        for fixture in [RunFixture.compute(), RunFixture.complete()] {
            var result = fixture.result
            result.header.lab.command = CommandDefinition(
                image: "x", arguments: ["serve"], readiness: .port(80), network: .bridge)
            let alone = Report.files(for: result, language: language)[0].contents
            result.header.lab.command?.client = ["drive", "a b"]
            let driven = Report.files(for: result, language: language)[0].contents
            let words =
                language == .english
                ? [
                    "outside the instances and their limits", "over a veth pair and a VM over a tap",
                    "loopback interface",
                ]
                : ["不受实例的限制", "容器经一对 veth，虚拟机经一个 tap", "本机的回环接口"]
            for word in words { #expect(driven.contains(word) && !alone.contains(word), "\(word)") }
            #expect(driven.contains("`drive 'a b'`"))
            let own = language == .english ? "the operations that it says" : "它报告的操作次数"
            #expect(!driven.contains(own), "they are the client's")
            // Somebody's own words, or the image's: never none.
            #expect(alone.contains(language == .english ? "with the command `serve`" : "运行命令 `serve`"))
            result.header.lab.command?.arguments = []
            let unsaid = Report.files(for: result, language: language)[0].contents
            #expect(unsaid.contains(language == .english ? "with the command of the image" : "运行命令 （镜像自带）"))
            #expect(alone.contains(own) == (result.header.lab.method == .compute))
        }
    }
}

@Suite struct TerminalSummaryTests {
    /// A terminal of a hundred columns shows the first table of each method without wrapping.
    @Test(arguments: Language.allCases)
    func tablesFitTheTerminal(language: Language) {
        for made in MadeReport.all {
            let name = made.name
            let lines = made.summaries[language] ?? []
            let table = lines.filter { $0.hasPrefix("  ") && !$0.contains(": ") }
            #expect(table.count >= 4, "\(name)")
            for line in table {
                let wide = line.unicodeScalars.count { $0.value >= 0x2e80 }
                #expect(line.unicodeScalars.count + wide <= 100, "\(name): \(line)")
            }
            let heads = table.filter { $0.hasPrefix(language == .english ? "  engine" : "  引擎") }
            let named = ["compute", "experiment"].contains(name) ? 0 : 1
            #expect(heads.count == named, "\(name) is in one block")
        }
    }

    /// A long name costs a column that can be spared, and not the ratio.
    @Test func columnsThatCanBeSparedGoFirst() throws {
        var fixture = RunFixture.complete()
        let id: EngineID = "qemu-direct"
        fixture.engines.append(EngineRecord(id: id, kind: .virtualMachine, emulated: true))
        for place in fixture.samples.indices where fixture.samples[place].engine == .qemu {
            fixture.samples[place].engine = id
        }
        let lines = Report.summaryLines(for: fixture.result)
        let head = try #require(lines.first { $0.hasPrefix("  engine") })
        #expect(head.contains("p95") && !head.contains("min") && head.hasSuffix("ratio to process"))
        #expect(lines.count { $0.hasPrefix("  engine") } == 1)
        #expect(lines.filter { $0.hasPrefix("  ") }.allSatisfy { $0.count <= 100 })
    }

    /// More engines than fit beside each other are shown in blocks, each with the kinds of work.
    @Test func wideTablesAreCut() {
        var fixture = RunFixture.compute()
        for number in 0..<6 {
            let id = EngineID(rawValue: "engine-number-\(number)")
            fixture.engines.append(EngineRecord(id: id, kind: .container))
            for _ in 0..<6 { fixture.addWork(id, kind: "integer", factor: 1.2) }
        }
        let lines = Report.summaryLines(for: fixture.result)
        let heads = lines.filter { $0.hasPrefix("  kind of work") }
        #expect(heads.count > 1 && heads.allSatisfy { $0.count <= 100 })
        for number in 0..<6 { #expect(heads.count { $0.contains("engine-number-\(number)") } == 1) }
    }
}

@Suite struct ComputeReportTests {
    @Test func answerIsALossPerKindAndEngine() throws {
        let markdown = Report.files(for: RunFixture.compute().result)[0].contents
        #expect(markdown.contains("| kind of work | `container` | `qemu` (emulated) |"))
        let bandwidth = try #require(row("`memory-bandwidth`", in: markdown))
        #expect(
            bandwidth[1].hasPrefix("**−") && bandwidth[2].hasPrefix("**+"), "a gain and a loss: \(bandwidth)")
        let integer = try #require(row("`integer`", in: markdown))
        #expect(!integer[1].contains("**") && integer[2].hasPrefix("**+7"), "\(integer)")
        let syscall = try #require(row("`syscall`", in: markdown))
        #expect(syscall[2].hasPrefix("**+2,9") || syscall[2].hasPrefix("**+2,8"), "\(syscall)")
        let median = try #require(row("median of the kinds", in: markdown))
        #expect(median[1].hasPrefix("+") && !median[1].contains("("), "it has no interval: \(median)")
        #expect(markdown.contains("**host CPU time per round of work**, relative to `process`:"))
        #expect(markdown.contains("`container` loses \(median[1]) in the median of 6 kinds of work"))
        #expect(markdown.contains("hardware virtualisation: `qemu` (emulated)"))
    }

    @Test func throttlingIsNamedWhereItCounts() throws {
        let result = RunFixture.compute().result
        let markdown = Report.files(for: result)[0].contents
        #expect(markdown.contains("`container` was throttled for at most 3."))
        #expect(markdown.contains("- `container` was made to wait by its CPU limit in `file-write` (3."))
        var quiet = RunFixture.compute()
        for place in quiet.samples.indices { quiet.samples[place].values["throttled-ns"] = 0 }
        #expect(!Report.files(for: quiet.result)[0].contents.contains("was made to wait"))
        for place in quiet.samples.indices { quiet.samples[place].values["host-steal-ns"] = 5e6 }
        #expect(Report.files(for: quiet.result)[0].contents.contains("gave CPU time to others, in `integer`"))
    }

    @Test func claimsAreGroupedByTheirText() throws {
        let result = RunFixture.compute().result
        let markdown = Report.files(for: result)[0].contents
        #expect(markdown.components(separatedBy: "1 %–5 %, nearly negligible").count == 2, "once")
        let heading = try #require(row("3 · 性能损耗", in: markdown))
        #expect(heading[4] == "3 confirmed, 3 contradicted", "\(heading)")
        #expect(markdown.contains("|  |  | `syscall` | `container`: 1."))
        let lines = Report.summaryLines(for: result)
        #expect(lines.contains("1 %–5 %, nearly negligible: 3 confirmed, 3 contradicted"))
        #expect(lines.contains("  confirmed: integer, float, memory-bandwidth"))
    }

    @Test func plotHasADotPerKindAndEngine() throws {
        let files = Report.files(for: RunFixture.compute().result)
        let svg = try #require(files.first { $0.name == "ratio.svg" }).contents
        expectWellFormed(svg)
        // Twelve in the plot and two in the legend.
        #expect(svg.components(separatedBy: "class=\"mark").count - 1 == 6 * 2 + 2)
        #expect(svg.contains("class=\"one\"") && svg.contains("syscall"))
    }

    @Test func withoutABaselineThereAreAbsoluteFigures() throws {
        var fixture = RunFixture.compute()
        fixture.samples.removeAll { $0.engine == .process }
        let files = Report.files(for: fixture.result)
        #expect(files.map(\.name) == ["report.md"])
        #expect(files[0].contents.contains("Nothing can be compared"))
        #expect(files[0].contents.contains("| `syscall` | `container` | 12 | 0 | 1.3"))
    }

    @Test func axisIsAsFineAsItsRangeIsNarrow() {
        for (low, high) in [(0.98, 1.03), (1.0, 1.0), (0.5, 30.0), (0.9, 1.6), (1e-6, 1e6), (1, 1.0001)] {
            let axis = Axis(ratiosFrom: low, to: high)
            for value in [low, 1, high] { #expect((-1e-9...1 + 1e-9).contains(axis.place(value))) }
            #expect(
                axis.ticks.count <= 40 && axis.ticks.contains { $0.value == 1 },
                "\(low)…\(high): \(axis.ticks)")
        }
        #expect(Axis(ratiosFrom: 0.98, to: 1.03).ticks.count >= 4)
    }
}

@Suite struct SamplingTests {
    private func ends(_ fixture: RunFixture) -> [Sampling] {
        Sampling.all(Analysis(fixture.result)).samplings
    }

    /// Twelve samples planned that may grow to 24, with an interval that is asked to be within 3 %.
    private func fixture(made: Int, spread: Bool, ending: RunResult.Ending = .complete) -> RunFixture {
        var fixture = RunFixture()
        fixture.claims = []
        fixture.ending = ending
        fixture.shape.samples = .init(default: 12, warmup: 0, precision: 0.03, growth: 2)
        fixture.shape.plan = Plan(
            [.init(.init(engine: .process), samples: 12, warmup: 0, growth: 2)], seed: 7)
        for place in 0..<made { fixture.add(.process, count: 1, factor: spread && place % 2 == 0 ? 2 : 1) }
        return fixture
    }

    @Test func whatEndedTheSamplingIsNamed() throws {
        #expect(ends(fixture(made: 24, spread: true)).map(\.end) == [.growth])
        #expect(ends(fixture(made: 9, spread: true)).map(\.end) == [.stopped])
        #expect(ends(fixture(made: 12, spread: true)).map(\.end) == [.narrowWhenLookedAt])
        #expect(ends(fixture(made: 15, spread: true, ending: .budget)).map(\.end) == [.run(.budget)])
        var narrow = fixture(made: 12, spread: false)
        narrow.shape.samples.precision = 0.5
        #expect(ends(narrow).map(\.end) == [.narrow])
        var plain = fixture(made: 12, spread: true)
        plain.shape.samples.precision = nil
        #expect(ends(plain).map(\.end) == [.planned])
        plain.samples.removeLast(2)
        plain.ending = .interrupted
        #expect(ends(plain).map(\.end) == [.run(.interrupted)])

        let markdown = Report.files(for: fixture(made: 24, spread: true).result)[0].contents
        #expect(markdown.contains("| 24 / 12 | ") && markdown.contains("**still too wide**"))
    }

    @Test func everyCellOfTheHeadlineIsListed() throws {
        let result = RunFixture.compute().result
        let markdown = Report.files(for: result)[0].contents
        let section = try #require(markdown.firstRange(of: "### How sure each figure is"))
        let rows = markdown[section.lowerBound...].split(separator: "\n").prefix { !$0.hasPrefix("n is") }
            .filter { $0.hasPrefix("| `") }
        #expect(rows.count == 6 * 3)
    }

    /// A slope's own interval comes before those of the cells that it goes through.
    @Test func slopesHaveTheirWidth() throws {
        let markdown = Report.files(for: RunFixture.memory().result)[0].contents
        let section = try #require(markdown.firstRange(of: "### How sure each figure is"))
        let container = try #require(row("`container`", in: String(markdown[section.lowerBound...])))
        #expect(
            container[1] == "idle" && container[2] == "20" && container[5].hasSuffix(" %"), "\(container)")
    }

    @Test func harnessIsPrinted() {
        let markdown = Report.files(for: RunFixture.conditions().result)[0].contents
        #expect(markdown.contains("An engine that does nothing takes 3.10 µs (median)"))
        #expect(markdown.contains("Between two trials it takes 2.00 µs (median), outside every mark."))
    }
}
