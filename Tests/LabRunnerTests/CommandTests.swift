import Glibc
import LabCore
import Testing

@testable import LabRunner

/// What the commands print that measure nothing.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct CommandTests {
    @Test(arguments: [
        "doctor", "list", "run", "report", "compare", "explain", "image", "grade", "clean", "version",
    ])
    func helpHasExamples(command: String) throws {
        let finished = try LabProgram().run([command, "--help"])
        #expect(finished.status == 0 && finished.errors.isEmpty)
        #expect(finished.output.contains("EXAMPLES\n  lab \(command)"))
    }

    @Test func theRootHelpListsEveryExitCode() throws {
        let help = try LabProgram().run(["--help"]).output
        let codes = Set(LabError.Kind.allCases.map { LabError($0, "").exitCode })
        for code in codes { #expect(help.contains("\n  \(code) "), "\(code) is not in the help") }
    }

    @Test("A program that does not end is killed with its children, and the test that waits for it fails")
    func whatHangsIsEnded() throws {
        let lab = try LabProgram()
        let running = try lab.start(["-c", "echo words >&2; sleep 60 & wait"], program: "/bin/sh")
        var child: pid_t?
        #expect(
            waitUntil {
                child = HostProcess(pid: running.pid).children.first?.pid
                return child != nil
            })
        let error = #expect(throws: LabError.self) { try running.wait(within: .milliseconds(50)) }
        #expect(error?.kind == .timeout && error?.cause?.english == "words\n")
        let orphan = try #require(child)
        #expect(waitUntil { isGone(orphan) } && isGone(running.pid) && lab.leftovers.isEmpty)
    }

    @Test func versionAndListAreJSONOnRequest() throws {
        struct VersionAnswer: Decodable { let version: String }
        struct Entry: Decodable { let id: String }
        struct List: Decodable {
            let labs: [Entry]?
            let engines: [Entry]?
            let workloads: [Entry]?
        }
        let lab = try LabProgram()
        #expect(try lab.run(["version", "--json"]).json(VersionAnswer.self).version == Version.current)
        let all = try lab.run(["list", "--json"]).json(List.self)
        #expect(all.labs?.map(\.id).contains("startup-latency") == true)
        #expect(all.engines?.map(\.id) == EngineFactory.ids.map(\.rawValue))
        let some = try lab.run(["list", "workloads", "--json"]).json(List.self)
        #expect(some.labs == nil && some.workloads?.map(\.id) == Workload.knownNames)
    }

    @Test func cleanOfNothingIsQuietSuccess() throws {
        struct Clean: Decodable { let runs: [String] }
        let lab = try LabProgram()
        #expect(try lab.run(["clean"]).status == 0)
        let finished = try lab.run(["clean", "--dry-run", "--json"])
        #expect(finished.status == 0)
        #expect(try finished.json(Clean.self).runs.isEmpty)
    }
}
