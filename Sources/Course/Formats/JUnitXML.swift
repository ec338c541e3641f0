import LabCore

// JUnit's XML in the form that Jenkins publishes a schema of (xunit-plugin, junit-10.xsd): a suite for each archive, a case
// for each exercise. A run that the machine could not judge is an error, what somebody has to look at, or was not handed in, is skipped.
extension GradeFormat {
    func junit(_ book: GradeBook, _ text: GradeText) -> String {
        let suites = book.entries.map { suite($0, text) }
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="\(ForeignText.xml(book.course.title))">
            \(suites.joined())</testsuites>

            """
    }

    private func suite(_ entry: GradeBook.Entry, _ text: GradeText) -> String {
        var counts = (failures: 0, errors: 0, skipped: 0)
        let cases = entry.lines.map { line in
            let said = ForeignText.xml(entry.refusal.map { text.said($0) } ?? text.said(line))
            let verdict: String
            switch line.outcome {
            case .passed: verdict = ""
            case .notPassed:
                counts.failures += 1
                verdict = "<failure type=\"\(line.outcome.rawValue)\" message=\"\(said)\"/>"
            case .ungradable:
                counts.errors += 1
                verdict = "<error type=\"ungradable\" message=\"\(said)\"/>"
            case .missing where entry.refusal != nil:
                counts.failures += 1
                verdict = "<failure type=\"refused\" message=\"\(said)\"/>"
            case .review, .missing:
                counts.skipped += 1
                verdict = "<skipped message=\"\(said)\"/>"
            }
            let name = ForeignText.xml(line.exercise.id)
            return
                "<testcase classname=\"\(ForeignText.xml(entry.name))\" name=\"\(name)\">\(verdict)</testcase>\n"
        }
        return
            "<testsuite name=\"\(ForeignText.xml(entry.name))\" tests=\"\(cases.count)\" failures=\"\(counts.failures)\" "
            + "errors=\"\(counts.errors)\" skipped=\"\(counts.skipped)\">\n\(cases.joined())</testsuite>\n"
    }
}
