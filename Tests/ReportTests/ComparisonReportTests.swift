import LabCore
import Testing

@testable import Report

@Suite struct ComparisonReportTests {
    private func comparison(forced: Bool = false, factor: Double = 1.5) -> ResultComparison {
        var (old, new) = (RunFixture(), RunFixture())
        old.add(.process, count: 30)
        old.add(.container, count: 30)
        new.add(.process, count: 30)
        new.add(.container, count: 30, factor: factor)
        var after = new.result
        if forced { after.header.environment.kernel = "7.0|<b>\u{1b}[2J" }
        return ResultComparison(old: old.result, new: after)
    }

    @Test(arguments: Language.allCases)
    func aRegressionIsNamedInItsLanguage(language: Language) {
        let text = Report.markdown(for: comparison(), old: ["a"], new: ["b"], language: language)
        #expect(text.contains("| `container` |"))
        #expect(text.contains(language == .english ? "| **slower** |" : "| **变慢** |"))
        #expect(text.contains(language == .english ? "Regression beyond 5.0 %" : "退化超过 5.0 %"))
        #expect(text.contains("Holm"))
        #expect(!text.contains(language == .english ? "unlike:" : "不同："))
        #expect(text.contains("`start-up: container`"))
    }

    @Test(
        "One run a side says what it assumes, several that they know how much runs differ",
        arguments: Language.allCases)
    func assumptions(language: Language) {
        let isEnglish = language == .english
        let one = Report.markdown(for: comparison(), old: ["a"], new: ["b"], language: language)
        #expect(one.contains(isEnglish ? "did not change `process`" : "没有影响 `process`"))
        #expect(one.contains(isEnglish ? "undecided: one run a side" : "未定：每侧只有一次运行"))
        var runs: [Figures] = []
        for _ in 0..<8 {
            var fixture = RunFixture()
            fixture.generator = SeededGenerator(seed: UInt64(runs.count))
            fixture.add(.process, count: 30)
            fixture.add(.container, count: 30)
            runs.append(Figures(fixture.result))
        }
        let several = ResultComparison(
            old: Array(runs[..<3]), new: Array(runs[3...]), threshold: 0.5)
        let names = (1...8).map { "r\($0)" }
        let text = Report.markdown(for: several, old: ["a"], new: names, language: language)
        #expect(text.contains("Welch") && text.contains("| 3 / 5 |") && !text.contains("r6"))
        let bound = isEnglish ? "no difference larger than " : "未显示大于 "
        #expect(text.contains(bound))
    }

    @Test func theSameWithoutOne() {
        let text = Report.markdown(for: comparison(factor: 1), old: ["a"], new: ["b"])
        #expect(text.contains("Nothing was decided") && !text.contains("**"))
    }

    @Test func whatIsUnlikeStandsInEveryForm() {
        let comparison = comparison(forced: true)
        let text = Report.markdown(for: comparison, old: ["a|b"], new: ["c`d"])
        #expect(text.contains("- unlike: `environment.kernel`: 6.18.0 before, 7.0\\|&lt;b&gt;"))
        #expect(!text.contains("\u{1b}") && text.contains("Old: `a\\|b`. New: `c'd`."))
        let csv = Report.csv(for: comparison)
        let lines = csv.split(separator: "\n")
        #expect(lines.count == 1 + comparison.rows.count)
        #expect(lines.dropFirst().allSatisfy { $0.contains("unlike: environment.kernel: 6.18.0, 7.0|<b>") })
        #expect(!csv.contains("\u{1b}"))
    }

    @Test func theFormsSayTheSame() throws {
        let comparison = comparison()
        let rows = Report.csv(for: comparison).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        #expect(rows.allSatisfy { $0.count == rows[0].count })
        let place = try #require(rows[0].firstIndex(of: "ratio-change"))
        for (row, line) in zip(comparison.rows, rows.dropFirst()) {
            #expect(Double(line[place]) == row.relativeChange?.value)
        }
    }
}
