import Glibc
import LabCore
import Testing

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

    @Test func toolsAreFoundByName() {
        #expect(Tool.find("sh")?.hasSuffix("/sh") == true)
        #expect(Tool.find("no-such-tool") == nil)
        #expect(Tool.find("") == nil)
    }
}
