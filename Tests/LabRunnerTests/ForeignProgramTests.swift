import FoundationEssentials
import Glibc
import LabCore
import Testing

/// Programs in PATH that misbehave: they say what acts on a terminal, or they never end.
@Suite("foreign programs", .enabled(if: LabProgram.isBuilt, "skipped: lab is not built"))
struct ForeignProgramTests {
    private let lab: LabProgram

    init() throws { lab = try LabProgram() }

    /// A script under that name in a directory that is the first in PATH.
    private func plant(_ name: String, _ script: String) throws -> [String: String] {
        let directory = "\(lab.directory.path)/bin"
        try Files.makeDirectory(directory)
        try Files.write("#!/bin/sh\n\(script)\n", to: "\(directory)/\(name)", mode: 0o755)
        return ["PATH": "\(directory):/usr/sbin:/usr/bin:/sbin:/bin"]
    }

    private func acting(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { $0 != "\n" && ForeignText.acts($0) }
    }

    @Test("what a tool says acts neither on the terminal nor in JSON, and is not lost there")
    func whatAToolSaysActsNowhere() throws {
        let words = #"\033[31mred\007 \302\233 \342\200\256turned\302\205 \177"#
        let environment = try plant("docker", "printf '\(words)'; exit 1")
        let told = try lab.run(["doctor", "--engine", "docker"], environment: environment)
        #expect(acting(told.output).isEmpty && acting(told.errors).isEmpty, "\(told.output.debugDescription)")
        #expect(told.output.contains(#"\x1b[31mred"#), "\(told.output.debugDescription)")
        let json = try lab.run(["doctor", "--engine", "docker", "--json"], environment: environment)
        #expect(acting(json.output).isEmpty && json.output.contains("red"), "\(json.output.debugDescription)")
        // The tool does say it.
        let raw = try Tool.run(
            "\(lab.directory.path)/bin/docker", [], in: "/", deadline: .now().advanced(by: .seconds(20)))
        #expect(acting(raw.text).count >= 5)
    }

    @Test("what a user typed is said again without what acts")
    func whatAUserTypedActsNowhere() throws {
        for words in [
            ["run", "a\u{1b}[31m"], ["li\u{202e}st"], ["doctor", "--engine", "\u{9b}31m"], ["--\u{7}"],
        ] {
            let told = try lab.run(words)
            #expect(told.status == 64)
            #expect(acting(told.errors).isEmpty && !told.errors.isEmpty, "\(told.errors.debugDescription)")
        }
    }

    @Test("a kernel that is a FIFO is an error and not waited for")
    func aKernelThatIsAFIFOIsAnError() throws {
        let path = "\(lab.directory.path)/kernel"
        try checked { mkfifo(path, 0o600) }
        let told = try lab.run(
            [
                "run", "startup-latency", "--engine", "qemu-direct", "--samples", "1", "--warmup", "0",
                "--kernel", path,
            ])
        #expect(told.status != 0 && told.errors.contains("no regular file"), "\(told.errors)")
        #expect(lab.leftovers.isEmpty)
    }

    @Test("results that are FIFOs are errors too")
    func aResultThatIsAFIFOIsAnError() throws {
        let path = "\(lab.directory.path)/result.json"
        try checked { mkfifo(path, 0o600) }
        for words in [["report", path], ["compare", path, path], ["report", "--table", path]] {
            let told = try lab.run(words)
            #expect(told.status == 66 && told.errors.contains("no regular file"), "\(told.errors)")
        }
    }

    @Test(
        "the first signal ends a doctor that waits for a QEMU which never ends, and QEMU with all that it started",
        .enabled(if: Tool.find("qemu-system-x86_64") != nil, "skipped: there is no QEMU"),
        arguments: ["while :; do sleep 600; done", "sleep 600 & while :; do echo y; done"])
    func aSignalEndsAWaitForQEMU(script: String) throws {
        let pids = "\(lab.directory.path)/pids"
        let environment = try plant("qemu-system-x86_64", "echo $$ >>\(pids)\n\(script)")
        let running = try lab.start(["doctor", "--engine", "qemu"], environment: environment)
        let deadline = MonotonicInstant.now().advanced(by: .seconds(60))
        while !Files.exists(pids), MonotonicInstant.now() < deadline { usleep(10_000) }
        try #require(Files.exists(pids), "QEMU was not asked")
        running.signal(SIGTERM)
        let told = try running.wait()
        #expect(
            told.status == 130 && told.errors.contains("stopped by a signal"), "\(told.status) \(told.errors)"
        )
        for word in try Files.readText(pids).split(separator: "\n") {
            let pid = try #require(pid_t(word))
            #expect(kill(pid, 0) == -1, "\(pid) still runs")
        }
        #expect(lab.leftovers.isEmpty)
    }
}
