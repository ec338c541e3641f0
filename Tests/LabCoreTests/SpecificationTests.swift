import LabCore
import Testing

/// SPECIFICATION.md promises; each promise names the tests that hold it to its word.
struct SpecificationTests {
    /// A promise's number and the tests that it names.
    private struct Promise {
        var number: Int
        var references: [Reference]
    }

    /// `Suite/test`, or a suite alone.
    private struct Reference: CustomStringConvertible {
        var suite: String
        var test: String?
        var description: String { test.map { "\(suite)/\($0)" } ?? suite }
    }

    private func promises() throws -> [Promise] {
        let text = try Files.readText("\(checkout)/SPECIFICATION.md")
        // A promise begins with its number in bold and ends where the next one or a heading begins.
        return text.matches(of: /(?m)^- \*\*P-(\d+)\*\*((?:(?!\n- \*\*P-|\n#)[\s\S])*)/).map { match in
            let references = match.2.matches(of: /`([A-Za-z]+Tests)(?:\/([A-Za-z0-9]+))?`/).map {
                Reference(suite: String($0.1), test: $0.2.map(String.init))
            }
            return Promise(number: Int(match.1) ?? 0, references: references)
        }
    }

    /// The tests of each suite, read from the sources.
    private func suites() throws -> [String: Set<String>] {
        var suites: [String: Set<String>] = [:]
        for directory in Files.list("\(checkout)/Tests") {
            for file in Files.list("\(checkout)/Tests/\(directory)") where file.hasSuffix(".swift") {
                let text = try Files.readText("\(checkout)/Tests/\(directory)/\(file)")
                var suite = ""
                for line in text.split(separator: "\n") {
                    // Few lines are worth an expression.
                    let type = /^[^\/]*\b(?:struct|class|enum|actor|extension) (\w+Tests)\b/
                    if line.contains("Tests"), let match = try type.firstMatch(in: line) {
                        suite = String(match.1)
                    }
                    if line.contains("func "), let match = try /\bfunc (\w+)\(/.firstMatch(in: line) {
                        suites[suite, default: []].insert(String(match.1))
                    }
                }
            }
        }
        return suites
    }

    @Test func promisesAreNumberedOneByOne() throws {
        let numbers = try promises().map(\.number)
        #expect(!numbers.isEmpty)
        #expect(numbers == Array(1...max(1, numbers.count)))
    }

    @Test func everyPromiseNamesATestThatExists() throws {
        let suites = try suites()
        for promise in try promises() {
            #expect(!promise.references.isEmpty, "P-\(promise.number) names no test")
            for reference in promise.references {
                let tests = suites[reference.suite]
                #expect(
                    reference.test.map { tests?.contains($0) == true } == true,
                    "P-\(promise.number): there is no test \(reference)")
            }
        }
    }
}
