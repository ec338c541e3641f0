import Testing

@testable import Course
@testable import LabCore

@Suite struct StudentDomainTests {
    private static let plain = """
        <?xml version='1.0'?>
        <domain type='qemu'><name>a</name><memory unit='MiB'>64</memory>
        <devices><emulator>/vm/emulator</emulator><memballoon model='none'/></devices></domain>
        """

    private func domain(_ text: String) throws(LabError) -> StudentDomain {
        try StudentDomain(Array(text.utf8), emulator: "/vm/emulator")
    }

    @Test("A description of a machine is taken as it is, and its type is seen")
    func taken() throws {
        let domain = try domain(Self.plain)
        #expect(domain.bytes == Array(Self.plain.utf8) && domain.type == "qemu")
        #expect(
            try self.domain(Self.plain.replacing("type='qemu'", with: "id='1' type = \"kvm\"")).type == "kvm")
    }

    @Test(
        "What names a program, hides an element or hands words through is refused",
        arguments: [
            ("<name>a</name>", "<!-- <name>a</name> -->"), ("<name>a</name>", "<name>&a;</name>"),
            ("<name>a</name>", "<![CDATA[<name>]]>"), ("<name>a</name>", "<?x?>"),
            ("<name>a</name>", "<qemu:commandline/>"), ("<name>a</name>", "<commandline/>"),
            ("<name>a</name>", "<interface type='ethernet'><script path='/work/vm'/></interface>"),
            ("<name>a</name>", "<loader>/work/vm</loader>"), ("<name>a</name>", "<kernel>/work/vm</kernel>"),
            ("/vm/emulator", "/work/vm"), ("<emulator>/vm/emulator</emulator>", ""),
            ("<emulator>", "<emulator>/work/vm</emulator><emulator>"), ("<emulator>", "<emulator >"),
            ("<name>a</name>", "<name>a\u{0}</name>"), ("</domain>", "</domain><x/>"), (plain, ""),
            (plain, "1"),
        ])
    func refused(_ old: String, _ new: String) {
        let error = #expect(throws: LabError.self) { try domain(Self.plain.replacing(old, with: new)) }
        #expect(error?.kind == .data)
    }

    @Test("Any bytes are taken or an error of data; none are taken that name another emulator")
    func anyBytes() {
        var generator = SeededGenerator(seed: 13)
        let plain = Array(Self.plain.utf8)
        for _ in 0..<500 {
            var bytes = plain
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            do {
                let domain = try StudentDomain(bytes, emulator: "/vm/emulator")
                #expect(
                    String(decoding: domain.bytes, as: UTF8.self).contains(
                        "<emulator>/vm/emulator</emulator>"))
            } catch {
                #expect(error.kind == .data)
            }
        }
        #expect(throws: LabError.self) {
            try StudentDomain(plain + [UInt8](repeating: 0x20, count: 1 << 14), emulator: "/vm/emulator")
        }
    }
}

@Suite struct CountingSectorTests {
    private let sector = CountingSector(saying: "0123456789abcdef")

    @Test("The disk is one that firmware boots from, and holds the word once")
    func disk() {
        let disk = sector.disk
        #expect(disk.count == 1 << 20 && Array(disk[510..<512]) == [0x55, 0xaa])
        #expect(String(decoding: disk.prefix(512), as: UTF8.self).contains("0123456789abcdef"))
    }

    @Test(
        "A report is a whole line of the word and two numbers",
        arguments: [
            ("0123456789abcdef 00000000000000ff 0470\n", 255, 87),
            ("x\n0123456789abcdef 0000000000000001 0000\ny", 1, 16),
            ("SeaBIOS\r\n\u{1b}c0123456789abcdef 0000000000000010 0001\n", 16, 17),
            ("0123456789abcdef 00000000000000ff 0470", nil, 0),
            ("0123456789abcdee 00000000000000ff 0470\n", nil, 0),
            ("0123456789abcdef ff 0470\n", nil, 0), ("0123456789abcdef 00000000000000ff -470\n", nil, 0),
            ("", nil, 0),
        ])
    func reports(_ text: String, _ ticks: Int?, _ mebibytes: Int) {
        let report = sector.report(in: Array(text.utf8))
        #expect(report == ticks.map { CountingSector.Report(ticks: UInt64($0), mebibytes: mebibytes) })
    }

    @Test("Any bytes are a report or none")
    func anyBytes() {
        var generator = SeededGenerator(seed: 31)
        let plain = Array("0123456789abcdef 00000000000000ff 0470\n".utf8)
        for _ in 0..<500 {
            var bytes = plain
            for _ in 0..<3 {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if let report = sector.report(in: bytes) { #expect((16...16 + 4_096).contains(report.mebibytes)) }
        }
    }
}
