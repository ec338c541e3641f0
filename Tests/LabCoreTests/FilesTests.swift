import Artifacts
import Glibc
import LabCore
import Testing

struct FilesTests {
    @Test(
        "no file that a user names keeps its reader waiting: a FIFO, a terminal, a device without end are refused"
    )
    func whatIsNoRegularFileIsNotWaitedFor() throws {
        try withTemporaryDirectory { path in
            try checked { mkfifo("\(path)/fifo", 0o600) }
            symlink("\(path)/fifo", "\(path)/link")
            for name in ["\(path)/fifo", "\(path)/link", "/dev/zero", "/dev/ptmx"] {
                let error = #expect(throws: LabError.self) { try Files.read(name) }
                #expect(error?.kind == .input && error?.cause?.english == "it is no regular file", "\(name)")
                #expect(throws: LabError.self) { try Digest.sha256(file: name) }
            }
            #expect(throws: LabError.self) { try Files.read(path) }
            // Whoever opens it as a file is opened does wait.
            let waits = #expect(throws: LabError.self) {
                try Tool.run(
                    "cat", ["\(path)/fifo"], in: "/", deadline: .now().advanced(by: .milliseconds(300)))
            }
            #expect(waits?.kind == .timeout)
            // Not even one that is laid where a file is about to be written.
            try checked { mkfifo("\(path)/new.new-\(getpid())", 0o600) }
            try Files.write("text", to: "\(path)/new")
            #expect(try Files.readText("\(path)/new") == "text")
        }
    }
    @Test func aTreeIsRemovedWithoutFollowingLinks() throws {
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/outside")
            try Files.write("kept", to: "\(path)/outside/file")
            try Files.makeDirectory("\(path)/tree/deep/er")
            try Files.write("x", to: "\(path)/tree/deep/er/file")
            #expect(symlink("\(path)/outside", "\(path)/tree/deep/link") == 0)
            #expect(symlink("/nowhere", "\(path)/tree/dangling") == 0)
            try Files.removeTree("\(path)/tree")
            #expect(!Files.exists("\(path)/tree"))
            #expect(try Files.readText("\(path)/outside/file") == "kept")
        }
    }

    @Test func aLinkToATreeIsRemovedAndTheTreeKept() throws {
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/tree/inside")
            #expect(symlink("\(path)/tree", "\(path)/link") == 0)
            try Files.removeTree("\(path)/link")
            #expect(Files.list(path) == ["tree"])
            #expect(Files.list("\(path)/tree") == ["inside"])
        }
    }

    @Test func removingWhatIsGoneIsNoError() throws {
        try withTemporaryDirectory { try Files.removeTree("\($0)/never/was") }
    }

    @Test(.enabled(if: geteuid() == 0, "skipped: mounting needs root"))
    func whatIsMountedInATreeIsNotEmptied() throws {
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/tree/mounted")
            try #require(mount("lab-test", "\(path)/tree/mounted", "tmpfs", 0, nil) == 0)
            defer { umount2("\(path)/tree/mounted", Int32(MNT_DETACH)) }
            try Files.write("kept", to: "\(path)/tree/mounted/file")
            let error = #expect(throws: LabError.self) { try Files.removeTree("\(path)/tree") }
            #expect(error?.remedy?.english == "umount \(path)/tree/mounted")
            #expect(try Files.readText("\(path)/tree/mounted/file") == "kept")
        }
    }

    /// A bind mount of the same file system has the same device: by that it can't be told.
    @Test(
        "What is bound into a tree is not emptied",
        .enabled(if: geteuid() == 0, "skipped: mounting needs root"))
    func aBindMountIsNotEmptied() throws {
        try withTemporaryDirectory { path in
            for name in ["outside", "tree/bound"] { try Files.makeDirectory("\(path)/\(name)") }
            try Files.write("kept", to: "\(path)/outside/file")
            try #require(
                mount("\(path)/outside", "\(path)/tree/bound", nil, UInt(MS_BIND), nil) == 0)
            var one = stat()
            var other = stat()
            #expect(stat("\(path)/tree", &one) == 0 && stat("\(path)/tree/bound", &other) == 0)
            #expect(one.st_dev == other.st_dev, "the control: a look at devices passes here")
            let error = #expect(throws: LabError.self) { try Files.removeTree("\(path)/tree") }
            #expect(error?.cause?.english == "something is mounted there")
            #expect(umount2("\(path)/tree/bound", Int32(MNT_DETACH)) == 0)
            #expect(try Files.readText("\(path)/outside/file") == "kept")
            try Files.removeTree("\(path)/tree")
            #expect(Files.list(path) == ["outside"])
        }
    }

    @Test("A tree that is deeper than paths are long is removed")
    func aDeepTreeIsRemoved() throws {
        try withTemporaryDirectory { path in
            var here = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
            for _ in 0..<3_000 {
                #expect(mkdirat(here.rawValue, "ab", 0o755) == 0)
                let next = try checked { openat(here.rawValue, "ab", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
                here = FileDescriptor(owning: next)
            }
            let deepest = path + String(repeating: "/ab", count: 3_000)
            #expect(
                access(deepest, F_OK) == -1 && errno == ENAMETOOLONG, "the control: by name nobody gets there"
            )
            try Files.removeTree("\(path)/ab")
            #expect(Files.list(path).isEmpty)
        }
    }

    @Test(
        "What names no entry is removed by nobody",
        arguments: ["", "/", ".", "..", "a/..", "/tmp/.", "/tmp/a\0b"])
    func whatNamesNoEntryIsRefused(path: String) {
        #expect(throws: LabError.self) { try Files.removeTree(path) }
    }

    @Test("a file is replaced whole and nothing is left beside it")
    func aFileIsReplacedWhole() throws {
        try withTemporaryDirectory { path in
            try Files.write("old", to: "\(path)/file")
            let reader = try FileDescriptor.open("\(path)/file", O_RDONLY)
            try Files.write("new and longer", to: "\(path)/file")
            // Who had it open still reads the old bytes, all of them.
            #expect(try reader.read(upTo: 100) == Array("old".utf8))
            #expect(try Files.readText("\(path)/file") == "new and longer")
            #expect(Files.list(path) == ["file"])
        }
    }

    @Test("a failed write keeps the old file and names the path")
    func aFailedWriteKeepsTheOldFile() throws {
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/file")
            let error = #expect(throws: LabError.self) { try Files.write("x", to: "\(path)/file") }
            #expect(error?.message.english == "cannot write \(path)/file")
            #expect(error?.kind == .output)
            #expect(Files.list(path) == ["file"])
        }
    }

    @Test(.enabled(if: Files.exists("/dev/full"), "skipped: there is no /dev/full"))
    func aFullDiskIsNamed() throws {
        let full = try FileDescriptor.open("/dev/full", O_WRONLY)
        let error = #expect(throws: Errno.self) { try full.writeAll([1]) }
        #expect(error == Errno(ENOSPC))
    }

    @Test func aFileBeyondTheLimitIsRefused() throws {
        try withTemporaryDirectory { path in
            try Files.write([UInt8](repeating: 0, count: 1_000), to: "\(path)/file")
            #expect(try Files.read("\(path)/file", limit: 1_000).count == 1_000)
            #expect(throws: LabError.self) { try Files.read("\(path)/file", limit: 999) }
        }
    }

    @Test func whatCannotBeReadIsAnInputError() throws {
        let error = #expect(throws: LabError.self) { try Files.read("/nowhere/at all") }
        #expect(error?.kind == .input)
        #expect(error?.description == "cannot read /nowhere/at all: No such file or directory")
        #expect(Files.line("/nowhere") == nil)
        #expect(Files.list("/nowhere").isEmpty)
    }

    @Test func directoriesAreMadeWithTheirParents() throws {
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/a/b/c")
            try Files.makeDirectory("\(path)/a/b/c")
            try Files.write("x", to: "\(path)/file")
            #expect(throws: LabError.self) { try Files.makeDirectory("\(path)/file") }
            #expect(throws: LabError.self) { try Files.makeDirectory("\(path)/file/below") }
        }
    }
}

struct DigestTests {
    /// The examples of FIPS 180-4 (NIST, "Secure Hash Standard", and its example values).
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func digestsAreThoseOfTheStandard(text: String, digest: String) throws {
        #expect(Digest.sha256(text.utf8) == digest)
        try withTemporaryDirectory { path in
            try Files.write(text, to: "\(path)/file")
            #expect(try Digest.sha256(file: "\(path)/file") == digest)
        }
    }
}

struct LabPathsTests {
    @Test func labHomeComesBeforeXDGBeforeHome() throws {
        var environment = ["HOME": "/home/a"]
        #expect(
            try LabPaths.current(environment: environment)
                == LabPaths(cache: "/home/a/.cache/lab", state: "/home/a/.local/state/lab"))
        environment["XDG_CACHE_HOME"] = "/c"
        environment["XDG_STATE_HOME"] = "relative"
        #expect(
            try LabPaths.current(environment: environment)
                == LabPaths(cache: "/c/lab", state: "/home/a/.local/state/lab"))
        environment["LAB_HOME"] = "/l"
        #expect(
            try LabPaths.current(environment: environment) == LabPaths(cache: "/l/cache", state: "/l/state"))
    }

    @Test("a relative or missing home is an error with a remedy")
    func aRelativeOrMissingHomeIsAnError() {
        let relative = #expect(throws: LabError.self) { try LabPaths.current(environment: ["LAB_HOME": "x"]) }
        #expect(relative?.kind == .usage)
        let missing = #expect(throws: LabError.self) { try LabPaths.current(environment: [:]) }
        #expect(missing?.remedy != nil)
    }

    @Test("A program that somebody still writes is waited for")
    func aProgramIsNotExecutedWhileItIsWritten() throws {
        try withTemporaryDirectory { (directory) throws in
            let path = "\(directory)/program"
            try Files.write(try Files.read("/bin/true"), to: path, mode: 0o755)
            let writer = try checked { open(path, O_WRONLY | O_CLOEXEC) }
            #expect(try Self.errorOfStarting(path) == ETXTBSY)
            let closing = try OSThread.start {
                usleep(50_000)
                close(writer)
            }
            Files.waitUntilUnwritten(path)
            #expect(try Self.errorOfStarting(path) == 0)
            closing.join()
        }
    }

    private static func errorOfStarting(_ path: String) throws -> Int32 {
        var pid: pid_t = 0
        var words: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
        defer { free(words[0]) }
        let error = posix_spawn(&pid, path, nil, nil, &words, nil)
        if error == 0 { waitpid(pid, nil, 0) }
        return error
    }
}
