import ArgumentParser
import Course
import LabCore
import LabFile
import Report
import Texts

/// `lab exercise handout`: an exercise as a page.
struct ExerciseHandout: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "handout", abstract: "Write an exercise as one HTML file, to print or to publish.",
        discussion: """
            The page has the task and the questions to predict, and nothing of a
            solution. It fetches nothing. With --for it says the points and the date of
            that course, in its language.

            EXAMPLES
              lab exercise handout unshare
              lab exercise handout --output pages --lang zh
              lab exercise handout --for course/COURSE.yaml --output pages
            """)

    @Argument(help: ArgumentHelp("The exercises, by id or number; by default all.", valueName: "EXERCISE"))
    var exercises: [String] = []

    @Option(help: ArgumentHelp("The directory of the pages.", valueName: "DIR"))
    var output = "."

    @Option(
        name: .customLong("for"), help: ArgumentHelp("The course that it is for.", valueName: "COURSE.yaml"))
    var courseFile: String?

    @Flag(help: "Print the paths of the pages as JSON.")
    var json = false

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        let directory = try ExerciseDirectory.own()
        let all = try directory.all()
        let course = try courseFile.map { path throws(LabError) in
            try CourseFile.load(path: path, exercises: all)
        }
        let said = try speech.choice()
        let text = speech.language == nil ? course?.language ?? said : said
        var chosen: [ExerciseDefinition] = []
        for word in exercises { chosen.append(try directory.definition(word)) }
        if exercises.isEmpty {
            chosen = all.filter { exercise in course?.items.contains { $0.exercise == exercise.id } ?? true }
        }
        try Files.makeDirectory(output)
        var paths: [String] = []
        for exercise in chosen {
            var texts = [try directory.text("task", of: exercise, in: text)]
            let item = course?.items.first { $0.exercise == exercise.id }
            if let course, let item { texts.insert(head(course, item, text), at: 0) }
            let questions = exercise.predictions.enumerated().map {
                "\($0.offset + 1). \(text[$0.element])\n"
            }
            texts.append("## \(text.say("Predict before the first check"))\n\n" + questions.joined())
            let folder =
                directory.folder(of: exercise).split(separator: "/").last.map(String.init) ?? exercise.id
            let path = "\(output)/\(folder).\(text.rawValue).html"
            try Files.write(Handout.page(texts, title: text[exercise.title], language: text), to: path)
            paths.append(path)
        }
        if json { return try Terminal.answer(json: paths) }
        try Terminal.answer(paths.joined(separator: "\n"))
    }

    private func head(_ course: CourseDefinition, _ item: CourseDefinition.Item, _ text: Language) -> String {
        let due = item.due.map { " · " + text.say("due \(RFC3339.text($0))") } ?? ""
        return "**\(course.title)** · \(text.say("\(item.points) points"))\(due)\n"
    }
}
