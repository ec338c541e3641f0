import Glibc
import LabCore
import Testing

/// Each mistake gives one clear error, the exit code that `lab --help` lists, and leaves nothing behind.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct BadInputTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        var arguments: [String]
        var status: Int32
        var says: [String]
        var environment: [String: String] = [:]
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let run = ["run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "1"]

    static let mistakes: [Mistake] = [
        Mistake(arguments: ["frobnicate"], status: 64, says: ["frobnicate"]),
        Mistake(arguments: ["run"], status: 64, says: ["LAB"]),
        Mistake(
            arguments: ["run", "startup-latncy"], status: 64,
            says: ["did you mean \"startup-latency\"?", "remedy:"]),
        Mistake(
            arguments: ["run", "startup-latency", "--engine", "contaner"], status: 64,
            says: ["did you mean \"container\"?"]),
        Mistake(arguments: run + ["--profile", "q36"], status: 64, says: ["did you mean \"q35\"?"]),
        Mistake(
            arguments: run + ["--timeout", "30parsec"], status: 64, says: ["--timeout", "parsec", "min"]),
        Mistake(arguments: run + ["--timeout", "0s"], status: 64, says: ["--timeout"]),
        Mistake(arguments: run + ["--budget", "-2min"], status: 64, says: ["--budget"]),
        Mistake(arguments: run + ["--memory", "256MB"], status: 64, says: ["--memory", "MiB"]),
        Mistake(arguments: run + ["--memory", "1KiB"], status: 64, says: ["--memory", "16 MiB"]),
        Mistake(arguments: run + ["--cpus", "0"], status: 64, says: ["--cpus is 0"]),
        Mistake(arguments: run + ["--warmup", "-1"], status: 64, says: ["--warmup is -1"]),
        Mistake(arguments: run + ["--seed", "-1"], status: 64, says: ["--seed"]),
        Mistake(
            arguments: ["run", "startup-latency", "--samples", "-3"], status: 64,
            says: ["--samples is -3", "from 1"]),
        Mistake(
            arguments: ["run", "startup-latency", "--samples", "0"], status: 64, says: ["--samples is 0"]),
        Mistake(
            arguments: ["run", "startup-latency", "--samples", "many"], status: 64,
            says: ["--samples", "whole"]),
        Mistake(arguments: run + ["--output", "/proc/nowhere/x"], status: 73, says: ["/proc/nowhere"]),
        Mistake(arguments: run + ["--output", "/etc"], status: 73, says: ["/etc", "not empty"]),
        Mistake(arguments: run + ["--output", "/etc/passwd"], status: 73, says: ["Not a directory"]),
        Mistake(arguments: run, status: 64, says: ["LAB_HOME"], environment: ["LAB_HOME": "relative"]),
        Mistake(
            arguments: run, status: 66, says: ["LAB_LABS"], environment: ["LAB_LABS": "/usr/share/empty"]),
        Mistake(
            arguments: run, status: 66, says: ["/nonexistent/guest"],
            environment: ["LAB_GUEST": "/nonexistent/guest"]),
        Mistake(arguments: ["report"], status: 64, says: ["RESULT"]),
        Mistake(arguments: ["report", "/nonexistent"], status: 66, says: ["/nonexistent"]),
        Mistake(arguments: ["report", "/etc/passwd"], status: 65, says: ["/etc/passwd", "malformed"]),
        Mistake(arguments: ["report", "/etc", "--format", "docx"], status: 64, says: ["docx"]),
        Mistake(arguments: ["compare", "/nonexistent"], status: 64, says: ["--with"]),
        Mistake(arguments: ["compare", "/nonexistent", "/etc"], status: 66, says: ["/nonexistent"]),
        Mistake(
            arguments: ["compare", "/etc/passwd", "/etc"], status: 65, says: ["/etc/passwd", "malformed"]),
        Mistake(
            arguments: ["compare", "a", "b", "--threshold", "3"], status: 64, says: ["--threshold", "5%"]),
        Mistake(
            arguments: ["compare", "a", "b", "--json", "--format", "csv"], status: 64,
            says: ["--json", "csv"]),
        Mistake(arguments: run + ["--threshold", "3%"], status: 64, says: ["--threshold", "--baseline"]),
        Mistake(arguments: run + ["--force"], status: 64, says: ["--force", "--baseline"]),
        Mistake(arguments: run + ["--baseline", "/nonexistent"], status: 66, says: ["/nonexistent"]),
        Mistake(arguments: ["explain", "startup-latency"], status: 64, says: ["--engine"]),
        Mistake(
            arguments: ["explain", "startup-latency", "--engine", "kvm,qemu"], status: 64,
            says: ["one engine"]),
        Mistake(
            arguments: ["run", "startup-latency,startup-latency"], status: 64, says: ["twice"]),
        Mistake(
            arguments: ["run", "startup-latency,cpu-overhed"], status: 64,
            says: ["did you mean \"cpu-overhead\"?"]),
        Mistake(
            arguments: ["run", "all", "--series", "plain"], status: 64, says: ["--series", "several"]),
        Mistake(
            arguments: ["run", "all", "--baseline", "old"], status: 64, says: ["--baseline", "several"]),
        Mistake(
            arguments: ["run", "all", "--threshold", "3%"], status: 64, says: ["--threshold", "--baseline"]),
        Mistake(arguments: ["run", "all", "--budget", "0s"], status: 64, says: ["--budget"]),
        Mistake(
            arguments: ["run", "all", "--engine", "contaner"], status: 64,
            says: ["did you mean \"container\"?"]),
        Mistake(arguments: ["run", "all", "--profile", "q36"], status: 64, says: ["q35"]),
        Mistake(arguments: ["run", "all", "--output", "/etc"], status: 73, says: ["/etc", "not empty"]),
        Mistake(arguments: ["report", "--table", "/nonexistent"], status: 66, says: ["/nonexistent"]),
        Mistake(
            arguments: ["report", "--table", "/etc/passwd", "--format", "csv"], status: 64, says: ["csv"]),
        Mistake(arguments: ["list", "cats"], status: 64, says: ["cats"]),
    ]

    @Test(arguments: mistakes)
    func isNamedWithItsRemedyAndLeavesNothing(_ mistake: Mistake) throws {
        let lab = try LabProgram()
        let finished = try lab.run(mistake.arguments, environment: mistake.environment)
        #expect(finished.status == mistake.status, "\(finished.errors)")
        for word in mistake.says { #expect(finished.errors.contains(word), "\(finished.errors)") }
        #expect(finished.output.isEmpty)
        #expect(lab.leftovers.isEmpty)
        #expect(Files.list("\(lab.directory.path)/results").isEmpty)
    }

    @Test func aMalformedLabNamesItsFileAndLine() throws {
        let lab = try LabProgram()
        let folder = "\(lab.directory.path)/labs/broken"
        try Files.makeDirectory(folder)
        try Files.write("id: broken\nenginess: [process]\n", to: "\(folder)/lab.yaml")
        let finished = try lab.run(
            ["run", "broken"], environment: ["LAB_LABS": "\(lab.directory.path)/labs"])
        #expect(finished.status == 65)
        #expect(finished.errors.contains("lab.yaml:2"), "\(finished.errors)")
    }

    @Test func aFullDiskUnderTheAnswerIsAnError() throws {
        let finished = try LabProgram().run(["version"], output: "/dev/full")
        #expect(finished.status == 74)
        #expect(finished.errors.contains("No space left on device"))
    }
}
