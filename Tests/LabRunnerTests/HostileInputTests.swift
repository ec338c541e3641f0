import Glibc
import LabCore
import LabFile
import Testing

@testable import LabRunner

/// What comes from outside never traps: each input is tried on the program itself, in a process of its own, whose end
/// tells. A trap is a signal, 132 or 133.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct HostileInputTests {
    private static let container: String? = LabProgram.path.flatMap { path in
        let program = path + "-container"
        return access(program, X_OK) == 0 ? program : nil
    }

    /// Paths as bytes that a shell's printf(1) makes.
    static let paths = [
        #"/tmp/a\nb"#, #"/tmp/a\tb"#, #"/tmp/\033[2J"#, #"/tmp/\377\376"#, #"/tmp/\302\205"#, #"\n"#,
        #"relative\n"#,
        "/" + String(repeating: "a", count: 300), "/" + String(repeating: "a/", count: 3_000), "/dev/null",
        "/proc/1/x",
    ]

    /// Runs it with a variable that holds what printf makes of `bytes`.
    private func run(
        _ lab: LabProgram, _ program: String, _ words: [String], _ variable: String, _ bytes: String
    ) throws -> LabProgram.Finished {
        let script = #"v=$(printf "$1"; printf x); export "$2=${v%x}"; shift 2; exec "$@""#
        return try lab.start(
            ["-c", script, "sh", bytes, variable, program] + words, program: "/bin/sh"
        ).wait()
    }

    @Test("Whatever LAB_HOME, HOME and the XDG variables hold is an error or works", arguments: paths)
    func homesAreErrors(bytes: String) throws {
        let lab = try LabProgram()
        let program = try #require(LabProgram.path)
        for variable in [
            "LAB_HOME", "HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "LAB_LANG", "LAB_LABS", "LAB_GUEST",
            "PATH",
        ] {
            // Where LAB_HOME is set, what the others hold is looked at and no more: once is enough.
            let commands =
                switch variable {
                case "LAB_HOME", "LAB_LANG": [["clean", "--dry-run"], BadInputTests.run]
                case "LAB_LABS", "LAB_GUEST": [BadInputTests.run]
                default: [["clean", "--dry-run"]]
                }
            for words in commands {
                let finished = try run(lab, program, words, variable, bytes)
                #expect(
                    [0, 1, 64, 65, 66, 69, 73, 77].contains(finished.status),
                    "\(variable) \(words): \(finished.status) \(finished.errors)")
                if variable == "LAB_HOME", bytes.hasPrefix("/tmp/") {
                    #expect(finished.status == 64, "\(bytes): \(finished.errors)")
                    #expect(finished.errors.hasPrefix("lab: LAB_HOME is \""), "\(finished.errors)")
                }
            }
        }
    }

    @Test(
        "The same of lab-container, which has a journal where there are limits",
        .enabled(if: container != nil && geteuid() == 0, "skipped: the program and root are needed"),
        arguments: paths)
    func homesAreErrorsOfTheContainer(bytes: String) throws {
        let lab = try LabProgram()
        let program = try #require(Self.container)
        let root = "\(lab.directory.path)/root"
        for name in ["proc", "sys", "dev", "bin"] { try Files.makeDirectory("\(root)/\(name)") }
        let finished = try run(
            lab, program, ["run", "--memory", "64MiB", root, "/bin/none"], "LAB_HOME", bytes)
        #expect(finished.status < 128 && finished.status > 0, "\(finished.status) \(finished.errors)")
    }

    static let numbers = [
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "-9223372036854775808", "1e999",
        "nan",
        "0x10", "٣", "", " ", "1\u{0301}", "99999999999999999999999999", "1_000",
    ]

    @Test(
        "Whatever stands in place of a number, a size or a length of time is a usage error",
        arguments: numbers)
    func numbersAreErrors(number: String) throws {
        let units = ["--memory": ["B", "KiB", "TiB"], "--timeout": ["ns", "h"], "--budget": ["ns", "h"]]
        let options = ["--samples", "--warmup", "--cpus", "--seed", "--memory", "--timeout", "--budget"]
        let words = options.flatMap { option in (units[option] ?? [""]).map { [option, number + $0] } }
        // A series that does not exist ends what is no mistake before it begins.
        let none = ["startup-latency", "--engine", "process", "--series", "none"]
        // All of them in this process, whose end would tell too; and the program's own end of one.
        let catalogue = try LabDirectory.open("\(checkout)/labs", engines: EngineFactory.ids)
        let lab = try LabSelection.read("startup-latency", in: catalogue).labs[0]
        for word in words {
            let error = #expect(throws: (any Error).self) {
                let run = try RunCommand.parse(none + word)
                _ = try RunRequest(lab, run.instance, run.options, seed: run.options.chosenSeed())
            }
            guard let error else { continue }
            let status = (error as? LabError)?.exitCode ?? RunCommand.exitCode(for: error).rawValue
            #expect(status == 64, "\(word): \(error)")
        }
        let word = words[number.utf8.count % words.count]
        let finished = try LabProgram().run(["run"] + none + word)
        #expect(finished.status == 64, "\(word): \(finished.status) \(finished.errors)")
    }

    @Test(
        "The longest lengths of time and the most memory that are taken are survived",
        arguments: [
            ["--timeout", "9223372036854775807ns"], ["--timeout", "2562047h"],
            ["--budget", "9223372036854775807ns"],
            ["--memory", "1024TiB"],
        ])
    func theMostIsSurvived(words: [String]) throws {
        let finished = try LabProgram().run(BadInputTests.run + ["--warmup", "0", "--quiet"] + words)
        #expect([0, 69, 1].contains(finished.status), "\(words): \(finished.status) \(finished.errors)")
    }

    @Test(
        "More memory than any machine has is a usage error",
        arguments: ["1025TiB", "16777215TiB", "18446744073709551615B"])
    func moreThanTheMostIsAnError(size: String) throws {
        let finished = try LabProgram().run(BadInputTests.run + ["--memory", size])
        #expect(finished.status == 64 && finished.errors.contains("at most 1024 TiB"), "\(finished.errors)")
    }

    @Test("Odd bytes in place of a result, a log or a page are data errors, whatever is made of them")
    func damagedResultsAreErrors() throws {
        let lab = try LabProgram()
        var generator = SeededGenerator(seed: 11)
        for round in 0..<24 {
            let path = "\(lab.directory.path)/odd-\(round)"
            try Files.write(
                (0..<Int.random(in: 0...4_000, using: &generator)).map { _ in
                    round % 2 == 0
                        ? UInt8.random(in: 0...255, using: &generator)
                        : UInt8(ascii: round % 4 == 1 ? "[" : "{")
                }, to: path)
            for words in [["report", path], ["report", "--table", path], ["compare", path, path]] {
                let finished = try lab.run(words)
                #expect(finished.status == 65, "\(words): \(finished.status) \(finished.errors)")
            }
        }
    }
}
