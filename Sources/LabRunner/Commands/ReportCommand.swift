import ArgumentParser
import LabCore
import Report
import Results

/// `lab report`: from results, nothing but results.
struct ReportCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract:
            "Print the report of a result again, as Markdown or a web page, or its figures as CSV or JSON.",
        discussion: """
            A RESULT is a directory that `lab run` wrote, its result.json, or the
            samples.jsonl of a run that was killed. The same result gives the same
            bytes every time. A web page is one file, and fetches nothing.

            With --table: the document's table of twelve rows, filled in from the
            results of all labs that are named. Of two results of one lab the later
            is used. Results of another machine than the first keep their figures and
            get no verdict.

            EXAMPLES
              lab report results/20261124T064930Z-startup-latency
              lab report results/*/result.json --format csv
              lab report --table results/*/result.json
              lab report killed-run/samples.jsonl --output /tmp/again
              lab report results/*/result.json --format html --output labs.html
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case md, html, csv, json }

    @Argument(help: ArgumentHelp("Results.", valueName: "RESULT"))
    var results: [String]

    @Option(help: ArgumentHelp("Form of what is printed.", valueName: "md|html|csv|json"))
    var format = Format.md

    @Flag(help: "Fill in the document's table from all RESULTs, as md or json.")
    var table = false

    @Option(
        help: ArgumentHelp(
            "Write report.md and the plots of one RESULT, or the table, to this directory instead; with html, the page to this file.",
            valueName: "DIR|FILE"))
    var output: String?

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        let language = try speech.choice()
        if table { return try runTable(language: language) }
        var loaded: [Figures] = []
        for path in results { loaded.append(Figures(try ResultStore.load(path))) }
        if let output {
            return format == .html
                ? try writePage(loaded, to: output, in: language)
                : try write(loaded, to: output, in: language)
        }
        switch format {
        case .md:
            let texts = loaded.map { ResultFiles.reportText(of: $0, in: language) }
            try Terminal.write(texts.joined(separator: "\n"))
        case .html: try Terminal.write(Report.page(for: loaded, language: language))
        case .csv: try Terminal.write(Report.csv(for: loaded.map(\.result)))
        case .json:
            if loaded.count == 1 {
                try Terminal.answer(json: loaded[0].result, asStored: true)
            } else {
                try Terminal.answer(json: loaded.map(\.result), asStored: true)
            }
        }
    }

    private func write(_ loaded: [Figures], to path: String, in language: Language) throws(LabError) {
        guard loaded.count == 1 else {
            throw LabError(
                .usage, "--output takes one RESULT, and \(loaded.count) are named",
                remedy: "write each to a directory of its own")
        }
        guard format == .md else {
            throw LabError(
                .usage, "--output writes report.md", remedy: "send \(format.rawValue) to a file with `>`")
        }
        let directory = try OutputDirectory.named(path)
        defer { directory.removeIfEmpty() }
        let names = try ResultFiles.saveReport(of: loaded[0], in: language, to: directory.path)
        try Terminal.answer(names.map { "\(directory.path)/\($0)" }.joined(separator: "\n"))
    }

    /// Replaces the file whole or not at all.
    private func writePage(_ loaded: [Figures], to path: String, in language: Language) throws(LabError) {
        guard !Files.isDirectory(path) else {
            throw LabError(
                .usage, "--output writes one page, and \(path) is a directory",
                remedy: "name a file, for example \(path)/report.html")
        }
        // Up to the last slash: where there is none it lies here.
        let parent = path.lastIndex(of: "/").map { path[...$0] } ?? "./"
        try OutputDirectory.own(String(parent), toHold: true)
        try Files.write(ForeignText.lines(Report.page(for: loaded, language: language)), to: path)
        try Terminal.answer(path)
    }
}
