import CLinux
import Glibc
import Testing

@testable import LabCore

/// What a journal may name, and which journals are believed.
struct RunPlacesTests {
    private func withPlaces(_ body: (String, RunPlaces) throws -> Void) throws {
        try withTemporaryDirectory { home in
            let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
            for path in [paths.run("run"), "\(paths.cache)/distribution", "\(home)/outside/deep"] {
                try Files.makeDirectory(path)
            }
            try Files.write("kept", to: "\(home)/outside/deep/file")
            try body(home, try RunPlaces("run", paths))
        }
    }

    @Test("Directories and files of the run are removed, whatever way its state was named by")
    func whatTheRunMadeIsRemoved() throws {
        try withPlaces { home, run in
            #expect(symlink("\(home)/state", "\(home)/other") == 0)
            for name in [
                "\(home)/state/runs/run/a", "\(home)/other/runs/run/b", "\(home)/state/runs/run-17",
                "\(home)/cache/distribution/0123456789abcdef.building-run", "\(home)/state/runs/run",
            ] {
                try Files.makeDirectory("\(name)/inside")
                try run.removeDirectory(name)
                #expect(!Files.exists(name), "\(name)")
                try run.removeDirectory(name)
            }
            try Files.makeDirectory("\(home)/state/runs/run")
            try Files.write("x", to: "\(home)/state/runs/run/qemu-sector-0")
            try run.removeFile("\(home)/state/runs/run/qemu-sector-0")
            #expect(Files.list("\(home)/state/runs/run").isEmpty)
        }
    }

    /// Each is removed by who believes the entry, which the control does.
    @Test("Nothing else is removed, by whatever name, and each would be by who believes it")
    func whatTheRunDidNotMakeIsKept() throws {
        try withPlaces { home, run in
            try Files.makeDirectory("\(home)/state/runs/runner")
            try Files.makeDirectory("\(home)/state/runs/other/inside")
            #expect(symlink("\(home)/outside", "\(home)/state/runs/run/link") == 0)
            #expect(symlink("\(home)/outside", "\(home)/state/runs/run-3") == 0)
            for name in [
                "\(home)/outside", "\(home)/outside/deep/file", "\(home)/state/runs/runner",
                "\(home)/state/runs/other",
                "\(home)/state/runs/run/../other", "\(home)/state/runs/run/./../../../outside",
                "\(home)/state/runs/run/link/deep", "\(home)/state/runs/run-3/deep", "\(home)/state/runs",
                "\(home)/state", "\(home)/state/runs/", "\(home)/state/runs/run//..//other",
                "\(home)/cache/distribution", "\(home)/cache/distribution/x.building-other",
                "\(home)/cache/distribution/../../outside", "outside", "", ".", "..", "/",
            ] {
                #expect(throws: LabError.self, "\(name)") { try run.removeDirectory(name) }
                #expect(throws: LabError.self, "\(name)") { try run.removeFile(name) }
                #expect(try Files.readText("\(home)/outside/deep/file") == "kept")
                #expect(Files.isDirectory("\(home)/state/runs/other/inside"))
            }
            try Files.removeTree("\(home)/state/runs/run/link/deep")
            #expect(!Files.exists("\(home)/outside/deep"), "the control follows the link on the way")
            #expect(throws: LabError.self) { try run.removeFile("\(home)/state/runs/run") }
        }
    }

    @Test(
        "An id that leads elsewhere is no run's",
        arguments: [
            "", ".", "..", "../..", "a/b", "-a", "a b", "a\nb", "ä", String(repeating: "a", count: 65),
        ])
    func oddIDsAreRefused(id: String) throws {
        try withTemporaryDirectory { home in
            let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
            #expect(throws: LabError.self) { try RunPlaces(id, paths) }
            let error = #expect(throws: LabError.self) { try RunJournal(runID: id, paths: paths) }
            #expect(error?.kind == .usage)
        }
    }

    @Test("A name of the run's begins with its id, and another run's does not")
    func namesAreTheRunsOwn() throws {
        let run = try RunPlaces("t1", LabPaths(cache: "/c", state: "/s"))
        for name in ["lab-t1", "lab-t1-kvm-3", "lab-t1-saved_0"] { #expect(run.owns(name)) }
        for name in [
            "", "lab", "lab-t", "lab-t11", "lab-t12-0", "lab-t1/..", "lab-t1-a b", "lab-t1-\n", "lab-t1-ä",
            "xlab-t1",
            "lab-t1-" + String(repeating: "a", count: 300),
        ] { #expect(!run.owns(name), "\(name.debugDescription)") }
    }

    @Test(
        "What a line can't hold is an error before anything is made",
        arguments: [
            "", "/a\nb", "/a\0", "/\u{1b}c", "/a\u{7f}", String(repeating: "a", count: 9_000),
        ])
    func whatALineCannotHoldIsAnError(name: String) throws {
        try withTemporaryDirectory { home in
            let journal = try RunJournal(
                runID: "r", paths: LabPaths(cache: "\(home)/cache", state: "\(home)/state"))
            let error = #expect(throws: LabError.self) { try journal.record(.init(.directory, name)) }
            #expect(error?.kind == .usage)
            #expect(error?.message.english.utf8.allSatisfy { $0 >= 0x20 } == true)
            #expect(try journal.recorded().isEmpty)
        }
    }

    // MARK: Whose a journal is

    private enum HostBait: String, CaseIterable {
        case own, group, others, link, fifo, directory, foreign, name, large
    }

    private static let isRoot = geteuid() == 0

    /// Every sort of file in a journal's place: only that of this user, which only this user may write to, is replayed.
    @Test("Only a regular file of ours that only we may write to is replayed; the others are named and kept")
    func onlyOurOwnJournalsAreReplayed() throws {
        for plant in HostBait.allCases where plant != .foreign || Self.isRoot {
            try withTemporaryDirectory { home in
                let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
                try Files.makeDirectory(paths.journals, mode: 0o700)
                let path = "\(paths.journals)/\(plant == .name ? ".." : "dead").journal"
                let text = "maker\t999999999\nfile\t/f\n"
                try Files.write(text, to: plant == .link ? "\(home)/real" : path, mode: 0o600)
                switch plant {
                case .own, .name: break
                case .group: chmod(path, 0o620)
                case .others: chmod(path, 0o602)
                case .link: #expect(symlink("\(home)/real", path) == 0)
                case .fifo:
                    unlink(path)
                    #expect(mkfifo(path, 0o600) == 0)
                case .directory:
                    unlink(path)
                    try Files.makeDirectory(path)
                case .foreign: chown(path, 65_534, 65_534)
                case .large:
                    let file = try FileDescriptor.open(path, O_WRONLY)
                    #expect(ftruncate(file.rawValue, 20 << 20) == 0)
                }
                var found: [JournaledResource] = []
                var refused: [LabError] = []
                try RunJournal.forEachAbandoned(in: paths, refuse: { refused.append($0) }) {
                    found += $0.resources
                }
                #expect(found == (plant == .own ? [.init(.file, "/f")] : []), "\(plant)")
                #expect(refused.count == (plant == .own ? 0 : 1), "\(plant)")
                #expect(refused.allSatisfy { $0.remedy != nil })
                #expect(Files.exists(path))
            }
        }
    }

    @Test("Where others may write, no journal is looked at")
    func aDirectoryOfOthersIsNotLookedAt() throws {
        try withTemporaryDirectory { home in
            let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
            do { try RunJournal(runID: "dead", paths: paths).record(.init(.file, "/f")) }
            for place in [home, paths.state, paths.journals] {
                chmod(place, 0o777)
                let error = #expect(throws: LabError.self) {
                    try RunJournal.forEachAbandoned(in: paths) { _ in Issue.record("it was replayed") }
                }
                #expect(error?.kind == .permission && error?.remedy?.english == "chmod go-w \(place)")
                #expect(RunJournal.living(in: paths).isEmpty)
                #expect(throws: LabError.self) { try RunJournal(runID: "new", paths: paths) }
                chmod(place, 0o700)
            }
            var runs: [String] = []
            try RunJournal.forEachAbandoned(in: paths) { runs.append($0.runID) }
            #expect(runs == ["dead"], "the control: the same, closed")
        }
    }

    @Test("A malformed line is an error by itself: the rest goes on, and the journal is kept")
    func aMalformedLineStopsNothing() throws {
        try withTemporaryDirectory { home in
            let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
            try Files.makeDirectory(paths.journals, mode: 0o700)
            try Files.makeDirectory("\(paths.run("dead"))/a")
            let path = "\(paths.journals)/dead.journal"
            let text =
                "maker\t999999999\ndirectory\t\(paths.run("dead"))/a\nnonsense \u{1b}[2J\nfile\t/etc/passwd\n"
            try Files.write(text, to: path, mode: 0o600)
            let cleaner = Cleaner(removers: [
                .directory: { name, run throws(LabError) in try run.removeDirectory(name) },
                .file: { name, run throws(LabError) in try run.removeFile(name) },
            ])
            let outcome = try cleaner.cleanAbandoned(in: paths)
            #expect(outcome.removed.map(\.name) == ["\(paths.run("dead"))/a", paths.run("dead")])
            #expect(outcome.failures.map(\.resource) == [.init(.file, "/etc/passwd")])
            #expect(outcome.refused.count == 1)
            #expect(outcome.refused[0].message.english.contains("nonsense"))
            #expect(outcome.refused[0].message.english.utf8.allSatisfy { $0 >= 0x20 })
            #expect(try Files.readText(path) == text)
        }
    }

    @Test(
        "A segment that somebody else made is left alone",
        .enabled(if: isRoot, "skipped: only root may become another user"))
    func anothersSegmentIsKept() throws {
        let key = Int32.random(in: 1 << 24...1 << 30)
        // Made as another user, on a thread of its own, of the size by which ours are known.
        try Threads.together(1) { _ in
            guard clinux_become_user(65_534, 65_534) == 0 else { return }
            _ = shmget(key, 509, Int32(IPC_CREAT) | Int32(IPC_EXCL) | 0o666)
        }
        let identifier = shmget(key, 0, 0)
        try #require(identifier >= 0)
        defer { shmctl(identifier, IPC_RMID, nil) }
        try SharedSegment.remove("\(key)")
        #expect(shmget(key, 0, 0) == identifier)
        // The control: of ours nothing is left.
        let own = shmget(key + 1, 509, Int32(IPC_CREAT) | Int32(IPC_EXCL) | 0o600)
        try #require(own >= 0)
        try SharedSegment.remove("\(key + 1)")
        #expect(shmget(key + 1, 0, 0) == -1)
    }
}
