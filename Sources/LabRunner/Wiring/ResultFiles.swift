import LabCore
import Report

/// The one place that knows which files a result becomes.
enum ResultFiles {
    /// Writes `result.json`, the report and its plots, and returns the names of all files of the run.
    static func save(_ result: RunResult, in directory: String) throws(LabError) -> [String] {
        try ResultStore.save(result, in: directory)
        return [ResultStore.fileName, SampleLog.fileName] + (try saveReport(of: result, in: directory))
    }

    /// The name of the report itself among its files.
    static let reportName = "report.md"

    /// The text of the report, without its plots.
    static func reportText(of result: RunResult) -> String {
        Report.files(for: result).first { $0.name == reportName }?.contents ?? ""
    }

    /// The reports of results as one self-contained page.
    static func page(of results: [RunResult]) -> String {
        let documents = results.map { result in
            let files = Report.files(for: result)
            return HTMLPage.Document(
                markdown: files.first { $0.name == reportName }?.contents ?? "",
                plots: files.filter { $0.name != reportName })
        }
        let title = results.map { $0.header.lab.title.en }.joined(separator: " · ")
        return HTMLPage.render(documents, title: title, language: .english)
    }

    /// Writes the report and its plots, and returns their names.
    static func saveReport(of result: RunResult, in directory: String) throws(LabError) -> [String] {
        var names: [String] = []
        for (name, contents) in Report.files(for: result) {
            try Files.write(contents, to: "\(directory)/\(name)")
            names.append(name)
        }
        return names
    }
}
