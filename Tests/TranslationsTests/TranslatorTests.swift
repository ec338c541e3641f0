import LabCore
import Testing

@testable import Translations

/// How a text finds its translation.
@Suite struct TranslatorTests {
    private let translator = Translator(
        [
            ("cannot open {}", "无法打开 {}"), ("cannot open {} for QEMU", "无法为 QEMU 打开 {}"),
            ("{} of {} files are left", "{2} 个文件剩 {1} 个"), ("there is no {}", "没有 {}"),
            ("there is no kernel", "没有内核"), ("nothing in /boot", "/boot 里没有"), ("{} is {}", "{} 是 {}"),
            ("no lab {}{}", "没有实验 {}{}"), ("; did you mean \"{}\"?", "；是不是“{}”？"),
            ("Permission denied", "权限不够"), ("they differ in{}", "它们不同：{}"),
            ("{}: {} before, {} now", "{}：之前 {}，现在 {}"), ("it ended", "它结束了"),
            (" after the mark {}", "，在标记 {} 之后"),
        ], words: [("root", "根")])

    private func expect(_ english: String, _ chinese: String?) {
        #expect(translator.translate(english) == chinese, "\(english)")
    }

    @Test func theMostSpecificSentenceWins() {
        expect("cannot open /a b", "无法打开 /a b")
        expect("cannot open /a for QEMU", "无法为 QEMU 打开 /a")
        expect("there is no kernel", "没有内核")
        expect("there is no kernel: nothing in /boot", "没有内核：/boot 里没有")
    }

    @Test func holesMayChangePlacesAndAreTranslatedToo() {
        expect("3 of 9 files are left", "9 个文件剩 3 个")
        expect("cannot open /x: Permission denied", "无法打开 /x: 权限不够")
        expect(
            "they differ in\n  a.b: 1 before, 2 now\n  c: x before, y now",
            "它们不同：\n  a.b：之前 1，现在 2\n  c：之前 x，现在 y")
    }

    @Test func theEndOfASentenceIsFoundBehindAnySentence() {
        expect("no lab \"a\"; did you mean \"b\"?", "没有实验 \"a\"；是不是“b”？")
        expect("no lab \"a\"", "没有实验 \"a\"")
        expect("it ended after the mark ready", "它结束了，在标记 ready 之后")
        expect("some words; did you mean \"b\"?", "some words；是不是“b”？")
    }

    @Test func whatNobodyKnowsStaysAsItIs() {
        expect("internal error: the monitor is gone away for good", nil)
        expect("EPERM, Permission denied", "EPERM, 权限不够")
        expect("--samples is \"two words\"", "--samples 是 \"two words\"")
        expect("", nil)
        expect("12:30", nil)
        expect("\n\n", nil)
        #expect(translator.translateAlone("strange words") == "strange words")
    }

    @Test func aNameIsTranslatedOnlyAlone() {
        #expect(translator.translateAlone("root") == "根")
        expect("cannot open root", "无法打开 root")
    }

    @Test func longTextsTakeNoLongTime() {
        let clock = ContinuousClock()
        for count in [20, 100, 10_000] {
            let text = String(repeating: "cannot open it is; of files: no, after ", count: count)
            let time = clock.measure { _ = Catalogue(language: .chinese).translated(text) }
            #expect(time < .seconds(5), "\(count): \(time)")
        }
    }

    @Test func errorsKeepTheirKind() {
        let error = LabError(
            .output, "cannot write /x", cause: "No space left on device", remedy: "run as root")
        let text = Catalogue(language: .chinese)
        let chinese = text.translated(error)
        #expect(chinese.kind == .output && chinese.message == "无法写入 /x" && chinese.remedy == "以 root 运行")
        #expect(text.reason(error) == "无法写入 /x：设备上没有空间（No space left on device）")
        let english = Catalogue(language: .english)
        #expect(english.translated(error) == error && english.reason(error) == error.reason)
    }
}

/// What the scanner reads in Swift.
@Suite struct SourceTextsTests {
    private func texts(_ source: String) -> [String] { SourceTexts.all(in: source).map(\.text) }

    @Test func callsOfSeveralLinesAndSumsAreOneText() {
        let source = #"""
            throw LabError(
                .usage, "--seed is \(quoted("x\(1)"))",  // a "comment"
                cause: "it must be a number "
                    + "from 0 to " + String(UInt64.max) + " at most",
                remedy: a.joined(separator: ", ") + " and so on")
            """#
        #expect(
            texts(source) == [
                "x{}", "--seed is {}", "it must be a number from 0 to {} at most", ", ", "{} and so on",
            ])
    }

    @Test func whatIsFilledInIsReadToo() {
        let source =
            #"let a = "would \(kind == .setting ? "put back" : "remove it \(n)"): \(x)" /* "no" */ + b"#
        #expect(texts(source) == ["put back", "remove it {}", "would {}: {}{}"])
        #expect(
            texts(#""a \"quoted\" word\n\\" + (yes ? "; b" : "")"#) == ["; b", "", "a \"quoted\" word\n\\{}"])
    }

    @Test func callersAreKnown() {
        let source = #"func f() { precondition(a(b), "never") ; g { add(1, "seen") } }"#
        let found = SourceTexts.all(in: source)
        #expect(found.map(\.callers.last) == ["precondition", "add"])
        #expect(found.map(\.line) == [1, 1])
    }

    @Test func filesAndFormatsAreNoTexts() {
        let quotes = "\"\"\""
        #expect(
            texts("let a = \(quotes)\n  some \"text\" of many lines\n  \(quotes)\nlet b = \"one line\"") == [
                "one line"
            ])
        #expect(texts(##"let a = #"raw \(x) text"#; let b = "x y""##) == ["x y"])
    }
}
