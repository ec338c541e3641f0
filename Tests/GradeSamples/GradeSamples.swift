import Course
import FoundationEssentials
import LabCore
import LabFile

/// Writes submissions of all kinds, and what is to come of each:
///
///     grade-samples CHECKOUT SECRET DIRECTORY COUNT [EXERCISE:KIND…]
///
/// CHECKOUT has exercises and solutions, SECRET is a course's; below DIRECTORY go `submissions/` and `expected.json`. Without
/// kinds it is each of them once, and then what is right.
@main struct GradeSamples {
    static func main() throws {
        let words = CommandLine.arguments.dropFirst()
        guard words.count >= 4, let count = Int(words[4]), count > 0 else {
            throw LabError(.usage, "grade-samples CHECKOUT SECRET DIRECTORY COUNT [EXERCISE:KIND…]")
        }
        let exercises = try ExerciseDirectory.open("\(words[1])/exercises", oracles: Oracles.mistakes).all()
        let maker = SampleMaker(
            exercises: exercises, solutions: "\(words[1])/exercises-solutions",
            secret: try ParameterKey.secret(in: words[2]))
        var samples: [Sample] = []
        for (number, word) in words.dropFirst(4).enumerated() {
            let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, let exercise = exercises.first(where: { $0.id == parts[0] }) else {
                throw LabError(.usage, "no kind of sample: \(word)")
            }
            samples.append(try maker.sample(parts[1], exercise, number))
        }
        if samples.isEmpty { samples = try maker.samples(count) }
        try Files.makeDirectory("\(words[3])/submissions")
        for sample in samples {
            try Files.write(sample.archive, to: "\(words[3])/submissions/\(sample.file)")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try Files.write(Array(try encoder.encode(samples)), to: "\(words[3])/expected.json")
    }
}
