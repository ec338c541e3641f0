import LabCore
import Testing

@testable import Report

/// The document's table as a page and for a terminal.
@Suite struct TableReportTests {
    static let hostile =
        "a|b\n# c `d` <script>alert(1)</script> [x](http://e) ![i](j) & \u{1b}[31m \u{202e} \"q\" 'p' @who ***"

    /// A start and the loss of performance, on one machine.
    static func sources(_ change: (inout RunResult) -> Void = { _ in }) -> [TableSource] {
        var start = RunFixture.complete().result
        start.header.lab.row = TableRow(
            shows: [.init(metric: "start-up")], claims: ["vm-minutes", "container-second"])
        change(&start)
        var loss = RunFixture.compute().result
        loss.header.lab.dimension = "性能损耗"
        loss.header.runID = "20261124T070000-beef"
        loss.header.lab.row = TableRow(
            shows: [
                .init(
                    metric: "round", at: [.compute: "integer"], relativeTo: .process,
                    title: LocalizedText(en: "integer", zh: "整数运算")),
                .init(
                    metric: "round", at: [.compute: "syscall"], relativeTo: .process,
                    title: LocalizedText(en: "system call", zh: "系统调用")),
            ], claims: ["container-one-to-five"])
        return [
            TableSource(start, path: "../a/result.json"), TableSource(loss, path: "../b/result.json"),
        ]
    }

    /// What experiments found, for 内核归属.
    static func facts() -> TableSource {
        var fixture = RunFixture()
        fixture.shape.id = "whose-kernel"
        fixture.shape.method = .experiment
        fixture.shape.metrics = [
            Metric(
                id: "own", title: LocalizedText(en: "own kernel", zh: "自有内核"), unit: .truth,
                source: .value("own"))
        ]
        fixture.claims = []
        for engine in [EngineID.container, .qemu] {
            for turn in 0..<5 {
                let own = engine == .qemu
                fixture.samples.append(
                    Observation(
                        index: fixture.samples.count, engine: engine, warmup: false, outcome: .completed,
                        timeline: Timeline(), values: ["own": own ? 1 : turn == 4 ? 1 : 0],
                        facts: [
                            "release": Fact(
                                answer: own ? "6.1.0-cloud" : "6.18.0",
                                mechanism: own ? .guestKernel : Mechanism.none, evidence: "read from /proc")
                        ]))
            }
        }
        var result = fixture.result
        result.header.lab.dimension = "内核归属"
        result.header.lab.facts = [
            .init(id: "release", title: LocalizedText(en: "release", zh: "版本"))
        ]
        result.header.lab.row = TableRow(
            shows: [.init(metric: "own"), .init(fact: "release")], claims: [])
        return TableSource(result, path: "/r/facts/result.json")
    }

    private func page(_ table: FilledTable, _ language: Language = .english) -> String {
        Report.markdown(for: table, language: language)
    }

    /// The cells of the twelve rows.
    private func cells(_ markdown: String) -> [[String]] {
        markdown.split(separator: "\n").filter { $0.contains("](#row-") || $0.contains("](#第-") }.map {
            $0.split(separator: "|").map { $0.trimmingWhitespace() }
        }
    }

    @Test("twelve rows are there without any result, and none is empty", arguments: Language.allCases)
    func twelveRowsAreThereWithoutResults(language: Language) {
        let table = FilledTable([], labs: [])
        let rows = cells(page(table, language))
        #expect(rows.count == 12)
        for (row, document) in zip(rows, DocumentTable.rows) {
            #expect(row.count == 7 && row.allSatisfy { !$0.isEmpty }, "\(row)")
            #expect(row[0].contains(MarkdownRenderer.text(document.dimension[.chinese])))
            #expect(row[1].contains(MarkdownRenderer.text(document.vm[.chinese])))
            #expect(row[2].contains(MarkdownRenderer.text(document.container[.chinese])))
        }
        #expect(Report.summaryLines(for: table, language: language).count == 24)
    }

    @Test("a row without a result names the command that fills it")
    func anEmptyRowNamesItsCommand() {
        let lab = Self.sources()[0].result.header.lab
        let markdown = page(FilledTable([], labs: [lab]))
        #expect(cells(markdown)[3][3].contains("`lab run startup-latency`"))
        #expect(markdown.contains("Rows without a result are filled by `lab run startup-latency`."))
        let failed = page(FilledTable([], labs: [lab], failures: ["startup-latency": "no engine works"]))
        #expect(cells(failed)[3][6].contains("the lab yielded nothing"))
        #expect(cells(failed)[3][3].contains("no engine works"))
    }

    @Test func cellsHoldFiguresMarksAndReasons() throws {
        let rows = cells(page(FilledTable(Self.sources() + [Self.facts()], labs: [])))
        let start = rows[3]
        #expect(start[3].hasPrefix("*unavailable*, because KVM opens"))
        #expect(
            start[4].contains(" s** (") && start[4].contains("n = 12") && start[4].hasSuffix("*emulated*"))
        #expect(start[5].contains("ms** (") && start[5].contains("n = 96"))
        #expect(start[6] == "VM: **refuted** (even by emulated figures)<br>container: **supported**")
        let loss = rows[6]
        #expect(loss[5].contains("integer: **") && loss[5].contains("× `process`** ("))
        #expect(loss[6].contains("container: **conditional** (holds for `integer`"))
        #expect(loss[6].contains("VM: **undecided** (the lab makes no claim about it)"))
        let kernel = rows[1]
        #expect(kernel[5].contains("**no** in 4 of 5") && kernel[5].contains("**6.18.0**"))
        #expect(kernel[4].contains("**yes**, n = 5") && kernel[4].contains("by the VM's own kernel"))
    }

    /// Every link of a row leads to a heading of the page, and every section names its raw data.
    @Test(arguments: Language.allCases)
    func linksLeadToSectionsWithTheRawData(language: Language) throws {
        let markdown = page(FilledTable(Self.sources() + [Self.facts()], labs: []), language)
        let headings = Set(
            markdown.split(separator: "\n").filter { $0.hasPrefix("## ") }.map {
                Anchor.of(heading: String($0.dropFirst(3)))
            })
        let links = markdown.matches(of: /\]\(#([^)]*)\)/).map { String($0.1) }
        #expect(links.count == 12)
        for link in links { #expect(headings.contains(link), "\(link)") }
        for path in ["../a/result.json", "../b/result.json", "/r/facts/result.json"] {
            #expect(markdown.contains("[`\(path)`](\(path))"))
        }
        #expect(markdown.contains("20261124T070000-beef"))
        #expect(markdown.contains("read from /proc"))
        expectWholeTables(markdown)
    }

    @Test func reasonsStandInTheSection() throws {
        let markdown = page(FilledTable(Self.sources(), labs: []))
        let section = try #require(markdown.split(separator: "## Row 4").dropFirst().first)
        #expect(section.contains("although emulation only makes a VM slower"))
        #expect(section.contains("“毫秒 / 秒级(仅启动进程)”"))
        let loss = try #require(markdown.split(separator: "## Row 7").dropFirst().first)
        #expect(loss.contains("`network-loopback`"))
    }

    @Test func anotherMachineIsMarkedAndNotJudged() throws {
        var sources = Self.sources()
        sources[1].edited.header.environment.cpuModel = "Another | CPU"
        let markdown = page(FilledTable(sources, labs: []))
        let loss = cells(markdown)[6]
        #expect(loss[5].contains("× `process`**") && loss[5].contains("*measured on another machine*"))
        #expect(loss[6].contains("container: **not run yet** (measured on another machine)"))
        let section = try #require(markdown.split(separator: "## Row 7").dropFirst().first)
        #expect(section.contains("`environment.cpuModel` is Another \\| CPU, the table's AMD EPYC"))
        #expect(!section.contains("**confirmed**") && !section.contains("1 confirmed"))
    }

    @Test func emulationOfTheWholeMachineIsSaidFirst() throws {
        let sources = Self.sources { $0.header.environment.emulator = "QEMU TCG" }
        let markdown = page(FilledTable([sources[0]], labs: []))
        let before = try #require(markdown.split(separator: "| dimension").first)
        #expect(before.contains("nested in emulation (QEMU TCG)"))
        #expect(cells(markdown)[3][5].hasSuffix("*nested in emulation*"))
        #expect(cells(markdown)[3][6].contains("container: **not measurable here**"))
        let summary = Report.summaryLines(for: FilledTable([sources[0]], labs: []))
        #expect(summary.contains { $0.contains("nested in emulation") })
    }

    @Test func whatIsLeftOutIsNamed() {
        var old = Self.sources()[0]
        old.path = "old/result.json"
        old.edited.header.startedAt = "2020-01-01T00:00:00Z"
        var other = Self.sources()[1]
        other.path = "other/result.json"
        other.edited.header.lab.id = "plain"
        other.edited.header.lab.row = nil
        let markdown = page(FilledTable(Self.sources() + [old, other], labs: []))
        #expect(
            markdown.contains(
                "`old/result.json` (`startup-latency`) is left out: `../a/result.json` is later."))
        #expect(markdown.contains("`other/result.json` (`plain`) stands behind no row"))
    }

    @Test(arguments: Language.allCases)
    func theSameResultsGiveTheSameBytes(language: Language) {
        let table = { FilledTable(Self.sources() + [Self.facts()], labs: []) }
        #expect(page(table(), language) == page(table(), language))
        #expect(
            Report.summaryLines(for: table(), language: language)
                == Report.summaryLines(for: table(), language: language))
    }

    /// The same lines in both languages, and nothing of one in the other.
    @Test func noTextIsMissingInEitherLanguage() {
        for sources in [[], Self.sources() + [Self.facts()]] {
            let table = FilledTable(sources, labs: [])
            let lines = (page(table).split(separator: "\n"), page(table, .chinese).split(separator: "\n"))
            #expect(lines.0.count == lines.1.count)
            let strangers = lines.0.filter { line in
                line.unicodeScalars.contains { (0x4e00...0x9fff).contains($0.value) } && !line.contains("“")
            }.filter { !$0.contains("3 · ") }
            #expect(strangers.isEmpty, "\(strangers.first ?? "")")
            let prose = zip(lines.0, lines.1).filter { $0 == $1 && $0.contains(". ") }
            #expect(prose.isEmpty, "\(prose.first?.0 ?? "")")
        }
    }

    @Test(arguments: Language.allCases)
    func theSummaryFitsATerminal(language: Language) {
        let lines = Report.summaryLines(
            for: FilledTable(Self.sources() + [Self.facts()], labs: []), language: language)
        for line in lines.prefix(24) { #expect(Columns.count(line) <= 100, "\(line)") }
        let start = lines[6]
        #expect(start.contains("4. "))
        #expect(start.contains(language == .english ? "refuted" : "不成立"))
        #expect(start.contains(language == .english ? "qemu (emulated): " : "qemu（软件模拟）："))
    }

    @Test(arguments: Language.allCases)
    func hostileTextActsNowhere(language: Language) {
        let hostile = Self.hostile
        let both = LocalizedText(en: hostile, zh: hostile)
        var sources = Self.sources { result in
            result.header.lab.title = both
            result.header.lab.question = both
            result.header.lab.claims[0].id = hostile
            result.header.lab.claims[0].text = both
            result.header.lab.row?.claims.append(hostile)
            result.header.lab.row?.shows[0].title = both
            result.header.lab.row?.shows.append(.init(fact: hostile, at: [.setting: hostile]))
            result.header.runID = hostile
            result.header.command = "```\n\(hostile)"
            result.header.startedAt = hostile
            for place in result.header.engines.indices {
                result.header.engines[place].availability = .unavailable(
                    LabError(.unavailable, "\(hostile)", remedy: "\(hostile)"))
            }
        }
        sources[0].path = "javascript:alert(1)/\(hostile)"
        sources[1].edited.header.environment.kernel = hostile
        var facts = Self.facts()
        for place in facts.edited.samples.indices {
            facts.edited.samples[place].facts = [
                "release": Fact(answer: "\(hostile)", mechanism: .seccomp, evidence: "\(hostile)")
            ]
        }
        var old = sources[0]
        old.path = hostile
        old.edited.header.startedAt = ""
        let table = FilledTable(sources + [facts, old], labs: [], failures: [hostile: "\(hostile)"])
        let markdown = page(table, language)
        #expect(cells(markdown).count == 12)
        expectWholeTables(markdown)
        #expect(!markdown.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{202e}" })
        let outsideCode = markdown.replacing(/(`+)[^`].*?\1/.dotMatchesNewlines(), with: "")
        #expect(!outsideCode.contains("<script"))
        #expect(!outsideCode.contains("x](http"))
        #expect(!outsideCode.contains("](javascript:"))
        for line in Report.summaryLines(for: table, language: language) {
            #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202e}" })
        }
    }

    @Test(arguments: [
        ("Row 4: speed of start-up", "row-4-speed-of-start-up"), ("第 9 行：OS 支持", "第-9-行os-支持"),
        ("What the document says, and what was measured", "what-the-document-says-and-what-was-measured"),
    ])
    func anchorsAreThoseOfGitHub(heading: String, anchor: String) {
        #expect(Anchor.of(heading: heading) == anchor)
    }

    @Test func pathsAreEncoded() {
        #expect(Anchor.path("../a b/ü:(x).json") == "../a%20b/%C3%BC%3A%28x%29.json")
    }
}
