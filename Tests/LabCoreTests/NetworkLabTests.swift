import LabCore
import Testing

@testable import LabFile

@Suite("The lab of the network")
struct NetworkLabTests {
    @Test("Its client knows each row of the series, its texts explain them, and it needs no image")
    func everyRowIsKnown() throws {
        let lab = try LabDirectory.open("\(checkout)/labs", engines: KnownEngines.ids).definition("network")
        let rows = lab.values(of: .argument)
        let source = try Files.readText("\(checkout)/Sources/Guest/Network.swift")
        let known = source.matches(of: /strcmp\(word, literal\("([a-z-]+)"\)\)/).map { String($0.1) }
        #expect(Set(rows) == Set(known) && rows.count == known.count && rows.count == 4)
        for name in ["README.md", "README.zh.md"] {
            let text = try Files.readText("\(checkout)/labs/network/\(name)")
            for row in rows { #expect(text.contains("`\(row)`"), "\(name): \(row)") }
        }
        let command = try #require(lab.command)
        #expect(command.image == CommandDefinition.guestImage && command.network == .bridge)
        #expect(command.client != nil && command.values.map(\.name) == ["operations"])
        #expect(lab.metrics == LabDefinition.work && lab.claims.isEmpty && lab.engines.first == .process)
    }
}
