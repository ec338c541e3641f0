import Artifacts
import Glibc
import Testing

@testable import LabCore

struct RootFilesystemTests {
    /// Paths in a directory of their own, and a stand-in for lab-guest: the root is a matter of bytes, not of what
    /// they do.
    private func withGuest(_ body: (String, LabPaths) throws -> Void) throws {
        try withTemporaryDirectory { path in
            try Files.write("a program", to: "\(path)/guest")
            try body("\(path)/guest", LabPaths(cache: "\(path)/cache", state: "\(path)/state"))
        }
    }

    @Test func theRootHoldsTheGuestAndTheMountPoints() throws {
        try withGuest { guest, paths in
            let root = try RootFilesystem.minimal(guest: guest, paths: paths)
            #expect(Files.list(root.directory) == ["dev", "etc", "lab-guest", "proc", "sys", "tmp"])
            #expect(root.guestDigest == Digest.sha256("a program".utf8))
            #expect(try Digest.sha256(file: root.hostGuestPath) == root.guestDigest)
            #expect(access(root.hostGuestPath, X_OK) == 0)
            #expect(root.directory.hasSuffix(root.digest))
        }
    }

    @Test("the same guest gives the same root without building it again")
    func theSameGuestGivesTheSameRoot() throws {
        try withGuest { guest, paths in
            let first = try RootFilesystem.minimal(guest: guest, paths: paths)
            let before = try inode(first.hostGuestPath)
            #expect(try RootFilesystem.minimal(guest: guest, paths: paths) == first)
            #expect(try inode(first.hostGuestPath) == before)
            try Files.write("another program", to: guest)
            #expect(try RootFilesystem.minimal(guest: guest, paths: paths).digest != first.digest)
        }
    }

    @Test(arguments: ["changed", "guest gone", "directory gone"])
    func aDamagedCopyIsBuiltAgain(damage: String) throws {
        try withGuest { guest, paths in
            let root = try RootFilesystem.minimal(guest: guest, paths: paths)
            switch damage {
            case "changed": try Files.write("tampered with", to: root.hostGuestPath)
            case "guest gone": unlink(root.hostGuestPath)
            default: rmdir("\(root.directory)/proc")
            }
            #expect(try RootFilesystem.minimal(guest: guest, paths: paths) == root)
            #expect(try Digest.sha256(file: root.hostGuestPath) == root.guestDigest)
            #expect(Files.list(root.directory).count == RootFilesystem.directories.count + 1)
            #expect(Files.list("\(paths.cache)/rootfs") == [root.digest], "nothing half-built is left")
        }
    }

    @Test func aGuestThatIsNotThereIsNamed() throws {
        try withTemporaryDirectory { path in
            let paths = LabPaths(cache: "\(path)/cache", state: "\(path)/state")
            let error = #expect(throws: LabError.self) {
                try RootFilesystem.minimal(guest: "\(path)/none", paths: paths)
            }
            #expect(error?.message.english == "cannot read \(path)/none")
        }
    }

    private func inode(_ path: String) throws -> ino_t {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_ino
    }

    @Test(
        "The guest is not taken from who could not have put the program there",
        .enabled(if: geteuid() == 0, "skipped: only root can give files away"))
    func anothersGuestIsNotTaken() throws {
        try withTemporaryDirectory { path in
            let (program, guest) = ("\(path)/lab", "\(path)/lab-guest")
            for file in [program, guest] { try Files.write("x", to: file, mode: 0o755) }
            #expect(RootFilesystem.isOfOwner(ofProgram: program, guest))
            chown(guest, 65_534, 65_534)
            #expect(!RootFilesystem.isOfOwner(ofProgram: program, guest))
            // Who owns the program runs as we do already: a user's build that root starts.
            chown(program, 65_534, 65_534)
            #expect(RootFilesystem.isOfOwner(ofProgram: program, guest))
            chown(guest, 0, 0)
            chmod(guest, 0o757)
            #expect(!RootFilesystem.isOfOwner(ofProgram: program, guest))
            #expect(!RootFilesystem.isOfOwner(ofProgram: program, "\(path)/none"))
        }
    }
}
