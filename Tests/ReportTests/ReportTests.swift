import Foundation
import FoundationXML
import LabCore
import Results
import Testing

@testable import Report

@Suite struct ReportTests {
    @Test(arguments: Language.allCases)
    func sameResultGivesTheSameBytes(language: Language) throws {
        for made in MadeReport.all {
            let (name, result) = (made.name, made.result)
            let first = try #require(made.files[language])
            // Through the file: dictionaries come back in another order.
            let read = try ResultStore.parse(json: Array(JSONEncoder().encode(result)), path: "r.json")
            #expect(Report.files(for: read, language: language).map(\.contents) == first.map(\.contents))
            #expect(Report.summaryLines(for: read, language: language) == made.summaries[language])
            for (file, contents) in first {
                if file.hasSuffix(".svg") { expectWellFormed(contents) } else { expectWholeTables(contents) }
                // To look at one: LAB_REPORT_SAMPLE=/tmp/report swift test --filter sameResult
                if let directory = ProcessInfo.processInfo.environment["LAB_REPORT_SAMPLE"] {
                    try Files.makeDirectory("\(directory)/\(name)/\(language.rawValue)")
                    try Files.write(contents, to: "\(directory)/\(name)/\(language.rawValue)/\(file)")
                    let page = Report.page(for: [result], language: language)
                    try Files.write(page, to: "\(directory)/\(name)/\(language.rawValue)/report.html")
                    try Files.write(
                        (made.summaries[language] ?? []).joined(separator: "\n") + "\n",
                        to: "\(directory)/\(name)/\(language.rawValue)/summary.txt")
                }
            }
        }
    }

    @Test func filesFollowTheMethod() {
        let names = MadeReport.all.map { $0.files[.english]?.map(\.name) }
        let lifecycle = ["report.md", "waterfall.svg", "distribution.svg"]
        #expect(
            names == [
                lifecycle, lifecycle, ["report.md", "memory.svg"], ["report.md", "ratio.svg"],
                ["report.md", "matrix.svg", "settings-1.svg"], ["report.md"],
            ])
    }

    /// Every text is made by a function that takes both languages, and nothing of one shows in the other.
    @Test func noTextIsMissingInEitherLanguage() {
        for made in MadeReport.all {
            let name = made.name
            let english = made.files[.english]?.first?.contents ?? ""
            let chinese = made.files[.chinese]?.first?.contents ?? ""
            // Line by line: the same rows, each in its language.
            let lines = (english.split(separator: "\n"), chinese.split(separator: "\n"))
            #expect(lines.0.count == lines.1.count, "\(name)")
            let wide = { (line: Substring) in
                line.unicodeScalars.contains { (0x4e00...0x9fff).contains($0.value) }
            }
            // The document's own words, which claims quote, stand in both.
            let strangers = lines.0.filter(wide).filter { !$0.contains("“") }
            #expect(strangers.isEmpty, "\(name): \(strangers.first ?? "")")
            let prose = zip(lines.0, lines.1).filter {
                $0 == $1 && $0.contains(". ") && !$0.hasPrefix("- KVM")
            }
            #expect(prose.isEmpty, "\(name): \(prose.first?.0 ?? "")")
        }
    }

    /// What drivers said in English is Chinese in a Chinese report: reasons, remedies, footnotes, details, failures.
    @Test func whatDriversSaidIsTranslated() throws {
        var fixture = RunFixture.complete()
        fixture.warnings = [
            .init(
                "SMT is on: two threads that share a core slow each other down", remedy: "run lab as root")
        ]
        fixture.addFailures(
            .container, count: 2, message: "cannot make the cgroup \("/sys/fs/cgroup/x" as String)")
        var result = fixture.result
        for index in result.header.engines.indices {
            switch result.header.engines[index].id {
            case .container:
                result.header.engines[index].footnotes = [
                    "no cgroup: no limit of memory, CPU or processes holds"
                ]
                result.header.engines[index].details = [.init("root", "the shared root, read-only")]
            case .kvm:
                result.header.engines[index].availability = .unavailable(
                    LabError(.unavailable, "there is no \("/dev/kvm" as String)", remedy: "run as root"))
            default: break
            }
        }
        let chinese = try file("report.md", result, .chinese)
        for words in [
            "没有 /dev/kvm", "办法：以 root 运行", "SMT（超线程）开着", "没有控制组（cgroup）：", "| 根文件系统 | 共用的根文件系统，只读 |",
            "无法建立控制组（cgroup）/sys/fs/cgroup/x",
        ] { #expect(chinese.contains(words), "\(words)") }
        #expect(Report.summaryLines(for: result, language: .chinese).contains { $0.contains("没有 /dev/kvm") })
        #expect(try file("report.md", result).contains("there is no /dev/kvm"))
    }

    @Test("an emulated machine is said first, and KVM is marked")
    func anEmulatedMachineIsSaidFirst() throws {
        var result = RunFixture.complete().result
        result.header.environment.emulator = "QEMU TCG"
        for index in result.header.engines.indices where result.header.engines[index].id == .kvm {
            result.header.engines[index].emulated = true
        }
        let (english, chinese) = (try file("report.md", result), try file("report.md", result, .chinese))
        let answer = english.components(separatedBy: "\n## ")[1]
        #expect(answer.contains("nested in emulation (QEMU TCG): times are not those of hardware"))
        #expect(chinese.components(separatedBy: "\n## ")[1].contains("嵌套在模拟之中"))
        #expect(row("`kvm` (emulated)", in: english) != nil)
        #expect(!english.contains("**confirmed**") && !chinese.contains("**证实**"))
    }

    @Test func answerComesFirstWithEveryEngine() throws {
        let markdown = try file("report.md", RunFixture.complete().result)
        let headings = markdown.split(separator: "\n").filter { $0.hasPrefix("#") }.map(String.init)
        #expect(
            headings.prefix(6) == [
                "# Start-up latency", "## Answer", "## What the document says, and what was measured",
                "## Where the time goes", "## What `container` takes longer for than `process`",
                "## Distribution",
            ])
        let process = try #require(row("`process`", in: markdown))
        #expect(process[1] == "192" && process[2] == "0" && process[7] == "1 (baseline)")
        let qemu = try #require(row("`qemu` (emulated)", in: markdown))
        #expect(qemu[1] == "12" && qemu[2] == "1" && qemu[3].hasSuffix(" s**") && qemu[7].contains("×"))
        let kvm = try #require(row("`kvm`", in: markdown))
        #expect(kvm[7].hasPrefix("unavailable, because KVM opens") && kvm[7].contains("Remedy: use a host"))
        #expect(markdown.contains("hardware virtualisation: `qemu` (emulated)"))
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
            markdown.contains(
                "the whole interval lies below 60 s, although emulation only makes a VM slower and larger")
        )
        let verdicts = fixture.claims.map {
            Language.english.name($0.judge(fixture.result)[0].verdict).plain
        }
        #expect(verdicts == ["contradicted", "confirmed", "contradicted", "not measurable here"])
        for verdict in Set(verdicts) { #expect(markdown.contains("| **\(verdict)** |")) }

        // A container that takes seconds contradicts what was confirmed.
        fixture.samples = []
        fixture.add(.container, count: 20, factor: 2_000)
        #expect(fixture.claims[1].judge(fixture.result)[0].verdict == .contradicted)
        #expect(try file("report.md", fixture.result).contains("the whole interval lies above"))
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
        var memory = RunFixture.memory(instances: ["2"])
        memory.samples.removeAll { $0.engine == .process }
        var compute = RunFixture.compute()
        compute.samples.removeAll { $0.engine == .process || $0.index > 20 }
        compute.addFailures(.container, count: 4, at: [.compute: "float"])
        var empty = RunFixture.compute()
        empty.samples = []
        for fixture in [none, failures, single, memory, compute, empty] {
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
        fixture.engines[0].details = [.init("\(hostile)", Message(stringLiteral: hostile))]
        fixture.engines[1].steps[0] = "\(hostile)"
        fixture.engines[3].digests = [hostile: hostile]
        fixture.engines[2].availability = .unavailable(
            LabError(.unavailable, "\(hostile)", remedy: "\(hostile)"))
        fixture.engines.append(
            EngineRecord(id: EngineID(rawValue: hostile), kind: .process, footnotes: ["\(hostile)"]))
        fixture.warnings = [.init("\(hostile)", remedy: "\(hostile)")]
        fixture.addFailures(EngineID(rawValue: hostile), count: 1, message: "\(hostile)")
        var result = fixture.result
        result.header.command = "```\n\(hostile)"
        result.samples[0].warmup = false
        result.samples[0].parameters = [.setting: hostile]
        result.samples[1].warmup = false
        result.samples[1].parameters = [.setting: "only-\(hostile)"]
        expectHarmless(result)
        var memory = RunFixture.memory().result
        var compute = RunFixture.compute().result
        for place in 0..<20 {
            memory.samples[place].parameters = [
                .setting: hostile, .instances: ["1", "256"][place % 2],
            ]
            compute.samples[place].parameters = [.setting: hostile]
            compute.samples[place].values["throttled-ns"] = 1e18
        }
        for result in [memory, compute] {
            var result = result
            result.header.lab.title = LocalizedText(en: hostile, zh: hostile)
            result.header.lab.metrics[0].title = LocalizedText(en: hostile, zh: hostile)
            expectHarmless(result)
        }
    }

    private func expectHarmless(_ result: RunResult) {
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

    /// Tables and plots stay readable, and say what they leave out.
    @Test func thousandsOfPointsAreCapped() throws {
        let counts = (1...250).map(String.init)
        var memory = RunFixture.memory(touch: ["0", "1", "2", "3"], instances: counts)
        memory.samples.removeAll { $0.engine == .qemu || $0.index % 5 != 0 }
        var compute = RunFixture.compute()
        compute.samples = []
        for kind in 0..<1_000 {
            let from = compute.samples.count
            let name = Workload.computeKinds[kind % Workload.computeKinds.count]
            compute.addWork(.process, kind: name, factor: 1)
            compute.addWork(.container, kind: name, factor: 1.1)
            for place in from..<compute.samples.count { compute.samples[place].parameters.touch = kind }
        }
        var lifecycle = RunFixture()
        for count in 0..<1_000 {
            var condition: Condition = [.concurrency: "\(count % 256 + 1)"]
            condition.cache = count / 256 % 2 == 0 ? nil : .cold
            condition.count = count / 512 == 0 ? nil : .exits
            lifecycle.add(.container, count: 1, at: condition)
        }
        for fixture in [memory, compute, lifecycle] {
            let files = Report.files(for: fixture.result)
            #expect(files[0].contents.contains("more are not shown"))
            #expect(files.reduce(0) { $0 + $1.contents.utf8.count } < 400_000)
            expectWholeTables(files[0].contents)
            for file in files.dropFirst() { expectWellFormed(file.contents) }
        }
    }

    /// Whatever the store accepts can be reported on.
    @Test("damaged results that are accepted can be reported")
    func acceptedDamageCanBeReported() throws {
        var generator = SeededGenerator(seed: 5)
        var fixture = RunFixture()
        for engine in [EngineID.process, .container, .qemu] { fixture.add(engine, count: 6) }
        try expectSurvival(fixture.result, &generator)
        var memory = RunFixture.memory(instances: ["1", "2"])
        memory.samples.removeAll { $0.index % 5 > 2 }
        try expectSurvival(memory.result, &generator)
        var compute = RunFixture.compute()
        compute.samples.removeAll { $0.index > 60 }
        try expectSurvival(compute.result, &generator)
    }

    private func expectSurvival(_ result: RunResult, _ generator: inout SeededGenerator) throws {
        let json = Array(try JSONEncoder().encode(result))
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
        #expect(Report.size(169_025_024) == "161 MiB")
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
                let axis = Axis(logarithmicFrom: low, to: high, unit: unit)
                #expect(
                    (-1e-9...1 + 1e-9).contains(axis.place(low))
                        && (-1e-9...1 + 1e-9).contains(axis.place(high)))
                #expect((1...13).contains(axis.ticks.count), "\(low) \(high) \(unit): \(axis.ticks.count)")
            }
            #expect(Axis(logarithmicFrom: 8, to: 8, unit: unit).place(8).isFinite)
        }
    }

    @Test func escapingKeepsWhatCanBeRead() {
        #expect(
            MarkdownRenderer.text("a|b") == "a\\|b" && MarkdownRenderer.text("a & b &c") == "a & b &amp;c")
        #expect(MarkdownRenderer.inline(.code("a`b|c")) == "`a'b\\|c`")
        #expect(Escaping.xml("<a href=\"b\">&'") == "&lt;a href=&quot;b&quot;&gt;&amp;&#39;")
        #expect(Escaping.plain("x\u{1b}[2J\ty\n") == "x\\x1b[2J y ")
        #expect(Escaping.csv("a,\"b\"") == "\"a,\"\"b\"\"\"")
        #expect(
            MarkdownRenderer.render([.code(["a ```` b"], language: "sh")]) == "`````sh\na ```` b\n`````\n")
    }
}
