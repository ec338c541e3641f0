import FoundationEssentials
import Glibc
import LabCore

/// What graders found, one file for each archive and grader, in a directory of the instructor's that nothing foreign sees.
///
/// A file is there whole or not at all, and the same for whoever writes it: shards, a grading that was killed and one that
/// is repeated leave the same files.
package struct GradeStore: Sendable {
    package let directory: String

    /// The most bytes of a result.
    private static let mostBytes = 16 << 20

    /// Makes the directory where it is missing, for nobody but this user.
    /// - Throws: `.output` when it can't be made.
    package init(_ directory: String) throws(LabError) {
        try Files.makeDirectory(directory, mode: 0o700)
        self.directory = directory
        // What was not yet whole when its writer was killed.
        for name in Files.list(directory) {
            guard let writer = name.split(separator: "-").last.flatMap({ pid_t($0) }),
                name.contains(".json.new-")
            else { continue }
            if writer > 0, kill(writer, 0) == -1, errno == ESRCH { unlink("\(directory)/\(name)") }
        }
    }

    private func path(_ submission: String, _ grader: String) -> String {
        "\(directory)/\(submission)-\(grader).json"
    }

    /// What this grader found in that archive; nil where it has not been there, or the file is damaged.
    package func result(of submission: String, by grader: String) -> GradedSubmission? {
        guard let bytes = try? Files.read(path(submission, grader), limit: Self.mostBytes),
            let graded = try? JSONDecoder().decode(GradedSubmission.self, from: Data(bytes)),
            graded.format == GradedSubmission.format, graded.submission == submission, graded.grader == grader
        else { return nil }
        return graded
    }

    /// - Throws: `.output` when it can't be written.
    package func save(_ graded: GradedSubmission) throws(LabError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes: Data
        do { bytes = try encoder.encode(graded) } catch {
            throw LabError(.software, "cannot encode the result of a grading", cause: "\(error)")
        }
        try Files.write(Array(bytes), to: path(graded.submission, graded.grader), mode: 0o600)
    }
}
