import Foundation
import FoundationXML
import Testing

@testable import Course
@testable import LabCore

/// The forms of grades, each held to its own published description.
@Suite struct GradeFormatTests {
    /// A name and words that would act in XML, JSON and tables.
    private static let nasty = "=cmd|'/c calc'!A0 \"<&>\" ]]> \u{1b}[2J\u{202e},\nend"

    /// Somebody who passed, failed, is to be looked at, could not be judged, and two whole archives that were not.
    static let book: GradeBook = {
        func run(_ verdict: CheckVerdict) -> ExerciseGrade.Run { .init(verdict) }
        let wrong = run(.notPassed([.wrong("host-proc", Message(verbatim: nasty))]))
        let right = run(.passed([.right("all is well")]))
        let unknown = run(.ungradable(LabError(.unavailable, "too busy")))
        func found(_ student: String, _ runs: [[ExerciseGrade.Run]]) -> GradeBook.Found {
            var graded = GradedSubmission(submission: student, grader: "g")
            graded.student = student
            graded.exercises = zip(["unshare", "limits", "layers"], runs).map {
                var grade = ExerciseGrade(exercise: $0)
                grade.runs = $1
                return grade
            }
            return .init(
                file: "\(student).tar.gz", received: 1_764_000_000, digest: student, result: .success(graded))
        }
        var refused = GradedSubmission(submission: "x", grader: "g")
        refused.refusal = LabError(.data, "the archive can't be read", cause: Message(verbatim: nasty))
        return GradeBook(
            CourseDefinition(
                title: "A & B", secretFile: "", language: .english,
                items: [
                    .init(exercise: "unshare", points: 7), .init(exercise: "limits", points: 5),
                    .init(exercise: "layers", points: 6),
                ]), known: exercises,
            [
                found("ada", [[right, right, right], [right, right, right], [right, right, right]]),
                found("bob", [[wrong, wrong, wrong], [right, wrong, right], [unknown]]),
                found("@cyd", [[], [], []]),
                .init(
                    file: "dir/<bad>.tar.gz", received: 1_764_000_000, digest: "0123456789",
                    result: .success(refused)),
                .init(
                    file: "eve.tar.gz", received: 1_764_000_000, digest: "e",
                    result: .failure(LabError(.instance, "the grading of eve.tar.gz broke off"))),
            ])
    }()

    private static func text(_ canvas: String? = nil) -> GradeText {
        GradeText(language: .english, canvas: canvas, say: { $0.english })
    }

    private func files(_ format: GradeFormat, canvas: String? = nil) throws -> [String: String] {
        let files = try format.files(of: Self.book, Self.text(canvas))
        for (name, text) in files {
            #expect(!text.contains("\u{1b}") && !text.contains("\u{202e}"), "\(name)")
        }
        return Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.text) })
    }

    private func object(_ text: String?) throws -> [String: Any] {
        let bytes = Data(try #require(text).utf8)
        return try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    }

    @Test("Gradescope: score, tests with score and max_score, visibility and status of the known words")
    func gradescope() throws {
        let files = try files(.gradescope)
        #expect(files.count == 5)
        let visibilities: Set = ["hidden", "after_due_date", "after_published", "visible"]
        for (name, text) in files {
            let result = try object(text)
            #expect(Set(result.keys) == ["score", "output", "visibility", "stdout_visibility", "tests"])
            for key in ["visibility", "stdout_visibility"] {
                #expect(visibilities.contains(try #require(result[key] as? String)))
            }
            let tests = try #require(result["tests"] as? [[String: Any]])
            #expect(tests.count == 3)
            var sum = 0
            for test in tests {
                let score = try #require(test["score"] as? Int)
                #expect(try score <= #require(test["max_score"] as? Int) && test["name"] is String)
                #expect(test["output"] is String && test["tags"] is [String] && test["number"] is String)
                if let status = test["status"] { #expect(["passed", "failed"].contains(status as? String)) }
                sum += score
            }
            #expect(result["score"] as? Int == sum, "\(name)")
        }
        let bob = try #require(try object(files["gradescope/bob.json"])["tests"] as? [[String: Any]])
        #expect(bob.map { $0["max_score"] as? Int } == [7, 0, 0])
        #expect(bob.map { $0["status"] as? String } == ["failed", nil, nil])
    }

    @Test("Classroom 50: the keys and the patterns of classroom50/result/v1, and no score above its most")
    func classroom50() throws {
        let files = try files(.classroom50)
        for (_, text) in files {
            let result = try object(text)
            #expect(
                Set(result.keys) == [
                    "schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit",
                    "release",
                    "review", "datetime", "score", "max-score", "tests",
                ])
            for key in ["classroom", "assignment", "owner", "commit", "release", "review"] {
                #expect((result[key] as? String)?.isEmpty == false)
            }
            #expect(result["schema"] as? String == "classroom50/result/v1")
            #expect(result["assignment_type"] as? String == "individual")
            #expect((result["submission"] as? String)?.hasPrefix("submit/") == true)
            let time = try #require(result["datetime"] as? String)
            #expect(time.wholeMatch(of: /\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ/) != nil)
            let tests = try #require(result["tests"] as? [[String: Any]])
            for test in tests {
                #expect((test["test-name"] as? String)?.isEmpty == false && test["passed"] is Bool)
                #expect(try #require(test["score"] as? Int) <= #require(test["max-score"] as? Int))
            }
            func sum(_ key: String) -> Int { tests.reduce(0) { $0 + ($1[key] as? Int ?? -99) } }
            #expect(
                result["score"] as? Int == sum("score") && result["max-score"] as? Int == sum("max-score"))
        }
        #expect(try object(files["classroom50/ada.json"])["score"] as? Int == 18)
        #expect(try object(files["classroom50/eve.tar.gz.json"])["max-score"] as? Int == 0)
        let told = GradeText(
            language: .english,
            environment: ["CLASSROOM": "os", "SUBMISSION_TAG": "submit/1", "REVIEW_URL": ""],
            say: { $0.english })
        let own = try object(try GradeFormat.classroom50.files(of: Self.book, told)[0].text)
        #expect((own["classroom"] as? String, own["submission"] as? String) == ("os", "submit/1"))
    }

    @Test("JUnit: well-formed; a failure, an error or nothing for each case, and suites that count them")
    func junit() throws {
        let text = try #require(try files(.junit)["junit.xml"])
        let reader = try #require(SuiteReader(text))
        #expect(
            reader.elements.isSubset(of: [
                "testsuites", "testsuite", "testcase", "failure", "error", "skipped",
            ]))
        #expect(reader.suites.count == 5 && reader.title == "A & B")
        for suite in reader.suites {
            #expect(suite.counts == suite.found.counts, "\(suite.name)")
            #expect(suite.cases == 3)
        }
        let bob = try #require(reader.suites.first { $0.name == "bob" })
        #expect(reader.suites.first { $0.name == "@cyd" }?.found.skipped == 3)
        #expect(bob.found == .init(failures: 1, errors: 1, skipped: 1))
        #expect(reader.suites.first { $0.name == "eve.tar.gz" }?.found.errors == 3)
    }

    @Test("Autolab: the last line has the points of what is decided, and nothing of what is not")
    func autolab() throws {
        let files = try files(.autolab)
        func scores(_ name: String) throws -> [String: Int] {
            let lines = try #require(files["autolab/\(name).txt"]).split(separator: "\n")
            let last = try object(lines.last.map(String.init))
            #expect(Array(last.keys) == ["scores"])
            return try #require(last["scores"] as? [String: Int])
        }
        #expect(try scores("ada") == ["unshare": 7, "limits": 5, "layers": 6])
        #expect(try scores("bob") == ["unshare": 0])
        #expect(try scores("eve.tar.gz").isEmpty && scores("@cyd").isEmpty)
        #expect(try scores("dir__bad_.tar.gz") == ["unshare": 0, "limits": 0, "layers": 0])
    }

    private static let export = #"""
        Student,ID,SIS User ID,SIS Login ID,Section,2 A launcher for namespaces (4711),Essay (4712),Final Score
        ,,,,,Manual Posting,,
            Points Possible,,,,,7,10,(read only)
        "Lovelace, Ada",1,U1,ada,"A ""1""",,8,80
        "=Bob, B",2,U2,bob,A,3,9,90
        "Nobody, N",3,U3,nn,A,,,

        """#

    @Test("Canvas: points in the instructor's own export, in the column with its number; all else as it was")
    func canvas() throws {
        let merged = try CSVText.read(try #require(try files(.canvas, canvas: Self.export)["canvas.csv"]))
        let old = try CSVText.read(Self.export)
        #expect(merged.count == old.count && merged.allSatisfy { $0.count == 10 })
        #expect(
            merged[0].prefix(8) == old[0][...] && merged[0][8].hasPrefix("5 ") && merged[0][9].hasPrefix("7 ")
        )
        #expect(merged[2].suffix(2) == ["5", "6"])
        #expect(merged[3] == ["Lovelace, Ada", "1", "U1", "ada", "A \"1\"", "7", "8", "80", "5", "6"])
        // What is not decided stays; a fail is one.
        #expect(merged[4] == ["=Bob, B", "2", "U2", "bob", "A", "0", "9", "90", "", ""])
        #expect(merged[5].dropLast(2) == old[5][...])
        for wrong in ["", "a,b\n1,2\n", "\"open"] {
            #expect(throws: LabError.self) { try files(.canvas, canvas: wrong) }
        }
        #expect(throws: LabError.self) { try files(.canvas) }
        let other = try #require(
            try files(.canvas, canvas: Self.export.replacing(",", with: ";"))["canvas.csv"])
        #expect(other.contains(";U1;ada;"))
    }

    @Test("Moodle: a row for each student, a number or nothing in each grade, and no cell that is a formula")
    func moodle() throws {
        let text = try #require(try files(.moodle)["moodle.csv"])
        let rows = try CSVText.read(text)
        #expect(rows[0].count == 7 && rows[0][0] == "username" && Set(rows[0]).count == 7)
        #expect(rows.dropFirst().map { $0[0] } == ["'@cyd", "ada", "bob"])
        for row in rows.dropFirst() {
            #expect(row.count == 7)
            for grade in [1, 3, 5] { #expect(row[grade].isEmpty || Int(row[grade]) != nil) }
        }
        #expect([1, 3, 5].allSatisfy { rows[1][$0].isEmpty })
        #expect(rows[3][1] == "0" && rows[3][3].isEmpty && rows[3][5].isEmpty)
    }

    @Test("The instructor's table says refused and why, and its cells are harmless")
    func table() throws {
        let rows = try CSVText.read(Self.book.table(Self.text()))
        #expect(rows.count == 16 && rows.allSatisfy { $0.count == rows[0].count })
        let refused = rows.filter { $0[2] == "refused" }
        #expect(refused.count == 3 && refused.allSatisfy { $0[10].contains("can't be read") })
        #expect(rows.filter { $0[0] == "bob" }.map { $0[2] } == ["not-passed", "review", "ungradable"])
    }
}

@Suite struct CSVTextTests {
    @Test("What is written is read again, whatever is in it, but for what would be a formula")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 21)
        let signs = Array("ab,;\"'\n\r =+-@\t中\u{feff}")
        for _ in 0..<400 {
            let columns = Int.random(in: 2...4, using: &generator)
            let rows = (0..<3).map { _ in
                (0..<columns).map { _ in
                    "x"
                        + String(
                            (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                                signs.randomElement(using: &generator) ?? "a"
                            })
                }
            }
            #expect(try CSVText.read(CSVText.write(rows)) == rows)
        }
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            #expect(try CSVText.read(CSVText.write([[formula, "a"]]))[0][0] == "'\(formula)")
        }
    }

    @Test("Any text is read or an error of data")
    func anyText() {
        var generator = SeededGenerator(seed: 22)
        let signs = Array("a,\"\n\r")
        for _ in 0..<500 {
            let text = String((0..<20).map { _ in signs.randomElement(using: &generator) ?? "a" })
            do { _ = try CSVText.read(text) } catch { #expect(error.kind == .data) }
        }
    }
}

/// Reads a JUnit file with a parser that is not ours.
private final class SuiteReader: NSObject, XMLParserDelegate {
    struct Counts: Equatable {
        var failures = 0
        var errors = 0
        var skipped = 0
        var counts: [Int] { [failures, errors, skipped] }
    }
    struct Suite {
        var name: String
        var cases = 0
        /// As it says, and as it is.
        var counts: [Int]
        var found = Counts()
    }

    private(set) var elements: Set<String> = []
    private(set) var suites: [Suite] = []
    private(set) var title = ""
    private var outcomes = 0

    init?(_ text: String) {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        guard parser.parse() else { return nil }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements.insert(name)
        if name == "testsuites" { title = attributes["name"] ?? "" }
        if name == "testsuite" {
            let counts = ["failures", "errors", "skipped"].map { Int(attributes[$0] ?? "") ?? -1 }
            suites.append(Suite(name: attributes["name"] ?? "", counts: counts))
            #expect(attributes["tests"] == "3")
        }
        guard !suites.isEmpty else { return }
        switch name {
        case "testcase":
            outcomes = 0
            suites[suites.count - 1].cases += 1
            #expect(attributes["name"] != nil && attributes["classname"] != nil)
        case "failure": suites[suites.count - 1].found.failures += 1
        case "error": suites[suites.count - 1].found.errors += 1
        case "skipped": suites[suites.count - 1].found.skipped += 1
        default: return
        }
        if name != "testcase" { outcomes += 1 }
        #expect(outcomes <= 1)
    }
}
