import Foundation
import Glibc
import Testing

@testable import LabCore

/// That what a run leaves is noticed: else every test that passes by `ExperimentRun` would say nothing.
@Suite struct ExperimentRunTests {
    /// Expects that a run which does this is found to have left something.
    private func expectNotice(_ leave: (RunContext) throws -> Void) throws {
        let left = try ExperimentRun.leftovers(on: .process) { run in try leave(run.context) }
        #expect(!left.isEmpty)
    }

    @Test func aFileInTheRunsDirectoryIsNoticed() throws {
        try expectNotice { context in try Files.write("x", to: "\(context.paths.run(context.runID))/file") }
    }

    @Test(arguments: [JournaledResource.Kind.file, .directory])
    func whatWasWrittenDownIsNoticedElsewhere(kind: JournaledResource.Kind) throws {
        try expectNotice { context in
            let path = "\(context.paths.state)/elsewhere"
            try context.journal.record(JournaledResource(kind, path))
            try Files.makeDirectory(path)
        }
    }

    @Test func aSwitchThatWasNotPutBackIsNoticed() throws {
        try expectNotice { context in
            let path = "\(context.paths.state)/switch"
            try context.journal.record(JournaledResource(.setting, "\(path)=0"))
            try Files.write("1\n", to: path)
        }
    }

    @Test func sharedMemoryIsNoticed() throws {
        var segment: SharedSegment?
        defer { segment?.remove() }
        try expectNotice { context in
            segment = try SharedSegment(
                key: .random(in: 1 << 24...1 << 30), holding: "x", journal: context.journal)
        }
        #expect(segment != nil)
    }

    @Test func aProcessThatNamesTheRunIsNoticed() throws {
        let process = Foundation.Process()
        let input = Pipe()
        defer {
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }
        try expectNotice { context in
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", "read line", context.runID]
            process.standardInput = input
            try process.run()
            // A parent goes on a little before its child's words stand in /proc.
            let patience = MonotonicInstant.now().advanced(by: .seconds(20))
            let words = "/proc/\(process.processIdentifier)/cmdline"
            while (try? Files.readText(words))?.contains(context.runID) != true,
                MonotonicInstant.now() < patience
            { usleep(1_000) }
        }
    }

    @Test("a trial that fails is an error, and a home goes with its run")
    func aFailedTrialIsAnError() throws {
        struct Failing: Experiment {
            let id = "failing"
            func perform(on engine: any PreparedEngine, _ bench: LabCore.Bench) throws(LabError) -> Finding {
                throw LabError(.usage, "it fails")
            }
        }
        let error = try ExperimentRun.failure(of: Failing(), on: .process)
        #expect(error.kind == .usage && error.message.english == "it fails")
        var home: String?
        #expect(throws: LabError.self) {
            try ExperimentRun.with(.process) { run in
                home = run.context.paths.state
                _ = try run.perform(Failing())
            }
        }
        #expect(!Files.exists(try #require(home)))
    }
}
