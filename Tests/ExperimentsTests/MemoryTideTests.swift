import Testing

@testable import Experiments
@testable import LabCore

@Suite("memory comes and goes", .serialized) struct MemoryTideTests {
    private let half = 128.0 * 1_048_576

    @Test(arguments: [EngineID.process, .container])
    func theKernelGetsItAllBack(engine: EngineID) throws {
        let values = try values(engine, [:])
        #expect(try #require(values["idle-share"]) < 0.1)
        let used = try #require(values["touched-bytes"]) - (values["idle-bytes"] ?? 0)
        #expect(used > 0.95 * half && used < 1.05 * half, "\(used)")
        #expect(try #require(values["returned-share"]) > 0.95)
        if engine == .container {
            let charge = try #require(values["touched-charge-bytes"]) - (values["idle-charge-bytes"] ?? 0)
            #expect(charge > 0.95 * half, "\(charge)")
        }
    }

    /// What each variant is for is seen by the host, and by the host alone.
    @Test(
        arguments: [
            ("lazy", 0.0...0.6, -0.05...0.1), ("prealloc", 0.99...1, -0.05...0.1),
            ("balloon", 0...0.6, 0.5...9), ("free-page-reporting", 0...0.6, 0.5...9),
        ])
    func aVMHoldsAndReturnsAsItsVariantSays(
        memory: String, idle: ClosedRange<Double>, returned: ClosedRange<Double>
    ) throws {
        let values = try ExperimentRun.merging.withLock { _ in
            try self.values(.qemu, [.variant: "memory=\(memory),machine=q35"])
        }
        #expect(idle.contains(try #require(values["idle-share"])), "\(values)")
        #expect(returned.contains(try #require(values["returned-share"])), "\(values)")
        #expect((values["half-returned-ns"] != nil) == (returned.upperBound > 1), "\(values)")
    }

    private func values(_ engine: EngineID, _ point: Condition) throws -> [String: Double] {
        let found = try ExperimentRun.perform(MemoryTide(), on: engine, at: point, lab: "resource-allocation")
        #expect(found.values["configured-bytes"] == 268_435_456.0)
        return found.values
    }
}
