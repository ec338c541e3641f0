import ArgumentParser
import LabCore
import LabFile
import Texts

/// `lab exercise list`: the exercises of the course.
struct ExerciseList: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the exercises, in the order of the course.",
        discussion: """
            EXAMPLES
              lab exercise list
              lab exercise list --json
            """)

    @Flag(help: "Print the list as JSON.")
    var json = false

    @OptionGroup var speech: LanguageOptions

    private struct Entry: Encodable {
        let number: Int
        let id: String
        let points: Int
        let minutes: Int
        let title: LocalizedText
        let summary: LocalizedText
    }

    func run() throws {
        let all = try ExerciseDirectory.own().all()
        if json {
            return try Terminal.answer(
                json: all.map {
                    Entry(
                        number: $0.number, id: $0.id, points: $0.points, minutes: $0.minutes, title: $0.title,
                        summary: $0.summary)
                })
        }
        let text = try speech.choice()
        let blocks = all.map { exercise in
            let size = text.say("\(exercise.points) points, about \(exercise.minutes) minutes")
            return
                "\(exercise.number)  \(exercise.id) · \(text[exercise.title]) · \(size)\n   \(text[exercise.summary])"
        }
        try Terminal.answer(blocks.joined(separator: "\n"))
    }
}
