import LabCore

/// The exercises in one directory: each is a folder `NN-<id>` with an `exercise.yaml`, its task and its first files.
public struct ExerciseDirectory: Sendable {
    /// The directory that holds the folders.
    public let directory: String
    /// The folders' names, in the order of the course.
    private let folders: [String]
    private let oracles: [String: [String]]

    /// Looks into `directory`.
    /// - Parameter oracles: the mistakes that each oracle knows.
    /// - Throws: `.input` when there is no exercise in it.
    public static func open(
        _ directory: String, oracles: [String: [String]]
    ) throws(LabError) -> ExerciseDirectory {
        let folders = Files.list(directory).filter {
            Files.exists("\(directory)/\($0)/\(ExerciseFile.fileName)")
        }
        guard !folders.isEmpty else {
            throw LabError(
                .input, "there are no exercises in \(directory)",
                cause: "no folder of it holds an \(ExerciseFile.fileName)",
                remedy:
                    "run `lab` from its own checkout, or set LAB_EXERCISES to the directory `exercises` of one"
            )
        }
        return ExerciseDirectory(directory: directory, folders: folders, oracles: oracles)
    }

    /// The exercises that belong to this program: those that `LAB_EXERCISES` names; else those of the checkout that it
    /// was built in; else the directory `exercises` in the current one.
    /// - Throws: `.input` when there is no exercise there.
    public static func locate(
        environment: [String: String], oracles: [String: [String]]
    ) throws(LabError) -> ExerciseDirectory {
        try open(LabDirectory.own("exercises", namedBy: environment["LAB_EXERCISES"]), oracles: oracles)
    }

    /// Every exercise, in the order of the course.
    /// - Throws: `.data` for a malformed definition.
    public func all() throws(LabError) -> [ExerciseDefinition] {
        var all: [ExerciseDefinition] = []
        for folder in folders { all.append(try definition(folder: folder)) }
        return all
    }

    /// One exercise, by its id, its number or the name of its folder.
    /// - Throws: `.usage` for an unknown one, with the nearest; `.data` for a malformed definition.
    public func definition(_ word: String) throws(LabError) -> ExerciseDefinition {
        let places = folders.compactMap { folder in ExerciseFile.place(ofFolder: folder).map { (folder, $0) }
        }
        let found = places.first { folder, place in
            word == place.id || word == folder || Int(word) == place.number
        }
        guard let found else {
            let ids = places.map(\.1.id)
            throw LabError(
                .usage, "there is no exercise \(quoted(word))\(didYouMean(word, in: ids))",
                remedy: "choose one of \(ids.joined(separator: ", "))")
        }
        return try definition(folder: found.0)
    }

    private func definition(folder: String) throws(LabError) -> ExerciseDefinition {
        let path = "\(directory)/\(folder)/\(ExerciseFile.fileName)"
        return try ExerciseFile.parse(
            try Files.read(path, limit: LabFile.mostBytes), name: path, folder: folder, oracles: oracles)
    }

    /// The folder of one of these.
    public func folder(of exercise: ExerciseDefinition) -> String {
        let folder = folders.first { ExerciseFile.place(ofFolder: $0)?.id == exercise.id }
        return "\(directory)/\(folder ?? exercise.id)"
    }

    /// A text of an exercise's folder in a language: `task.zh.md`; `task.md` is English.
    /// - Throws: `.input` when it is not there.
    public func text(
        _ name: String, of exercise: ExerciseDefinition, in language: Language
    ) throws(LabError) -> String {
        let path = "\(folder(of: exercise))/\(name)"
        let own = "\(path).\(language.rawValue).md"
        return try Files.readText(
            language != .english && Files.exists(own) ? own : "\(path).md", limit: LabFile.mostBytes)
    }
}
