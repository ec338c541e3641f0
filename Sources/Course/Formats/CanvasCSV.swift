import LabCore

// Canvas imports only tables in the form of its own export, and matches students by the numbers in it: so points are written
// into the instructor's export, and all else in it stays as it is.
extension GradeFormat {
    package static let lacksExport = LabError(
        .usage, "the format canvas needs the export that points are written into",
        remedy: "export the gradebook in Canvas, and name the file: --canvas FILE")

    func canvas(_ book: GradeBook, _ text: GradeText) throws(LabError) -> String {
        guard let export = text.canvas else { throw Self.lacksExport }
        let first = export.unicodeScalars.prefix { $0 != "\n" }
        let separator: Unicode.Scalar = first.count { $0 == ";" } > first.count { $0 == "," } ? ";" : ","
        var rows = try CSVText.read(export, separator: separator)
        guard let header = rows.first, header.contains("Section"),
            let identity = header.firstIndex(of: "SIS Login ID") ?? header.firstIndex(of: "SIS User ID")
        else {
            throw LabError(
                .data, "this is no export of Canvas's gradebook",
                cause: "its first line lacks Section, or SIS Login ID and SIS User ID",
                remedy: "export the gradebook in Canvas again, and change nothing in the file")
        }
        // Rows may be shorter than the header.
        for row in rows.indices where rows[row].count < header.count {
            rows[row] += [String](repeating: "", count: header.count - rows[row].count)
        }
        for (place, exercise) in book.exercises.enumerated() {
            let column = Self.column(of: exercise, in: header) ?? rows[0].count
            if column == rows[0].count {
                for row in rows.indices {
                    rows[row].append(
                        row == 0
                            ? "\(exercise.number) \(text.title(exercise))"
                            : rows[row][0].contains("Points Possible")
                                ? "\(book.course.items[place].points)" : "")
                }
            }
            for row in rows.indices.dropFirst() {
                let entry = book.entries.first { $0.student == rows[row][identity] }
                // What is not decided stays as it is.
                if let points = entry?.lines[place].points { rows[row][column] = "\(points)" }
            }
        }
        // Not made harmless: what is not ours goes back as it came, or Canvas would not know it again.
        return rows.map { row in
            row.map { CSVText.cell($0, Character(separator)) }.joined(separator: String(separator)) + "\n"
        }.joined()
    }

    /// The column of an exercise: its id, number or title, with the number of the assignment that Canvas puts behind it.
    private static func column(of exercise: ExerciseDefinition, in header: [String]) -> Int? {
        let titles = Language.allCases.map { exercise.title[$0] }
        let names =
            [exercise.id, "Exercise \(exercise.number)"] + titles + titles.map { "\(exercise.number) \($0)" }
        let known = Set(names.map { $0.lowercased() })
        return header.firstIndex { title in
            var name = title[...]
            if name.last == ")", let open = name.lastIndex(of: "("),
                name[name.index(after: open)...].dropLast().allSatisfy(\.isNumber)
            {
                name = name[..<open]
            }
            return known.contains(name.trimmingWhitespace().lowercased())
        }
    }
}
