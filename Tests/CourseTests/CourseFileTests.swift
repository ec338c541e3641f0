import Glibc
import Testing

@testable import Course
@testable import LabCore
@testable import LabFile

@Suite struct CourseFileTests {
    private static let plain = """
        title: Containers
        secret: secret
        language: zh
        exercises:
          - {exercise: unshare, points: 9, due: 2026-12-07T23:59:00+08:00}
          - {exercise: layers}

        """

    private func parse(_ text: String) throws -> CourseDefinition {
        try CourseFile.parse(Array(text.utf8), name: "COURSE.yaml", exercises: exercises)
    }

    @Test("A course is read; points are the exercise's own unless it says others")
    func aCourseIsRead() throws {
        let course = try parse(Self.plain)
        #expect((course.title, course.secretFile, course.language) == ("Containers", "secret", .chinese))
        #expect(course.items.map(\.exercise) == ["unshare", "layers"])
        #expect(course.items.map(\.points) == [9, try exercise("layers").points])
        #expect(course.items.map(\.due) == [RFC3339.seconds(of: "2026-12-07T15:59:00Z"), nil])
    }

    @Test(
        "What is wrong is named with its line",
        arguments: [
            ("exercise: layers", "exercise: layres", ":6: ", "did you mean \"layers\"?"),
            ("exercise: layers", "exercise: unshare", ":6: ", "twice"),
            ("points: 9", "points: -1", ":5: ", "from 0 to 1000"),
            ("due: 2026-12-07T23:59:00+08:00", "due: tomorrow", ":5: ", "2026-12-07T23:59:00+08:00"),
            ("due: 2026-12-07T23:59:00+08:00", "due: 2026-02-30T23:59:00Z", ":5: ", "a time with its zone"),
            (
                "secret: secret", "secret: \(String(repeating: "a1", count: 32))", ":2: ",
                "not the secret itself"
            ),
            ("language: zh", "language: de", ":3: ", "unknown language"),
            ("title: Containers", "titel: Containers", ":1: ", "did you mean \"title\"?"),
        ])
    func mistakesAreNamed(_ old: String, _ new: String, _ place: String, _ said: String) {
        let error = #expect(throws: LabError.self) { try parse(Self.plain.replacing(old, with: new)) }
        let words = error?.message.english ?? ""
        #expect(error?.kind == .data && words.contains(place) && words.contains(said), "\(words)")
    }

    @Test("It has limits, and whatever bytes it has it is read or an error of data")
    func anyBytes() throws {
        let many = (0...CourseFile.mostExercises).map { _ in "  - {exercise: unshare}\n" }.joined()
        #expect(throws: LabError.self) { try parse("title: A\nsecret: b\nexercises:\n\(many)") }
        var generator = SeededGenerator(seed: 11)
        let plain = Array(Self.plain.utf8)
        for _ in 0..<300 {
            var bytes = plain
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            do {
                let course = try CourseFile.parse(bytes, name: "COURSE.yaml", exercises: exercises)
                #expect(course.items.allSatisfy { item in exercises.contains { $0.id == item.exercise } })
            } catch {
                #expect(error.kind == .data)
            }
        }
    }

    @Test("Times are those of RFC 3339, to the second and back, and nothing else")
    func times() {
        #expect(RFC3339.seconds(of: "1970-01-01T00:00:00Z") == 0)
        #expect(
            RFC3339.seconds(of: "2026-11-28T21:30:00+08:00") == RFC3339.seconds(of: "2026-11-28T13:30:00Z"))
        #expect(
            RFC3339.seconds(of: "2026-11-28T08:00:00-05:30") == RFC3339.seconds(of: "2026-11-28T13:30:00Z"))
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            let seconds = Int.random(in: 0...4_000_000_000, using: &generator)
            #expect(RFC3339.seconds(of: RFC3339.text(seconds)) == seconds)
        }
        for text in [
            "", "2026-11-28", "2026-11-28 13:30:00Z", "2026-13-01T00:00:00Z", "2026-11-31T00:00:00Z",
            "2026-11-28T24:00:00Z", "2026-11-28T13:30:00", "2026-11-28T13:30:00+8:00", "２０２６-11-28T13:30:00Z",
            "+026-11-28T13:30:00Z",
        ] { #expect(RFC3339.seconds(of: text) == nil, "\(text)") }
    }
}

@Suite struct CourseSecretTests {
    @Test("A secret is made for nobody else, and read only where nobody else may")
    func secrets() throws {
        try withDirectory { directory in
            let path = "\(directory)/secret"
            try ParameterKey.makeSecret(at: path)
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            let secret = try ParameterKey.secret(in: path)
            #expect(try ParameterKey.secret(in: path) == secret)
            // What is there is not replaced.
            #expect(throws: LabError.self) { try ParameterKey.makeSecret(at: path) }
            #expect(try ParameterKey.secret(in: path) == secret)
            symlink("secret", "\(directory)/link")
            func kind(_ path: String) -> LabError.Kind? {
                #expect(throws: LabError.self) { try ParameterKey.secret(in: path) }?.kind
            }
            #expect(kind("\(directory)/link") == .permission)
            #expect(kind("\(directory)/none") == .input)
            chmod(path, 0o640)
            #expect(kind(path) == .permission)
            try Files.write("short\n", to: "\(directory)/short", mode: 0o600)
            #expect(kind("\(directory)/short") == .data)
        }
    }
}
