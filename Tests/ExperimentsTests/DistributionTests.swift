import Artifacts
import Foundation
import Glibc
import Testing

@testable import Experiments
@testable import LabCore

/// The distribution that `lab run image-size` made, where it is in this user's cache: these tests make none.
@Suite struct DistributionTests {
    private static let cached: Distribution? = {
        guard let paths = try? LabPaths.current(environment: ProcessInfo.processInfo.environment),
            let journal = try? RunJournal(runID: "look-\(getpid())", paths: paths)
        else { return nil }
        defer { journal.finish() }
        let root = RootFilesystem(directory: "", digest: "", guestDigest: "")
        return try? Distribution.open(
            RunContext(runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root))
    }()

    private func tool(_ program: String, _ words: [String]) throws -> Tool.Output {
        try Tool.run(program, words, in: "/", deadline: .now().advanced(by: .seconds(120)))
    }

    @Test(
        .enabled(if: cached != nil, "skipped: no distribution is in the cache; lab run image-size makes one"))
    func theDiskIsTheTreeAndAKernel() throws {
        let made = try #require(Self.cached)
        let check = try tool("e2fsck", ["-fn", made.disk])
        #expect(check.status == 0, "\(check.text)")
        // The same file in both, byte for byte, and the kernel in the disk alone.
        let file = try Digest.sha256(file: "\(made.root)/usr/bin/dpkg")
        let copy = "/tmp/lab-dpkg-\(getpid())"
        defer { unlink(copy) }
        _ = try tool("debugfs", ["-R", "dump /usr/bin/dpkg \(copy)", made.disk])
        let inside = try Digest.sha256(file: copy)
        #expect(inside == file)
        let boot = try tool("debugfs", ["-R", "ls -p /boot", made.disk]).text
        #expect(boot.contains("/vmlinuz-"))
        #expect(!Files.list("\(made.root)/boot").contains { $0.hasPrefix("vmlinuz") })
    }

    @Test(
        .enabled(if: cached != nil, "skipped: no distribution is in the cache; lab run image-size makes one"))
    func theArchivesHoldWhatTheyAreOf() throws {
        let made = try #require(Self.cached)
        let names = try tool("tar", ["--list", "--file", made.rootArchive]).text.split(separator: "\n")
        #expect(names.contains("./usr/bin/dpkg"))
        let disk = try tool("tar", ["--list", "--file", made.diskArchive])
        #expect(disk.text == "./disk.img\n")
        #expect(Files.list(made.directory) == ["disk.img", "disk.tar.gz", "kernel", "root", "root.tar.gz"])
    }
}
