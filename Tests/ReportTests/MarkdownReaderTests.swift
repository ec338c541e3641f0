import Foundation
import LabCore
import Testing

@testable import Report

@Suite struct MarkdownReaderTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The tasks and explanations of the exercises.
    static let texts: [String] = {
        let directory = root.appending(path: "exercises").path
        return Files.list(directory).flatMap { folder in
            ["task.md", "task.zh.md", "reveal.md", "reveal.zh.md"].map { "\(directory)/\(folder)/\($0)" }
        }
    }()

    @Test("Headings, paragraphs, lists, steps, tables and code are told apart, with their marks")
    func blocks() throws {
        let text = """
            # A `b`
            one **two**
            three [four](https://example.org/x_(y

            - first
              goes on
            - second
            1. step
               goes on too
            2. next

                ./launch KIND

            | a | b |
            |---|---|
            | `x` | [p](https://example.org/p) |
            ```sh
            # no heading
            ```
            """
        let blocks = MarkdownReader.blocks(of: text)
        guard blocks.count == 7, case .heading(1, let title) = blocks[0],
            case .paragraph(let words) = blocks[1],
            case .list(let items) = blocks[2], case .steps(let steps) = blocks[3],
            case .code(let code, _) = blocks[4],
            case .table(let table) = blocks[5], case .code(let fenced, _) = blocks[6]
        else {
            Issue.record("\(blocks)")
            return
        }
        #expect(title == "A \(code: "b")" && items == ["first goes on", "second"])
        #expect(words == "one \(strong: "two") three [four](https://example.org/x_(y")
        #expect(steps == ["step goes on too", "next"])
        #expect(code == ["./launch KIND"] && fenced == ["# no heading"])
        #expect(table.rows.count == 1 && table.columns.map(\.title) == ["a", "b"])
        #expect(table.rows[0][1].phrase == Phrase([.link("p", to: .page("https://example.org/p"))]))
    }

    @Test("Lines of Chinese are joined without a space, others with one")
    func lines() {
        #expect(MarkdownReader.blocks(of: "甲乙\n丙丁").first.map { "\($0)" }?.contains("甲乙丙丁") == true)
        #expect(MarkdownReader.blocks(of: "one\ntwo").first.map { "\($0)" }?.contains("one two") == true)
    }

    @Test("A link leads to https and nowhere else, and an address can't leave its attribute")
    func links() {
        for text in [
            "[x](javascript:alert(1))", "[x](http://e.org)", "[x](file:///etc/passwd)",
            "[x](https://e.org/\"onclick=\")",
            "[x](https://e.org/<b>)",
        ] {
            let page = Handout.page([text], title: "t", language: .english)
            #expect(!page.contains("<a href=\"h") && !page.contains("<a href=\"j"), "\(text)")
        }
    }

    @Test("The exercises' own texts become pages in which no mark is left over", arguments: texts)
    func handouts(_ path: String) throws {
        let text = try Files.readText(path)
        let page = Handout.page(
            [text], title: "exercise", language: path.hasSuffix(".zh.md") ? .chinese : .english)
        let elements = try #require(Elements(of: page), "\(path) is not well-formed")
        #expect(elements.names.contains("h1") && elements.names.contains("p"))
        // What a browser shows, without code: there a star is a star.
        let shown = elements.prose.joined()
        #expect(!shown.contains("**") && !shown.contains("](") && !shown.contains("`"), "\(path)")
        #expect(!shown.contains("|--"), "\(path)")
    }

    @Test("Any text is read")
    func anyText() {
        var generator = SeededGenerator(seed: 8)
        let signs = Array("# -|`*[]()1. \n    ahttps://中")
        for _ in 0..<400 {
            let text = String((0..<60).map { _ in signs.randomElement(using: &generator) ?? "a" })
            #expect(Elements(of: Handout.page([text], title: "t", language: .english)) != nil, "\(text)")
        }
    }
}
