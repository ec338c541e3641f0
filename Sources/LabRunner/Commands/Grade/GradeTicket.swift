import ArgumentParser
import Course
import LabCore
import LabFile
import Texts

/// `lab grade ticket`: what students begin with.
struct GradeTicket: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "ticket", abstract: "Print the tickets that students begin with.",
        discussion: """
            A line for each, NAME,TICKET. A name is what your gradebook knows the student
            by: a login or an address. The same name always gets the same ticket, which
            seals what the student hands in.

            EXAMPLES
              lab grade ticket COURSE.yaml ada bob
              lab grade ticket COURSE.yaml --roster names.txt > tickets.csv
            """)

    @Argument(help: ArgumentHelp("The course.", valueName: "COURSE.yaml"))
    var course: String

    @Argument(help: ArgumentHelp("Names of students.", valueName: "NAME"))
    var names: [String] = []

    @Option(help: ArgumentHelp("A file with a name on each line.", valueName: "FILE"))
    var roster: String?

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        let course = try InstructorCourse(course)
        var all = names
        if let roster {
            all += try Files.readText(roster, limit: 1 << 20).split(whereSeparator: \.isNewline)
                .map { $0.trimmingWhitespace() }.filter { !$0.isEmpty }
        }
        guard !all.isEmpty else {
            throw LabError(.usage, "no student is named", remedy: "name one, or a file: --roster FILE")
        }
        for name in all where !CourseDirectory.Student.isName(name) {
            throw LabError(.usage, "a student is \(ForeignText.quoted(name))", cause: Self.rule)
        }
        try Terminal.answer(
            all.map { "\($0),\(course.secret.ticket(of: $0).hexadecimal)" }.joined(separator: "\n"))
    }

    private static let rule: Message =
        "a name has 1 to 64 letters, digits and the signs - _ . @ +, and begins with neither a hyphen nor a dot"
}
