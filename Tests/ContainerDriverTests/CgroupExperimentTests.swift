import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore

@Suite(
    "cgroup experiments",
    .enabled(if: hasLimits && obstacle == nil, "skipped: needs root or a delegated cgroup"), .serialized)
struct CgroupExperimentTests {
    static let unified = (try? ControllerMounts.current().unified()) != nil

    @Test func aQuotaIsHeld() throws {
        let finding = try perform("cpu-quota", at: [.setting: "25"])
        let ratio = try #require(finding.values["achieved-ratio"])
        #expect(ratio > 0.5 && ratio < 1.1, "\(finding)")
        #expect(truths(finding, "throttled"))
        #expect((finding.values["throttled-count"] ?? 0) <= (finding.values["periods-count"] ?? 0) + 1)
    }

    @Test func aQuotaWithoutProcessorsIsUnavailable() {
        let error = #expect(throws: LabError.self) { try perform("cpu-quota", at: [.setting: "409600"]) }
        #expect(error?.kind == .unavailable)
    }

    @Test("memory beyond the limit kills, and below it does not")
    func memoryBeyondTheLimitKills() throws {
        let beyond = try perform("memory-limit", at: [.setting: "beyond"])
        #expect(truths(beyond, "killed-beyond") && beyond.values["oom-kills-count"] == 1, "\(beyond)")
        #expect((beyond.values["peak-ratio"] ?? 1) <= 1)
        let below = try perform("memory-limit", at: [.setting: "below"])
        #expect(truths(below, "alive-below") && below.values["oom-kills-count"] == 0, "\(below)")
    }

    @Test func forksAreRefusedAtTheLimit() throws {
        let finding = try perform("pids-limit", at: [.setting: "8"])
        #expect(truths(finding, "refused") && finding.values["processes-count"] == 8, "\(finding)")
        #expect(finding.facts["refused"]?.answer.english == "EAGAIN")
    }

    @Test func theDiskIsNotWrittenFasterThanTheLimit() throws {
        do {
            let finding = try perform("io-limit", at: [.setting: "4"])
            let ratio = try #require(finding.values["achieved-ratio"])
            #expect(ratio > 0.05 && ratio < 1.3, "\(finding)")
        } catch let error as LabError where error.kind == .unavailable {
            // A machine whose disk has no such controller: that it says so is all that can be held here.
            #expect(!error.reason.isEmpty)
        }
    }

    @Test(.enabled(if: unified, "skipped: no cgroup v2 is mounted"), arguments: ["at-once", "one-by-one"])
    func aCgroupIsEmptied(setting: String) throws {
        let finding = try perform("cgroup-kill", at: [.setting: setting])
        #expect(truths(finding, "emptied") && finding.values["processes-count"] == 32, "\(finding)")
        #expect((finding.values["kill-nanoseconds"] ?? 0) > 0)
    }

    @Test func aFrozenCgroupStandsStillUntilItIsThawed() throws {
        let finding = try perform("freezer")
        #expect(truths(finding, "stands-still", "runs-again"), "\(finding)")
    }

    @Test(.enabled(if: unified, "skipped: no cgroup v2 is mounted"))
    func pressureIsSeen() throws {
        let finding = try perform("cpu-pressure", at: [.setting: "quota"])
        let ratio = try #require(finding.values["pressure-ratio"])
        #expect(ratio >= 0 && ratio <= 1.1, "\(finding)")
    }

    /// The file's pages are read again and again under a limit, and stay without one; whoever else wants memory may make
    /// even that one wait.
    @Test(.enabled(if: unified, "skipped: no cgroup v2 is mounted"))
    func pressureOfMemoryIsSeen() throws {
        do {
            let limited = try perform("memory-pressure", at: [.setting: "limit"])
            let ratio = try #require(limited.values["memory-pressure-ratio"])
            let free = try perform("memory-pressure", at: [.setting: "free"])
            #expect(ratio > 0 && ratio > free.values["memory-pressure-ratio"] ?? 1, "\(limited) \(free)")
        } catch let error as LabError where error.kind == .unavailable {
            #expect(!error.reason.isEmpty)
        }
    }

    @Test(.enabled(if: unified && isRoot, "skipped: no cgroup v2 is mounted, or not root"))
    func aSubtreeCanBeGivenToAUser() throws {
        let finding = try perform("delegation")
        #expect(truths(finding, "makes-own", "moves-itself", "limit-is-held", "cannot-leave"), "\(finding)")
    }

    @Test func theControllersAreThoseThatAreMounted() throws {
        let finding = try perform("controllers")
        #expect(truths(finding, "limits-cpu", "limits-memory"))
        #expect(finding.values["limits-network-bandwidth"] == 0)
    }

    @Test(arguments: [
        "cpu-quota", "memory-limit", "pids-limit", "io-limit", "cgroup-kill", "cpu-pressure",
        "memory-pressure",
    ])
    func anUnknownSettingIsAUsageError(id: String) {
        for point in [[:], [.setting: "perhaps"]] as [Condition] {
            let error = #expect(throws: LabError.self) { try perform(id, at: point) }
            #expect(error?.kind == .usage)
        }
    }
}

struct ControllerMountsTests {
    private func mounts(_ lines: String, _ offered: String) -> ControllerMounts {
        ControllerMounts(table: MountTable(mountinfo: lines)) { _ in offered }
    }

    private let hybrid = """
        30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
        31 25 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
        """

    @Test func aControllerIsWhereItIsMounted() throws {
        let found = try mounts(hybrid, "hugetlb pids").hierarchy(of: "cpuacct")
        #expect(found.version == .v1 && found.mountPoint == "/sys/fs/cgroup/cpu")
        #expect(try mounts(hybrid, "hugetlb pids").hierarchy(of: "pids").version == .v2)
        let error = #expect(throws: LabError.self) { try mounts(hybrid, "hugetlb").hierarchy(of: "io") }
        #expect(error?.kind == .unavailable && error?.message.english.contains("io") == true)
        #expect(try mounts(hybrid, "").unified() == "/sys/fs/cgroup/unified")
        #expect(throws: LabError.self) { try mounts("", "").unified() }
    }

    @Test func bytesWrittenAreReadInBothVersions() {
        let v1 = "8:0 Read 0\n8:0 Write 4096\n254:0 Write 77\nTotal 4173\n"
        let v2 = "8:0 rbytes=1 wbytes=4096 rios=1 wios=2 dbytes=0 dios=0\n254:0 rbytes=0 wbytes=77\n"
        for text in [v1, v2] {
            #expect(IOLimit.bytesWritten(on: "8:0", in: text) == 4_096)
            #expect(IOLimit.bytesWritten(on: "254:0", in: text) == 77)
            #expect(IOLimit.bytesWritten(on: "9:9", in: text) == nil)
        }
    }

    @Test func pressureIsTheTotalOfSome() {
        let text = """
            some avg10=1.00 avg60=0.00 avg300=0.00 total=4711
            full avg10=0.00 avg60=0.00 avg300=0.00 total=1
            """
        #expect(PressureFile.total(some: text) == 4_711)
        #expect(PressureFile.total(some: "full total=1") == nil)
    }

    @Test func whatIsOnNoDiskHasNone() throws {
        let error = #expect(throws: LabError.self) { try BlockDevice.holding("/proc/self/status") }
        #expect(error?.kind == .unavailable && error?.remedy != nil)
    }
}
