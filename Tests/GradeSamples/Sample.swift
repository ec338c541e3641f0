import Course
import LabCore

/// One archive as a student, or somebody who means harm, hands it in, and what is to come of it.
struct Sample: Encodable {
    /// The name of the file.
    let file: String
    /// Empty where the archive is nobody's.
    let student: String
    let exercise: String
    let kind: String
    /// An outcome of `ExerciseGrade`, or `refused`.
    let expected: String
    let archive: [UInt8]

    enum CodingKeys: String, CodingKey { case file, student, exercise, kind, expected }
}

/// Makes samples of a course.
struct SampleMaker {
    let exercises: [ExerciseDefinition]
    /// The directory of the folders with solutions.
    let solutions: String
    let secret: ParameterKey

    private static let malformed = [
        "truncated", "no-archive", "leads-out", "absolute", "link", "hard-link", "stranger", "changed",
        "bomb",
    ]
    private static let foreign = ["other-course", "neighbours"]
    private static let programs: [String: String] = [
        "kills-checker": "kill -9 -1; kill -9 1; kill -9 $PPID; sleep 1; kill -9 $PPID\n",
        "writes-result": """
        for place in /work /lab /tmp /proc/1/cwd /proc/1/root/tmp; do
            echo '{"verdict":"passed"}' >$place/results.json
        done 2>/dev/null
        echo passed >/proc/1/fd/1; echo '{"scores":{"unshare":7}}'; exit 0

        """,
        "forks": "f() { f | f & f; }; f\n",
        "endless": "trap '' TERM INT HUP; while :; do sleep 1; done\n",
    ]

    /// Every kind, by its exercise: what is right, each wrong solution, and what means harm.
    var kinds: [(exercise: ExerciseDefinition, kind: String)] {
        guard let first = exercises.first else { return [] }
        let own = exercises.flatMap { exercise in
            (["reference", "constant", "empty", "stale", "kills-checker", "writes-result"]
                + exercise.hints.map { "wrong/\($0.mistake)" }).map { (exercise, $0) }
        }
        let others = Self.malformed + Self.foreign + ["forks", "endless", "now-and-then"]
        return own + others.map { (first, $0) }
    }

    /// So many samples: each kind once, and the rest of the class is right.
    func samples(_ count: Int) throws(LabError) -> [Sample] {
        var samples: [Sample] = []
        for (number, pair) in kinds.prefix(count).enumerated() {
            samples.append(try sample(pair.kind, pair.exercise, number))
        }
        while samples.count < count {
            let exercise = exercises[samples.count % exercises.count]
            samples.append(try sample("reference", exercise, samples.count))
        }
        return samples
    }

    /// - Parameter number: of the student.
    func sample(_ kind: String, _ exercise: ExerciseDefinition, _ number: Int) throws(LabError) -> Sample {
        let student = "student-\(number)"
        if kind == "now-and-then" { return try nowAndThen(exercise, student) }
        let isRefused = (Self.malformed + Self.foreign).contains(kind)
        let files = isRefused ? try answer(.reference, exercise) : try files(kind, exercise)
        let outcome: ExerciseGrade.Outcome = kind == "reference" ? .passed : .notPassed
        let archive =
            isRefused
            ? try refused(kind, exercise, files, student) : try self.archive(exercise, files, student)
        return Sample(
            file: "\(student).tar.gz", student: isRefused ? "" : student, exercise: exercise.id, kind: kind,
            expected: isRefused ? "refused" : outcome.rawValue, archive: archive)
    }

    private func folder(_ exercise: ExerciseDefinition) -> String {
        "\(solutions)/\(exercise.number < 10 ? "0" : "")\(exercise.number)-\(exercise.id)"
    }

    private func answer(_ answer: SelfTest.Case, _ exercise: ExerciseDefinition) throws(LabError) -> [String:
        [UInt8]]
    {
        try SelfTest.artefact(answer, of: exercise, folder(exercise), secret).files
    }

    private func files(_ kind: String, _ exercise: ExerciseDefinition) throws(LabError) -> [String: [UInt8]] {
        let program = exercise.files.first ?? ""
        if let script = Self.programs[kind] { return [program: Array("#!/bin/sh\n\(script)".utf8)] }
        switch kind {
        case "reference": return try answer(.reference, exercise)
        case "constant": return try answer(.constant, exercise)
        case "empty": return try answer(.empty, exercise)
        case "stale":
            // The reference with the words of yesterday's check: so it prints what was right then.
            var draw = secret.ticket(of: "yesterday").ownChecks(of: exercise.id, round: 0).draw(point: 0)
            let words = ShellText.join(try Oracles.named(exercise.oracle).words(0, &draw))
            return try changed(exercise, "set -- \(words)")
        default: return try answer(.wrong(String(kind.dropFirst("wrong/".count))), exercise)
        }
    }

    /// The reference with a line of shell before it; one that is no script of sh's is called with the words instead.
    private func changed(_ exercise: ExerciseDefinition, _ line: String) throws(LabError) -> [String: [UInt8]]
    {
        var files = try answer(.reference, exercise)
        let program = exercise.files.first ?? ""
        let text = String(decoding: files[program] ?? [], as: UTF8.self)
        guard text.hasPrefix("#!/bin/sh\n") else {
            return [program: Array("#!/bin/sh\n\(line)\nexit 1\n".utf8)]
        }
        files[program] = Array(("#!/bin/sh\n\(line)\n" + text.dropFirst("#!/bin/sh\n".count)).utf8)
        return files
    }

    /// Right or wrong as its parameters are, so that its runs don't agree. A name is sought whose parameters do that.
    private func nowAndThen(_ exercise: ExerciseDefinition, _ student: String) throws(LabError) -> Sample {
        let files = try changed(exercise, "for word; do :; done; case $word in [0-3]*) exit 1 ;; esac")
        let oracle = try Oracles.named(exercise.oracle)
        let digest = Artefact(program: exercise.files.first ?? "", files: files).digest
        for number in 0..<1_000 {
            let name = "\(student)-\(number)"
            let verdicts = (0..<Grader.runs).map { run in
                let key = secret.grading(name, exercise: exercise.id, digest: digest, run: run)
                return (0..<oracle.points).allSatisfy { point in
                    var draw = key.draw(point: point)
                    return !"0123".contains(oracle.words(point, &draw).last?.first ?? "x")
                }
            }
            guard Set(verdicts).count == 2 else { continue }
            return Sample(
                file: "\(name).tar.gz", student: name, exercise: exercise.id, kind: "now-and-then",
                expected: ExerciseGrade.Outcome.review.rawValue,
                archive: try archive(exercise, files, name))
        }
        throw LabError(.software, "no name was found whose runs disagree")
    }

    private func archive(
        _ exercise: ExerciseDefinition, _ files: [String: [UInt8]], _ student: String,
        of secret: ParameterKey? = nil
    ) throws(LabError) -> [UInt8] {
        let ticket = (secret ?? self.secret).ticket(of: student).hexadecimal
        var files = files
        files[CourseDirectory.explanationFile] = Array("What surprised me.\n".utf8)
        return try Submission(.init(name: student, ticket: ticket), [exercise.id: files]).archive()
    }

    private func refused(
        _ kind: String, _ exercise: ExerciseDefinition, _ files: [String: [UInt8]], _ student: String
    ) throws(LabError) -> [UInt8] {
        let whole = try archive(exercise, files, student)
        func packed(_ entries: [(path: String, bytes: [UInt8])]) throws(LabError) -> [UInt8] {
            try Archive.write(entries)
        }
        let entries = try Archive.read(whole, .init(bytes: 1 << 24, entries: 99, isPacked: true)).compactMap {
            entry -> (path: String, bytes: [UInt8])? in
            if case .file(let bytes) = entry.kind { (entry.path, bytes) } else { nil }
        }
        let program = "\(exercise.id)/\(exercise.files.first ?? "")"
        switch kind {
        case "truncated": return Array(whole.prefix(whole.count / 2))
        case "no-archive": return Array("not an archive\n".utf8)
        case "leads-out": return try packed(entries + [("../\(student)", [1])])
        case "absolute": return try packed(entries + [("/etc/\(student)", [1])])
        case "link", "hard-link":
            return TarHeader.archive(
                entries.filter { $0.path != program }, link: program, isHard: kind == "hard-link")
        case "stranger": return try packed(entries + [("\(exercise.id)/results.json", [1])])
        case "changed":
            return try packed(entries.map { $0.path == program ? ($0.path, $0.bytes + [0x0a]) : $0 })
        case "bomb":
            return try packed(entries + [("\(exercise.id)/zeros", [UInt8](repeating: 0, count: 32 << 20))])
        case "other-course":
            return try archive(exercise, files, student, of: ParameterKey([UInt8](repeating: 1, count: 32)))
        default:
            // A neighbour's, with the name changed and the neighbour's seal.
            var submission = try Submission(archive: whole, exercises: exercises)
            submission.manifest.student = "neighbour"
            return try submission.archive()
        }
    }
}

/// Entries that no writer of ours makes: ustar, see tar(5).
enum TarHeader {
    static func archive(_ files: [(path: String, bytes: [UInt8])], link: String, isHard: Bool) -> [UInt8] {
        let all = files.flatMap { entry($0.path, "0", $0.bytes) }
        let target = isHard ? files.first?.path ?? "" : "/etc/passwd"
        return all + entry(link, isHard ? "1" : "2", [], target) + [UInt8](repeating: 0, count: 1_024)
    }

    private static func entry(_ name: String, _ type: String, _ bytes: [UInt8], _ link: String = "")
        -> [UInt8]
    {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            for (offset, byte) in text.utf8.enumerated() { header[place + offset] = byte }
        }
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        for (text, place) in [
            (name, 0), ("0000644", 100), ("0000000", 108), ("0000000", 116), (octal(bytes.count, 11), 124),
            ("00000000000", 136), ("        ", 148), (type, 156), (link, 157), ("ustar\u{0}00", 257),
        ] { put(text, at: place) }
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0}", at: 148)
        return header + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }
}
