import ArgumentParser
import Course
import LabCore
import LabFile
import Texts

/// `lab exercise selftest`: whether the exercises judge rightly on this machine.
struct ExerciseSelfTest: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Test the exercises themselves: what is right passes, and nothing else does.",
        discussion: """
            For instructors. Each exercise judges its reference solution, a wrong one for
            each mistake, which has to get the hint meant for it, and answers that are
            constant, empty, stale or copied. What this machine can't judge is said and
            is no failure. Exits with 1 when something was judged wrongly.

            EXAMPLES
              lab exercise selftest
              lab exercise selftest unshare limits --solutions ~/solutions
            """)

    @Argument(help: ArgumentHelp("The exercises, by id or number; by default all.", valueName: "EXERCISE"))
    var exercises: [String] = []

    @Option(
        help: ArgumentHelp(
            "The directory of the solutions, which students are not given; by default exercises-solutions beside the exercises.",
            valueName: "DIR"))
    var solutions: String?

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    @OptionGroup var speech: LanguageOptions

    private struct Row: Encodable {
        let exercise: String
        let answer: String
        let isAsMeant: Bool?
        let seen: Message
    }

    func run() throws {
        let text = try speech.choice()
        let directory = try ExerciseDirectory.own()
        var chosen: [ExerciseDefinition] = []
        for word in exercises { chosen.append(try directory.definition(word)) }
        if exercises.isEmpty { chosen = try directory.all() }
        let place = solutions ?? "\(directory.directory)-solutions"
        guard Files.isDirectory(place) else {
            throw LabError(
                .input, "there are no solutions in \(place)", remedy: "name their directory: --solutions DIR")
        }
        let line = ProgressLine(quiet: json, text: text)
        let rows = try Workspace.lend(text) { (context) throws(LabError) -> [Row] in
            var rows: [Row] = []
            for exercise in chosen {
                let folder = directory.folder(of: exercise).split(separator: "/").last.map(String.init) ?? ""
                let test = SelfTest(exercise, solutions: "\(place)/\(folder)", context)
                for answer in SelfTest.cases(of: exercise, test.solutions) {
                    line.show("\(exercise.id) \(answer.name)", now: true)
                    let row = try test.row(answer)
                    rows.append(
                        Row(
                            exercise: row.exercise, answer: row.name, isAsMeant: row.isAsMeant, seen: row.seen
                        ))
                    line.clear()
                    if !json { try Terminal.answer(shown(row, text)) }
                }
            }
            return rows
        }
        if json { try Terminal.answer(json: rows) }
        if rows.contains(where: { $0.isAsMeant == false }) { throw ExitCode.failure }
    }

    private func shown(_ row: SelfTest.Row, _ text: Language) -> String {
        let word: Message = row.isAsMeant.map { $0 ? "as meant" : "WRONG" } ?? "ungradable"
        return "\(row.exercise) \(row.name): \(text.say(word)) · \(text.say(row.seen))"
    }
}
