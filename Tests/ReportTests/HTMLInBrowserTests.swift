import Foundation
import LabCore
import Testing

@testable import Report

/// The page in a real browser: what no parser of ours can tell.
@Suite(.enabled(if: Tool.find("chromium") != nil, "chromium is not installed: apt-get install chromium"))
struct HTMLInBrowserTests {
    /// What the probe below found in a page of one width.
    private struct Found: Decodable {
        var inner: Int
        var scroll: Int
        var before: [String]
        var up: [String]
        var down: [String]
        var sort: String?
        var buttons: Int
        var tables: Int
        var foreign: [String]
        var tip: String
        var moved: String
        var marks: Int
    }

    /// A page as the value of an attribute.
    private func attribute(_ page: String) -> String {
        page.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    /// Shows the page in a frame of the width and looks into it. A headless window is never narrower than 500 pixels,
    /// a frame is as narrow as one likes.
    private func harness(_ page: String, width: Int) -> String {
        """
        <!DOCTYPE html><html><head><meta charset="utf-8"/></head><body>
        <iframe id="frame" width="\(width)" height="900" style="border:0" srcdoc="\(attribute(page))"></iframe>
        <pre id="found"></pre>
        <script>
        addEventListener('load', function () {
          const frame = document.getElementById('frame'), view = frame.contentWindow, page = frame.contentDocument;
          const column = function (table) { return Array.from(table.tBodies[0].rows, r => r.cells[COLUMN].textContent); };
          const COLUMN = 3;
          const table = page.querySelector('table');
          const found = {inner: view.innerWidth, scroll: page.documentElement.scrollWidth, before: column(table)};
          const button = table.tHead.rows[0].cells[COLUMN].querySelector('button');
          button.click(); found.up = column(table);
          found.sort = button.parentNode.getAttribute('aria-sort');
          button.click(); found.down = column(table);
          found.buttons = page.querySelectorAll('th button').length;
          found.tables = page.querySelectorAll('table').length;
          found.foreign = Array.from(page.querySelectorAll('[src], link, object, embed, iframe, image, use'), e => e.outerHTML);
          const marks = page.querySelectorAll('figure svg [aria-label]');
          found.marks = marks.length;
          marks[0].focus();
          found.tip = page.getElementById('tip').textContent;
          marks[0].dispatchEvent(new view.KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
          found.moved = page.getElementById('tip').textContent;
          document.getElementById('found').textContent = JSON.stringify(found);
        });
        </script></body></html>
        """
    }

    /// What the page becomes in the browser, and what its console said.
    private func browse(_ html: String, _ directory: String, width: Int) throws -> (
        dom: String, console: [String]
    ) {
        let path = "\(directory)/page.html"
        try Files.write(html, to: path)
        let output = try Tool.run(
            "chromium",
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(directory)/profile",
                "--window-size=\(width),900", "--enable-logging=stderr", "--v=0", "--dump-dom",
                "file://\(path)",
            ], in: directory, deadline: MonotonicInstant.now().advanced(by: .seconds(60)))
        return (
            output.text,
            output.text.split(separator: "\n").filter { $0.contains(":CONSOLE:") }.map(String.init)
        )
    }

    @Test(arguments: [1_280, 400])
    func nothingScrollsSidewaysAndAHeaderSorts(width: Int) throws {
        let directory = try temporaryDirectory()
        defer { try? Files.removeTree(directory) }
        let page = Report.page(for: [RunFixture.conditions().result], language: .english)
        let (dom, console) = try browse(harness(page, width: width), directory, width: max(width + 40, 1_320))
        #expect(console.isEmpty, "\(console)")
        let start = try #require(dom.range(of: "<pre id=\"found\">")?.upperBound)
        let end = try #require(dom[start...].range(of: "</pre>")?.lowerBound)
        let json = dom[start..<end].replacingOccurrences(of: "&lt;", with: "<").replacingOccurrences(
            of: "&gt;", with: ">"
        ).replacingOccurrences(of: "&amp;", with: "&").replacingOccurrences(of: "&nbsp;", with: "\u{a0}")
        let found = try JSONDecoder().decode(Found.self, from: Data(json.utf8))
        #expect(found.inner == width && found.scroll <= width, "\(found.scroll) of \(width)")
        #expect(found.foreign.isEmpty, "\(found.foreign)")
        #expect(found.tables > 10 && found.buttons > found.tables * 2)
        #expect(found.sort == "ascending" && Set(found.up) == Set(found.before))
        let values = { (cells: [String]) in cells.compactMap(nanoseconds) }
        #expect(values(found.up).count >= 3 && values(found.up) == values(found.up).sorted())
        #expect(values(found.down) == values(found.up).reversed(), "\(found.down)")
        #expect(found.up.last == "–" && found.down.last == "–", "what has no value is last either way")
        #expect(found.marks > 10 && !found.tip.isEmpty && !found.moved.isEmpty && found.tip != found.moved)
    }

    /// Every sort of report in both languages, with words that nothing can break.
    @Test func noReportScrollsSideways() throws {
        let directory = try temporaryDirectory()
        defer { try? Files.removeTree(directory) }
        var fixture = RunFixture.experiment()
        let long = String(repeating: "long", count: 100)
        fixture.title = LocalizedText(en: long, zh: long)
        fixture.engines[1].details = [.init("\(long)", "\(long)")]
        fixture.engines[1].footnotes = ["\(long)"]
        fixture.warnings = [.init("\(long)", remedy: "\(long)")]
        for place in fixture.samples.indices {
            fixture.samples[place].facts?["release"] = Fact(
                answer: "\(long)", mechanism: .seccomp, evidence: "\(long)")
        }
        let reports =
            MadeReport.all.flatMap { made in Language.allCases.map { (made.result, $0) } }
            + [(fixture.result, .english)]
        let frames = reports.map { result, language in
            let page = Report.page(for: [result], language: language)
            return [1_280, 400].map {
                "<iframe width=\"\($0)\" height=\"900\" srcdoc=\"\(attribute(page))\"></iframe>"
            }
            .joined()
        }
        let (dom, console) = try browse(
            """
            <!DOCTYPE html><html><head><meta charset="utf-8"/><style>iframe{border:0}</style></head><body>\(frames.joined())
            <pre id="found"></pre><script>
            addEventListener('load', function () {
              document.getElementById('found').textContent = 'found:' + JSON.stringify(Array.from(frames, function (frame) {
                return [frame.innerWidth, frame.document.documentElement.scrollWidth];
              }));
            });
            </script></body></html>
            """, directory, width: 1_320)
        #expect(console.isEmpty, "\(console)")
        let start = try #require(dom.range(of: "found:[[")?.upperBound)
        let end = try #require(dom[start...].range(of: "]]")?.lowerBound)
        let widths = dom[start..<end].components(separatedBy: "],[").map {
            $0.split(separator: ",").compactMap { Int($0) }
        }
        #expect(widths.count == 2 * reports.count)
        for (place, width) in widths.enumerated() {
            #expect(
                width.count == 2 && [1_280, 400].contains(width[0]) && width[1] <= width[0],
                "\(place): \(width)")
        }
    }

    /// The probe sees an error and a page that is too wide: else its silence would say nothing.
    @Test func theProbeSeesWhatItLooksFor() throws {
        let directory = try temporaryDirectory()
        defer { try? Files.removeTree(directory) }
        let (dom, console) = try browse(
            "<!DOCTYPE html><body><div style='width:3000px'>a</div><p id='p'></p><script>p.textContent = "
                + "document.documentElement.scrollWidth; throw new Error('seen')</script>", directory,
            width: 1_280)
        #expect(dom.contains("30") && console.contains { $0.contains("seen") })
    }

    /// What a median as the page shows it stands for: `412 µs`.
    private func nanoseconds(_ cell: String) -> Double? {
        let units = ["ns": 1.0, "µs": 1e3, "ms": 1e6, "s": 1e9]
        let words = cell.split(separator: " ")
        guard words.count == 2, let unit = units[String(words[1])] else { return nil }
        return Double(words[0].filter { $0 != "," }).map { $0 * unit }
    }

    private func temporaryDirectory() throws -> String {
        let path = "\(NSTemporaryDirectory())/lab-html-\(UUID().uuidString)"
        try Files.makeDirectory(path)
        return path
    }
}
