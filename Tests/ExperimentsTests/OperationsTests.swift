import Glibc
import Testing

@testable import Experiments
@testable import LabCore

/// What operating an engine takes, on real engines.
@Suite(.serialized) struct OperationsTests {
    @Test(arguments: [EngineID.process, .container, .crun, .qemu])
    func aKilledInstanceIsReplacedAndNothingOfItRemains(_ id: EngineID) throws {
        let trials = try Trials(mayFetch: true)
        let engine = try trials.engine(id)
        let found = try trials.perform(CrashRecovery(), on: engine)
        let recovery = try #require(found.values["recovery-ns"])
        let detected = try #require(found.values["detected-ns"])
        #expect(recovery > detected)
        #expect(found.values["leftover-processes-count"] == 0)
        #expect(found.values["remaining-count"] == 0, "\(found.facts["leftovers"]?.evidence ?? "")")
        // A VM leaves its pipes and what libvirt keeps of it; a bare process leaves nothing at all.
        if id == .qemu { #expect((found.values["leftover-files-count"] ?? 0) >= 5) }
        if id == .process { #expect(found.values["leftover-count"] == 0) }
        #expect(trials.end() == [])
    }

    @Test func whatCarriesARunsNameIsFound() throws {
        let trials = try Trials()
        let before = Traces(of: trials.context)
        let place = trials.context.paths.run(trials.context.runID)
        try Files.makeDirectory("\(place)/inner")
        try Files.write("x", to: "\(place)/inner/file")
        symlink("/", "\(place)/inner/root")
        let found = Traces(of: trials.context).subtracting(before)
        #expect(found.files == ["\(place)/inner", "\(place)/inner/file", "\(place)/inner/root"])
        #expect(found.count == 3)
        try Files.removeTree("\(place)/inner")
        #expect(Traces(of: trials.context) == before)
        #expect(trials.end() == [])
    }

    @Test(arguments: [(EngineID.container, 0, 1), (.qemu, 2, 2)])
    func kernelsAreCountedWhereTheyRun(_ id: EngineID, own: Int, all: Int) throws {
        let trials = try Trials(mayFetch: true)
        let engine = try trials.engine(id)
        let found = try trials.perform(Rollout(), on: engine, [.instances: "2"])
        #expect(found.values["own-kernels-count"] == Double(own))
        #expect(found.values["kernels-count"] == Double(all))
        #expect((found.values["rollout-ns"] ?? 0) > 0)
        #expect(trials.end() == [])
    }

    @Test(arguments: [EngineID.process, .container, .qemu])
    func artefactsAreCountedByLooking(_ id: EngineID) throws {
        let trials = try Trials(mayFetch: true)
        let engine = try trials.engine(id)
        let found = try trials.perform(Artefacts(), on: engine)
        #expect(found.values["host-processes-count"] == 1)
        #expect((found.values["configuration-lines-count"] ?? 0) > 3)
        // The guest is static: its program is all that it holds. QEMU holds itself and its libraries.
        let held = try #require(found.values["held-files-count"])
        #expect(id == .qemu ? held > 20 : held == 1)
        #expect(trials.end() == [])
    }
}
