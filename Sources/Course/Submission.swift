import Artifacts
import FoundationEssentials
import LabCore

/// What a student hands in: a tar.gz with a manifest and, of each exercise, the files that it names. No score is in it.
package struct Submission: Equatable, Sendable {
    package struct Exercise: Codable, Equatable, Sendable {
        /// SHA-256 by the names of the files.
        package var files: [String: String]
    }

    package struct Manifest: Codable, Equatable, Sendable {
        package var format = Submission.format
        package var student: String
        package var exercises: [String: Exercise]
        /// Made with the student's ticket: who has not been given that student's can't make it.
        package var seal: String

        /// What the seal is of.
        var text: String {
            let files = exercises.flatMap { id, exercise in
                exercise.files.map { "\(id)/\($0.key) \($0.value)\n" }
            }
            return "\(format)\n\(student)\n" + files.sorted().joined()
        }
    }

    package static let format = "lab-submission/1"
    /// The most bytes of an archive.
    package static let mostBytes = 1 << 20
    private static let manifestName = "manifest.json"
    /// Beside an exercise's own.
    private static let texts = [CourseDirectory.predictionFile, CourseDirectory.explanationFile]

    package var manifest: Manifest
    /// The files of each exercise by their names.
    package var files: [String: [String: [UInt8]]]

    /// Puts together what a student hands in.
    package init(_ student: CourseDirectory.Student, _ files: [String: [String: [UInt8]]]) throws(LabError) {
        guard let ticket = student.key else {
            throw LabError(.data, "the ticket of \(student.name) is damaged")
        }
        let exercises = files.mapValues { Exercise(files: $0.mapValues { Digest.sha256($0) }) }
        manifest = Manifest(student: student.name, exercises: exercises, seal: "")
        manifest.seal = ticket.seal(manifest.text)
        self.files = files
    }

    /// The archive: the same files give the same bytes.
    /// - Throws: `.data` when it is larger than a submission may be.
    package func archive() throws(LabError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text: Data
        do { text = try encoder.encode(manifest) } catch {
            throw LabError(.software, "cannot encode the manifest", cause: "\(error)")
        }
        var entries: [(path: String, bytes: [UInt8])] = [(Self.manifestName, Array(text))]
        for (id, files) in files.sorted(by: { $0.key < $1.key }) {
            for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
                entries.append(("\(id)/\(name)", bytes))
            }
        }
        let archive = try Archive.write(entries)
        guard archive.count <= Self.mostBytes else {
            throw LabError(
                .data, "the submission is larger than \(Self.mostBytes) bytes",
                remedy: "hand in sources and texts, not what can be made from them")
        }
        return archive
    }

    /// Reads an archive of anybody's: only files of the names that the exercises have, each as its manifest says, and no
    /// link.
    /// - Throws: `.data`, naming what is wrong with it.
    package init(archive: [UInt8], exercises: [ExerciseDefinition]) throws(LabError) {
        guard archive.count <= Self.mostBytes else {
            throw LabError(.data, "the submission is larger than \(Self.mostBytes) bytes")
        }
        let entries = try Archive.read(
            archive,
            Archive.Limits(bytes: 16 * Self.mostBytes, entries: 16 * exercises.count + 1, isPacked: true))
        var manifest: Manifest?
        var files: [String: [String: [UInt8]]] = [:]
        for entry in entries {
            if case .directory = entry.kind { continue }
            guard case .file(let bytes) = entry.kind else { throw Self.refused(entry.path, "it is no file") }
            if entry.path == Self.manifestName {
                guard manifest == nil, let read = try? JSONDecoder().decode(Manifest.self, from: Data(bytes)),
                    read.format == Self.format, CourseDirectory.Student.isName(read.student)
                else { throw Self.refused(entry.path, "it is no manifest, or not the only one") }
                manifest = read
                continue
            }
            let names = entry.path.split(separator: "/").map(String.init)
            guard names.count == 2, let exercise = exercises.first(where: { $0.id == names[0] }),
                (exercise.files + Self.texts).contains(names[1])
            else { throw Self.refused(entry.path, "no exercise has a file of that name") }
            guard files[names[0]]?[names[1]] == nil else {
                throw Self.refused(entry.path, "it is there twice")
            }
            files[names[0], default: [:]][names[1]] = bytes
        }
        guard let manifest else { throw Self.refused(Self.manifestName, "it is missing") }
        let found = files.mapValues { Exercise(files: $0.mapValues { Digest.sha256($0) }) }
        guard found == manifest.exercises else {
            throw Self.refused(Self.manifestName, "it does not fit the files")
        }
        (self.manifest, self.files) = (manifest, files)
    }

    private static func refused(_ path: String, _ cause: Message) -> LabError {
        LabError(
            .data, "\(ForeignText.quoted(path)) of the submission is refused", cause: cause,
            remedy: "hand in what `lab exercise submit` writes")
    }

    /// Accepts it as a student's: the seal was made with the ticket that the course's secret gives that student.
    /// - Throws: `.data` for somebody else's, or another course's.
    package func require(_ student: String, of secret: ParameterKey) throws(LabError) {
        guard manifest.student == student else {
            throw LabError(
                .data, "the submission is not \(student)'s",
                cause: "it is \(ForeignText.quoted(manifest.student))'s")
        }
        guard manifest.seal == secret.ticket(of: student).seal(manifest.text) else {
            throw LabError(
                .data, "the submission of \(student) has a wrong seal",
                cause: "it was made with another ticket, or changed afterwards",
                remedy: "start the course with the ticket that \(student) was given")
        }
    }

    /// The artefact of an exercise; nil where nothing was handed in for it.
    package func artefact(of exercise: ExerciseDefinition) -> Artefact? {
        guard let program = exercise.files.first, let own = files[exercise.id], own[program] != nil else {
            return nil
        }
        return Artefact(program: program, files: own.filter { exercise.files.contains($0.key) })
    }

    /// The files of an exercise's workspace that are handed in.
    package static func files(
        of exercise: ExerciseDefinition, in course: CourseDirectory
    ) throws(LabError) -> [String: [UInt8]] {
        var files = try course.artefact(of: exercise).files
        for name in texts {
            let directory = course.workspace(of: exercise)
            files[name] = try Artefact.read(name, in: directory, most: Artefact.mostBytes)
        }
        return files
    }
}
