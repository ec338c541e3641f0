import Foundation
import FoundationXML
import LabCore
import Testing

@testable import Report

// What the tests of reports look for in them.

func file(_ name: String, _ result: RunResult, _ language: Language = .english) throws -> String {
    let files = Report.files(for: result, language: language)
    return try #require(files.first { $0.name == name }).contents
}

/// The cells of the first table row that starts with a cell.
func row(_ start: String, in markdown: String) -> [String]? {
    markdown.split(separator: "\n").first { $0.hasPrefix("| \(start) |") }.map {
        $0.split(separator: "|").map { $0.trimmingWhitespace() }
    }
}

func expectWellFormed(_ svg: String, _ location: SourceLocation = #_sourceLocation) {
    let parser = XMLParser(data: Data(svg.utf8))
    #expect(parser.parse(), "\(String(describing: parser.parserError))", sourceLocation: location)
}

/// Every table has as many cells in each row as in its head: nothing hostile has split a cell.
func expectWholeTables(_ markdown: String, _ location: SourceLocation = #_sourceLocation) {
    var columns: Int?
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
        guard line.hasPrefix("|") else {
            columns = nil
            continue
        }
        let bars = line.replacingOccurrences(of: "\\\\", with: "").replacingOccurrences(
            of: "\\|", with: ""
        )
        .count { $0 == "|" }
        #expect(bars == columns ?? bars, "\(line)", sourceLocation: location)
        columns = bars
    }
}

/// The reports on a run of each shape, made once: intervals take their time in a debug build.
struct MadeReport: Sendable {
    var name: String
    var result: RunResult
    var files: [Language: [(name: String, contents: String)]]
    var summaries: [Language: [String]]

    static let all: [MadeReport] = RunFixture.all.map { name, fixture in
        let result = fixture.result
        return MadeReport(
            name: name, result: result,
            files: Dictionary(
                uniqueKeysWithValues: Language.allCases.map { ($0, Report.files(for: result, language: $0)) }),
            summaries: Dictionary(
                uniqueKeysWithValues: Language.allCases.map {
                    ($0, Report.summaryLines(for: result, language: $0))
                }))
    }
}
