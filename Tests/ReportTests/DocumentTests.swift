import Foundation
import FoundationXML
import LabCore
import Testing

@testable import Report

/// Parses text as XML and gives the names of its elements and its text; nil where it is not well-formed.
final class Elements: NSObject, XMLParserDelegate {
    private(set) var names: [String] = []
    private(set) var attributes: [[String: String]] = []
    private(set) var text = ""
    /// The text without code, style and script.
    private(set) var prose: [String] = []
    private var open: [String] = []

    init?(of html: String) {
        super.init()
        let parser = XMLParser(data: Data(html.utf8))
        parser.delegate = self
        guard parser.parse() else { return nil }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
        qualifiedName: String?, attributes: [String: String]
    ) {
        names.append(name)
        open.append(name)
        self.attributes.append(attributes)
    }

    func parser(
        _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) { open.removeLast() }

    func parser(_ parser: XMLParser, foundCharacters characters: String) {
        text += characters
        if Set(open).isDisjoint(with: ["code", "style", "script"]) { prose.append(characters) }
    }

    func values(of attribute: String) -> [String] { attributes.compactMap { $0[attribute] } }
}

private func html(_ blocks: [Block]) -> String {
    var renderer = HTMLRenderer(text: Language.english, reserved: [])
    return renderer.render(blocks)
}

private func markdown(_ words: Phrase) -> String { MarkdownRenderer.inline(words) }

/// What Markdown without any markup shows; nil where it has some. It knows escapes and character references, and holds
/// every other character that could act for markup.
private func shown(_ markdown: String) -> String? {
    var shown = ""
    var rest = markdown.unicodeScalars[...]
    let references = ["amp": "&", "lt": "<", "gt": ">", "#64": "@", "#58": ":", "#46": "."]
    while let scalar = rest.popFirst() {
        switch scalar {
        case "\\":
            guard let next = rest.popFirst(), next.isASCII else { return nil }
            shown.unicodeScalars.append(next)
        case "&" where rest.first == "#" || rest.first?.properties.isAlphabetic == true:
            let name = String(String.UnicodeScalarView(rest.prefix { $0 != ";" }))
            guard let character = references[name] else { return nil }
            shown += character
            rest = rest.dropFirst(name.unicodeScalars.count + 1)
        case "<" where rest.first == " ": shown += "<"
        case "`", "*", "_", "[", "]", "<", ">", "|", "~", "#", "$", "!", "@", "\n": return nil
        default: shown.unicodeScalars.append(scalar)
        }
    }
    return markdown.contains(/(?i)https?:|www\./) ? nil : shown
}

/// Blocks of every sort with one and the same text in every place that takes one.
private func everywhere(_ text: String) -> [Block] {
    var table = Table([.words(Phrase(text)), .figures("n").spare])
    table.add([.words(.strong(text)), .figure(1, Phrase(text))])
    table.add([.code(text), .none])
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"
    return [
        .heading(2, Phrase(text)), .paragraph(Phrase(text)),
        .paragraph("a \(Phrase(text), to: .section(Phrase(text))) b \(Phrase(text), to: .file(text)) c"),
        .list([Phrase(text), .emphasis(Phrase(text))]), .table(table),
        .figure(Figure(name: "p.svg", title: text, svg: svg)), .code([text, text], language: "sh"),
        .fold(Phrase(text), [.paragraph(Phrase(text))]),
    ]
}

@Suite struct DocumentTests {
    @Test("One block, three forms") func eachBlockInEachForm() {
        var table = Table([.words("name"), .figures("time")])
        table.add([.words("a|b"), .quantity(1_200_000, .nanoseconds)])
        table.add([.code("c|d"), .none])
        let cases: [(Block, String, String, [String])] = [
            (.heading(1, "A \(code: "b")"), "# A `b`\n", "<h1 id=\"a-b\">A <code>b</code></h1>\n", ["A b"]),
            (.paragraph("a <b < c"), "a &lt;b < c\n", "<p>a &lt;b &lt; c</p>\n", ["a <b < c"]),
            (
                .list(["a", .strong("b")]), "- a\n- **b**\n",
                "<ul>\n<li>a</li>\n<li><strong>b</strong></li>\n</ul>\n", ["  a", "  b"]
            ),
            (
                .code(["a < b", "```"], language: "sh"), "````sh\na < b\n```\n````\n",
                "<pre tabindex=\"0\"><code>a &lt; b\n```</code></pre>\n", ["  a < b", "  ```"]
            ),
            (
                .fold("More \(emphasis: "of") it", [.list(["a"])]),
                "<details>\n<summary>More *of* it</summary>\n\n- a\n\n</details>\n",
                "<details>\n<summary>More <em>of</em> it</summary>\n<ul>\n<li>a</li>\n</ul>\n</details>\n",
                ["More of it", "  a"]
            ),
            (
                .table(table),
                "| name | time |\n| :--- | ---: |\n| a\\|b | 1.20 ms |\n| `c\\|d` | – |\n",
                """
                <div class="scroll" tabindex="0" role="region" aria-label="Table: ">
                <table>
                <thead>
                <tr><th scope="col">name</th><th scope="col" class="right">time</th></tr>
                </thead>
                <tbody>
                <tr><td>a|b</td><td class="right" data-value="1200000.0">1.20 ms</td></tr>
                <tr><td><code>c|d</code></td><td class="right">–</td></tr>
                </tbody>
                </table>
                </div>

                """, ["  name  time", "  a|b   1.20 ms", "  c|d   –"]
            ),
        ]
        for (block, markdown, page, lines) in cases {
            #expect(MarkdownRenderer.render([block]) == markdown)
            #expect(html([block]) == page)
            #expect(TerminalRenderer.render([block]) == lines)
        }
    }

    @Test("Marks of a line in each form") func eachMarkInEachForm() {
        let words: Phrase =
            "\(strong: "a \(emphasis: "b") \(code: "c*")") d\([Phrase("e"), "f"].lines)"
        #expect(markdown(words) == "**a *b* `c*`** de<br>f")
        #expect(
            html([.paragraph(words)])
                == "<p><strong>a <em>b</em> <code>c*</code></strong> de<br/>f</p>\n")
        #expect(TerminalRenderer.line(words) == "a b c* de, f")
        #expect(markdown("*a* <b> @c &amp; \\ \\d") == "\\*a\\* &lt;b&gt; &#64;c &amp;amp; \\\\ \\\\d")
        // Text beside text is looked at as one.
        #expect(markdown("\("&")\("lt;") \("http")\("://e")") == "&amp;lt; http&#58;//e")
        #expect(
            MarkdownRenderer.render([.paragraph("- a"), .list(["1. b", "2.c"])])
                == "\\- a\n\n- 1\\. b\n- 2.c\n")
    }

    @Test("A column's side and a cell's value follow from what it holds")
    func cellsAreSortedByTheirValue() {
        let cells: [(Cell, Double?, String)] = [
            (.quantity(412_345, .nanoseconds), 412_345, "412 µs"), (.count(4_630), 4_630, "4630"),
            (
                .interval(ConfidenceInterval(lower: 1.18e6, upper: 1.24e6), .nanoseconds), 1.18e6,
                "1.18–1.24 ms"
            ),
            (.percent(-0.025), -0.025, "−2.5 %"), (.signed(-4, .bytes), -4, "−4.00 B"), (.none, nil, "–"),
            (.quantity(nil, .bytes), nil, "–"), (.blank, nil, ""), (.words("3 of 5"), nil, "3 of 5"),
            (.quantity(5, .count).strong, 5, "**5.00**"),
        ]
        for (cell, value, words) in cells {
            #expect(cell.value == value && markdown(cell.phrase) == words, "\(cell)")
        }
    }

    @Test func headingsHaveTheAnchorsOfGitHub() {
        let made = html([
            .paragraph("\("a", to: .section("Same"))"), .heading(2, "Same"), .heading(2, "Same"),
            .heading(2, "!?"),
        ])
        #expect(made.contains("<a href=\"#same\">a</a>") && made.contains("id=\"section\""))
        #expect(made.contains("id=\"same\"") && made.contains("id=\"same-1\""))
        // The second of two documents on a page is linked to its own headings.
        let page = HTMLPage.render(
            ["a", "b"].map { [.heading(2, "Same"), .paragraph("\(Phrase($0), to: .section("Same"))")] },
            title: "t", Language.english)
        #expect(page.contains("<a href=\"#same\">a</a>") && page.contains("<a href=\"#same-1\">b</a>"))
    }

    @Test(
        "A link leads to a section or a file, and nowhere else",
        arguments: [
            "javascript:alert(1)", "JAVASCRIPT:alert", "data:text/html,x", "//e.example", "///e", "\\\\e",
            "vbscript:x",
            "https://e.example/", "a b\"c", "#a", "?a",
        ])
    func linksLeadNowhereElse(target: String) throws {
        let link: Phrase = "\("a", to: .file(target))"
        let elements = try #require(Elements(of: html([.paragraph(link)])))
        let href = try #require(elements.values(of: "href").first)
        #expect(elements.names == ["p", "a"] && markdown(link) == "[a](\(href))")
        #expect(href.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._~/%".contains($0)) })
        #expect(!href.hasPrefix("//"))
    }

    /// Pieces of everything that Markdown, HTML or a terminal could take for more than text.
    private static let pieces = [
        "*", "**", "`", "``", "```\n", "[", "](", ")", "![", "\\", "&", "&lt;", "&#64;", "lt;", "<br>",
        "<details>\n",
        "<summary>", "</summary>\n", "</details>\n", "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<!-- x -->", "\"", "'", ">", "\n", "\n\n", "| ", " |\n", "| a | b |\n| :--- | ---: |\n", "# ", "## ",
        "- ",
        "+ ", "1. ", "2) ", "a", " b ", "中", "\u{202e}", "\u{1b}[31m", "\r\n", "\u{0}", "\t", "javascript:",
        "https://e.example", "HTTP", "://", "www", ".e", "@who", "$x$", "~~", "\\|", "< ", "_", "🦊",
        "e\u{301}",
        "\u{feff}", "&#0;", "<", "!",
    ]

    private static func hostile(_ generator: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1..<20, using: &generator)).map { _ in
            pieces.randomElement(using: &generator) ?? ""
        }.joined()
    }

    @Test("Any text is text in HTML: the elements are those of harmless text")
    func anyTextIsTextInHTML() throws {
        var generator = SeededGenerator(seed: 11)
        let known = try #require(Elements(of: "<x>\(html(everywhere("a")))</x>"))
        for _ in 0..<200 {
            let text = Self.hostile(&generator)
            let elements = try #require(
                Elements(of: "<x>\(html(everywhere(text)))</x>"), "\(text.debugDescription) breaks the page")
            #expect(elements.names == known.names, "\(text.debugDescription)")
            #expect(elements.text.components(separatedBy: Escaping.plain(text)).count > 10)
            let keys = Set(elements.attributes.flatMap(\.keys))
            #expect(keys.isSubset(of: Set(known.attributes.flatMap(\.keys))), "\(keys)")
        }
        // The check sees what is not escaped.
        #expect(Elements(of: "<x><p><script>alert(1)</script></p></x>")?.names != ["x", "p"])
    }

    @Test("Any text is text in Markdown: what is shown is the text, and no line more")
    func anyTextIsTextInMarkdown() throws {
        var generator = SeededGenerator(seed: 12)
        let lines = MarkdownRenderer.render(everywhere("a")).split(
            separator: "\n", omittingEmptySubsequences: false)
        for _ in 0..<300 {
            let text = Self.hostile(&generator)
            #expect(shown(MarkdownRenderer.text(text)) == Escaping.plain(text), "\(text.debugDescription)")
            let made = MarkdownRenderer.render(everywhere(text))
            #expect(made.split(separator: "\n", omittingEmptySubsequences: false).count == lines.count)
            expectWholeTables(made)
            let paragraph = MarkdownRenderer.render([.paragraph(Phrase(text))])
            #expect(!paragraph.contains(/^([-+]|[0-9]+[.)])( |$)/), "\(paragraph)")
        }
        // The check sees what is not escaped.
        for raw in ["<b>", "a*b*", "[x](y)", "&lt&copy;", "a|b", "https://e", "WWW.e", "@who"] {
            #expect(shown(raw) == nil, "\(raw)")
        }
    }

    @Test("Any text is text in a terminal: no control character, and no line more")
    func anyTextIsTextInATerminal() {
        var generator = SeededGenerator(seed: 13)
        for _ in 0..<200 {
            let lines = TerminalRenderer.render(everywhere(Self.hostile(&generator)))
            #expect(lines.count >= TerminalRenderer.render(everywhere("a")).count)
            for line in lines {
                #expect(
                    !line.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202e}" || $0 == "\u{feff}" })
            }
        }
    }
}

@Suite struct HTMLPageTests {
    @Test(arguments: Language.allCases)
    func pageHoldsTheWholeReportAndFetchesNothing(language: Language) throws {
        for made in MadeReport.all {
            let files = try #require(made.files[language])
            var result = made.result
            result.header.lab.title = LocalizedText(en: "<t>", zh: "<t>")
            let page = Report.page(for: [result], language: language)
            let elements = try #require(Elements(of: page), "\(made.name) is well-formed")
            #expect(elements.names.count { $0 == "figure" } == files.count - 1)
            #expect(elements.values(of: "lang") == [language == .english ? "en" : "zh-CN"])
            // Every table row of the report and every heading, once.
            let lines = files[0].contents.split(separator: "\n")
            let rows = lines.count { $0.hasPrefix("|") && !$0.hasPrefix("| :--- ") }
            #expect(elements.names.count { $0 == "tr" } == rows, "\(made.name)")
            let ids = elements.values(of: "id")
            #expect(Set(ids).count == ids.count)
            for anchor in elements.values(of: "href") {
                #expect(anchor.hasPrefix("#") && ids.contains(String(anchor.dropFirst())), "\(anchor)")
            }
            #expect(elements.values(of: "src").isEmpty && !page.contains("url(") && !page.contains("@import"))
            #expect(elements.attributes.allSatisfy { $0.keys.allSatisfy { !$0.hasPrefix("on") } })
            #expect(page.contains("<title>&lt;t&gt;</title>"))
        }
    }

    /// The page's policy lets exactly its own script run.
    @Test func theScriptIsTheOneOfThePolicy() {
        // As `printf abc | openssl dgst -sha256 -binary | base64` says it.
        #expect(HTMLPage.digest(of: "abc") == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
        let page = HTMLPage.render([], title: "a", Language.english)
        let digest = HTMLPage.digest(of: HTMLPage.script)
        #expect(
            page.contains("script-src 'sha256-\(digest)'")
                && page.contains("<script>\(HTMLPage.script)</script>"))
        #expect(page.contains("default-src 'none'"))
    }
}
