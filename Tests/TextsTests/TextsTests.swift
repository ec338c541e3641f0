import Foundation
import LabCore
import Testing

@testable import Texts

/// The tables against the sources whose sentences they hold.
///
/// When `everySentenceIsInEveryTable` fails after texts were added:
/// 1. Copy the lines that it prints into the table of the target they come from (Sources/Texts/Chinese) and write the
///    Chinese: `{}` in the same order, or `{2}` for the second.
/// 2. A text that no reader ever sees goes into `UnreadTexts` instead.
/// When `noTranslationIsLeftOver` fails after texts were changed, delete or change the lines that it prints.
@Suite struct TextsTests {
    /// A sentence of the sources that every table must have.
    struct Found: Hashable {
        var text: String
        var place: String
    }

    static let root: URL = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let targets = [
        "LabCore", "LabFile", "Launch", "OCI", "Images", "Results", "Artifacts",
        "ContainerDriver", "VMDriver", "Experiments", "Course", "Texts", "Report", "LabRunner",
    ]
    /// Nobody reads what stands in these: our own bugs, and the help that ArgumentParser prints; and `LocalizedText`
    /// holds its languages itself.
    static let excused: Set = [
        "precondition", "preconditionFailure", "fatalError", "assert", "assertionFailure", "ArgumentHelp",
        "CommandConfiguration", "Flag", "Option", "Argument", "OptionGroup", "LocalizedText", "available",
    ]
    /// Arguments of these are looked for in texts.
    static let patterns: Set = [
        "contains", "hasPrefix", "hasSuffix", "ranges", "firstRange", "starts", "split",
    ]

    /// Files whose texts stand beside their Chinese.
    static let bilingual: Set = ["LabCore/Model/DocumentTable.swift"]

    static let literals: [(file: String, text: SourceTexts.Text)] = targets.flatMap { target in
        let directory = root.appending(path: "Sources/\(target)")
        let names =
            (FileManager.default.enumerator(atPath: directory.path)?.allObjects ?? []) as? [String] ?? []
        // The tables lie in directories of their own.
        let isTable = { (name: String) in target == "Texts" && name.contains("/") }
        return names.filter { $0.hasSuffix(".swift") && !isTable($0) }.sorted().flatMap { name in
            let source = (try? String(contentsOf: directory.appending(path: name), encoding: .utf8)) ?? ""
            return SourceTexts.all(in: source).map { ("\(target)/\(name)", $0) }
        }
    }

    /// What is said is a sentence; so are several words of which one is no name, unless nobody reads them.
    static func isSentence(_ literal: SourceTexts.Text, in file: String) -> Bool {
        let text = literal.text
        let isSaid = literal.callers.last == "say" && text.contains(/[A-Za-z]{2}/)
        // Elsewhere the report's words are names of parts of a drawing.
        if isSaid || file.hasPrefix("Report/") { return isSaid && !file.hasSuffix("Terminal.swift") }
        guard text.trimmingCharacters(in: .whitespacesAndNewlines).contains(" "),
            text.contains(/(^|[ (])[a-z]{3,}([ ,;:.)]|$)/)
        else { return false }
        let inner =
            literal.callers.lastIndex(of: "{").map { literal.callers[($0 + 1)...] } ?? literal.callers[...]
        return !inner.contains(where: excused.contains) && !patterns.contains(literal.callers.last ?? "")
    }

    static let found: [Found] = {
        var seen: Set<String> = []
        return literals.filter {
            !bilingual.contains($0.file) && isSentence($0.text, in: $0.file)
                && seen.insert($0.text.text).inserted
        }.map {
            Found(text: $0.text.text, place: "\($0.file):\($0.text.line)")
        }
    }()

    static let tables = Language.allCases.compactMap { language in language.table.map { (language, $0) } }
    /// Names and signs only: the same in Chinese but for the punctuation.
    static let alike: Set = ["en", " ", "PID ns", "IPC ns", "UTS ns", "cgroup ns", "cgroup", "seccomp"]

    /// A line of a table.
    private func line(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
            "\n", with: "\\n")
        return "        \"\(escaped)\": \"\","
    }

    @Test func everySentenceIsInEveryTable() {
        #expect(Self.found.count > 1_000, "the sources were not found")
        #expect(Self.tables.count == Language.allCases.count - 1)
        for (language, _) in Self.tables {
            let missing = Self.found.filter {
                !UnreadTexts.all.contains($0.text) && language.sentence(for: $0.text) == nil
            }
            let isComplete = missing.isEmpty
            #expect(
                isComplete,
                """
                \(missing.count) sentences are not in \(language); see the head of TextsTests.swift for what to do:
                \(missing.map { "\(line($0.text))  // \($0.place)" }.joined(separator: "\n"))
                """)
        }
    }

    @Test func noTranslationIsLeftOver() {
        let present = Set(Self.literals.map(\.text.text))
        for (_, table) in Self.tables {
            let unused = table.own.flatMap { $0.map(\.key) }.filter { !present.contains($0) }
            let isUsed = unused.isEmpty
            #expect(
                isUsed,
                "these stand in no source: delete or change them\n\(unused.map(line).joined(separator: "\n"))"
            )
        }
        let isRead = UnreadTexts.all.isSubset(of: present)
        let idle = UnreadTexts.all.subtracting(present).sorted()
        #expect(isRead, "these are unread, but stand in no source\n\(idle.map(line).joined(separator: "\n"))")
    }

    /// The places that a sentence has for arguments, by their numbers.
    private func places(_ sentence: String) -> [Int] {
        var next = 0
        return sentence.matches(of: /\{(\d?)\}/).map { match in
            if let number = Int(match.1) { return number }
            next += 1
            return next
        }
    }

    @Test("Every translation is there once and uses every argument once")
    func argumentsAreUsedOnce() {
        for (language, table) in Self.tables {
            var seen: Set<String> = []
            for (english, translation) in (table.own + table.foreign).joined() {
                #expect(seen.insert(english).inserted, "\(english) stands twice in \(language)")
                #expect(!UnreadTexts.all.contains(english), "\(english) is translated and unread")
                #expect(places(translation).sorted() == places(english), "\(english): other arguments")
                let isChinese = translation.unicodeScalars.contains { (0x3000...0x9fff).contains($0.value) }
                #expect(
                    language != .chinese || isChinese || Self.alike.contains(english)
                        || translation.contains(/[，；：（）“”±]/)
                        || !translation.replacing("{}", with: "").contains(/[A-Za-z]/),
                    "\(english) is not in Chinese")
            }
        }
    }

    @Test("A sentence is shown in the language, and in English where its table has none")
    func everySentenceIsFoundAsItIsMade() {
        let chinese = Language.chinese
        let error = LabError(.usage, "there is no lab \("x" as String)\(didYouMean("lab", in: ["labs"]))")
        #expect(chinese.say(error.reason) != error.reason.english)
        #expect(!chinese.say(error.reason).contains("did you mean"))
        #expect(chinese.say("no table has \(1) sentence like this") == "no table has 1 sentence like this")
        #expect(Language.english.say(error.reason) == error.reason.english)
    }
}
