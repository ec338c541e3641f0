import Testing

@testable import LabCore

@Suite("other systems", .serialized) struct OSSupportTests {
    private func trial(_ experiment: String, _ engine: EngineID) throws -> Observation {
        try RealTrials.make("os-support", on: engine, [.experiment: experiment])
    }

    private static let children: [EngineID] = ["process", "container"]

    @Test(
        .enabled(if: RealTrials.hasContainers, "no container runs on this machine"), arguments: children)
    func aContainerHasTheHostsKernel(engine: EngineID) throws {
        let observation = try trial("other-kernel", engine)
        #expect(observation.values["other-kernel"] == 0)
        let host = try #require(Files.line("/proc/sys/kernel/osrelease"))
        #expect(observation.facts?["other-kernel"]?.answer == "Linux \(host)")
    }

    @Test(
        .enabled(if: RealTrials.hasContainers, "no container runs on this machine"), arguments: children)
    func theHostsKernelRefusesForeignPrograms(engine: EngineID) throws {
        let observation = try trial("foreign-program", engine)
        #expect(observation.outcome == .completed, "\(observation.outcome)")
        let facts = try #require(observation.facts)
        #expect(facts.keys.sorted() == ["boot-sector", "elf-aarch64", "mach-o-macos", "pe-windows"])
        // With binfmt_misc a host may run some of them after all.
        guard facts.values.allSatisfy({ $0.evidence == "execve" }) else { return }
        #expect(facts.values.allSatisfy { $0.answer == "ENOEXEC" }, "\(facts)")
        #expect(observation.values["foreign-running-count"] == 0)
    }

    @Test(.enabled(if: RealTrials.hasMachines, "no guest boots on this machine"))
    func aVMHasAKernelOfItsOwn() throws {
        let observation = try trial("other-kernel", "qemu")
        #expect(observation.values["other-kernel"] == 1, "\(observation)")
        #expect(observation.facts?["other-kernel"]?.mechanism == .guestKernel)
    }

    @Test(.enabled(if: RealTrials.hasMachines, "no guest boots on this machine"))
    func aVMRunsASystemThatIsNoLinux() throws {
        let observation = try trial("boot-sector", "qemu")
        #expect(observation.values["boot-sector"] == 1, "\(observation)")
        #expect(observation.facts?["boot-sector"]?.evidence == "QEMU has a disk and no -kernel")
    }

    @Test(.enabled(if: RealTrials.hasContainers, "no container runs on this machine"))
    func anExperimentThatAnEngineCannotDoIsAFailedTrialWithTheReason() throws {
        guard case .failed(let error, _) = try trial("boot-sector", "container").outcome else {
            Issue.record("a container boots a sector")
            return
        }
        #expect(error.kind == .unavailable && error.message.contains("container"))
    }

    /// An engine that is made in one way only says so instead of making it in another than was asked for.
    @Test(
        .enabled(if: RealTrials.hasContainers, "no container runs on this machine"), arguments: children)
    func anEngineWithoutVariantsRefusesThem(engine: EngineID) throws {
        let point: Point = [.experiment: "other-kernel", .variant: "memory=balloon"]
        guard case .failed(let error, _) = try RealTrials.make("os-support", on: engine, point).outcome else {
            Issue.record("\(engine) took a variant")
            return
        }
        #expect(error.kind == .usage && error.message.contains("memory=balloon"))
    }
}
