import ArgumentParser
import LabCore
import Report

/// `lab report`: from results, nothing but results.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Print the report of a result again, or its figures as CSV or JSON.",
        discussion: """
            A RESULT is a directory that `lab run` wrote, its result.json, or the
            samples.jsonl of a run that was killed. The same result gives the same
            bytes every time.

            With --table: the document's table of twelve rows, filled in from the
            results of all labs that are named. Of two results of one lab the later
            is used. Results of another machine than the first keep their figures and
            get no verdict.

            EXAMPLES
              lab report results/20261124T064930Z-startup-latency
              lab report results/*/result.json --format csv
              lab report --table results/*/result.json
              lab report killed-run/samples.jsonl --output /tmp/again
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case md, csv, json }

    @Argument(help: ArgumentHelp("Results.", valueName: "RESULT"))
    var results: [String]

    @Option(help: ArgumentHelp("Form of what is printed.", valueName: "md|csv|json"))
    var format = Format.md

    @Flag(help: "Fill in the document's table from all RESULTs, as md or json.")
    var table = false

    @Option(
        help: ArgumentHelp(
            "Write report.md and the plots of one RESULT, or the table, to this directory instead.",
            valueName: "DIR"))
    var output: String?

    func run() throws {
        if table { return try runTable() }
        var loaded: [RunResult] = []
        for path in results { loaded.append(try ResultStore.load(path)) }
        if let output { return try write(loaded, to: output) }
        switch format {
        case .md: try Terminal.write(Array(loaded.map(ResultFiles.reportText).joined(separator: "\n").utf8))
        case .csv: try Terminal.write(Array(Self.csv(loaded).utf8))
        case .json:
            if loaded.count == 1 {
                try Terminal.answer(json: loaded[0])
            } else {
                try Terminal.answer(json: loaded)
            }
        }
    }

    private func write(_ loaded: [RunResult], to path: String) throws(LabError) {
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
        let names = try ResultFiles.saveReport(of: loaded[0], in: directory.path)
        try Terminal.answer(names.map { "\(directory.path)/\($0)" }.joined(separator: "\n"))
    }

    /// The rows of all results under one heading.
    private static func csv(_ results: [RunResult]) -> String {
        var text = ""
        for (index, result) in results.enumerated() {
            let table = Report.csv(for: result)
            guard index > 0, let heading = table.firstIndex(of: "\n") else {
                text += table
                continue
            }
            text += table[table.index(after: heading)...]
        }
        return text
    }
}
