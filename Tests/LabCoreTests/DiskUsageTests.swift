import Glibc
import Testing

@testable import LabCore

/// Trees are made to be miscounted.
@Suite struct DiskUsageTests {
    private func withTree(_ body: (String) throws -> Void) throws {
        let path = "/tmp/lab-usage-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectory(path)
        defer { try? Files.removeTree(path) }
        try body(path)
    }

    private func usage(_ paths: String...) throws(LabError) -> DiskUsage {
        var usage = DiskUsage()
        for path in paths { try usage.add(path) }
        return usage
    }

    @Test func itAgreesWithDu() throws {
        try withTree { tree in
            try Files.makeDirectory("\(tree)/a/b")
            for number in 0..<20 {
                try Files.write([UInt8](repeating: 1, count: 5_000 * number), to: "\(tree)/a/b/\(number)")
            }
            symlink("0", "\(tree)/a/link")
            let output = try Tool.run(
                "du", ["--summarize", "--block-size=1", tree], in: "/",
                deadline: .now().advanced(by: .seconds(20)))
            let said = try #require(output.text.split(separator: "\t").first.flatMap { UInt64($0) })
            let counted = try usage(tree)
            #expect(counted.allocatedBytes == said)
            #expect(counted.apparentBytes == UInt64((0..<20).map { 5_000 * $0 }.reduce(0, +)) + 1)
            #expect(counted.inodes == 24)
        }
    }

    @Test func linksAreCountedAndNotFollowed() throws {
        try withTree { tree in
            try Files.write("12345678", to: "\(tree)/file")
            // The whole machine, itself, nothing, and an endless chain.
            symlink("/", "\(tree)/root")
            symlink(".", "\(tree)/loop")
            symlink("/nowhere", "\(tree)/dangling")
            symlink("round", "\(tree)/round")
            let counted = try usage(tree)
            #expect(counted.inodes == 6)
            #expect(counted.apparentBytes == 8 + 1 + 1 + 8 + 5)
        }
    }

    @Test func aTreeThatIsALinkIsALink() throws {
        try withTree { tree in
            symlink("/usr", "\(tree)/usr")
            let counted = try usage("\(tree)/usr")
            #expect(counted.apparentBytes == 4)
        }
    }

    @Test func hardLinksAreCountedOnce() throws {
        try withTree { tree in
            try Files.makeDirectory("\(tree)/one")
            try Files.makeDirectory("\(tree)/two")
            try Files.write([UInt8](repeating: 7, count: 100_000), to: "\(tree)/one/file")
            for number in 0..<9 { link("\(tree)/one/file", "\(tree)/two/\(number)") }
            let counted = try usage(tree)
            #expect(counted.apparentBytes == 100_000)
            // Nor twice because it was reached by two ways.
            let again = try usage("\(tree)/one", "\(tree)/two", tree)
            #expect(again == counted)
        }
    }

    @Test func holesTakeNoBlocks() throws {
        try withTree { tree in
            let file = try FileDescriptor.open("\(tree)/sparse", O_WRONLY | O_CREAT)
            try checked { ftruncate(file.rawValue, 1 << 40) }
            try checked { pwrite(file.rawValue, "x", 1, 1 << 39) }
            try checked { fsync(file.rawValue) }
            let counted = try usage("\(tree)/sparse")
            #expect(counted.apparentBytes == 1 << 40)
            #expect(counted.allocatedBytes > 0 && counted.allocatedBytes < 1 << 20)
        }
    }

    @Test func whatIsNoFileIsNotOpened() throws {
        try withTree { tree in
            mkfifo("\(tree)/fifo", 0o600)
            var usage = DiskUsage()
            var heads = 0
            // A FIFO that nobody writes to would wait for ever; here it is read, and has nothing.
            try usage.add(tree) { (entry) throws(LabError) in
                if !entry.isFile && entry.status.st_mode & S_IFMT == S_IFIFO {
                    heads += try entry.head(16).isEmpty ? 1 : 100
                }
            }
            #expect(heads == 1)
        }
    }

    @Test func aTreeWithoutABottomIsRefused() throws {
        try withTree { tree in
            var path = tree
            for _ in 0...DiskUsage.deepest { path += "/d" }
            try Files.makeDirectory(path)
            let error = #expect(throws: LabError.self) { try usage(tree) }
            #expect(error?.kind == .data)
        }
    }

    @Test func namesNeedNotBeText() throws {
        try withTree { tree in
            let name: [CChar] = Array("\(tree)/".utf8CString.dropLast()) + [-1, 10, -2, 0]
            close(try checked { open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) })
            let counted = try usage(tree)
            #expect(counted.inodes == 2)
            unlink(name)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "skipped: to become a user who may not read takes root"))
    func whatCannotBeReadIsAnErrorAndNotNothing() throws {
        try withTree { tree in
            chmod(tree, 0o755)
            try Files.makeDirectory("\(tree)/secret", mode: 0o700)
            try Files.write("x", to: "\(tree)/secret/file")
            // Only this thread becomes nobody. The Glibc module lacks <sys/fsuid.h>.
            typealias SetFSUID = @convention(c) (uid_t) -> CInt
            let symbol = try #require(dlsym(nil, "setfsuid"))
            let setfsuid = unsafeBitCast(symbol, to: SetFSUID.self)
            _ = setfsuid(65_534)
            defer { _ = setfsuid(0) }
            let error = #expect(throws: LabError.self) { try usage(tree) }
            #expect(error?.kind == .input)
            #expect(error?.message.english.contains("secret") == true)
        }
    }

    @Test func whatIsNotThereIsAnError() {
        #expect(throws: LabError.self) { try usage("/no/such/tree") }
    }
}
