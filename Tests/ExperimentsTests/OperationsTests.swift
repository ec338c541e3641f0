import Glibc
import Testing

@testable import Experiments
@testable import LabCore

/// What operating an engine takes, on real engines.
@Suite(.serialized) struct OperationsTests {
    @Test(
        "a killed instance is replaced and nothing of it remains",
        arguments: [.process, .container, ExperimentRun.peers[0], .qemu])
    func aKilledInstanceIsReplaced(_ id: EngineID) throws {
        let found = try ExperimentRun.perform(CrashRecovery(), on: id)
        let recovery = try #require(found.values["recovery-ns"])
        let detected = try #require(found.values["detected-ns"])
        #expect(recovery > detected)
        #expect(found.values["leftover-processes-count"] == 0)
        #expect(found.values["remaining-count"] == 0, "\(found.facts["leftovers"]?.evidence ?? "")")
        // A VM leaves its pipes and what libvirt keeps of it; a bare process leaves nothing at all.
        if id == .qemu { #expect((found.values["leftover-files-count"] ?? 0) >= 5) }
        if id == .process { #expect(found.values["leftover-count"] == 0) }
    }

    @Test func whatCarriesARunsNameIsFound() throws {
        try ExperimentRun.with(.process) { run in
            let before = Traces(of: run.context)
            let place = run.context.paths.run(run.context.runID)
            try Files.makeDirectory("\(place)/inner")
            try Files.write("x", to: "\(place)/inner/file")
            symlink("/", "\(place)/inner/root")
            let found = Traces(of: run.context).subtracting(before)
            #expect(found.files == ["\(place)/inner", "\(place)/inner/file", "\(place)/inner/root"])
            #expect(found.count == 3)
            try Files.removeTree("\(place)/inner")
            #expect(Traces(of: run.context) == before)
        }
    }

    @Test(arguments: [(EngineID.container, 0, 1), (.qemu, 2, 2)])
    func kernelsAreCountedWhereTheyRun(_ id: EngineID, own: Int, all: Int) throws {
        let found = try ExperimentRun.perform(Rollout(), on: id, at: [.instances: "2"])
        #expect(found.values["own-kernels-count"] == Double(own))
        #expect(found.values["kernels-count"] == Double(all))
        #expect((found.values["rollout-ns"] ?? 0) > 0)
    }

    @Test(arguments: [EngineID.process, .container, .qemu])
    func artefactsAreCountedByLooking(_ id: EngineID) throws {
        let found = try ExperimentRun.perform(Artefacts(), on: id)
        #expect(found.values["host-processes-count"] == 1)
        #expect((found.values["configuration-lines-count"] ?? 0) > 3)
        // The guest is static: its program is all that it holds. QEMU holds itself and its libraries.
        let held = try #require(found.values["held-files-count"])
        #expect(id == .qemu ? held > 20 : held == 1)
    }
}
