import FoundationEssentials
import LabCore

/// An artefact and the keys of its runs: all that who judges it has to know, and worth nothing for another student.
package struct GradingPiece: Codable, Equatable, Sendable {
    package var exercise: String
    package var oracle: String
    /// The name of the file that is run.
    package var program: String
    package var files: [String: Data]
    /// One for each run.
    package var keys: [String]

    init(_ exercise: ExerciseDefinition, _ artefact: Artefact, keys: [ParameterKey]) {
        (self.exercise, oracle, program) = (exercise.id, exercise.oracle, artefact.program)
        files = artefact.files.mapValues { Data($0) }
        self.keys = keys.map(\.hexadecimal)
    }

    /// The tries of a run, where the machine could not tell.
    private static let tries = 2
    /// Between two tries.
    private static let pause = Duration.seconds(2)

    /// Judges it in rooms of this machine, once with each key.
    /// - Parameter limit: the time that it has at a point.
    /// - Throws: `.interrupted` on a signal, `.software` for a piece that no grader made.
    package func judged(
        _ context: RunContext, limit: Duration = CheckBench.limit
    ) throws(LabError) -> [ExerciseGrade.Run] {
        let artefact = Artefact(program: program, files: files.mapValues { Array($0) })
        let oracle = try Oracles.named(self.oracle)
        var runs: [ExerciseGrade.Run] = []
        for word in keys {
            guard let key = ParameterKey(hexadecimal: word) else {
                throw LabError(.software, "a piece of a grading has no key")
            }
            let check = Check(oracle, key, context, limit: limit)
            var verdict = try check.verdict(on: artefact)
            for _ in 1..<Self.tries where verdict.name == .ungradable {
                try context.interrupt.wait(until: .now().advanced(by: Self.pause))
                verdict = try check.verdict(on: artefact)
            }
            runs.append(ExerciseGrade.Run(verdict))
            // What this machine can't tell once it can't tell at all.
            if verdict.name == .ungradable { break }
        }
        return runs
    }
}
