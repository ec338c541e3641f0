import Testing

@testable import LabCore
@testable import Report

/// Predictions, and limits that were varied, in the report.
@Suite struct PredictionReportTests {
    private func predicted(_ answers: [String]?) -> RunResult {
        var result = RunFixture.complete().result
        result.header.lab.predictions = [
            .init(
                question: LocalizedText(en: "How long?", zh: "多久？"),
                shows: [.init(metric: "start-up"), .init(metric: "start-up", relativeTo: .process)]),
            .init(question: LocalizedText(en: "Why?", zh: "为什么？")),
            .init(
                question: LocalizedText(en: "And cold?", zh: "冷启动呢？"),
                shows: [.init(metric: "start-up", at: [.cache: "cold"])]),
        ]
        result.header.predictions = answers
        return result
    }

    @Test("The report sets each prediction beside what was measured, engine by engine")
    func besideTheMeasurement() throws {
        let report = try file("report.md", predicted(["two ms", "", "three | four"]))
        #expect(report.contains("## Predictions"))
        let first = try #require(row("two ms", in: report))
        #expect(first.count == 5 && first[1] == "Start-up latency" && first[2].contains("n = 192"))
        #expect(report.contains("nothing was measured of it") && report.contains("three \\| four"))
        expectWholeTables(report)
        let chinese = try file("report.md", predicted(["两毫秒", "", ""]), .chinese)
        #expect(chinese.contains("## 预测") && chinese.contains("多久？"))
    }

    @Test("Who was not asked has no such section")
    func nobodyWasAsked() throws {
        #expect(try !file("report.md", predicted(nil)).contains("## Predictions"))
    }

    @Test("An answer in somebody else's result is shown and acts on nobody")
    func hostileAnswer() throws {
        let hostile = "\u{1b}[2J<script>alert(1)</script>[x](javascript:y)\n# head"
        let report = try file(
            "report.md", predicted([hostile, hostile, String(repeating: "z", count: 9_999)]))
        #expect(!report.contains("\u{1b}") && !report.contains("\n# head") && !report.contains("<script>"))
        #expect(!report.contains(String(repeating: "z", count: 1_001)))
        let page = Report.page(for: [Figures(predicted([hostile, "", ""]))], language: .english)
        #expect(!page.contains("<script>alert"))
        expectWholeTables(report)
    }

    // Limits.

    private func swept() -> RunFixture {
        var fixture = RunFixture()
        let limits = [
            Series.Varied(.memory, [[.memory: "32MiB"], [.memory: "64MiB"], [.memory: "128MiB"]]),
            Series.Varied(.cpus, [[.cpus: "1"], [.cpus: "2"]]),
        ]
        fixture.shape.series = [
            Series(id: "plain-process", engines: [.process]),
            Series(id: "plain", parameters: limits, engines: [.container, .qemu]),
        ]
        fixture.add(.process, count: 20)
        for point in fixture.shape.series[1].points {
            fixture.add(.container, count: 20, factor: point.cpus == 2 ? 0.5 : 1, at: point)
            if point.memory == 32 << 20 {
                fixture.samples.append(
                    Observation(
                        index: fixture.samples.count, engine: .qemu, parameters: point, warmup: false,
                        outcome: .failed(
                            LabError(.usage, "a VM with so little can't start", remedy: "more"), after: nil),
                        timeline: Timeline()))
            } else {
                fixture.add(.qemu, count: 12, at: point)
            }
        }
        return fixture
    }

    @Test("A sweep is a table of all combinations and a plot against each limit")
    func sweepIsTabledAndPlotted() throws {
        let result = swept().result
        let report = try file("report.md", result)
        for size in [32, 64, 128] {
            for cpus in ["1 CPU", "2 CPUs"] {
                #expect(row("\(size) MiB of memory, \(cpus)", in: report)?.count == 4, "\(size), \(cpus)")
            }
        }
        let names = Report.files(for: Figures(result)).map(\.name).filter { $0.hasPrefix("sweep-") }
        #expect(names == ["sweep-1.svg", "sweep-2.svg"])
        for name in names { expectWellFormed(try file(name, result)) }
        expectWholeTables(report)
        let lines = Report.summaryLines(for: Figures(result))
        #expect(lines.contains { $0.contains("64 MiB of memory, 2 CPUs") })
        let chinese = Report.summaryLines(for: Figures(result), language: .chinese)
        #expect(chinese.contains { $0.contains("内存 64 MiB、2 个 CPU") }, "\(chinese)")
    }

    @Test("What an engine can't take is said by its name with the reason, and so is who has no limits")
    func refusalsAreSaid() throws {
        let report = try file("report.md", swept().result)
        let cells = try #require(row("32 MiB of memory, 1 CPU", in: report))
        #expect(cells[3] == "not possible")
        #expect(report.contains("a VM with so little can't start"))
        #expect(report.contains("nothing holds it to any limit"))
    }

    @Test("A sweep of work has the loss at each limit, against a process that has none")
    func sweptWork() throws {
        var fixture = RunFixture.compute()
        let limits = [Series.Varied(.cpus, [[.cpus: "1"], [.cpus: "2"]])]
        let kinds = fixture.shape.series[0].parameters
        fixture.shape.series = [
            Series(id: "kinds-process", parameters: kinds, engines: [.process]),
            Series(id: "kinds", parameters: kinds + limits, engines: [.container]),
        ]
        // Each round has every kind on three engines.
        let round = 3 * RunFixture.losses.count
        let samples = fixture.samples.filter { $0.engine != .qemu }.map { sample in
            var sample = sample
            if sample.engine == .container {
                sample.parameters.cpus = sample.index / round % 2 + 1
            }
            return sample
        }
        fixture.samples = samples
        let report = try file("report.md", fixture.result)
        #expect(report.contains("## At each limit"))
        let analysis = Analysis(Figures(fixture.result))
        let places = analysis.points.filter { $0.cpus != nil }
        #expect(!places.isEmpty)
        for place in places {
            #expect(
                analysis.ratioToBaseline(analysis.headline, .container, at: place) != nil, "\(place.text)")
        }
        // The process's own points are in no row: with the median of all kinds these are all.
        let table = ComputeReport(analysis: analysis, text: .english).summary
        #expect(table.rows.count == places.count + 1, "\(table.rows)")
    }

    @Test(
        "A reason that ends in a question mark gets no full stop", arguments: ["why?", "so.", "wait …", "so"])
    func oneEnd(message: String) {
        let error = LabError(.usage, Message(verbatim: message), remedy: "do it")
        let text = Language.english.problem(error).plain
        #expect(
            !text.contains("?.") && !text.contains("..") && !text.contains("….")
                && text.contains("Remedy: do it"))
    }
}
