import Foundation
import LabCore
import Testing

@testable import Translations

/// The tables against the sources whose texts they hold.
///
/// When `everyTextThatAReaderSeesIsTranslated` fails after texts were added:
/// 1. Copy the lines that it prints into the table of the target they come from (Sources/Translations/Texts….swift)
///    and write the Chinese: `{}` in the same order, or `{2}` for the second.
/// 2. A text that no reader ever sees goes into `UnreadTexts` instead.
/// When `noTranslationIsLeftOver` fails after texts were changed, delete or change the lines that it prints.
@Suite struct TextsTests {
    /// A text of the sources that must have its Chinese.
    struct Found: Hashable {
        var text: String
        var place: String
    }

    static let root: URL = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// The targets whose texts reach people as English strings. `Report` has its sentences in both languages.
    static let targets = [
        "LabCore", "LabFile", "Launch", "OCI", "ContainerDriver", "VMDriver", "Experiments", "LabRunner",
    ]
    /// Nobody reads what stands in these: our own bugs, and the help that ArgumentParser prints; and `pick` and
    /// `LocalizedText` hold both languages.
    static let excused: Set = [
        "precondition", "preconditionFailure", "fatalError", "assert", "assertionFailure", "ArgumentHelp",
        "CommandConfiguration", "Flag", "Option", "Argument", "OptionGroup", "pick", "LocalizedText",
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
        return names.filter { $0.hasSuffix(".swift") }.sorted().flatMap { name in
            let source = (try? String(contentsOf: directory.appending(path: name), encoding: .utf8)) ?? ""
            return SourceTexts.all(in: source).map { ("\(target)/\(name)", $0) }
        }
    }

    /// Several words of which one is no name, and not what nobody reads.
    static func isProse(_ literal: SourceTexts.Text) -> Bool {
        let text = literal.text
        guard text.trimmingCharacters(in: .whitespacesAndNewlines).contains(" "),
            text.contains(/(^|[ (])[a-z]{3,}([ ,;:.)]|$)/)
        else { return false }
        let inner =
            literal.callers.lastIndex(of: "{").map { literal.callers[($0 + 1)...] } ?? literal.callers[...]
        return !inner.contains(where: excused.contains) && !patterns.contains(literal.callers.last ?? "")
    }

    /// Names and signs only: the same in both languages but for the punctuation.
    static let alike: Set = ["{}: memory, cpu, pids{}{}", "{} with {}", "{} (uid {})"]

    static let found: [Found] = {
        var seen: Set<String> = []
        return literals.filter {
            !bilingual.contains($0.file) && isProse($0.text) && seen.insert($0.text.text).inserted
        }.map {
            Found(text: $0.text.text, place: "\($0.file):\($0.text.line)")
        }
    }()

    /// A line of a table.
    private func line(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
            "\n", with: "\\n")
        return "        \"\(escaped)\": \"\","
    }

    @Test func everyTextThatAReaderSeesIsTranslated() {
        let chinese = Catalogue(language: .chinese)
        let missing = Self.found.filter {
            !UnreadTexts.all.contains($0.text) && chinese.translated($0.text) == $0.text
        }
        let isComplete = missing.isEmpty
        #expect(Self.found.count > 300, "the sources were not found")
        #expect(
            isComplete,
            """
            \(missing.count) texts have no Chinese; see the head of TextsTests.swift for what to do:
            \(missing.map { "\(line($0.text))  // \($0.place)" }.joined(separator: "\n"))
            """)
    }

    @Test func noTranslationIsLeftOver() {
        let present = Set(Self.literals.map(\.text.text))
        let unused = Texts.tables.flatMap { $0.map(\.key) }.filter { !present.contains($0) }
        let (isUsed, isRead) = (unused.isEmpty, UnreadTexts.all.isSubset(of: present))
        #expect(
            isUsed,
            "these stand in no source: delete or change them\n\(unused.map(line).joined(separator: "\n"))")
        let idle = UnreadTexts.all.subtracting(present).sorted()
        #expect(isRead, "these are unread, but stand in no source\n\(idle.map(line).joined(separator: "\n"))")
    }

    @Test func everyTranslationIsThereOnceInChineseAndWithItsHoles() {
        var seen: Set<String> = []
        for (english, chinese) in Texts.all + Texts.words.map({ (en: $0.key, zh: $0.value) }) {
            #expect(seen.insert(english).inserted, "\(english) stands twice")
            #expect(!UnreadTexts.all.contains(english), "\(english) is translated and unread")
            #expect(
                chinese.unicodeScalars.contains { (0x4e00...0x9fff).contains($0.value) }
                    || Self.alike.contains(english),
                "\(english) is not in Chinese")
            let template = Template(english, chinese)
            let all = Set(0..<template.holes)
            #expect(template.filledHoles == all, "\(english): the Chinese fills other holes")
        }
    }

    /// What a text becomes when something is filled in, as it is by the program.
    @Test func everyTranslationIsFoundByItsText() {
        for (english, _) in Texts.all where english.contains("{}") {
            let filled = english.replacing("{}", with: "x1")
            let chinese = Catalogue(language: .chinese).translated(filled)
            #expect(chinese != filled, "\(english)")
        }
    }
}
