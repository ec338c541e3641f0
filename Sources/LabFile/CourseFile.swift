import LabCore

/// Reads an instructor's COURSE.yaml → `CourseDefinition`, as strictly as a lab.
public enum CourseFile {
    /// No course has more.
    static let mostExercises = 100

    /// The course in the file at `path`; the file of its secret is looked for from there.
    /// - Parameter exercises: those that there are.
    /// - Throws: `.input` when it can't be read, `.data` when it is no valid course.
    public static func load(
        path: String, exercises: [ExerciseDefinition]
    ) throws(LabError) -> CourseDefinition {
        var course = try parse(
            try Files.read(path, limit: LabFile.mostBytes), name: path, exercises: exercises)
        if !course.secretFile.hasPrefix("/"), let slash = path.lastIndex(of: "/") {
            course.secretFile = "\(path[...slash])\(course.secretFile)"
        }
        return course
    }

    /// The course in `bytes`, which need not be valid UTF-8: that is one of the errors.
    /// - Parameter name: stands for the file in messages.
    /// - Throws: `.data` when it is no valid course.
    public static func parse(
        _ bytes: [UInt8], name: String, exercises: [ExerciseDefinition]
    ) throws(LabError) -> CourseDefinition {
        try YAMLNode.read(bytes, name: name) { root, problems in
            CourseReader(problems: problems, exercises: exercises).definition(root)
        }
    }
}

private struct CourseReader {
    let problems: Problems
    let exercises: [ExerciseDefinition]

    private var read: FieldReader { FieldReader(problems: problems) }

    func definition(_ root: YAMLNode) -> CourseDefinition? {
        guard
            let fields = read.fields(
                root, of: "the course", required: ["title", "secret", "exercises"], optional: ["language"])
        else { return nil }
        let title = read.text(fields["title"], of: .key("title"))
        let secret = secretFile(fields["secret"])
        let languages = Language.allCases.map(\.rawValue)
        let language = read.choice(fields["language"], of: .key("language"), in: languages)
        let items = self.items(fields["exercises"])
        guard let title, let secret, let items else { return nil }
        return CourseDefinition(
            title: title, secretFile: secret,
            language: language.flatMap(Language.init(rawValue:)) ?? .english, items: items)
    }

    /// The name of a file: the secret itself has no place in what is copied and shown.
    private func secretFile(_ node: YAMLNode?) -> String? {
        guard let node, let name = read.text(node, of: .key("secret")) else { return nil }
        let isSecret = name.utf8.count >= 32 && name.allSatisfy(\.isHexDigit)
        guard !isSecret, !name.utf8.contains(0) else {
            problems.add(
                node.line,
                "secret is not the secret itself; it must be the path of a file that holds it, which only you may read"
            )
            return nil
        }
        return name
    }

    private func items(_ node: YAMLNode?) -> [CourseDefinition.Item]? {
        guard let node, let nodes = read.list(node, of: .key("exercises")) else { return nil }
        guard nodes.count <= CourseFile.mostExercises else {
            problems.add(
                node.line, "\(Message.key("exercises")) has more than \(CourseFile.mostExercises) items")
            return nil
        }
        var items: [CourseDefinition.Item] = []
        for node in nodes {
            guard
                let fields = read.fields(
                    node, of: "an exercise of the course", required: ["exercise"],
                    optional: ["points", "due"]),
                let id = read.choice(
                    fields["exercise"], of: .key("exercise"), in: exercises.map(\.id)),
                let exercise = exercises.first(where: { $0.id == id })
            else { continue }
            if items.contains(where: { $0.exercise == id }) {
                problems.add(node.line, "the exercise \(quoted(id)) stands there twice")
            }
            let points = read.integer(fields["points"], of: .key("points"), in: 0...1_000)
            items.append(
                CourseDefinition.Item(
                    exercise: id, points: points ?? exercise.points, due: due(fields["due"])))
        }
        return items.count == nodes.count ? items : nil
    }

    private func due(_ node: YAMLNode?) -> Int? {
        guard let node, let text = read.text(node, of: .key("due")) else { return nil }
        if let seconds = RFC3339.seconds(of: text) { return seconds }
        problems.add(
            node.line,
            "due is \(quoted(text)); it must be a time with its zone, like 2026-12-07T23:59:00+08:00")
        return nil
    }
}
