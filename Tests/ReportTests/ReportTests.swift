import Foundation
import FoundationXML
import LabCore
import Testing

@testable import Report

@Suite struct ReportTests {
    private func file(_ name: String, _ result: RunResult, _ language: Language = .english) throws -> String {
        let files = Report.files(for: result, language: language)
        return try #require(files.first { $0.name == name }).contents
    }

    /// The cells of each table row that starts with a cell.
    private func row(_ start: String, in markdown: String) -> [String]? {
        markdown.split(separator: "\n").first { $0.hasPrefix("| \(start) |") }.map {
            $0.split(separator: "|").map { $0.trimmingWhitespace() }
        }
    }

    private func expectWellFormed(_ svg: String, _ location: SourceLocation = #_sourceLocation) {
        let parser = XMLParser(data: Data(svg.utf8))
        #expect(parser.parse(), "\(String(describing: parser.parserError))", sourceLocation: location)
    }

    /// Every table has as many cells in each row as in its head: nothing hostile has split a cell.
    private func expectWholeTables(_ markdown: String, _ location: SourceLocation = #_sourceLocation) {
        var columns: Int?
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                columns = nil
                continue
            }
            let bars = line.replacingOccurrences(of: "\\\\", with: "").replacingOccurrences(
                of: "\\|", with: ""
            )
            .count { $0 == "|" }
            #expect(bars == columns ?? bars, "\(line)", sourceLocation: location)
            columns = bars
        }
    }

    @Test(arguments: Language.allCases)
    func sameResultGivesTheSameBytes(language: Language) throws {
        let result = RunFixture.complete().result
        let first = Report.files(for: result, language: language)
        let second = Report.files(for: result, language: language)
        #expect(first.map(\.name) == ["report.md", "waterfall.svg", "distribution.svg"])
        #expect(first.map(\.contents) == second.map(\.contents))
        // Through the file as well: dictionaries come back in another order.
        let read = try ResultStore.parse(json: Array(JSONEncoder().encode(result)), path: "r.json")
        #expect(Report.files(for: read, language: language).map(\.contents) == first.map(\.contents))
        for (name, contents) in first {
            if name.hasSuffix(".svg") { expectWellFormed(contents) } else { expectWholeTables(contents) }
            // To look at one: LAB_REPORT_SAMPLE=/tmp/report swift test --filter sameResult
            if let directory = ProcessInfo.processInfo.environment["LAB_REPORT_SAMPLE"] {
                try Files.makeDirectory("\(directory)/\(language.rawValue)")
                try Files.write(contents, to: "\(directory)/\(language.rawValue)/\(name)")
            }
        }
    }

    @Test func answerComesFirstWithEveryEngine() throws {
        let markdown = try file("report.md", RunFixture.complete().result)
        let headings = markdown.split(separator: "\n").filter { $0.hasPrefix("#") }.map(String.init)
        #expect(
            headings.prefix(6) == [
                "# Start-up latency", "## Answer", "## What the document says, and what was measured",
                "## Where the time goes", "## Distribution", "## The start of `container`, step by step",
            ])
        let process = try #require(row("`process`", in: markdown))
        #expect(process[1] == "192" && process[2] == "0" && process[7] == "1 (baseline)")
        let qemu = try #require(row("`qemu` (emulated)", in: markdown))
        #expect(qemu[1] == "12" && qemu[2] == "1" && qemu[3].hasSuffix(" s**") && qemu[7].contains("×"))
        let kvm = try #require(row("`kvm`", in: markdown))
        #expect(kvm[7].hasPrefix("unavailable, because KVM opens") && kvm[7].contains("Remedy: use a host"))
        #expect(markdown.contains("`qemu` (emulated) is software emulation"))
        #expect(
            markdown.contains(
                "1 sample failed after `created`: the guest did not get ready: deadline of 30 s. Remedy: a longer"
            ))
        #expect(markdown.contains("./lab run startup-latency --seed 7"))
    }

    @Test func claimsStandBesideTheirVerdicts() throws {
        var fixture = RunFixture.complete()
        let markdown = try file("report.md", fixture.result)
        #expect(markdown.contains("“分钟级(需加载完整 OS)”"))
        #expect(
            markdown.contains("the whole interval lies below 60 s, although emulation only makes a VM slower")
        )
        let verdicts = fixture.claims.map {
            Catalogue(language: .english).name($0.judge(fixture.result)[0].verdict)
        }
        #expect(verdicts == ["contradicted", "confirmed", "contradicted", "not measurable here"])
        for verdict in Set(verdicts) { #expect(markdown.contains("| **\(verdict)** |")) }

        // A container that takes seconds contradicts what was confirmed.
        fixture.samples = []
        fixture.add(.container, count: 20, factor: 2_000)
        #expect(fixture.claims[1].judge(fixture.result)[0].verdict == .contradicted)
        #expect(try file("report.md", fixture.result).contains("the whole interval lies above"))
    }

    @Test(arguments: [EngineID.process, .container, .qemu])
    func phasesAddUpToTheTotal(engine: EngineID) throws {
        let breakdown = try #require(PhaseBreakdown(RunFixture.complete().result, engine))
        #expect(abs(breakdown.sum / breakdown.total - 1) < 0.02)
        #expect(breakdown.phases.last?.end == .cleanedUp)
    }

    /// A VM's first console byte came before the call that made it returned: the phases follow the clock.
    @Test func phasesFollowTheClock() throws {
        let breakdown = try #require(PhaseBreakdown(RunFixture.complete().result, .qemu))
        #expect(breakdown.phases.prefix(2).map(\.end) == [.kernelEntered, .created])
        #expect(breakdown.phases.allSatisfy { $0.median >= 0 })
    }

    /// The total is that of the steps and not of the start: they go on to the end of the clean-up.
    @Test func stepsAddUpToTheirTotal() throws {
        let result = RunFixture.complete().result
        let steps = try #require(StepBreakdown(result, result.header.engines[1]))
        #expect(steps.steps.map(\.name) == ["clone3", "mounts", "pivot_root", "seccomp", "exec"])
        let ends = result.measured(.container).compactMap { $0.stepNanoseconds.last.map { Double($0) } }
        #expect(steps.total == Statistics.median(ends))
        #expect(abs(steps.rest / steps.total) < 0.01)
        #expect(StepBreakdown(result, result.header.engines[0]) == nil)
        let markdown = try file("report.md", result)
        #expect(markdown.contains("`requested` to the end of the last step (exec)"))
        #expect(!markdown.contains("total less the steps' medians"))
    }

    /// Where the steps don't vary together their medians don't add up, and the table says by how much.
    @Test(arguments: Language.allCases)
    func stepsThatDoNotAddUpAreShown(language: Language) throws {
        var fixture = RunFixture()
        fixture.add(.container, count: 3)
        // Durations 100, 0, 0 µs in one sample and so on: each step's median is 0, and the total's 100 µs.
        let ends: [[UInt64]] = [[100, 100, 100], [0, 100, 100], [0, 0, 100]]
        for (place, ends) in ends.enumerated() {
            fixture.samples[place].stepNanoseconds = ends.map { $0 * 1_000 } + [100_000, 100_000]
        }
        let steps = try #require(StepBreakdown(fixture.result, fixture.engines[1]))
        #expect(steps.rest == 100_000 && steps.total == 100_000)
        let label = language == .english ? "total less the steps' medians" : "总时间减各步骤中位数之和"
        #expect(try file("report.md", fixture.result, language).contains("\(label) | 100 µs | 100 % |"))
    }

    @Test(arguments: Language.allCases)
    func poorRunsStillGiveAReport(language: Language) throws {
        var none = RunFixture()
        none.ending = .interrupted
        var failures = RunFixture()
        failures.addFailures(.qemu, count: 3)
        failures.addFailures(.process, count: 2, message: "out of memory")
        var single = RunFixture()
        single.add(.container, count: 1)
        single.ending = .killed
        for fixture in [none, failures, single] {
            let files = Report.files(for: fixture.result, language: language)
            #expect(files[0].name == "report.md")
            expectWholeTables(files[0].contents)
            for file in files.dropFirst() { expectWellFormed(file.contents) }
            #expect(!Report.summaryLines(for: fixture.result, language: language).isEmpty)
        }
        #expect(Report.files(for: none.result).map(\.name) == ["report.md"], "nothing to plot")
        let markdown = try file("report.md", failures.result)
        #expect(markdown.contains("every sample failed") && markdown.contains("Nothing was measured"))
        #expect(markdown.contains("3 samples failed") && markdown.contains("2 samples failed"))
        #expect(try file("report.md", none.result).contains("The run was interrupted by a signal."))
        #expect(try file("report.md", single.result).contains("The run was killed"))
    }

    @Test func hostileTextActsNowhere() throws {
        let hostile =
            "a|b\n# c `d` <script>alert(1)</script> [x](http://e) ![i](j) & \u{1b}[31m \u{202e} \"q\" 'p' @who ***"
        var fixture = RunFixture.complete()
        fixture.title = LocalizedText(en: hostile, zh: hostile)
        fixture.claims[0].source = hostile
        fixture.claims[0].text = LocalizedText(en: hostile, zh: hostile)
        fixture.engines[0].details = [.init(hostile, hostile)]
        fixture.engines[1].steps[0] = hostile
        fixture.engines[3].digests = [hostile: hostile]
        fixture.engines[2].availability = .unavailable(because: hostile, remedy: hostile)
        fixture.engines.append(
            EngineRecord(id: EngineID(rawValue: hostile), kind: .process, footnotes: [hostile]))
        fixture.warnings = [.init(hostile, remedy: hostile)]
        fixture.addFailures(EngineID(rawValue: hostile), count: 1, message: hostile)
        var result = fixture.result
        result.header.command = "```\n\(hostile)"
        for language in Language.allCases {
            for (name, contents) in Report.files(for: result, language: language) {
                #expect(!contents.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{202e}" }, "\(name)")
                if name.hasSuffix(".svg") {
                    expectWellFormed(contents)
                } else {
                    expectWholeTables(contents)
                    let outsideCode = contents.replacing(/(`+)[^`].*?\1/.dotMatchesNewlines(), with: "")
                    #expect(!outsideCode.contains("<script"), "\(name)")
                    #expect(!outsideCode.contains("x](http"), "\(name)")
                }
            }
            for line in Report.summaryLines(for: result, language: language) {
                #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202e}" })
            }
        }
        #expect(Report.csv(for: result).split(separator: "\n").count == result.samples.count + 1)
    }

    /// Whatever the store accepts can be reported on.
    @Test func damagedResultsThatAreAcceptedCanBeReported() throws {
        var generator = SeededGenerator(seed: 5)
        var fixture = RunFixture()
        for engine in [EngineID.process, .container, .qemu] { fixture.add(engine, count: 6) }
        let json = Array(try JSONEncoder().encode(fixture.result))
        let digits = json.indices.filter { (0x30...0x39).contains(json[$0]) }
        var accepted = 0
        for _ in 0..<40 {
            var bytes = json
            for _ in 0..<3 {
                guard let place = digits.randomElement(using: &generator) else { continue }
                bytes[place] = Array("0123456789e.-".utf8).randomElement(using: &generator) ?? 0x30
            }
            guard let result = try? ResultStore.parse(json: bytes, path: "r.json") else { continue }
            accepted += 1
            for file in Report.files(for: result) where file.name.hasSuffix(".svg") {
                expectWellFormed(file.contents)
            }
            #expect(!Report.summaryLines(for: result).isEmpty && !Report.csv(for: result).isEmpty)
        }
        #expect(accepted > 10, "\(accepted)")
    }

    /// Values at the ends of what a number can hold.
    @Test(arguments: [
        Double.leastNonzeroMagnitude, 1e-300, 0, 1, 1e18, 1e300, Double.greatestFiniteMagnitude,
    ])
    func extremeValuesCanBeReported(value: Double) throws {
        var fixture = RunFixture()
        fixture.add(.process, count: 6)
        var result = fixture.result
        result.header.lab.metrics.removeFirst()
        for place in result.samples.indices { result.samples[place].values["guest-uptime-ns"] = value }
        for file in Report.files(for: result) where file.name.hasSuffix(".svg") {
            expectWellFormed(file.contents)
        }
        #expect(!Report.summaryLines(for: result).isEmpty)
    }

    @Test func plotsSayWhatTheyShow() throws {
        let result = RunFixture.complete().result
        for name in ["waterfall.svg", "distribution.svg"] {
            let svg = try file(name, result)
            #expect(svg.contains("role=\"img\" aria-label=\"") && svg.contains("<title>"))
            #expect(svg.contains("prefers-color-scheme:dark") && svg.contains("@media print"))
            #expect(svg.contains("qemu (emulated)"))
        }
    }

    @Test func chineseReportIsChinese() throws {
        let markdown = try file("report.md", RunFixture.complete().result, .chinese)
        #expect(
            markdown.contains("# 启动延迟") && markdown.contains("`qemu`（软件模拟）") && markdown.contains("--lang zh")
        )
        let headings = markdown.split(separator: "\n").filter { $0.hasPrefix("#") }
        #expect(headings.allSatisfy { $0.unicodeScalars.contains { (0x4e00...0x9fff).contains($0.value) } })
    }

    @Test func summaryIsAligned() {
        let lines = Report.summaryLines(for: RunFixture.complete().result)
        #expect(lines[0] == "Start-up latency")
        #expect(lines[1].hasPrefix("  engine") && lines[2].hasPrefix("  process"))
        #expect(lines.contains { $0.hasPrefix("kvm: unavailable, because") })
        #expect(lines.contains("A VM takes minutes to start: contradicted"))
    }

    @Test func csvHoldsEverySample() throws {
        let result = RunFixture.complete().result
        let lines = Report.csv(for: result).split(separator: "\n")
        #expect(lines.count == result.samples.count + 1)
        #expect(
            lines[0].hasPrefix("index,engine,warmup,outcome,error,requested-ns,created-ns,kernel-entered-ns"))
        #expect(lines[1].hasPrefix("0,process,true,completed,,0,"))
        #expect(lines[lines.count - 1].contains(",failed,"))
    }
}

@Suite struct FormatTests {
    @Test func quantitiesHaveThreeDigits() {
        #expect(Format.duration(0) == "0 ns")
        #expect(Format.duration(1) == "1.00 ns")
        #expect(Format.duration(999.6) == "1.00 µs")
        #expect(Format.duration(412_345) == "412 µs")
        #expect(Format.duration(9_996_000) == "10.0 ms")
        #expect(Format.duration(1_234_000_000) == "1.23 s")
        #expect(Format.duration(95_300_000_000) == "95.3 s")
        #expect(Format.duration(nil) == "–")
        #expect(Format.bytes(256 << 20) == "256 MiB")
        #expect(Format.bytes(24 << 30) == "24.0 GiB")
        #expect(Format.number(4_630) == "4,630")
        #expect(Format.number(0.0123456) == "0.0123")
        #expect(Format.number(-2.345) == "−2.35" || Format.number(-2.345) == "−2.34")
        #expect(Format.fixed(-0.001, decimals: 2) == "0.00")
        #expect(Format.percent(0.1234) == "12.3 %" && Format.percent(1.5) == "150 %")
        #expect(
            Format.interval(ConfidenceInterval(lower: 990_000, upper: 1_020_000), .nanoseconds)
                == "0.990–1.02 ms")
        #expect(Format.grouped(1_234_567) == "1,234,567")
    }

    @Test func anyNumberCanBeShown() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<5_000 {
            let value = Double(bitPattern: generator.next())
            for unit in Metric.Unit.allCases { #expect(!Format.quantity(value, unit).isEmpty) }
            _ = Format.percent(value)
        }
    }

    @Test func axesHoldTheirValues() {
        var generator = SeededGenerator(seed: 4)
        for unit in Metric.Unit.allCases {
            for _ in 0..<500 {
                let low = exp(Double.random(in: -5..<25, using: &generator))
                let high = low * exp(Double.random(in: 0..<12, using: &generator))
                let axis = LogarithmicAxis(low: low, high: high, unit: unit)
                #expect(
                    (-1e-9...1 + 1e-9).contains(axis.place(low))
                        && (-1e-9...1 + 1e-9).contains(axis.place(high)))
                #expect((1...13).contains(axis.ticks.count), "\(low) \(high) \(unit): \(axis.ticks.count)")
            }
            #expect(LogarithmicAxis(low: 8, high: 8, unit: unit).place(8).isFinite)
        }
    }

    @Test func escapingKeepsWhatCanBeRead() {
        #expect(Escaping.markdown("a|b") == "a\\|b")
        #expect(Escaping.code("a`b|c") == "`a'b\\|c`")
        #expect(Escaping.xml("<a href=\"b\">&'") == "&lt;a href=&quot;b&quot;&gt;&amp;&#39;")
        #expect(Escaping.plain("x\u{1b}[2J\ty\n") == "x\\u{1b}[2J y ")
        #expect(Escaping.csv("a,\"b\"") == "\"a,\"\"b\"\"\"")
        #expect(Escaping.fenced(["a ```` b"], language: "sh") == "`````sh\na ```` b\n`````\n")
    }
}
