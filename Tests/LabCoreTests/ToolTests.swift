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

    @Test func toolsAreFoundByName() {
        #expect(Tool.find("sh")?.hasSuffix("/sh") == true)
        #expect(Tool.find("no-such-tool") == nil)
        #expect(Tool.find("") == nil)
    }
}
