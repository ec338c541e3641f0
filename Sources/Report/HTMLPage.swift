import Artifacts
import FoundationEssentials
import LabCore

/// Documents as one self-contained page: nothing is fetched, plots are inline, tables can be sorted, and everything can
/// be reached by keyboard.
///
/// The page allows itself one script by its digest and nothing else that acts, so that text which came through the
/// escaping unharmed would still do nothing.
enum HTMLPage {
    /// The page of documents, one under the other.
    /// - Parameter title: what stands in the title bar.
    static func render(_ documents: [[Block]], title: String, _ text: Language) -> String {
        var renderer = HTMLRenderer(text: text, reserved: [mainID])
        let bodies = documents.map { "<article>\n\(renderer.render($0))</article>\n" }
        return """
            <!DOCTYPE html>
            <html lang="\(text.say("en"))">
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
            <a class="skip" href="#\(mainID)">\(Escaping.xml(text.say("Skip to the content")))</a>
            \(contents(renderer, text))<main id="\(mainID)" tabindex="-1">
            \(bodies.joined())</main>
            <div id="tip" aria-hidden="true" hidden="hidden"></div>
            <script>\(script)</script>
            </body>
            </html>

            """
    }

    private static let mainID = "main-content"

    /// The sections of the page, where there is more than one to choose from.
    private static func contents(_ renderer: HTMLRenderer, _ text: Language) -> String {
        guard renderer.contents.count > 1 else { return "" }
        let items = renderer.contents.map { id, title in
            "<li><a href=\"#\(Escaping.xml(id))\">\(Escaping.xml(title))</a></li>\n"
        }
        return "<nav aria-label=\"\(Escaping.xml(text.contents))\">\n<ul>\n\(items.joined())</ul>\n</nav>\n"
    }

    /// Nothing from anywhere, styles of the page and its plots, and this one script.
    private static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(digest(of: script))'; "
        + "base-uri 'none'; form-action 'none'"

    /// SHA-256 as Content Security Policy wants it.
    static func digest(of text: String) -> String {
        Data(Digest.sha256Bytes(text.utf8)).base64EncodedString()
    }
}
