import LabCore
import Report

/// The one place that knows which files a result becomes.
enum ResultFiles {
    /// Writes `result.json`, the report and its plots, and returns the names of all files of the run.
    static func save(
        _ result: RunResult, in language: Language, to directory: String
    ) throws(LabError) -> [String] {
        try ResultStore.save(result, in: directory)
        return [ResultStore.fileName, SampleLog.fileName]
            + (try saveReport(of: result, in: language, to: directory))
    }

    /// The name of the report itself among its files.
    static let reportName = "report.md"

    /// The text of the report, without its plots.
    static func reportText(of result: RunResult, in language: Language) -> String {
        Report.files(for: result, language: language).first { $0.name == reportName }?.contents ?? ""
    }

    /// Writes the report and its plots, and returns their names.
    static func saveReport(
        of result: RunResult, in language: Language, to directory: String
    ) throws(LabError) -> [String] {
        var names: [String] = []
        for (name, contents) in Report.files(for: result, language: language) {
            try Files.write(ForeignText.lines(contents), to: "\(directory)/\(name)")
            names.append(name)
        }
        return names
    }
}
