import Experiments
import Testing

@testable import LabCore

@Suite(.serialized) struct DensityTests {
    @Test func bareProcessesFillTheCapAndAllAnswer() throws {
        let point: Condition = [.instances: "5", .setting: "budget=1GiB"]
        let found = try ExperimentRun.perform(DensityExperiment(), on: .process, at: point)
        #expect(found.values["alive-count"] == 5)
        #expect(found.values["overcommitment-ratio"] == 1.25)
        #expect(found.values["overcommitted"] == 1)
        #expect(try found.fact("ended-by").answer.english == "the lab's own cap: 5")
        #expect(found.stops["alive-count"] == .cap && found.stops["held-ratio"] == nil)
    }

    /// The budget ends it, and whoever did not fit is gone again.
    @Test(.enabled(if: ExperimentRun.hasContainers, "skipped: no container with limits can be started here"))
    func theBudgetEndsIt() throws {
        let point: Condition = [.instances: "256", .setting: "budget=2MiB"]
        let found = try ExperimentRun.perform(DensityExperiment(), on: .container, at: point)
        let alive = try #require(found.values["alive-count"])
        let taken = try #require(found.values["taken-bytes"])
        let each = try #require(found.values["memory-per-instance-bytes"])
        #expect(alive > 1 && alive < 256)
        #expect(try found.fact("ended-by").answer.english == "the budget: 2 MiB")
        #expect(found.stops["alive-count"] == .subject)
        // What they took at their start they may have grown by since, but not by much.
        #expect(taken <= Double(3 << 20) && each > 4_096)
        #expect(found.values["start-failures-count"] == 0)
    }

    @Test func aBudgetInWhichNotOneFitsIsNoDensity() throws {
        let point: Condition = [.instances: "2", .setting: "budget=1MiB"]
        let error = try ExperimentRun.failure(of: DensityExperiment(), on: .qemuDirect, at: point)
        #expect(error.kind == .unavailable && error.message.english.contains("not one instance fits"))
    }

    @Test(arguments: ["budget", "budget=", "budget=0MiB", "budget=4", "ksm", "ksm=maybe", "budget=-1GiB"])
    func anUnknownSettingIsAUsageError(text: String) throws {
        let error = try ExperimentRun.failure(of: DensityExperiment(), on: .process, at: [.setting: text])
        #expect(error.kind == .usage)
    }

    private static let merging = "/sys/kernel/mm/ksm"
    private static let mergingIsOurs =
        ExperimentRun.hasContainers && ExperimentRun.hasVMs && Files.line("\(merging)/run") == "0"

    /// Pages of VMs that are alike are merged, and the machine's settings are as they were.
    @Test(
        .enabled(
            if: mergingIsOurs, "skipped: needs root, VMs, and a kernel that merges pages and is not at it"))
    func mergingSavesMemoryAndIsPutBack() throws {
        func settings() -> [String?] {
            ["run", "pages_to_scan", "sleep_millisecs"].map { Files.line("\(Self.merging)/\($0)") }
        }
        let before = settings()
        let point: Condition = [.instances: "3", .setting: "budget=2GiB ksm=on"]
        let found = try ExperimentRun.merging.withLock { _ in
            try ExperimentRun.perform(DensityExperiment(), on: .qemuDirect, at: point, mebibytes: 192)
        }
        #expect(found.values["alive-count"] == 3)
        #expect(found.values["merged-bytes"] ?? 0 > Double(1 << 20))
        #expect(settings() == before)
    }
}
