import Course
import LabCore
import Texts

/// What `explanation.md` has before anything is explained: the questions that INSTRUCTOR.md's rubric answers.
enum ExplanationForm {
    static func text(_ exercise: ExerciseDefinition, _ text: Language) -> String {
        let questions: [Message] = [
            "What did you see, and what brought it about: which namespace, which file, which counter?",
            "Why does the kernel do that, and what had your prediction assumed?",
            "What would you see if it were otherwise, and how did you find out?",
        ]
        return "# \(text[exercise.title])\n\n"
            + questions.enumerated().map { "\($0.offset + 1). \(text.say($0.element))\n\n   \n" }
            .joined(separator: "\n")
    }

    /// Whether a file has nothing of a student's.
    static func isUntouched(_ bytes: [UInt8], _ exercise: ExerciseDefinition) -> Bool {
        let lines = Self.lines(String(decoding: bytes, as: UTF8.self))
        return Language.allCases.contains { lines.isSubset(of: Self.lines(text(exercise, $0))) }
    }

    private static func lines(_ text: String) -> Set<String> {
        Set(text.split(whereSeparator: \.isNewline).map { $0.trimmingWhitespace() }.filter { !$0.isEmpty })
    }
}

extension CourseDirectory {
    /// Whether a student has written an explanation.
    func isExplained(_ exercise: ExerciseDefinition) -> Bool {
        let path = "\(workspace(of: exercise))/\(Self.explanationFile)"
        guard let bytes = try? Files.read(path, limit: Artefact.mostBytes) else { return false }
        return !ExplanationForm.isUntouched(bytes, exercise)
    }
}
