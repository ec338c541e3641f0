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
        self.attributes.append(attributes)
    }

    func parser(_ parser: XMLParser, foundCharacters characters: String) { text += characters }

    func values(of attribute: String) -> [String] { attributes.compactMap { $0[attribute] } }
}

private func html(_ markdown: String, plots: [String: String] = [:]) -> String {
    var writer = HTMLWriter(text: Catalogue(language: .english), reserved: [])
    return writer.html(MarkdownBlockParser.parse(markdown), plots: plots)
}

@Suite struct MarkdownHTMLTests {
    @Test func eachBlockIsItsElement() {
        #expect(html("# A `b`") == "<h1 id=\"a-b\">A <code>b</code></h1>\n")
        #expect(html("one\ntwo\n\nthree") == "<p>one two</p>\n<p>three</p>\n")
        #expect(html("- a\n- **b**\n") == "<ul>\n<li>a</li>\n<li><strong>b</strong></li>\n</ul>\n")
        #expect(html("1. a\n2. b\n") == "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n")
        #expect(
            html("````sh\na < b\n```\n````\n") == "<pre tabindex=\"0\"><code>a &lt; b\n```</code></pre>\n")
        #expect(
            html("<details>\n<summary>More *of* it</summary>\n\n- a\n\n</details>\n")
                == "<details>\n<summary>More <em>of</em> it</summary>\n<ul>\n<li>a</li>\n</ul>\n</details>\n")
        #expect(html("#no heading\n") == "<p>#no heading</p>\n")
    }

    @Test func eachInlineIsItsElement() {
        func inline(_ text: String) -> String { String(html(text).dropFirst(3).dropLast(5)) }
        #expect(inline("**a *b* `c*`** d") == "<strong>a <em>b</em> <code>c*</code></strong> d")
        #expect(inline("a<br>b") == "a<br/>b")
        #expect(inline("2 * 3 * 4 ** 5") == "2 * 3 * 4 ** 5")
        #expect(inline("\\*a\\* &lt;b&gt; &#64;c &amp;amp; \\\\ \\d") == "*a* &lt;b&gt; @c &amp;amp; \\ \\d")
        #expect(inline("``a`b``") == "<code>a`b</code>")
        #expect(inline("[a `b`](c/d.md#e)") == "<a href=\"c/d.md#e\">a <code>b</code></a>")
        #expect(inline("[a](https://e.example/?b=c&d)").contains("href=\"https://e.example/?b=c&amp;d\""))
        #expect(inline("**a") == "**a" && inline("`a") == "`a" && inline("[a](b") == "[a](b")
    }

    @Test func whatCouldActIsText() {
        for hostile in [
            "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a</details></main>",
            "<details open ontoggle=alert(1)>", "&lt;script&gt;", "<!-- x -->", "<br onload=x>",
        ] {
            let elements = Elements(of: html(hostile))
            #expect(elements?.names == ["p"], "\(hostile)")
        }
        for target in [
            "javascript:alert", "JAVASCRIPT:alert", "data:text/html,x", "//e.example", "\\\\e",
            "vbscript:x",
        ] {
            #expect(html("[a](\(target))") == "<p>a</p>\n", "\(target)")
        }
        #expect(html("![a<b](https://e.example/i.svg)") == "<p>a&lt;b</p>\n", "no image is fetched")
    }

    @Test func tablesKeepTheirCells() throws {
        let markdown = """
            | name | time |
            | :--- | ---: |
            | `a\\|b` \\| c | 1.20 ms |
            | **d** | – |
            | short |
            | too | many | cells |

            after
            """
        let made = html(markdown)
        #expect(
            made.contains(
                "<td><code>a|b</code> | c</td><td class=\"right\" data-value=\"1200000.0\">1.20 ms</td>"))
        #expect(made.contains("<th scope=\"col\" class=\"right\">time</th>"))
        #expect(made.contains("<td>short</td><td class=\"right\"></td>"))
        #expect(made.contains("<td>too</td><td class=\"right\">many</td></tr>"))
        #expect(made.hasSuffix("<p>after</p>\n"))
        let elements = try #require(Elements(of: "<x>\(made)</x>"))
        #expect(elements.names.count { $0 == "td" } == 8)
    }

    @Test func cellsAreSortedByWhatTheySay() {
        let values: [(String, Double?)] = [
            ("412 µs", 412e3), ("1.18–1.24 ms", 1.18e6), ("4,630", 4_630), ("−2.50 %", -2.5),
            ("+12.3 % (+11.0 … +13.1 %)", 12.3), ("87.2 MiB (80.0–90.1 MiB)", 87.2 * 0x1p20), ("3 of 5", 3),
            ("9.55 × (9.1–9.9)", 9.55), ("–", nil), ("yes, 5 of 5", nil), ("", nil), ("3d", nil),
            ("2.1.3", nil),
            ("−4.00–−2.00 B", -4), ("60（基准）", 60),
        ]
        for (cell, value) in values { #expect(CellValue.of(cell) == value, "\(cell)") }
    }

    @Test func headingsHaveTheAnchorsOfGitHub() {
        #expect(
            HTMLWriter.slug("What the document says, and what was measured")
                == "what-the-document-says-and-what-was-measured")
        #expect(HTMLWriter.slug("文档的说法与实测") == "文档的说法与实测")
        #expect(HTMLWriter.slug("!?") == "section")
        let made = html("[a](#same)\n\n## Same\n\n## Same\n")
        #expect(
            made.contains("href=\"#same\"") && made.contains("id=\"same\"") && made.contains("id=\"same-1\""))
        // The second of two documents on a page is linked to its own headings.
        let page = HTMLPage.render(
            [.init(markdown: "## Same\n\n[a](#same)\n"), .init(markdown: "## Same\n\n[b](#same)\n")],
            title: "t",
            language: .english)
        #expect(page.contains("<a href=\"#same\">a</a>") && page.contains("<a href=\"#same-1\">b</a>"))
    }

    /// Whatever the text, what comes out is well-formed and has no elements but those of the subset.
    @Test func anyTextBecomesWellFormedHTML() throws {
        var generator = SeededGenerator(seed: 11)
        let pieces = [
            "*", "**", "`", "``", "```\n", "[", "](", ")", "![", "\\", "&", "&lt;", "&#64;", "<br>",
            "<details>\n",
            "<summary>", "</summary>\n", "</details>\n", "<script>", "\"", "'", ">", "\n", "\n\n", "| ",
            " |\n",
            "| a | b |\n| :--- | ---: |\n", "# ", "## ", "- ", "1. ", "a", " b ", "中", "\u{202e}", "\u{1b}",
            "\r\n",
            "\u{0}", "\t", "p.svg", "javascript:", "🦊", "e\u{301}", "\u{feff}", "&#0;", "&#xd800;",
            "&#x110000;",
        ]
        let known: Set<String> = [
            "x", "h1", "h2", "p", "ul", "ol", "li", "pre", "code", "div", "table", "thead", "tbody", "tr",
            "th",
            "td", "details", "summary", "strong", "em", "a", "br", "figure", "figcaption", "svg",
        ]
        for _ in 0..<3_000 {
            let markdown = (0..<Int.random(in: 1..<40, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined()
            let made = html(markdown, plots: ["p.svg": "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"])
            guard let elements = Elements(of: "<x>\(made)</x>") else {
                Issue.record("not well-formed: \(markdown.debugDescription) became \(made)")
                return
            }
            #expect(Set(elements.names).isSubset(of: known), "\(markdown.debugDescription)")
            #expect(elements.values(of: "href").allSatisfy { !$0.lowercased().hasPrefix("javascript:") })
        }
    }

    /// Lines that a careless parser would look at again for each of their characters.
    @Test(arguments: [
        "*", "**a ", "`", "[", "![a", "\\", "&", "| ", "[a](b", "<details>\n<summary>a</summary>\n", "*a",
    ])
    func longLinesTakeNoLongTime(piece: String) {
        let markdown = String(repeating: piece, count: 20_000)
        let start = ContinuousClock.now
        _ = html(markdown)
        #expect(ContinuousClock.now - start < .seconds(20), "\(piece)")
    }
}

@Suite struct HTMLPageTests {
    @Test(arguments: Language.allCases)
    func pageHoldsTheWholeReportAndFetchesNothing(language: Language) throws {
        for made in MadeReport.all {
            let files = try #require(made.files[language])
            let page = HTMLPage.render(
                markdown: files[0].contents, plots: Array(files.dropFirst()),
                title: "<t>",
                language: language)
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
        #expect(
            HTMLPage.base64("") == "" && HTMLPage.base64("ff") == "/w==" && HTMLPage.base64("ffee") == "/+4=")
        #expect(HTMLPage.base64("4d616e") == "TWFu")
        let page = HTMLPage.render(markdown: "# a", title: "a", language: .english)
        let digest = HTMLPage.base64(Digest.sha256(HTMLPage.script.utf8))
        #expect(
            page.contains("script-src 'sha256-\(digest)'")
                && page.contains("<script>\(HTMLPage.script)</script>"))
        #expect(page.contains("default-src 'none'"))
    }
}
