import Glibc
import Testing

@testable import LabCore

@Suite struct CleanerTests {
    let home: TemporaryDirectory
    let paths: LabPaths

    init() throws {
        home = try TemporaryDirectory()
        paths = LabPaths(cache: "\(home.path)/cache", state: "\(home.path)/state")
    }

    /// Leaves a journal as a run that was killed does: without its lock.
    private func abandon(_ runID: String, _ resources: [JournaledResource]) throws {
        let journal = try RunJournal(runID: runID, paths: paths)
        for resource in resources { try journal.record(resource) }
    }

    @Test("it removes the newest first and forgets the journal")
    func removesTheNewestFirst() throws {
        try abandon("a", [.init(.directory, "/outer"), .init(.file, "/outer/inner")])
        var seen: [String] = []
        let cleaner = Cleaner(removers: [
            .directory: { name, _ in seen.append(name) }, .file: { name, _ in seen.append(name) },
        ])
        let outcome = try cleaner.cleanAbandoned(in: paths)
        #expect(seen == ["/outer/inner", "/outer"])
        #expect(outcome.runs == ["a"] && outcome.failures.isEmpty)
        #expect(Files.list(paths.journals).isEmpty)
        #expect(try cleaner.cleanAbandoned(in: paths) == Cleaner.Outcome())
    }

    @Test("what cannot be removed stops nothing else and stays in the journal")
    func whatCannotBeRemovedStopsNothingElse() throws {
        let stuck = LabError(.output, "cannot remove it", cause: "busy")
        try abandon("a", [.init(.directory, "/d"), .init(.cgroup, "/m"), .init(.file, "/f")])
        let cleaner = Cleaner(removers: [
            .directory: { _, _ in }, .file: { _, _ in }, .cgroup: { _, _ throws(LabError) in throw stuck },
        ])
        let outcome = try cleaner.cleanAbandoned(in: paths)
        #expect(outcome.removed.map(\.name) == ["/f", "/d"])
        #expect(outcome.failures == [.init(resource: .init(.cgroup, "/m"), error: stuck)])
        #expect(Files.list(paths.journals) == ["a.journal"])
    }

    @Test("the directory of the run goes last, even when nobody wrote it down")
    func theDirectoryOfTheRunGoesLast() throws {
        try abandon("a", [.init(.file, "/f")])
        try Files.makeDirectory(paths.run("a"))
        var seen: [String] = []
        let cleaner = Cleaner(removers: [
            .directory: { name, _ in seen.append(name) }, .file: { name, _ in seen.append(name) },
        ])
        _ = try cleaner.cleanAbandoned(in: paths)
        #expect(seen == ["/f", paths.run("a")])
    }

    @Test("Empty directories of VMs that no journal knows any more are found, and only these")
    func forgottenDirectories() throws {
        let place = "\(home.path)/machines"
        for name in ["lab-a-0", "lab-b-0", "lab-new-0", "files", "lab-bad.name"] {
            try Files.makeDirectory("\(place)/\(name)")
        }
        try Files.write("", to: "\(place)/lab-b-0/console")
        try Files.write("", to: "\(place)/lab-file")
        let now = time(nil)
        for name in ["lab-a-0", "lab-b-0", "files", "lab-bad.name"] {
            var times = [
                timespec(tv_sec: now - 9_999, tv_nsec: 0), timespec(tv_sec: now - 9_999, tv_nsec: 0),
            ]
            try checked { utimensat(AT_FDCWD, "\(place)/\(name)", &times, 0) }
        }
        let found = Cleaner.forgotten(below: place, before: now - 3_600)
        #expect(found == [.init(.directory, "\(place)/lab-a-0")])
        // One that is in use again by now stays.
        #expect(Cleaner.remove(forgotten: found + [.init(.directory, "\(place)/lab-b-0")]) == found)
        #expect(!Files.exists("\(place)/lab-a-0") && Files.exists("\(place)/lab-b-0/console"))
    }

    @Test func aDryRunRemovesNothing() throws {
        try abandon("a", [.init(.file, "/f")])
        let cleaner = Cleaner(removers: [.file: { _, _ in Issue.record("a dry run removed something") }])
        #expect(try cleaner.cleanAbandoned(in: paths, dryRun: true).removed.map(\.name) == ["/f"])
        #expect(Files.list(paths.journals) == ["a.journal"])
    }

    @Test func aLivingRunIsLeftAlone() throws {
        let journal = try RunJournal(runID: "alive", paths: paths)
        try journal.record(.init(.file, "/f"))
        let cleaner = Cleaner(removers: [.file: { _, _ in Issue.record("a living run lost something") }])
        #expect(try cleaner.cleanAbandoned(in: paths).runs.isEmpty)
        #expect(RunJournal.living(in: paths) == ["alive"])
        #expect(try journal.recorded() == [.init(.file, "/f")])
    }
}
