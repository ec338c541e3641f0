import Glibc
import Testing

@testable import Experiments
@testable import LabCore
@testable import LabRunner

@Suite(.serialized) struct ToolsTests {
    @Test(arguments: [
        ("runc version 1.1.5+ds1\ncommit: 1.1.5\n", 0, "1.1.5+ds1"),
        ("Docker version 28.2.2, build e6534b4\n", 0, "28.2.2"),
        ("podman version 4.3.1", 0, "4.3.1"), ("Client Version: v1.32.4\n", 0, "1.32.4"),
        ("QEMU emulator version 7.2.22 (Debian 1:7.2)\n", 0, "7.2.22"), ("no version here\n", 0, "yes"),
        ("", 0, "yes"), ("version 1.2", 1, "?"),
    ])
    func theVersionIsTakenFromWhatAToolSays(_ text: String, status: Int32, _ expected: String) {
        #expect(ToolInventory.answer(Tool.Output(status: status, text: text)).english == expected)
    }

    @Test func whatAHostileToolSaysIsHarmless() {
        let text = "9.\u{1b}[31mred\u{7}" + String(repeating: "1.", count: 10_000)
        let answer = ToolInventory.answer(Tool.Output(status: 0, text: text))
        #expect(
            answer.english.utf8.allSatisfy { (0x20..<0x7f).contains($0) } && answer.english.utf8.count <= 160)
        #expect(ToolInventory.answer(nil) == "?")
    }

    private let inventory = ExperimentTable.all.lazy.compactMap { $0 as? ToolInventory }.first

    @Test func everyToolHasARowInTheLab() throws {
        let tools = try #require(inventory).tools
        let text = try Files.readText("\(checkout)/labs/tools/lab.yaml")
        for tool in tools { #expect(text.contains("- id: \(tool.id)\n"), "\(tool.id)") }
        #expect(Set(tools.map(\.id)).count == tools.count)
        #expect(tools.contains { $0.id == "tool-docker" && $0.daemons == ["dockerd"] })
    }

    @Test(arguments: [EngineID.container, .qemu])
    func whatIsInstalledIsFoundWithItsVersion(_ id: EngineID) throws {
        let inventory = try #require(inventory)
        let found = try ExperimentRun.perform(inventory, on: id)
        let side = id == .qemu ? KnownTool.Side.vm : .container
        let expected = inventory.tools.filter { $0.side == side }
        #expect(Set(found.facts.keys) == Set(expected.map(\.id)))
        for tool in expected where tool.program != nil && !tool.isPlugin {
            let isHere = Tool.find(tool.program ?? "") != nil
            #expect((found.facts[tool.id]?.answer.english != "–") == isHere, "\(tool.id)")
        }
        let here = found.facts.values.count { $0.answer.english != "–" }
        #expect(found.values["tools-installed-count"] == Double(here))
    }

    @Test(arguments: EngineFactory.ids.filter { $0 != .kvm && $0 != .xen })
    func aToolIsProvedByANonceAndItsPhasesAddUp(_ id: EngineID) throws {
        let found = try ExperimentRun.perform(ToolStart(), on: id)
        #expect(found.values["works"] == 1)
        let phases = ["to-created-ns", "to-ready-ns", "to-exited-ns", "to-cleaned-up-ns"].compactMap {
            found.values[$0]
        }
        #expect(phases.count == 4 && phases.reduce(0, +) == found.values["total-ns"])
    }
}
