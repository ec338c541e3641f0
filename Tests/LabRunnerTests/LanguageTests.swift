import Testing
import Texts

@testable import LabCore
@testable import LabRunner

/// What chooses the language.
@Suite struct LanguageChoiceTests {
    private func language(_ words: [String], _ environment: [String: String]) throws -> Language {
        try LanguageOptions.parse(words).choice(environment)
    }

    @Test func theLocaleForMessagesDecides() {
        let chinese = [
            ["LANG": "zh_CN.UTF-8"], ["LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"], ["LC_ALL": "zh"],
            ["LANG": "zh_CN.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""], ["LANG": "C", "LC_ALL": "zh_CN.UTF-8"],
        ]
        for environment in chinese { #expect(Language.ofLocale(environment) == .chinese, "\(environment)") }
        let english = [
            [:], ["LANG": "C"], ["LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"], ["LC_ALL": "xx_XX"],
            ["LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"], ["LC_CTYPE": "zh_CN.UTF-8"],
        ]
        for environment in english { #expect(Language.ofLocale(environment) == .english, "\(environment)") }
    }

    @Test("the option beats the variable, and the variable the locale")
    func optionThenVariableThenLocale() throws {
        let chinese = ["LANG": "zh_CN.UTF-8"]
        #expect(try language([], chinese) == .chinese)
        #expect(try language(["--lang", "auto"], chinese) == .chinese)
        #expect(try language(["--lang", "en"], chinese) == .english)
        #expect(try language(["--lang", "zh"], ["LANG": "C"]) == .chinese)
        #expect(try language([], ["LANG": "C", "LAB_LANG": "zh"]) == .chinese)
        #expect(try language(["--lang", "en"], ["LANG": "C", "LAB_LANG": "zh"]) == .english)
        #expect(try language([], ["LANG": "zh_CN", "LAB_LANG": "auto"]) == .chinese)
        #expect(try language([], ["LANG": "zh_CN", "LAB_LANG": ""]) == .chinese)
    }

    @Test func anotherLanguageIsAUsageError() {
        for (words, environment) in [(["--lang", "zn"], [:]), ([], ["LAB_LANG": "zn"])] {
            let error = #expect(throws: LabError.self) { try language(words, environment) }
            #expect(error?.exitCode == 64)
            #expect(error?.message.english.contains("did you mean \"zh\"?") == true)
            #expect(error?.remedy?.english.hasPrefix("choose one of en, zh") == true)
        }
    }
}

/// The program itself, in Chinese: no sentence of English is left.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct LanguageTests {
    private static let run = [
        "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "2",
    ]

    /// Lines with several words of English and no Chinese. Names, commands, XML and calls are in no language.
    static func english(_ text: String) -> [Substring] {
        let words = #/(^|[ (])[a-z]{2,} [a-z]{2,} [a-z']{2,}/#
        let command = #/(^ *|[：`])(sudo |./)?(lab|apt-get) |^ *</#
        return text.split(separator: "\n").filter { line in
            line.contains(words) && !line.contains(command)
                && !line.unicodeScalars.contains { (0x4e00...0x9fff).contains($0.value) }
        }
    }

    private func expectChinese(_ finished: LabProgram.Finished, _ words: [String], _ status: Int32 = 0) {
        #expect(finished.status == status, "\(words): \(finished.errors)")
        let left = Self.english(finished.output) + Self.english(finished.errors)
        #expect(left.isEmpty, "\(words): \(left.joined(separator: "\n"))")
    }

    @Test func everyCommandSpeaksChinese() throws {
        let lab = try LabProgram()
        let run = try lab.run(Self.run + ["--output", "old", "--lang", "zh"])
        expectChinese(run, Self.run)
        #expect(run.output.contains("报告：    old/report.md"))
        let report = try Files.readText("\(lab.directory.path)/old/report.md")
        #expect(report.contains("## 结论") && report.contains("lab report . --lang zh"))

        for words in [
            ["list"], ["clean"], ["clean", "--dry-run"], ["compare", "old", "old"],
            ["explain", "startup-latency", "--engine", "container"],
        ] {
            let finished = try lab.run(words + ["--lang", "zh"])
            expectChinese(finished, words)
            #expect(
                finished.output.unicodeScalars.contains { (0x4e00...0x9fff).contains($0.value) }, "\(words)")
        }
        #expect(try lab.run(["report", "old", "--lang", "zh"]).output == report)
        #expect(try lab.run(["report", "old"]).output.contains("## Answer"))
        #expect(try lab.run(["version", "--lang", "zh"]).output == lab.run(["version"]).output)
    }

    /// Before the command or behind it.
    @Test func theOptionMayComeFirst() throws {
        let lab = try LabProgram()
        #expect(
            try lab.run(["--lang", "zh", "list"]).output == lab.run(["list", "--lang", "zh"]).output)
    }

    @Test func errorsAndTheirRemediesAreChinese() throws {
        let lab = try LabProgram()
        let mistakes: [(words: [String], status: Int32, says: String)] = [
            (["run", "startup-latncy"], 64, "没有名为 \"startup-latncy\" 的实验；你是不是想写“startup-latency”？"),
            (["run", "startup-latency", "--samples", "many"], 64, "它必须是整数"),
            (["run", "startup-latency", "--timeout", "30parsec"], 64, "无法识别"),
            (["run", "startup-latency", "--memory", "1KiB"], 64, "它至少是 16 MiB"),
            (["run", "startup-latency", "--output", "/etc"], 73, "它不是空的"),
            (["report", "/nonexistent"], 66, "/nonexistent 处没有结果"),
            (["report", "/etc/passwd"], 65, "格式有误"),
            (["explain", "startup-latency", "--engine", "kvm,qemu"], 64, "一次只解释一个引擎"),
        ]
        for mistake in mistakes {
            let finished = try lab.run(mistake.words, environment: ["LAB_LANG": "zh"])
            expectChinese(finished, mistake.words, mistake.status)
            #expect(finished.errors.contains(mistake.says), "\(finished.errors)")
            #expect(finished.errors.contains("\n  办法：") || finished.errors.split(separator: "\n").count == 1)
        }
        let wrong = try lab.run(["list", "--lang", "zn"])
        #expect(wrong.status == 64 && wrong.errors.contains("did you mean \"zh\"?"))
        #expect(
            try lab.run(["list", "--lang", "zn"], environment: ["LANG": "zh_CN.UTF-8"]).errors.contains(
                "你是不是想写"))
    }

    /// Results and what programs read are the same in every language.
    @Test func whatProgramsReadIsInNoLanguage() throws {
        let lab = try LabProgram()
        for words in [["list", "--json"], ["clean", "--json"], ["version", "--json"]] {
            #expect(
                try lab.run(words + ["--lang", "zh"]).output == lab.run(words + ["--lang", "en"]).output,
                "\(words)")
        }
        // The lab's own texts stand in both languages in any result; nothing else may be Chinese.
        let chinese = try ["zh", "en"].map { language in
            let words = Self.run + ["--output", language, "--lang", language, "--seed", "7"]
            #expect(try lab.run(words).status == 0)
            return try Files.readText("\(lab.directory.path)/\(language)/result.json").split(separator: "\n")
                .filter { $0.unicodeScalars.contains { (0x4e00...0x9fff).contains($0.value) } }
        }
        #expect(!chinese[0].isEmpty && chinese[0] == chinese[1])
    }

    /// What drivers prove of this machine, as doctor shows it.
    @Test func everyCheckIsChinese() throws {
        let home = try TemporaryDirectory()
        let paths = LabPaths(cache: "\(home.path)/cache", state: "\(home.path)/state")
        let context = RunContext(
            runID: "test", paths: paths, journal: try RunJournal(runID: "test", paths: paths),
            rootFilesystem: RootFilesystem(directory: "/", digest: "root", guestDigest: "guest"))
        let engines = [
            ScriptEngine(.process), ScriptEngine(.container, "echo init; echo ready"), ScriptEngine(.qemu),
        ]
        let checks =
            HostChecks.all(paths: paths, warnings: Environment.capture().warnings)
            + EngineFactory.driverChecks(paths: paths)
            + (try EngineChecks.all(engines, context: context, labs: []) { _ in })
        let text = DoctorText(text: Language.chinese).table(checks)
        #expect(Self.english(text).isEmpty, "\(Self.english(text).joined(separator: "\n"))")
        // Title by title: a line may hide an English title behind a Chinese detail.
        for check in checks {
            let title = Language.chinese.say(check.title)
            #expect(title != check.title.english, "\(title)")
        }
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("通过") || $0.hasPrefix("警告") }
        #expect(lines.count >= 10)
    }

    @Test func everyKindOfLeftoverHasItsWord() {
        for kind in JournaledResource.Kind.allCases {
            #expect(Language.chinese.sentence(for: kind.rawValue) != nil, "\(kind)")
        }
    }

    @Test func chineseFillsTwoColumns() {
        #expect(Columns.count("实验 1") == 6)
        #expect(Columns.padded("实验", to: 6) == "实验  ")
        #expect(Columns.prefix("试验 12", 3) == "试")
        #expect(ProgressLine.fit("试验 1/4  process", columns: 10) == "试验 1/4…")
        let table = DoctorText(text: Language.chinese).table([
            DoctorCheck(id: "a", title: "disk space", status: .pass, detail: "x"),
            DoctorCheck(id: "b", title: "lab-guest is there", status: .pass, detail: "y"),
        ]).split(separator: "\n")
        let starts = table.prefix(2).map { line in
            Columns.count(line[..<(line.lastIndex(of: " ") ?? line.startIndex)])
        }
        #expect(starts[0] == starts[1], "\(table)")
    }
}
