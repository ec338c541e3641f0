import Testing

@testable import Course
@testable import LabCore

@Suite struct ReplicaRoomTests {
    @Test(
        "A replica's name is a file's, and leads nowhere else",
        arguments: [
            ("r-1", true), ("0", true), (String(repeating: "a", count: 32), true), ("", false), ("..", false),
            ("a/b", false), ("R", false), (String(repeating: "a", count: 33), false), ("a.b", false),
            ("é", false),
        ])
    func names(_ word: String, _ isName: Bool) { #expect(ReplicaRoom.isName(word) == isName) }

    @Test("An answer is the next whole line that begins with endpoints; others are passed over")
    func answers() {
        let output = Array("ready\nendpoints\nlog endpoints x\nendpoints a  b\nendpoints c".utf8)
        var place = 0
        #expect(ReplicaRoom.answer(in: output, from: &place) == [])
        #expect(ReplicaRoom.answer(in: output, from: &place) == ["a", "b"])
        #expect(ReplicaRoom.answer(in: output, from: &place) == nil)
        #expect(ReplicaRoom.answer(in: output + [0x0a], from: &place) == ["c"])
    }

    @Test("Any bytes are answers or none, read once")
    func anyBytes() {
        var generator = SeededGenerator(seed: 16)
        let letters = Array("endpoints \n\u{0}é".utf8)
        for _ in 0..<300 {
            let output = (0..<200).map { _ in letters[Int.random(in: letters.indices, using: &generator)] }
            var place = 0
            while ReplicaRoom.answer(in: output, from: &place) != nil {}
            #expect(place == (output.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0))
        }
    }
}
