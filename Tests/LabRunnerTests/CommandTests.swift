import LabCore
import Testing

@testable import LabRunner

/// What the commands print that measure nothing.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct CommandTests {
    @Test(arguments: ["doctor", "list", "run", "report", "compare", "explain", "image", "clean", "version"])
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
