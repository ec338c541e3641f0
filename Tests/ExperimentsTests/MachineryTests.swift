import Testing

@testable import Experiments
@testable import LabCore

/// What runs on the host for an instance, and what instances see of each other.
@Suite(.enabled(if: ExperimentRun.isRoot, "skipped: needs root"), .serialized)
struct MachineryTests {
    @Test(arguments: [EngineID.process, .container])
    func aContainerIsOneProcessAndOurChild(id: EngineID) throws {
        let finding = try ExperimentRun.perform(Machinery(), on: id)
        #expect(finding.values["other-programs-count"] == 0, "\(finding)")
        #expect(finding.values["processes-count"] == 1 && finding.values["direct-child"] == 1)
        #expect(finding.values["hypervisor-program"] == 0 && finding.values["kvm-descriptors-count"] == 0)
    }

    @Test func aContainerSeesOnlyItself() throws {
        let finding = try ExperimentRun.perform(Viewpoint(), on: .container)
        for name in ["pid-1-inside", "sees-only-itself", "own-network"] {
            #expect(finding.values[name] == 1, "\(name): \(finding)")
        }
        #expect(finding.values["processes-seen-count"] == 1)
    }

    @Test func aBareProcessSeesTheHost() throws {
        let finding = try ExperimentRun.perform(Viewpoint(), on: .process)
        for name in ["pid-1-inside", "sees-only-itself", "own-network"] {
            #expect(finding.values[name] == 0, "\(name): \(finding)")
        }
        #expect((finding.values["processes-seen-count"] ?? 0) > 1)
    }
}
