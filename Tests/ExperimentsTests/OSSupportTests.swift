import Testing

@testable import LabCore
@testable import LabRunner

@Suite("other systems", .serialized) struct OSSupportTests {
    private func find(_ name: String, on engine: EngineID) throws -> Finding {
        try ExperimentRun.perform(try experiment(name), on: engine, lab: "os-support")
    }

    private func experiment(_ name: String) throws -> any Experiment {
        try #require(ExperimentTable.all.first { $0.id == name })
    }

    private static let children = [EngineID.process, .container]

    @Test(arguments: children)
    func aContainerHasTheHostsKernel(engine: EngineID) throws {
        let found = try find("other-kernel", on: engine)
        #expect(found.values["other-kernel"] == 0)
        let host = try #require(Files.line("/proc/sys/kernel/osrelease"))
        #expect(found.facts["other-kernel"]?.answer.english == "Linux \(host)")
    }

    @Test(arguments: children)
    func theHostsKernelRefusesForeignPrograms(engine: EngineID) throws {
        let found = try find("foreign-program", on: engine)
        let facts = found.facts
        #expect(facts.keys.sorted() == ["boot-sector", "elf-aarch64", "mach-o-macos", "pe-windows"])
        guard facts.values.allSatisfy({ $0.evidence?.english == "execve" }) else {
            try Test.cancel("skipped: the host's binfmt_misc runs some of them after all")
        }
        #expect(facts.values.allSatisfy { $0.answer.english == "ENOEXEC" }, "\(facts)")
        #expect(found.values["foreign-running-count"] == 0)
    }

    @Test func aVMHasAKernelOfItsOwn() throws {
        let found = try find("other-kernel", on: .qemu)
        #expect(found.values["other-kernel"] == 1, "\(found)")
        #expect(found.mechanism("other-kernel") == .guestKernel)
    }

    @Test func aVMRunsASystemThatIsNoLinux() throws {
        let found = try find("boot-sector", on: .qemu)
        #expect(found.values["boot-sector"] == 1, "\(found)")
        #expect(found.facts["boot-sector"]?.evidence?.english == "QEMU has a disk and no -kernel")
    }

    @Test("an experiment that an engine cannot do is a failed trial with the reason")
    func anImpossibleExperimentIsAFailedTrial() throws {
        let error = try ExperimentRun.failure(
            of: try experiment("boot-sector"), on: .container, lab: "os-support")
        #expect(error.kind == .unavailable && error.message.english.contains("container"))
    }

    /// An engine that is made in one way only says so instead of making it in another than was asked for.
    @Test(arguments: children)
    func anEngineWithoutVariantsRefusesThem(engine: EngineID) throws {
        let error = try ExperimentRun.failure(
            of: try experiment("other-kernel"), on: engine, at: [.variant: "memory=balloon"],
            lab: "os-support")
        #expect(error.kind == .usage && error.message.english.contains("memory=balloon"))
    }
}
