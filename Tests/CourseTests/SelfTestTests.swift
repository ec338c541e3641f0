import Testing

@testable import Course
@testable import LabCore

@Suite struct SelfTestTests {
    struct Answer: CustomTestStringConvertible {
        let exercise: ExerciseDefinition
        let answer: SelfTest.Case
        var testDescription: String { "\(exercise.id) \(answer.name)" }
    }

    /// Every case of every exercise that this machine can judge.
    static let answers: [Answer] = exercises.flatMap { exercise in
        SelfTest.cases(of: exercise, solutions(of: exercise)).map { Answer(exercise: exercise, answer: $0) }
    }

    /// Whether this machine has what an exercise needs beside a room.
    private static func isPossible(_ id: String) -> Bool {
        switch id {
        case "limits", "quota": hasLimits
        case "vm", "memory": Tool.find("virt-qemu-run") != nil && Tool.find("qemu-system-x86_64") != nil
        case "kernel": Tool.find("qemu-system-x86_64") != nil && hasGuestKernel
        case "registry": Tool.find("docker-registry") != nil && Tool.find("curl") != nil
        case "bridge": Tool.find("ip") != nil && Files.isDirectory("/sys/module/bridge")
        default: true
        }
    }

    @Test(
        "Right answers pass; wrong, constant, empty, stale and copied ones don't",
        .enabled("skipped for what is said above") { isFree(of: obstacle) }, arguments: answers)
    func judged(_ answer: Answer) throws {
        try withRun { context in
            let test = SelfTest(answer.exercise, solutions: solutions(of: answer.exercise), context)
            let row = try test.row(answer.answer)
            if row.isAsMeant == nil { #expect(!Self.isPossible(answer.exercise.id), "\(row.seen.english)") }
            #expect(row.isAsMeant != false, "\(row.seen.english)")
        }
    }

    @Test("Solutions are not among what students are given, and every wrong one is for a mistake")
    func solutionsAreApart() throws {
        #expect(!exercises.isEmpty)
        for exercise in exercises {
            let wrong = Files.list("\(solutions(of: exercise))/wrong")
            #expect(Set(wrong.map(SelfTest.mistake)) == Set(exercise.hints.map(\.mistake)))
            let given = try ExerciseDirectoryFiles.names(of: exercise)
            #expect(!given.contains("reference") && !given.contains("wrong"))
        }
    }
}
