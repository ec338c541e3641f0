import Testing

@testable import Course
@testable import LabCore

@Suite struct SurvivorsTests {
    private func isTable(_ text: String) -> Bool {
        if case .success = EngineOracle.table(Array(text.utf8)) { true } else { false }
    }

    @Test(
        "A table has one line for each part, and says of two of them what is demanded",
        arguments: [
            ("client: daemon container\ndaemon:\ncontainer: daemon\n", true),
            ("# mine\ncontainer: daemon\n\ndaemon: container client\nclient: container daemon", true),
            ("client: daemon container\ncontainer: daemon\n", false),
            ("client: daemon container\ndaemon: daemon\ncontainer: daemon\n", false),
            ("client: daemon\ndaemon:\ncontainer: daemon\n", false),
            ("client: daemon container\ndaemon: all\ncontainer: daemon\n", false),
            ("client: daemon container\ndaemon:\ndaemon:\ncontainer: daemon\n", false), ("", false),
        ])
    func lines(_ text: String, _ isWhole: Bool) { #expect(isTable(text) == isWhole) }

    @Test("Any bytes are a table or none")
    func anyBytes() {
        var generator = SeededGenerator(seed: 10)
        let plain = Array("client: daemon container\ndaemon:\ncontainer: daemon\n".utf8)
        for _ in 0..<500 {
            var bytes = plain
            for _ in 0..<4 {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if case .success(let table) = EngineOracle.table(bytes) { #expect(table.count == 3) }
        }
    }
}
