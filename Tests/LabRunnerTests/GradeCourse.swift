import Testing

@testable import LabCore

extension LabProgram {
    /// Makes a course of the exercise unshare in `course`, and archives of these kinds in `submissions`.
    func makeCourse(_ kinds: [String]) throws {
        #expect(try run(["grade", "init", "course"]).status == 0)
        try Files.write(
            "title: Test\nsecret: secret\nexercises: [{exercise: unshare}]\n",
            to: "\(directory.path)/course/COURSE.yaml")
        let samples = try #require(LabProgram.path).dropLast("lab".count) + "grade-samples"
        let made = try start(
            [checkout, "\(directory.path)/course/secret", directory.path, "1"]
                + kinds.map { "unshare:\($0)" },
            program: String(samples)
        ).wait()
        #expect(made.status == 0, "\(made.errors)")
    }
}
