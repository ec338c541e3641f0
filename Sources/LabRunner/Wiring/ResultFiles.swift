import LabCore
import Report
import Results

/// The one place that knows which files a result becomes.
enum ResultFiles {
    /// Writes `result.json`, the report and its plots, and returns the names of all files of the run.
    static func save(
        _ figures: Figures, in language: Language, to directory: String
    ) throws(LabError) -> [String] {
        try ResultStore.save(figures.result, in: directory)
        return [ResultStore.fileName, SampleLog.fileName]
            + (try saveReport(of: figures, in: language, to: directory))
    }

    /// The name of the report itself among its files.
    static let reportName = "report.md"

    /// The text of the report, without its plots.
    static func reportText(of figures: Figures, in language: Language) -> String {
        Report.files(for: figures, language: language).first { $0.name == reportName }?.contents ?? ""
    }

    /// Writes the report and its plots, and returns their names.
    static func saveReport(
        of figures: Figures, in language: Language, to directory: String
    ) throws(LabError) -> [String] {
        var names: [String] = []
        for (name, contents) in Report.files(for: figures, language: language) {
            try Files.write(ForeignText.lines(contents), to: "\(directory)/\(name)")
            names.append(name)
        }
        return names
    }
}
