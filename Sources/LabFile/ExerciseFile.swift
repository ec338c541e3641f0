import LabCore

/// Reads exercises: `exercises/NN-<id>/exercise.yaml` → `ExerciseDefinition`, as strictly as a lab.
public enum ExerciseFile {
    /// The name of the file in an exercise's folder.
    public static let fileName = "exercise.yaml"

    /// The number and the id in the name of a folder, `02-unshare`; nil for any other name.
    static func place(ofFolder name: String) -> (number: Int, id: String)? {
        let parts = name.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 2, let number = Int(parts[0]), number > 0,
            !parts[1].isEmpty
        else { return nil }
        return (number, String(parts[1]))
    }

    /// The definition in `bytes`, which need not be valid UTF-8: that is one of the errors.
    /// - Parameters:
    ///   - name: stands for the file in messages.
    ///   - folder: the name of its folder.
    ///   - oracles: the mistakes that each oracle knows, which are those that the exercise has hints for.
    /// - Throws: `.data` when it is no valid definition.
    public static func parse(
        _ bytes: [UInt8], name: String, folder: String, oracles: [String: [String]]
    ) throws(LabError) -> ExerciseDefinition {
        try YAMLNode.read(bytes, name: name) { root, problems in
            ExerciseReader(problems: problems, folder: folder, oracles: oracles).definition(root)
        }
    }
}

private struct ExerciseReader {
    let problems: Problems
    let folder: String
    let oracles: [String: [String]]

    private var read: FieldReader { FieldReader(problems: problems) }
    private var parts: DefinitionReader {
        DefinitionReader(problems: problems, folder: nil, engineNames: [])
    }

    func definition(_ root: YAMLNode) -> ExerciseDefinition? {
        guard let place = ExerciseFile.place(ofFolder: folder) else {
            problems.add(
                1, "the folder is \(quoted(folder)); it must be a number of two digits, a hyphen and the id")
            return nil
        }
        guard
            let fields = read.fields(
                root, of: "the exercise",
                required: [
                    "title", "summary", "points", "minutes", "oracle", "files", "predictions", "hints",
                ])
        else { return nil }
        let title = parts.localized(fields["title"], of: .key("title"))
        let summary = parts.localized(fields["summary"], of: .key("summary"))
        let points = read.integer(fields["points"], of: .key("points"), in: 1...100)
        let minutes = read.integer(fields["minutes"], of: .key("minutes"), in: 1...1_000)
        let oracle = read.choice(fields["oracle"], of: .key("oracle"), in: oracles.keys.sorted())
        let files = read.list(fields["files"], of: .key("files"))?.compactMap {
            fileName($0)
        }
        let predictions = read.list(fields["predictions"], of: .key("predictions"))?.compactMap {
            parts.localized($0, of: .key("predictions"))
        }
        let hints = oracle.flatMap { oracle in
            self.hints(fields["hints"], mistakes: oracles[oracle] ?? [])
        }
        guard let title, let summary, let points, let minutes, let oracle, let files, let predictions,
            let hints
        else { return nil }
        return ExerciseDefinition(
            id: place.id, number: place.number, title: title, summary: summary, points: points,
            minutes: minutes, oracle: oracle, files: files, predictions: predictions, hints: hints)
    }

    /// A name that can stand in an archive and beside what `lab exercise start` writes.
    private func fileName(_ node: YAMLNode) -> String? {
        guard let name = read.text(node, of: .key("files")) else { return nil }
        let isPlain = name.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || "-.".utf8.contains($0)
        }
        guard isPlain, name.utf8.count <= 64, let first = name.first, first != ".", first != "-",
            !["task.md", "prediction.md", "explanation.md", "last-stderr.txt"].contains(name)
        else {
            problems.add(
                node.line,
                "files has \(quoted(name)); a name has lower-case letters, digits, hyphens and dots, and is none of the course's own"
            )
            return nil
        }
        return name
    }

    /// One for each mistake that the oracle knows.
    private func hints(_ node: YAMLNode?, mistakes: [String]) -> [ExerciseDefinition.Hint]? {
        guard let node, let items = read.list(node, of: .key("hints")) else { return nil }
        var hints: [ExerciseDefinition.Hint] = []
        for item in items {
            guard
                let fields = read.fields(
                    item, of: "a hint", required: ["mistake", "seen", "idea", "read"]),
                let mistake = read.choice(fields["mistake"], of: .key("mistake"), in: mistakes),
                let seen = parts.localized(fields["seen"], of: .key("seen")),
                let idea = parts.localized(fields["idea"], of: .key("idea")),
                let place = parts.localized(fields["read"], of: .key("read"))
            else { continue }
            if hints.contains(where: { $0.mistake == mistake }) {
                problems.add(item.line, "the mistake \(quoted(mistake)) has two hints")
            }
            hints.append(.init(mistake: mistake, steps: [seen, idea, place]))
        }
        guard hints.count == items.count else { return nil }
        for mistake in mistakes where !hints.contains(where: { $0.mistake == mistake }) {
            problems.add(node.line, "the mistake \(quoted(mistake)) has no hint")
        }
        return hints
    }
}
