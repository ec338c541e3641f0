import LabCore

/// A document of Markdown as one self-contained page: nothing is fetched, plots are inline, tables can be sorted, and
/// everything can be reached by keyboard.
///
/// The page allows itself one script by its digest and nothing else that acts, so that text which came through the
/// escaping unharmed would still do nothing.
public enum HTMLPage {
    /// A document of a page: its Markdown and the SVG documents of its images, by the names that the images have.
    public struct Document: Sendable {
        public var markdown: String
        public var plots: [(name: String, contents: String)]

        public init(markdown: String, plots: [(name: String, contents: String)] = []) {
            self.markdown = markdown
            self.plots = plots
        }
    }

    /// The page of one document.
    /// - Parameters:
    ///   - markdown: the subset that this project writes, see `MarkdownBlockParser`; the rest is shown as text.
    ///   - plots: SVG made by this project, as `Report.files` gives them, which becomes part of the page; an image without
    ///     its plot is its words.
    ///   - title: what stands in the title bar, plain text.
    public static func render(
        markdown: String, plots: [(name: String, contents: String)] = [], title: String, language: Language
    ) -> String {
        render([Document(markdown: markdown, plots: plots)], title: title, language: language)
    }

    /// The page of several documents, one under the other.
    public static func render(_ documents: [Document], title: String, language: Language) -> String {
        let text = Catalogue(language: language)
        var writer = HTMLWriter(text: text, reserved: [mainID])
        let bodies = documents.map { document in
            let plots = Dictionary(document.plots.map { ($0.name, $0.contents) }) { first, _ in first }
            return "<article>\n"
                + writer.html(MarkdownBlockParser.parse(document.markdown), plots: plots) + "</article>\n"
        }
        return """
            <!DOCTYPE html>
            <html lang="\(text.pick("en", "zh-CN"))">
            <head>
            <meta charset="utf-8"/>
            <meta http-equiv="Content-Security-Policy" content="\(policy)"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>\(Escaping.xml(title))</title>
            <style>
            \(styleSheet)
            </style>
            </head>
            <body>
            <a class="skip" href="#\(mainID)">\(Escaping.xml(text.skipToContent))</a>
            \(contents(writer, text))<main id="\(mainID)" tabindex="-1">
            \(bodies.joined())</main>
            <div id="tip" aria-hidden="true" hidden="hidden"></div>
            <script>\(script)</script>
            </body>
            </html>

            """
    }

    private static let mainID = "main-content"

    /// The sections of the page, where there is more than one to choose from.
    private static func contents(_ writer: HTMLWriter, _ text: Catalogue) -> String {
        guard writer.contents.count > 1 else { return "" }
        let items = writer.contents.map { id, title in
            "<li><a href=\"#\(Escaping.xml(id))\">\(Escaping.xml(title))</a></li>\n"
        }
        return "<nav aria-label=\"\(Escaping.xml(text.contents))\">\n<ul>\n\(items.joined())</ul>\n</nav>\n"
    }

    /// Nothing from anywhere, styles of the page and its plots, and this one script.
    private static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(base64(Digest.sha256(script.utf8)))'; "
        + "base-uri 'none'; form-action 'none'"

    /// A digest in hex as Content Security Policy wants it (RFC 4648, 4).
    static func base64(_ hex: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let digits = hex.compactMap(\.hexDigitValue)
        var text = ""
        // Three digits of hex are two of base 64.
        for start in stride(from: 0, to: digits.count, by: 6) {
            let group = digits[start..<min(start + 6, digits.count)]
            let bits = group.reduce(0) { $0 << 4 | $1 } << (4 * (6 - group.count))
            let used = (group.count * 4 + 5) / 6
            for place in 0..<4 {
                text.append(place < used ? alphabet[bits >> (18 - 6 * place) & 63] : "=")
            }
        }
        return text
    }
}
