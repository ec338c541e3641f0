import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch

@Suite("namespace experiments", .enabled(if: isRoot && obstacle == nil, "skipped: needs root"))
struct NamespaceExperimentTests {
    @Test("each namespace is apart alone and has its consequence", arguments: Namespaces.kinds.map(\.name))
    func eachNamespaceHasItsConsequence(name: String) throws {
        let finding: Finding
        do {
            finding = try perform("namespace-effect", at: [.setting: name])
        } catch let error as LabError where name == "time" && error.kind == .unavailable {
            // It must not say so of any other kind.
            try Test.cancel("skipped: a kernel before 6.2")
        }
        #expect(truths(finding, "alone", "consequence"), "\(finding)")
        #expect(finding.facts["alone"]?.answer.english == name)
    }

    @Test(arguments: Namespaces.kinds.map(\.name))
    func eachNamespaceHasAPrice(name: String) throws {
        let finding = try perform("namespace-cost", at: [.setting: name])
        let base = try #require(finding.values["base-nanoseconds"])
        let cost = try #require(finding.values["cost-nanoseconds"])
        #expect(base > 0 && base < 1e9)
        #expect(cost > -base && cost < 1e9)
    }

    @Test("an unknown kind is a usage error with the nearest one")
    func anUnknownKindIsAUsageError() {
        let error = #expect(throws: LabError.self) { try perform("namespace-cost", at: [.setting: "pit"]) }
        #expect(error?.kind == .usage && error?.message.english.contains("pid") == true)
    }

    /// The ladder: the host sees the layers of each rung, no fewer and no more.
    @Test func theHostSeesExactlyTheLayersOfEachRung() throws {
        let none = try perform("ladder", at: [.isolation: "none"])
        #expect(none.values["layers-count"] == 0 && none.values["as-asked"] == 1, "\(none)")
        for (index, layer) in IsolationLayer.allCases.enumerated() {
            let finding = try perform("ladder", at: [.isolation: "up-to-\(layer.rawValue)"])
            #expect(finding.values["layers-count"] == Double(index + 1), "\(layer.rawValue): \(finding)")
            #expect(truths(finding, "as-asked"), "\(layer.rawValue): \(finding)")
            #expect((finding.values["ready-nanoseconds"] ?? 0) > 0)
            #expect((finding.values["all-mechanisms"] == 1) == (index >= 5), "\(layer.rawValue)")
        }
        let without = try perform("ladder", at: [.isolation: "without-limits"])
        #expect(without.values["all-mechanisms"] == 0 && without.values["as-asked"] == 1)
    }

    /// What a thread changes of itself stays with it.
    @Test func aSeparateThreadLeavesTheProgramAsItIs() throws {
        let before = NamespaceKind.inode("self", "mnt")
        let inside = try SeparateThread.withPrivateMounts { () throws(LabError) in
            NamespaceKind.inode("thread-self", "mnt")
        }
        #expect(inside != nil && inside != before)
        #expect(NamespaceKind.inode("thread-self", "mnt") == before)
        let error = #expect(throws: LabError.self) {
            try OSThread.run { () throws(LabError) in throw LabError(.data, "passed on") }
        }
        #expect(error?.message.english == "passed on")
    }
}
