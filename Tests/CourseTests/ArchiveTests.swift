import Testing

@testable import Course
@testable import LabCore

@Suite struct ArchiveTests {
    private let limits = Archive.Limits(bytes: 1 << 16, entries: 16)

    @Test("What is written is read again, and the same files give the same bytes")
    func roundTrip() throws {
        let files: [(path: String, bytes: [UInt8])] = [("a/b", Array("text".utf8)), ("c", [])]
        let archive = try Archive.write(files)
        #expect(try Archive.write(files) == archive)
        let entries = try Archive.read(archive, Archive.Limits(bytes: 100, entries: 2, isPacked: true))
        #expect(entries == files.map { Archive.Entry(path: $0.path, kind: .file($0.bytes)) })
    }

    @Test("An upper directory has files, directories, links and whiteouts")
    func kindsAreRead() throws {
        var tar = HandMadeTar()
        tar.add("./", type: "5")
        tar.add("./d/", type: "5")
        tar.add("./d/f", content: Array("x".utf8))
        tar.add("d/l", type: "2", link: "../../etc/passwd")
        tar.add("d/w", type: "3")
        #expect(
            try Archive.read(tar.ended, limits)
                == [
                    .init(path: "d", kind: .directory(isOpaque: false)),
                    .init(path: "d/f", kind: .file([0x78])),
                    .init(path: "d/l", kind: .link(to: "../../etc/passwd")),
                    .init(path: "d/w", kind: .whiteout),
                ])
    }

    @Test("A name that leads out, a hard link or a device is refused")
    func hostileEntries() {
        for name in ["/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", ".."] {
            var tar = HandMadeTar()
            tar.add(name, content: [1])
            #expect(throws: LabError.self, "\(name)") { try Archive.read(tar.ended, limits) }
        }
        var link = HandMadeTar()
        link.add("x", type: "1", link: "/etc/shadow")
        #expect(throws: LabError.self) { try Archive.read(link.ended, limits) }
        for type in ["3", "4", "6"] as [Character] {
            var device = HandMadeTar()
            device.add("x", type: type, device: (1, 3))
            #expect(throws: LabError.self, "type \(type)") { try Archive.read(device.ended, limits) }
        }
    }

    @Test("Too many entries, too many bytes and a size that is a lie are refused")
    func limitsHold() {
        var many = HandMadeTar()
        for number in 0..<17 { many.add("f\(number)") }
        #expect(throws: LabError.self) { try Archive.read(many.ended, limits) }
        var large = HandMadeTar()
        large.add("f", content: [UInt8](repeating: 0, count: 1 << 16 + 1))
        #expect(throws: LabError.self) { try Archive.read(large.ended, limits) }
        var liar = HandMadeTar()
        liar.add("f", content: [1], size: 1 << 30)
        #expect(throws: LabError.self) { try Archive.read(liar.ended, limits) }
    }

    @Test("What unpacks to more than it may is refused before it is all there")
    func bombs() throws {
        let zeros = [UInt8](repeating: 0, count: 32 << 20)
        let archive = try Archive.write([("f", zeros)])
        #expect(archive.count < 1 << 17)
        #expect(throws: LabError.self) {
            try Archive.read(archive, Archive.Limits(bytes: 1 << 20, entries: 4, isPacked: true))
        }
        // What is not to be packed is not unpacked.
        #expect(throws: LabError.self) { try Archive.read(archive, limits) }
    }

    @Test("Any bytes are an archive or an error of data")
    func anyBytes() {
        var tar = HandMadeTar()
        tar.add("d/", type: "5")
        tar.add("d/f", content: Array("text".utf8))
        tar.add("d/w", type: "3")
        var generator = SeededGenerator(seed: 11)
        for turn in 0..<2_000 {
            var bytes = tar.ended
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if turn % 3 == 0 { bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator)) }
            do {
                for entry in try Archive.read(bytes, limits) {
                    #expect(!entry.path.hasPrefix("/") && !entry.path.split(separator: "/").contains(".."))
                }
            } catch {
                #expect(error.kind == .data)
            }
        }
    }

    @Test("No entry is unpacked through a link, twice, or below a file")
    func unpackingStaysInside() throws {
        try withDirectory { directory in
            try Files.makeDirectory("\(directory)/outside")
            let cases: [[Archive.Entry]] = [
                [.init(path: "l", kind: .link(to: "../outside")), .init(path: "l/f", kind: .file([1]))],
                [.init(path: "l", kind: .link(to: "../outside/f")), .init(path: "l", kind: .file([1]))],
                [.init(path: "l", kind: .link(to: "/")), .init(path: "l", kind: .directory(isOpaque: true))],
                [.init(path: "f", kind: .file([1])), .init(path: "f", kind: .file([2]))],
                [.init(path: "f", kind: .file([1])), .init(path: "f/g", kind: .file([2]))],
            ]
            for (number, entries) in cases.enumerated() {
                let error = #expect(throws: LabError.self) {
                    try UpperDirectory.unpack(entries, to: "\(directory)/upper-\(number)")
                }
                #expect(error?.kind == .data, "\(number): \(error.map { "\($0)" } ?? "")")
            }
            #expect(Files.list("\(directory)/outside").isEmpty)
        }
    }

    @Test("Parents that the archive leaves out are made, and an opaque directory says so")
    func upperDirectoryIsMade() throws {
        try withDirectory { directory in
            try UpperDirectory.unpack(
                [
                    .init(path: "a/b/f", kind: .file([1])),
                    .init(path: "a/b", kind: .directory(isOpaque: true)),
                ],
                to: "\(directory)/upper")
            #expect(try Files.read("\(directory)/upper/a/b/f") == [1])
            var value: UInt8 = 0
            #expect(getAttribute("\(directory)/upper/a/b", "user.overlay.opaque", &value) == 1)
            #expect(value == UInt8(ascii: "y"))
        }
    }
}
