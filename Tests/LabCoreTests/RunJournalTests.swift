import Glibc
import Testing

@testable import LabCore

struct RunJournalTests {
    private func abandoned(_ paths: LabPaths) throws -> [String: [JournaledResource]] {
        var found: [String: [JournaledResource]] = [:]
        try RunJournal.forEachAbandoned(in: paths) { journal in found[journal.runID] = journal.resources }
        return found
    }

    private func withPaths(_ body: (LabPaths) throws -> Void) throws {
        try withTemporaryDirectory { try body(LabPaths(cache: "\($0)/cache", state: "\($0)/state")) }
    }

    /// Leaves a journal as a run that was killed leaves it: written, and locked by nobody.
    private func leave(_ resources: [JournaledResource], _ runID: String, _ paths: LabPaths) throws {
        let journal = try RunJournal(runID: runID, paths: paths)
        for resource in resources { try journal.record(resource) }
    }

    @Test func aLivingRunIsLeftAlone() throws {
        try withPaths { paths in
            let journal = try RunJournal(runID: "living", paths: paths)
            try journal.record(JournaledResource(.cgroup, "/x"))
            #expect(try abandoned(paths).isEmpty)
            #expect(Files.exists(journal.path))
            journal.finish()
            #expect(Files.list(paths.journals).isEmpty)
        }
    }

    @Test func aDeadRunIsFoundWithTheNewestFirst() throws {
        try withPaths { paths in
            let made = [
                JournaledResource(.directory, "/a b"), JournaledResource(.cgroup, "/a b/m"),
                JournaledResource(.domain, "lab-1 qemu:///embed?root=/c"),
            ]
            try leave(made, "dead", paths)
            let living = try RunJournal(runID: "living", paths: paths)
            #expect(try abandoned(paths) == ["dead": made.reversed()])
            living.finish()
        }
    }

    @Test func aRemovedJournalIsForgotten() throws {
        try withPaths { paths in
            try leave([JournaledResource(.file, "/f")], "dead", paths)
            try RunJournal.forEachAbandoned(in: paths) { $0.remove() }
            #expect(try abandoned(paths).isEmpty)
            #expect(Files.list(paths.journals).isEmpty)
        }
    }

    @Test func aStartThatWasKilledLeavesNothing() throws {
        try withPaths { paths in
            try Files.makeDirectory(paths.journals)
            // No process has a pid beyond the kernel's limit of 2²².
            try Files.write("", to: "\(paths.journals)/a.journal.new-\(1 << 22 + 1)")
            try Files.write("", to: "\(paths.journals)/b.journal.new-\(getpid())")
            #expect(try abandoned(paths).isEmpty)
            #expect(Files.list(paths.journals) == ["b.journal.new-\(getpid())"])
        }
    }

    @Test func aRunIdIsUsedOnce() throws {
        try withPaths { paths in
            let journal = try RunJournal(runID: "one", paths: paths)
            let error = #expect(throws: LabError.self) { try RunJournal(runID: "one", paths: paths) }
            #expect(error?.kind == .output)
            #expect(error?.cause?.english == "File exists")
            journal.finish()
            #expect(Files.list(paths.journals).isEmpty, "a failed start leaves nothing")
        }
    }

    @Test(
        "A line for which there was no room is taken back whole, and the next one is read",
        .enabled(if: geteuid() == 0, "skipped: mounting a small file system needs root"))
    func fullDisk() throws {
        try withTemporaryDirectory { home in
            let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
            try Files.makeDirectory(paths.state, mode: 0o700)
            if mount("tmpfs", paths.state, "tmpfs", 0, "size=64k,mode=700") != 0 {
                try Test.cancel("skipped: nothing can be mounted here: \(Errno(errno))")
            }
            defer { umount2(paths.state, Int32(MNT_DETACH)) }
            let journal = try RunJournal(runID: "full", paths: paths)
            let filler = "\(paths.state)/filler"
            let file = try FileDescriptor.open(filler, O_WRONLY | O_CREAT)
            var full: Errno?
            do throws(Errno) { try file.writeAll([UInt8](repeating: 0, count: 1 << 16)) } catch {
                full = error
            }
            #expect(full == Errno(ENOSPC))
            // What is left of its page takes the first, and not all of the second.
            let names = (0..<2).map { "/\($0)" + String(repeating: "x", count: 3_000) }
            try journal.record(JournaledResource(.file, names[0]))
            let error = try #require(throws: LabError.self) {
                try journal.record(JournaledResource(.file, names[1]))
            }
            #expect(error.kind == .output && error.reason.english.contains("No space left on device"))
            let state = try Files.realPath(paths.state)
            #expect(error.remedy?.english.contains("\(state) (tmpfs, 64 KiB, ") == true, "\(error)")
            ftruncate(file.rawValue, 0)
            try journal.record(JournaledResource(.cgroup, "/after"))
            #expect(
                try journal.recorded() == [
                    JournaledResource(.cgroup, "/after"), JournaledResource(.file, names[0]),
                ])
            journal.finish()
        }
    }

    @Test func aTornLineIsIgnored() throws {
        let whole = Array("cgroup\t/a\nfile\t/b\n".utf8)
        let complete = RunJournal.parse(whole)
        #expect(complete.resources == [JournaledResource(.cgroup, "/a"), JournaledResource(.file, "/b")])
        #expect(complete.malformed.isEmpty)
        for length in whole.indices {
            let lines = whole[..<length].count { $0 == 0x0a }
            #expect(
                RunJournal.parse(Array(whole[..<length])).resources == Array(complete.resources.prefix(lines))
            )
        }
    }

    @Test("A line that nobody wrote is told apart from a resource, and none is lost")
    func linesThatNobodyWroteAreNamed() {
        let lines = [
            "cgroup /a", "socket\t/b", "file\t", "\t/c", "file\t/d\u{7}", "file\t/e\tf", "maker\t1", "",
        ]
        let bytes = Array("maker\t1\n\(lines.joined(separator: "\n"))\nfile\t/ok\n".utf8)
        let contents = RunJournal.parse(bytes)
        #expect(contents.resources == [JournaledResource(.file, "/ok")])
        #expect(contents.malformed == lines)
        #expect(RunJournal.parse(Array("file\t".utf8) + [0xff, 0x0a]).malformed == ["file\t\u{fffd}"])
    }

    @Test("any bytes give only names that could have been recorded")
    func anyBytesGiveOnlyRecordableNames() {
        var fuzzer = Fuzzer(seed: 6)
        let seed = Array("domain\tlab-1 qemu:///system\ncgroup\t/sys/fs/cgroup/lab\ndirectory\t/d\n".utf8)
        for _ in 0..<3_000 {
            for resource in RunJournal.parse(
                fuzzer.mutated(seed, dictionary: ["\n", "\t", "file\t/x\n", "\0"])
            ).resources {
                #expect(!resource.name.isEmpty)
                #expect(resource.name.utf8.allSatisfy { $0 >= 0x20 })
            }
        }
    }

    /// A child that a killed run was starting holds the lock for the moment that it takes to die.
    @Test func aDeadRunsLastChildIsWaitedFor() throws {
        try withTemporaryDirectory { home in
            let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
            try Files.makeDirectory(paths.journals)
            // No process has this pid: it is beyond what Linux gives.
            try Files.write(
                "maker\t999999999\ncgroup\t/sys/fs/cgroup/lab-x\n", to: "\(paths.journals)/dead.journal")
            let held = try FileDescriptor.open("\(paths.journals)/dead.journal", O_RDWR)
            try checked { flock(held.rawValue, LOCK_EX | LOCK_NB) }
            // The lock goes with the last descriptor of its description: that of the child below.
            let child = held.release()
            let began = MonotonicInstant.now()
            try Threads.together(2) { index in
                if index == 1 {
                    usleep(200_000)
                    close(child)
                    return
                }
                var found: [String] = []
                try? RunJournal.forEachAbandoned(in: paths) { (journal) throws(LabError) in
                    found += journal.resources.map(\.name)
                }
                #expect(found == ["/sys/fs/cgroup/lab-x"])
                #expect(MonotonicInstant.now().nanoseconds(since: began) >= 150_000_000)
            }
        }
    }
}
