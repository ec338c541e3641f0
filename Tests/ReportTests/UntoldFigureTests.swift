import LabCore
import Testing

@testable import Report

/// Figures that are no more than noise, and what is said of them.
@Suite struct UntoldFigureTests {
    private func answer(_ fixture: RunFixture, _ language: Language = .english) throws -> String {
        let markdown = Report.files(for: Figures(fixture.result), language: language)[0].contents
        let heading = language == .english ? "\n## Answer" : "\n## 结论"
        let start = try #require(markdown.firstRange(of: heading), "\(markdown.prefix(300))")
        let rest = markdown[start.upperBound...]
        return String(rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)])
    }

    /// The memory lab on a host whose noise is larger than what a container takes.
    private static var noisy: RunFixture {
        var fixture = RunFixture.memory()
        for place in fixture.samples.indices where fixture.samples[place].engine == .container {
            // Up and down by 2 MB, whatever the number of instances.
            fixture.samples[place].values["host-bytes"] = Double(place * 7_919 % 1_001 - 500) * 4e3
        }
        return fixture
    }

    @Test("A cost below what can be told is written so, and compared with nothing")
    func costBelow() throws {
        let answer = try answer(Self.noisy)
        let container = try #require(row("`container`", in: answer))
        #expect(container.contains { $0.hasPrefix("**below ") }, "\(container)")
        #expect(!answer.contains("−"), "no cost is negative: \(answer)")
        #expect(answer.contains("`container` takes below "))
        #expect(!answer.contains("`container` has"))
        #expect(try self.answer(Self.noisy, .chinese).contains("低于 "))
        // What can be told is as it was.
        #expect(
            try #require(row("`qemu` (emulated)", in: answer)).contains {
                $0.hasPrefix("**87.") || $0.hasPrefix("**88.")
            })
    }

    @Test("The bound is the upper end of an interval that includes 0")
    func bounds() {
        func bound(_ lower: Double, _ upper: Double) -> Double? {
            Format.bound(
                untold: Estimate(
                    value: (lower + upper) / 2, interval: .init(lower: lower, upper: upper), n: 9))
        }
        #expect(bound(-1, 2) == 2 && bound(0, 2) == 2 && bound(-3, -1) == 3)
        #expect(bound(1, 2) == nil && bound(0, 0) == nil)
        #expect(Format.bound(untold: Estimate(value: -4, interval: nil, n: 2)) == 4)
        #expect(Format.bound(untold: Estimate(value: 4, interval: nil, n: 2)) == nil)
        let size = Metric(
            id: "m", title: LocalizedText(en: "m", zh: "m"), unit: .bytes, source: .value("m"), exact: true)
        let none = Estimate(value: 0, interval: .init(lower: 0, upper: 5), n: 3)
        #expect(Format.bound(untold: none, size) == nil, "what is counted is told")
    }

    @Test("An ablation in noise gives bounds and no shares")
    func ablationInNoise() throws {
        var fixture = RunFixture.conditions()
        let life = fixture.samples.filter { $0.engine == .container && $0.parameters.isEmpty && !$0.warmup }
        // With and without a layer a container takes the same.
        for place in fixture.samples.indices where fixture.samples[place].parameters.isolation != nil {
            fixture.samples[place].timeline = life[place * 37 % life.count].timeline
        }
        let markdown = Report.files(for: fixture.result)[0].contents
        let start = try #require(markdown.firstRange(of: "What each layer of isolation costs"))
        let rest = markdown[start.upperBound...]
        let section = String(rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)])
        #expect(section.contains("What all layers cost together can't be told here: it is below "))
        #expect(!section.contains(" % of the whole") && !section.contains("−1"), "\(section)")
        #expect(try #require(row("`pid`", in: section))[2] == "–")
    }

    @Test("A claim that is read in two ways says in which, on the page and on a terminal")
    func readings() throws {
        var fixture = RunFixture.experiment()
        var other = try #require(fixture.claims.first { $0.id == "container-counts" })
        other.id = "container-sees"
        other.rule.metric = "sees-host"
        other.rule.atMost = 0
        fixture.claims.append(other)
        let figures = Figures(fixture.result)
        let markdown = Report.files(for: figures)[0].contents
        #expect(markdown.contains("read as: processes that it sees (probes), `container`"))
        #expect(markdown.contains("read as: it sees the host's processes (probes), `container`"))
        let lines = Report.summaryLines(for: figures)
        #expect(lines.contains { $0.contains("sees one process (container-counts): confirmed") }, "\(lines)")
        #expect(lines.contains { $0.contains("sees one process (container-sees): confirmed") })
        #expect(lines.contains { $0.hasPrefix("unaware of each other: ") }, "one of its own needs no more")
    }

    @Test("Few samples are warned of once, whatever the number of engines and places")
    func oneWarning() {
        let figures = Figures(RunFixture.experiment().result)
        let warnings = Report.files(for: figures)[0].contents.split(separator: "\n").filter {
            $0.hasPrefix("- ") && $0.contains("those intervals are rough")
        }
        #expect(warnings.count == 1, "\(warnings)")
        #expect(
            warnings.first?.contains("`process`") == true && warnings.first?.contains("`container`") == true)
    }

    @Test("Settings are shown in the lab's words, with their units")
    func settings() {
        var lab = RunFixture.experiment().result.header.lab
        lab.settings = [
            .init(
                experiment: "copy-up", unit: "KiB", title: LocalizedText(en: "a file of {}", zh: "{} 的文件")),
            .init(experiment: "limits", value: "pids", title: LocalizedText(en: "processes", zh: "进程")),
        ]
        let english = Catalogue(language: .english).speaking(of: lab)
        let chinese = Catalogue(language: .chinese).speaking(of: lab)
        let file: Condition = [.experiment: "copy-up", .setting: "65536"]
        #expect(english.place(file) == "a file of 64 MiB" && chinese.place(file) == "64 MiB 的文件")
        #expect(english.value(ofSetting: file) == "64 MiB")
        #expect(english.place([.experiment: "limits", .setting: "pids"]) == "processes")
        #expect(english.place([.experiment: "limits", .setting: "memory"]) == "memory")
        // A result of anybody's may hold what is no number.
        #expect(english.place([.experiment: "copy-up", .setting: "{}"]) == "a file of {}")
        #expect(Catalogue(language: .english).place(file) == "65536", "of no lab")
    }
}
