import Artifacts
import CLinux
import Glibc
import LabCore
import OCI
import Testing

@testable import Images

/// What a layer holds is somebody else's: each of these is refused by the entry's name, or contained.
@Suite(.enabled(if: isRoot, "layers are unpacked by root")) struct HostileLayerTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var archive: TarFile
        /// The entry as the error names it.
        var entry: String
    }

    static let refused: [Case] = [
        Case(testDescription: "..", archive: TarFile().adding("../escape"), entry: "../escape"),
        Case(
            testDescription: ".. within", archive: TarFile().adding("a/../../escape"), entry: "a/../../escape"
        ),
        Case(testDescription: ".. alone", archive: TarFile().adding("..", "5"), entry: ".."),
        Case(
            testDescription: "through a link that leads out",
            archive: TarFile().adding("out", "2", link: "/tmp").adding("out/lab-escape"),
            entry: "out/lab-escape"),
        Case(
            testDescription: "through a relative link",
            archive: TarFile().adding("up", "2", link: "../..").adding("up/lab-escape"),
            entry: "up/lab-escape"),
        Case(
            testDescription: "through links in a circle",
            archive: TarFile().adding("a", "2", link: "b").adding("b", "2", link: "a").adding("a/c"),
            entry: "a/c"),
        Case(
            testDescription: "a hard link to ..",
            archive: TarFile().adding("h", "1", link: "../../etc/passwd"), entry: "h"),
        Case(
            testDescription: "a hard link to the host's file",
            archive: TarFile().adding("h", "1", link: "/etc/passwd"), entry: "h"),
        Case(
            testDescription: "a hard link through a link",
            archive: TarFile().adding("s", "2", link: "/etc").adding("h", "1", link: "s/passwd"), entry: "h"),
        Case(
            testDescription: "a hard link to a directory",
            archive: TarFile().adding("d", "5").adding("h", "1", link: "d"), entry: "h"),
        Case(
            testDescription: "a hard link to a whiteout",
            archive: TarFile().adding(".wh.w").adding("h", "1", link: "w"), entry: "h"),
        Case(
            testDescription: "a disk", archive: TarFile().adding("disk", "4", major: 8), entry: "disk"),
        Case(
            testDescription: "a whiteout of overlayfs's own",
            archive: TarFile().adding("etc", "3"), entry: "etc"),
        Case(
            testDescription: "a device as dev", archive: TarFile().adding("dev", "3", major: 1, minor: 3),
            entry: "dev"),
        Case(
            testDescription: "a name that is too long",
            archive: TarFile().saying("path", String(repeating: "n", count: 300)).adding("n"),
            entry: String(repeating: "n", count: 200)),
        Case(
            testDescription: "a path that is too deep",
            archive: TarFile().saying("path", String(repeating: "d/", count: 200)).adding("d"),
            entry: "d/d/d/"),
        Case(
            testDescription: "a file in the place of a directory",
            archive: TarFile().adding("d/f").adding("d"), entry: "d"),
        Case(
            testDescription: "an owner who is nobody",
            archive: TarFile().saying("uid", "4294967295").adding("f"), entry: "f"),
        Case(
            testDescription: "the root as a file", archive: TarFile().adding("./", "2", link: "x"),
            entry: "./"),
        Case(testDescription: "a whiteout of ..", archive: TarFile().adding(".wh..."), entry: ".wh..."),
        Case(
            testDescription: "a file of 40 GiB that is a hole",
            archive: TarFile().addingHole("hole", size: 40 << 30), entry: "hole"),
    ]

    @Test("An entry that no layer may have is refused by its name", arguments: refused)
    func refusedByName(_ hostile: Case) throws {
        let scratch = try Scratch()
        let error = #expect(throws: LabError.self) { try scratch.unpack(hostile.archive.whole) }
        #expect(error?.kind == .data)
        #expect(error?.message.english.contains("\"\(hostile.entry)") == true, "\(String(describing: error))")
        #expect(!Files.exists("\(scratch.path)/escape"))
        #expect(!Files.exists("/tmp/lab-escape"))
    }

    @Test("Nothing is left of a layer that was refused, and the image can be removed")
    func nothingIsLeft() throws {
        let scratch = try Scratch()
        let hostile = TarFile().adding("fine", data: "x").adding("../escape")
        try scratch.layout([hostile.whole])
        let store = try ImageStore(paths: scratch.paths)
        let image = try store.add(try ImageSource("oci:\(scratch.path)/layout:image"), as: nil)
        #expect(throws: LabError.self) { try store.tree(of: image.name) }
        #expect(Files.list("\(store.directory)/layers") == [])
        #expect(Files.list("\(store.directory)/staging") == [])
        try store.remove(name: "image")
        #expect(try store.collect().blobs == 3)
        #expect(Files.list("\(store.directory)/blobs/sha256") == [])
    }

    @Test("Absolute names, links to anywhere, setuid and odd names stay inside")
    func contained() throws {
        let scratch = try Scratch()
        let odd: [UInt8] = [0xff, 0x1b, 0x5b, 0x0a]
        try scratch.unpack(
            TarFile().adding("/etc/shadow", data: "x").adding("loop", "2", link: "loop")
                .adding("out", "2", link: "/etc/passwd").adding("su", mode: 0o4755, data: "x").adding(odd)
                .adding("dev/sda", "4", major: 8)
                .saying("SCHILY.xattr.trusted.overlay.redirect", "/etc").saying("SCHILY.xattr.user.kept", "1")
                .adding("d", "5", mode: 0o755).whole)
        let layer = "\(scratch.path)/layer"
        #expect(try Files.readText("\(layer)/etc/shadow") == "x")
        #expect(Files.target(ofLink: "\(layer)/out") == "/etc/passwd")
        #expect(Files.target(ofLink: "\(layer)/loop") == "loop")
        #expect(!Files.exists("\(layer)/dev/sda"))
        #expect(access("\(layer)/\u{1b}", F_OK) != 0)
        var status = stat()
        #expect(lstat("\(layer)/su", &status) == 0 && status.st_mode & 0o7777 == 0o4755)
        #expect(
            (odd.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { name in
                let directory = open(layer, O_RDONLY | O_DIRECTORY)
                defer { close(directory) }
                return faccessat(directory, name.baseAddress!, F_OK, 0) == 0
            })
        #expect(lgetxattr("\(layer)/d", "trusted.overlay.redirect", nil, 0) == -1)
        #expect(lgetxattr("\(layer)/d", "user.kept", nil, 0) == 1)
    }

    @Test("Of entries with one name the last one counts")
    func duplicates() throws {
        let scratch = try Scratch()
        try scratch.unpack(
            TarFile().adding("f", data: "first").adding("f", "2", link: "/etc/passwd").adding(
                "f", data: "last"
            )
            .adding("d", "5", mode: 0o700).adding("d/x", data: "kept").adding("d", "5", mode: 0o755).whole)
        #expect(try Files.readText("\(scratch.path)/layer/f") == "last")
        #expect(try Files.readText("\(scratch.path)/layer/d/x") == "kept")
        #expect(Files.exists("/etc/passwd"))
    }

    @Test("Whiteouts and opaque directories are overlayfs's, and hide nothing of their own layer")
    func whiteouts() throws {
        let scratch = try Scratch()
        try scratch.unpack(
            TarFile().adding("kept", data: "x").adding(".wh.kept").adding(".wh.gone").adding(
                "d/own", data: "x"
            )
            .adding("d/.wh..wh..opq").adding(".wh.again").adding("again", "5", mode: 0o755).whole)
        let layer = "\(scratch.path)/layer"
        #expect(try Files.readText("\(layer)/kept") == "x")
        #expect(try Files.readText("\(layer)/d/own") == "x")
        var status = stat()
        #expect(
            lstat("\(layer)/gone", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0)
        for directory in ["d", "again"] {
            #expect(lgetxattr("\(layer)/\(directory)", "trusted.overlay.opaque", nil, 0) == 1)
        }
    }

    @Test("What is a hole in the archive is a hole on disk")
    func holes() throws {
        let scratch = try Scratch()
        try scratch.unpack(TarFile().addingHole("hole", size: 1 << 30).whole)
        var status = stat()
        #expect(lstat("\(scratch.path)/layer/hole", &status) == 0)
        #expect(status.st_size == 1 << 30)
        #expect(status.st_blocks < 64)
    }

    @Test("Limits on entries, bytes and the ratio end the unpacking")
    func limits() throws {
        var limits = LayerLimits()
        limits.entries = 100
        let many = (0..<101).reduce(TarFile()) { archive, number in archive.adding("f\(number)") }
        #expect(throws: LabError.self) { try Scratch().unpack(many.whole, limits: limits) }
        limits = LayerLimits()
        limits.bytes = 1 << 20
        let zeros = [UInt8](repeating: 0, count: 1 << 22)
        let large = TarFile().adding(Array("zeros".utf8), data: zeros)
        let error = #expect(throws: LabError.self) { try Scratch().unpack(large.whole, limits: limits) }
        #expect(error?.kind == .data)
        limits = LayerLimits()
        limits.free = 1 << 20
        let scratch = try Scratch()
        try Files.write(large.whole, to: "\(scratch.path)/tar")
        #expect(
            try Tool.run("gzip", ["tar"], in: scratch.path, deadline: .now().advanced(by: .seconds(60)))
                .status == 0)
        let packed = try Files.read("\(scratch.path)/tar.gz")
        #expect(large.whole.count / packed.count > 250)
        #expect(throws: LabError.self) { try scratch.unpack(large.whole, packedAs: packed, limits: limits) }
        // The same with leave.
        limits.ratio = 2_000
        try scratch.unpack(large.whole, packedAs: packed, limits: limits)
        // Packed again, its ratio would be no ratio.
        try Files.write(packed, to: "\(scratch.path)/again")
        #expect(
            try Tool.run("gzip", ["again"], in: scratch.path, deadline: .now().advanced(by: .seconds(60)))
                .status == 0)
        let twice = try Files.read("\(scratch.path)/again.gz")
        #expect(throws: LabError.self) { try scratch.unpack(large.whole, packedAs: twice, limits: limits) }
    }

    @Test(
        "An archive that ends with a file's contents is whole, as umoci writes it; one that ends in them is not"
    )
    func cutArchives() throws {
        let whole = TarFile().adding("d/f", data: "first").adding("g", data: "last!")
        let scratch = try Scratch()
        try scratch.unpack(Array(whole.bytes.dropLast(507)))
        #expect(try Files.readText("\(scratch.path)/layer/g") == "last!")
        for missing in [508, 512, 600] {
            let bytes = Array(whole.bytes.dropLast(missing))
            #expect(throws: LabError.self, "\(missing)") { try Scratch().unpack(bytes) }
        }
    }

    @Test("A layer whose bytes are not those of its digests is refused")
    func digests() throws {
        let scratch = try Scratch()
        let good = TarFile().adding("f", data: "x").whole
        let bad = TarFile().adding("f", data: "y").whole
        #expect(throws: LabError.self) { try scratch.unpack(good, packedAs: bad) }
        try scratch.layout([good])
        let blob = "\(scratch.path)/layout/blobs/sha256/\(Digest.sha256(good))"
        try Files.write(bad, to: blob)
        let store = try ImageStore(paths: scratch.paths)
        let source = try ImageSource("oci:\(scratch.path)/layout")
        #expect(throws: LabError.self) { try store.add(source, as: "x") }
        try Files.write(good + [0], to: blob)
        #expect(throws: LabError.self) { try store.add(source, as: "x") }
        #expect(try store.names().isEmpty)
        #expect(
            Files.list("\(store.directory)/blobs/sha256") + Files.list("\(store.directory)/staging") == [])
    }

    @Test("Whatever is changed in an archive, it is unpacked inside or refused")
    func fuzz() throws {
        var generator = SeededGenerator(seed: 7)
        let archive = TarFile().adding("d", "5", mode: 0o755).adding("d/f", data: "data").adding(
            "l", "2", link: "d"
        )
        .adding("h", "1", link: "d/f").saying("path", "long/name").adding("n", data: "x").adding("d/.wh.g")
        .whole
        let outer = try Scratch()
        try Files.makeDirectory("\(outer.path)/in")
        for round in 0..<400 {
            var bytes = archive
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
                // Else nothing but the header's sum would ever be looked at.
                let header = place / 512 * 512
                guard place % 512 < 148 || place % 512 > 155, Bool.random(using: &generator) else { continue }
                for sum in header + 148..<header + 156 { bytes[sum] = 0x20 }
                let digits = String(bytes[header..<header + 512].reduce(0) { $0 + Int($1) }, radix: 8)
                for (offset, digit) in digits.utf8.enumerated() { bytes[header + 148 + offset] = digit }
            }
            if round % 10 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            let scratch = try Scratch()
            do throws(LabError) {
                try scratch.unpack(bytes)
                _ = try MergedTree.digest(["\(scratch.path)/layer"], interrupt: .never)
            } catch {
                #expect([.data, .input].contains(error.kind), "\(error)")
            }
            #expect(Set(Files.list(scratch.path)).isSubset(of: ["blob", "layer"]))
        }
    }
}
