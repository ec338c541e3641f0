import Glibc
import Testing

@testable import Course
@testable import LabCore

/// What runs come to, and what is kept of them.
@Suite struct GradingTests {
    private static let right = ExerciseGrade.Run(.passed([.right("")]))
    private static let wrong = ExerciseGrade.Run(.notPassed([.wrong("mistake", "")]))
    private static let unknown = ExerciseGrade.Run(.ungradable(LabError(.unavailable, "too busy")))
    static let cases: [([ExerciseGrade.Run], ExerciseGrade.Outcome)] = [
        ([right, right, right], .passed), ([wrong, wrong, wrong], .notPassed),
        ([right, wrong, right], .review),
        ([wrong, wrong, right], .review), ([wrong, unknown], .ungradable),
        ([right, right, unknown], .ungradable),
        ([], .missing),
    ]

    @Test(
        "Runs that agree decide; those that don't are for review; what a machine can't tell is no fail",
        arguments: cases)
    func outcomes(_ runs: [ExerciseGrade.Run], _ outcome: ExerciseGrade.Outcome) {
        var grade = ExerciseGrade(exercise: "unshare")
        grade.runs = runs
        #expect(grade.outcome == outcome)
    }

    @Test(
        "A result is found again by archive and grader, and not if it is damaged, another's or half written")
    func store() throws {
        try withDirectory { directory in
            let store = try GradeStore("\(directory)/results")
            var graded = GradedSubmission(submission: "a1", grader: "1-b2")
            graded.student = "ada"
            graded.exercises = [ExerciseGrade(exercise: "unshare")]
            graded.exercises[0].runs = [Self.right, Self.wrong, Self.right]
            graded.exercises[0].shingles = [1, .max]
            try store.save(graded)
            #expect(store.result(of: "a1", by: "1-b2") == graded && graded.isFinal)
            #expect(store.result(of: "a1", by: "2-b2") == nil)
            let names = Files.list("\(directory)/results")
            try store.save(graded)
            #expect(Files.list("\(directory)/results") == names)
            graded.exercises[0].runs = [Self.unknown]
            #expect(!graded.isFinal)
            let path = "\(directory)/results/\(names[0])"
            let bytes = try Files.read(path)
            // Of a writer that is dead: no process has the highest number.
            try Files.write(bytes.prefix(9), to: "\(path).new-\(Int32.max)")
            #expect(Files.list(try GradeStore("\(directory)/results").directory) == names)
            try Files.write(bytes.prefix(bytes.count / 2), to: path)
            #expect(store.result(of: "a1", by: "1-b2") == nil)
        }
    }

    @Test(
        "A grader is another one when its version, its course's exercises, its secret or its guests' files are; not for other points"
    )
    func identities() throws {
        func identity(
            _ ids: [String], points: Int = 5, secret: UInt8 = 1, version: String = "1", guest: String? = nil
        ) -> String {
            let course = CourseDefinition(
                title: "A", secretFile: "", language: .english,
                items: ids.map { .init(exercise: $0, points: points) })
            let key = ParameterKey([UInt8](repeating: secret, count: 32))
            return Grader(course, known: exercises, secret: key, version: version, guest: guest).identity
        }
        let own = identity(["unshare", "layers"])
        #expect(identity(["unshare", "layers"], points: 9) == own)
        let others = [
            identity(["unshare"]), identity(["unshare", "layers"], secret: 2),
            identity(["unshare", "layers"], version: "2"), identity(["unshare", "layers"], guest: "a1"),
            identity(["unshare", "layers"], guest: "a2"),
        ]
        #expect(Set(others + [own]).count == 6)
    }

    @Test("Of a student's archives the newest counts; one that nobody knows stays by itself")
    func newestCounts() {
        func found(_ file: String, _ student: String?, _ received: Int) -> GradeBook.Found {
            var graded = GradedSubmission(submission: file, grader: "g")
            graded.student = student
            if student == nil { graded.refusal = LabError(.data, "no archive") }
            return .init(file: file, received: received, digest: file, result: .success(graded))
        }
        let course = CourseDefinition(
            title: "A", secretFile: "", language: .english,
            items: [.init(exercise: "unshare", points: 7, due: 15)])
        let book = GradeBook(
            course, known: exercises,
            [found("old", "ada", 10), found("new", "ada", 20), found("x", nil, 1), found("y", nil, 1)])
        #expect(book.entries.map(\.found.file) == ["new", "x", "y"])
        #expect(book.superseded.map(\.found.file) == ["old"])
        #expect(book.entries[0].lines.map(\.isLate) == [true])
    }
}

@Suite struct SimilarityTests {
    private static let program = """
        #!/bin/sh
        for kind in "$@"; do
            [ "$kind" = pid ] && options="$options --pid --fork"
            [ "$kind" = net ] && options="$options --net"
        done
        exec unshare $options /bin/sh -c "$command"
        """

    private func grade(_ text: String) -> ExerciseGrade {
        var grade = ExerciseGrade(exercise: "unshare")
        let artefact = Artefact(program: "launch", files: ["launch": Array(text.utf8)])
        (grade.digest, grade.shingles) = (artefact.digest, Similarity.shingles(of: artefact))
        return grade
    }

    @Test("What was copied and dressed up is found, what was written by oneself is not")
    func copies() {
        let dressed = Self.program.replacing("    ", with: "\t").replacing("done", with: "done\n# all mine\n")
        let own = """
            #!/bin/sh
            flags=
            while [ $# -gt 1 ]; do case $1 in pid) flags="-p -f $flags" ;; net) flags="-n $flags" ;; esac; shift; done
            unshare $flags sh -c "$1"; echo finished with $? >&2; trap 'exit 3' TERM; wait
            """
        let matches = Similarity.matches(
            "unshare",
            [
                ("ada", grade(Self.program)), ("bob", grade(dressed)), ("cyd", grade(own)),
                ("dan", grade(Self.program)),
            ])
        #expect(matches.map(\.students) == [["ada", "bob"], ["ada", "dan"], ["bob", "dan"]])
        #expect(matches.allSatisfy { $0.share > 0.9 })
    }

    @Test("What the whole class writes is nobody's own")
    func common() {
        let class_ = (0..<20).map { number in
            (
                student: "s\(number)",
                grade: grade(Self.program + "\nsleep \(number); echo \(number) \(number + 1)\n")
            )
        }
        #expect(Similarity.matches("unshare", class_).isEmpty)
    }

    @Test("Jaccard's index is that of the sets, from none to all, whichever comes first")
    func jaccard() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<200 {
            let first = Set((0..<40).map { _ in UInt64.random(in: 0..<60, using: &generator) })
            let second = Set((0..<40).map { _ in UInt64.random(in: 0..<60, using: &generator) })
            let wanted = Double(first.intersection(second).count) / Double(first.union(second).count)
            #expect(Similarity.jaccard(first.sorted(), second.sorted()) == wanted)
            #expect(Similarity.jaccard(second.sorted(), first.sorted()) == wanted)
        }
        #expect(Similarity.jaccard([], []) == 0 && Similarity.jaccard([1], []) == 0)
    }

    @Test("Any bytes have shingles, sorted and no more than are kept")
    func anyBytes() {
        var generator = SeededGenerator(seed: 4)
        for length in [0, 1, 5, 300, 60_000] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let shingles = Similarity.shingles(of: Artefact(program: "a", files: ["a": bytes]))
            #expect(shingles.count <= 2_048 && shingles == shingles.sorted())
        }
    }
}

@Suite struct VivaTests {
    @Test("Students are drawn with one word of their own exercise changed, the same each time")
    func drawn() throws {
        let secret = ParameterKey([UInt8](repeating: 7, count: 32))
        let submissions = try (0..<9).map { number in
            let name = "s\(number)"
            let submission = try Submission(
                .init(name: name, ticket: secret.ticket(of: name).hexadecimal),
                ["unshare": ["launch": Array("#!/bin/sh\n# \(number)\n\u{1b}[2J\n".utf8)]])
            return (submission: submission, passed: [try exercise("unshare")])
        }
        let questions = try VivaQuestion.draw(4, from: submissions, secret: secret)
        let again = try VivaQuestion.draw(4, from: submissions.reversed(), secret: secret)
        #expect(questions.map(\.student) == again.map(\.student) && Set(questions.map(\.student)).count == 4)
        for question in questions {
            let old = question.words[question.changed.place]
            #expect(old != question.changed.word && UnshareKinds.all.contains(old))
            #expect(UnshareKinds.all.contains(question.changed.word))
            let text = question.text(GradeText(language: .english, say: { $0.english }))
            #expect(text.contains("./launch") && text.contains("#!/bin/sh") && !text.contains("\u{1b}"))
        }
        #expect(try VivaQuestion.draw(99, from: submissions, secret: secret).count == 9)
        #expect(try VivaQuestion.draw(4, from: [], secret: secret).isEmpty)
    }

    private enum UnshareKinds { static let all = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] }
}

/// Archives that are really judged.
@Suite(.enabled("skipped for what is said above") { isFree(of: obstacle) }) struct GraderTests {
    private let secret = ParameterKey([UInt8](repeating: 7, count: 32))

    private var grader: Grader {
        Grader(
            CourseDefinition(
                title: "A", secretFile: "", language: .english,
                items: [.init(exercise: "unshare", points: 7), .init(exercise: "layers", points: 6)]),
            known: exercises, secret: secret, version: "1")
    }

    private func archive(_ solution: String, of secret: ParameterKey? = nil) throws -> [UInt8] {
        let exercise = try exercise("unshare")
        let files = try Artefact.read("\(solutions(of: exercise))/\(solution)", files: exercise.files).files
        let ticket = (secret ?? self.secret).ticket(of: "ada").hexadecimal
        return try Submission(.init(name: "ada", ticket: ticket), ["unshare": files]).archive()
    }

    @Test("A right one passes in all runs, a wrong one in none; what was not handed in is missing")
    func judged() throws {
        try withRun { context in
            let right = try grader.grade(try archive("reference"), context)
            #expect(right.student == "ada" && right.refusal == nil && right.isFinal)
            #expect(right.exercises.map(\.outcome) == [.passed, .missing])
            #expect(right.exercises[0].runs.count == Grader.runs)
            let wrong = try grader.grade(try archive("wrong/host-proc"), context)
            #expect(wrong.exercises[0].outcome == .notPassed)
            #expect(wrong.exercises[0].telling?.mistake == "host-proc")
            // Judging again finds the same.
            #expect(try grader.grade(try archive("wrong/host-proc"), context) == wrong)
        }
    }

    @Test("Another course's archive earns nothing, and neither does what is none")
    func refused() throws {
        try withRun { context in
            let other = ParameterKey([UInt8](repeating: 8, count: 32))
            for archive in [try archive("reference", of: other), [], Array("words".utf8)] {
                let graded = try grader.grade(archive, context)
                #expect(graded.refusal?.kind == .data && graded.student == nil && graded.exercises.isEmpty)
            }
        }
    }
}
