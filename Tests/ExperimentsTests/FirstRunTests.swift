import Images
import Testing

@testable import Experiments
@testable import LabCore

/// An image that is not there, run for real: from docker-registry on the loopback.
@Suite(
    "The first run of an image", .serialized,
    .enabled(if: ExperimentRun.isRoot, "layers are unpacked as root"),
    .enabled(
        if: LoopbackRegistry.isInstalled && Tool.find("skopeo") != nil,
        "docker-registry or skopeo is not installed"))
struct FirstRunTests {
    /// One trial; its phases have to add up, and no byte may be missing.
    private func check(_ engine: EngineID, unpacks: Bool = true) throws {
        let found = try ExperimentRun.perform(FirstRun(), on: engine, at: [.setting: "2"])
        let phases = ["pull-ns", "unpack-ns", "start-ns", "exec-ns", "stop-ns"].compactMap {
            found.values[$0]
        }
        #expect(phases.count == (unpacks ? 5 : 4) && phases.allSatisfy { $0 > 0 })
        #expect(found.values["total-ns"] == phases.reduce(0, +))
        // 2 MiB that nothing makes smaller go over the wire and come to lie on the disk; lab-guest is beside them.
        let wire = try #require(found.values["wire-bytes"])
        let disk = try #require(found.values["unpacked-bytes"])
        #expect(
            (2_097_152...12_000_000).contains(wire) && (2_097_152...40_000_000).contains(disk), "\(found)")
        #expect(found.facts["unpacked"]?.answer == (unpacks ? "after it was pulled" : "while it is pulled"))
    }

    @Test("A container's image is pulled, unpacked, started, entered and ended; nothing is left")
    func container() throws { try check(.container) }

    @Test("podman does the same by its commands, and unpacks while it pulls")
    func podman() throws { try check("podman", unpacks: false) }

    @Test(
        "A VM's disk is an image's one file; the command on it is started, and another beside it",
        .enabled(if: ExperimentRun.hasVMs, "no guest boots on this machine"))
    func machine() throws { try check(.qemuDirect) }

    @Test("An engine that starts no image that arrives says so; so does a setting that is none")
    func refused() throws {
        let bare = try ExperimentRun.failure(of: FirstRun(), on: .process, at: [.setting: "2"])
        #expect(bare.kind == .unavailable && bare.message.english.contains("process starts no image"))
        let setting = try ExperimentRun.failure(of: FirstRun(), on: .container, at: [.setting: "much"])
        #expect(setting.kind == .usage)
    }
}
