import Glibc
import Testing

@testable import LabCore

/// KSM's switches on a tree of our own, made as the kernel's is.
@Suite struct SamepageMergingTests {
    private func withMachine(run: String = "0", _ body: (String, RunJournal) throws -> Void) throws {
        try withTemporaryDirectory { home in
            let directory = "\(home)/sys/kernel/mm/ksm"
            try Files.makeDirectory(directory)
            for (file, value) in [
                ("run", run), ("pages_to_scan", "100"), ("sleep_millisecs", "20"), ("pages_sharing", "3"),
                ("full_scans", "7"),
            ] { try Files.write("\(value)\n", to: "\(directory)/\(file)") }
            let journal = try RunJournal(
                runID: "merging", paths: LabPaths(cache: "\(home)/cache", state: "\(home)/state"))
            try body("\(home)/sys", journal)
            journal.finish()
        }
    }

    private func values(_ root: String) -> [String?] {
        ["run", "pages_to_scan", "sleep_millisecs"].map { Files.line("\(root)/kernel/mm/ksm/\($0)") }
    }

    @Test func itIsJournaledTurnedOnAndPutBack() throws {
        try withMachine { root, journal in
            let merging = try SamepageMerging.turn(on: true, journal: journal, root: root)
            #expect(values(root) == ["1", "10000", "10"])
            #expect(merging.savedBytes == UInt64(3 * sysconf(Int32(_SC_PAGESIZE))) && merging.fullScans == 7)
            let recorded = try journal.recorded()
            #expect(
                recorded.map(\.name) == [
                    "\(root)/kernel/mm/ksm/run=0", "\(root)/kernel/mm/ksm/pages_to_scan=100",
                    "\(root)/kernel/mm/ksm/sleep_millisecs=20",
                ])
            try merging.putBack()
            #expect(values(root) == ["0", "100", "20"])
            // What a run that died half-way left is put back from its journal.
            _ = try SamepageMerging.turn(on: true, journal: journal, root: root)
            for resource in recorded { try MachineSetting.putBack(resource.name, root: root) }
            #expect(values(root) == ["0", "100", "20"])
        }
    }

    @Test func offIsOffAndOnlyThatIsChanged() throws {
        try withMachine(run: "1") { root, journal in
            let merging = try SamepageMerging.turn(on: false, journal: journal, root: root)
            #expect(values(root) == ["0", "100", "20"])
            try merging.putBack()
            #expect(values(root) == ["1", "100", "20"])
        }
        try withMachine { root, journal in
            _ = try SamepageMerging.turn(on: false, journal: journal, root: root)
            #expect(try journal.recorded().isEmpty)
        }
    }

    @Test("of two at once the second is refused, and nothing is lost")
    func ofTwoAtOnceTheSecondIsRefused() throws {
        try withMachine { root, journal in
            let first = try SamepageMerging.turn(on: true, journal: journal, root: root)
            let error = #expect(throws: LabError.self) {
                _ = try SamepageMerging.turn(on: true, journal: journal, root: root)
            }
            #expect(error?.kind == .unavailable)
            try first.putBack()
            #expect(values(root) == ["0", "100", "20"])
        }
    }

    @Test func aKernelWithoutItIsUnavailable() throws {
        try withMachine { root, journal in
            try Files.removeTree("\(root)/kernel/mm/ksm/run")
            let error = #expect(throws: LabError.self) {
                try SamepageMerging.turn(on: true, journal: journal, root: root)
            }
            #expect(error?.kind == .unavailable && error?.remedy != nil)
            #expect(try journal.recorded().isEmpty)
            #expect(values(root) == [nil, "100", "20"])
        }
    }

    /// A journal is believed only where lab could have written it.
    @Test func aHostileJournalWritesNothing() throws {
        try withMachine { root, _ in
            let directory = "\(root)/kernel/mm/ksm"
            try Files.write("untouched", to: "\(directory)/use_zero_pages")
            #expect(symlink("../../../../outside", "\(directory)/merge_across_nodes") == 0)
            for name in [
                "\(directory)/use_zero_pages=1", "\(directory)/../ksm/run=1", "\(directory)/run=",
                "\(directory)/run",
                "\(directory)/run=a b", "\(root)/devices/system/cpu/run=1", "\(directory)/cpufreq/boost=1",
                "\(directory)/merge_across_nodes=0",
            ] {
                #expect(throws: LabError.self, "\(name)") {
                    try MachineSetting.putBack(name, root: root)
                }
            }
            #expect(values(root) == ["0", "100", "20"])
            #expect(Files.line("\(directory)/use_zero_pages") == "untouched")
        }
    }
}
