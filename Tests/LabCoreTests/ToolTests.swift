import Glibc
import Testing

@testable import LabCore

@Suite struct ToolTests {
    private func shell(
        _ text: String, variables: [String] = [], within limit: Duration = .seconds(20)
    ) throws(LabError) -> Tool.Output {
        try Tool.run("sh", ["-c", text], in: "/", variables: variables, deadline: .now().advanced(by: limit))
    }

    @Test func whatAToolSaysAndHowItEndsComeBack() throws {
        let output = try shell("echo out; echo err >&2; exit 7")
        #expect(output.status == 7)
        #expect(output.text == "out\nerr\n")
        #expect(try shell("kill -KILL $$").status == 128 + SIGKILL)
    }

    @Test func variablesStandBesideOurs() throws {
        let output = try shell("echo $LAB_TOOL_TEST $LC_ALL; pwd", variables: ["LAB_TOOL_TEST=a b"])
        #expect(output.text == "a b C\n/\n")
    }

    @Test func aToolThatTakesTooLongIsKilled() throws {
        let error = #expect(throws: LabError.self) { try shell("exec sleep 60", within: .milliseconds(100)) }
        #expect(error?.kind == .timeout)
    }

    @Test func aToolThatNeverStopsTalkingIsKilled() throws {
        // Slower than `yes`, which may reach the limit before the deadline.
        let late = #expect(throws: LabError.self) {
            try shell("while :; do echo y; done", within: .milliseconds(100))
        }
        #expect(late?.kind == .timeout)
        let loud = #expect(throws: LabError.self) {
            try Tool.run("yes", [], in: "/", deadline: .now().advanced(by: .seconds(20)), limit: 1 << 20)
        }
        #expect(loud?.kind == .data)
    }

    @Test("No program is taken from a directory that depends on where one is")
    func relativeDirectoriesAreNotSearched() throws {
        #expect(SearchPath.absolute(".:/usr/bin::bin:/bin:") == "/usr/bin:/bin")
        #expect(SearchPath.absolute("") == "")
        try withTemporaryDirectory { path in
            try Files.write("#!/bin/sh\necho planted\n", to: "\(path)/planted", mode: 0o755)
            func run(_ search: String) throws -> String {
                try Tool.run(
                    "sh", ["-c", "exec env PATH=\(search) planted"], in: path,
                    deadline: .now().advanced(by: .seconds(20))
                ).text
            }
            #expect(try run(".:/usr/bin:/bin") == "planted\n", "the control: as it came")
            #expect(try run(SearchPath.absolute(".:/usr/bin:/bin")).contains("No such file"))
        }
    }

    /// A process that a script has written the number of, once it has.
    private func process(in file: String) throws -> pid_t {
        let deadline = MonotonicInstant.now().advanced(by: .seconds(20))
        while true {
            if let pid = Files.line(file).flatMap({ pid_t($0) }) { return pid }
            try #require(MonotonicInstant.now() < deadline, "the script did not begin")
            usleep(1_000)
        }
    }

    /// Whether a process ends, waited for.
    private func isGone(_ pid: pid_t) -> Bool {
        let deadline = MonotonicInstant.now().advanced(by: .seconds(20))
        while MonotonicInstant.now() < deadline {
            let state = (try? Files.readText("/proc/\(pid)/stat"))?.split(separator: ")").last?.first {
                $0 != " "
            }
            if state == nil || state == "Z" { return true }
            usleep(1_000)
        }
        return false
    }

    @Test("a tool that closes its output and goes on is waited for until the deadline, not for ever")
    func aToolWithClosedOutputIsKilled() throws {
        try withTemporaryDirectory { path in
            let error = #expect(throws: LabError.self) {
                try shell(
                    "echo $$ >\(path)/pid; exec >&- 2>&-; trap '' TERM; while :; do sleep 60; done",
                    within: .milliseconds(300))
            }
            #expect(error?.kind == .timeout)
            let pid = try process(in: "\(path)/pid")
            #expect(isGone(pid))
        }
    }

    @Test("what a tool leaves running with its output open is not waited for")
    func whatAToolLeavesRunningIsNotWaitedFor() throws {
        try withTemporaryDirectory { path in
            let output = try shell("sleep 60 & echo $! >\(path)/pid; echo said")
            #expect(output.text == "said\n")
            let pid = try process(in: "\(path)/pid")
            // It does run, and holds the pipe.
            #expect(kill(pid, SIGKILL) == 0)
        }
    }

    @Test("a signal ends a tool with all that it started; one that came before ends nothing that tidies up")
    func aSignalEndsATool() throws {
        try withTemporaryDirectory { path in
            let interrupt = try Interrupt()
            let script = "sleep 60 & echo $! >\(path)/pid; wait"
            try Threads.together(2) { number in
                if number == 0 {
                    let error = #expect(throws: LabError.self) {
                        try Tool.run(
                            "sh", ["-c", script], in: "/", deadline: .now().advanced(by: .seconds(60)),
                            interrupt: interrupt)
                    }
                    #expect(error?.kind == .interrupted)
                } else {
                    _ = try? process(in: "\(path)/pid")
                    interrupt.raise()
                }
            }
            let pid = try process(in: "\(path)/pid")
            #expect(isGone(pid))
            let later = try Tool.run(
                "echo", ["tidy"], in: "/", deadline: .now().advanced(by: .seconds(20)), interrupt: interrupt)
            #expect(later.text == "tidy\n")
        }
    }

    @Test func toolsAreFoundByName() {
        #expect(Tool.find("sh")?.hasSuffix("/sh") == true)
        #expect(Tool.find("no-such-tool") == nil)
        #expect(Tool.find("") == nil)
    }
}
