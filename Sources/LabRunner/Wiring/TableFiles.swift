import LabCore
import LabFile
import Report
import Results

/// The one place that knows which files the document's table becomes.
enum TableFiles {
    /// The name of the table's directory, and of its files without what tells their form.
    static let name = "table"

    enum Form: String, CaseIterable { case md, html, json }

    /// The table in one of its forms.
    static func contents(
        _ table: FilledTable, as form: Form, language: Language
    ) throws(LabError) -> String {
        switch form {
        case .md: Report.markdown(for: table, language: language)
        case .html:
            Report.page(for: table, language: language)
        case .json: try Terminal.json(TableAnswer(table)) + "\n"
        }
    }

    /// Writes the table in every form, and returns the names of the files.
    static func save(
        _ table: FilledTable, in directory: String, forms: [Form] = Form.allCases,
        language: Language
    ) throws(LabError) -> [String] {
        var names: [String] = []
        for form in forms {
            let file = "\(name).\(form.rawValue)"
            try Files.write(
                ForeignText.lines(try contents(table, as: form, language: language)),
                to: "\(directory)/\(file)")
            names.append(file)
        }
        return names
    }

    /// The results of these paths, each once.
    /// - Parameter directory: from which the table will be seen; nil for the current one.
    static func sources(_ paths: [String], seenFrom directory: String? = nil) throws(LabError)
        -> [TableSource]
    {
        var sources: [TableSource] = []
        for path in paths {
            let figures = Figures(try ResultStore.load(path))
            let file = file(of: path)
            let shown = directory.map { RelativePath.of(file, from: $0) } ?? file
            if !sources.contains(where: { $0.path == shown }) {
                sources.append(TableSource(figures, path: shown))
            }
        }
        return sources
    }

    /// The file that a result was read from.
    private static func file(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        let names = [ResultStore.fileName, SampleLog.fileName].map { "\(trimmed)/\($0)" }
        return names.first(where: Files.exists) ?? path
    }

    /// The labs of this program's catalogue, those that can be read.
    static func labs() -> [LabDefinition] {
        guard let catalogue = try? LabDirectory.own() else { return [] }
        return catalogue.ids.compactMap { try? catalogue.definition($0) }
    }
}
