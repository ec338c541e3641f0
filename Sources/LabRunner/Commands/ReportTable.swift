import LabCore
import Report

/// `lab report --table`: the document's table from results.
extension ReportCommand {
    func runTable(language: Language) throws {
        let form = try tableForm()
        guard let output else {
            let table = FilledTable(try TableFiles.sources(results), labs: TableFiles.labs())
            return try Terminal.write(
                try TableFiles.contents(table, as: form, language: language))
        }
        // Read first: a result that can't be read leaves no directory.
        let sources = try TableFiles.sources(results, seenFrom: output)
        let directory = try OutputDirectory.named(output)
        defer { directory.removeIfEmpty() }
        let table = FilledTable(sources, labs: TableFiles.labs())
        let names = try TableFiles.save(table, in: directory.path, forms: [form], language: language)
        try Terminal.answer(names.map { "\(directory.path)/\($0)" }.joined(separator: "\n"))
    }

    private func tableForm() throws(LabError) -> TableFiles.Form {
        guard let form = TableFiles.Form(rawValue: format.rawValue) else {
            throw LabError(
                .usage, "the table has no form \(format.rawValue)",
                remedy: "choose one of \(TableFiles.Form.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return form
    }
}
