import Testing

@testable import LabCore
@testable import LabRunner

@Suite struct DoctorTests {
    let home: TemporaryDirectory
    let paths: LabPaths

    init() throws {
        home = try TemporaryDirectory()
        paths = LabPaths(cache: "\(home.path)/cache", state: "\(home.path)/state")
    }

    private func checks(_ engines: [ScriptEngine]) throws -> [String: DoctorCheck] {
        let journal = try RunJournal(runID: "test-\(UInt32.random(in: 0 ... .max))", paths: paths)
        let context = RunContext(
            runID: journal.runID, paths: paths, journal: journal,
            rootFilesystem: RootFilesystem(directory: "/", digest: "root", guestDigest: "guest"))
        let checks = try EngineChecks.all(engines, context: context, labs: []) { _ in }
        return Dictionary(uniqueKeysWithValues: checks.map { ($0.id, $0) })
    }

    private func missingKVM() -> ScriptEngine {
        let kvm = ScriptEngine(.kvm)
        kvm.kind = .virtualMachine
        kvm.availability = .unavailable(LabError(.unavailable, "no /dev/kvm", remedy: "modprobe kvm"))
        return kvm
    }

    @Test("an engine passes when its guest sends the nonce back")
    func anEngineThatEchoesTheNoncePasses() throws {
        let checks = try checks([ScriptEngine(.process), ScriptEngine(.container, "echo init; echo ready")])
        #expect(checks["engine-process"]?.status == .pass)
        #expect(checks["engine-process"]?.detail.english.hasPrefix("answered after ") == true)
        #expect(checks["engine-container"]?.status == .fail)
        #expect(checks["engine-container"]?.detail.english.contains("did not do its workload") == true)
    }

    @Test("no KVM is a warning while emulation works, and a failure without it")
    func noKVMIsAWarningWhileEmulationWorks() throws {
        let emulation = ScriptEngine(.qemu)
        (emulation.kind, emulation.emulates) = (.virtualMachine, true)
        let replaced = try checks([missingKVM(), emulation])
        #expect(replaced["engine-kvm"]?.status == .warn && replaced["engine-kvm"]?.remedy == "modprobe kvm")
        let without = try checks([missingKVM(), ScriptEngine(.process)])
        #expect(without["engine-kvm"]?.status == .fail)
    }

    @Test func withoutAnyEngineEachSaysWhy() throws {
        let alone = try checks([missingKVM()])
        #expect(alone["engine-kvm"]?.status == .fail && alone["engine-kvm"]?.detail.english == "no /dev/kvm")
    }

    @Test func theTableCountsEachStatus() {
        let text = DoctorText(text: Language.english).table([
            DoctorCheck(id: "a", title: "one", status: .pass, detail: "works"),
            DoctorCheck(
                id: "b", title: "second", status: .fail, detail: "does not", remedy: "mend it",
                disables: ["lab"]),
        ])
        #expect(
            text == """
                PASS  one     works
                FAIL  second  does not
                      remedy: mend it
                      disables: lab

                1 pass, 1 fail
                """)
    }

    @Test func aFreshHomePassesTheHostChecks() {
        let checks = HostChecks.all(paths: paths, warnings: [])
        #expect(checks.first { $0.id == "disk-space" }?.status == .pass)
        #expect(checks.first { $0.id == "noise" }?.status == .pass)
        #expect(!checks.contains { $0.id == "dead-runs" || $0.id == "living-runs" })
    }
}
