import Testing

@testable import Course
@testable import LabCore

@Suite struct TideSectorTests {
    private let sector = TideSector(saying: "0123456789abcdef")

    @Test("The disk is one that firmware boots from, and nothing is in its second sector")
    func disk() {
        let disk = sector.disk
        #expect(disk.count == 1 << 20 && Array(disk[510..<512]) == [0x55, 0xaa])
        #expect(disk[512...].allSatisfy { $0 == 0 })
        #expect(String(decoding: disk.prefix(512), as: UTF8.self).contains("0123456789abcdefa\n"))
    }

    @Test("A beat is a whole line of the word and a state")
    func beats() {
        let console = Array(
            "0123456789abcdefa\n0123456789abcdefb\nx0123456789abcdefb\n0123456789abcdefb\n0123".utf8)
        #expect(TideSector.State.allCases.map { sector.beats($0, in: console) } == [1, 2, 0])
        #expect(sector.beats(.full, in: []) == 0)
    }

    @Test("Any bytes are beats or none")
    func anyBytes() {
        var generator = SeededGenerator(seed: 14)
        let plain = Array("0123456789abcdefc\n0123456789abcdefc\n".utf8)
        for _ in 0..<300 {
            var bytes = plain
            for _ in 0..<3 {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            #expect(TideSector.State.allCases.reduce(0) { $0 + sector.beats($1, in: bytes) } <= 2)
        }
    }
}
