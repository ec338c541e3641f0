import Glibc
import Testing

@testable import Experiments
@testable import LabCore
@testable import LabFile

/// One after the other: each looks at what the host is like before and after.
@Suite(.serialized) struct IsolationProbesTests {
    private let planted = HostProbe.all.filter { if case .planted = $0.question { true } else { false } }

    private func perform(_ engine: EngineID, isolation: String? = nil) throws -> Finding {
        let before = System.read()
        let point: Condition = isolation.map { [.isolation: $0] } ?? [:]
        let finding = try ExperimentRun.perform(IsolationProbes(), on: engine, at: point, lab: "isolation")
        #expect(System.read() == before)
        #expect(finding.isSo("host-unchanged") == true, "\(finding.facts["host-unchanged"]?.answer ?? "")")
        #expect(finding.values["probes-count"] == Double(HostProbe.all.count))
        for probe in HostProbe.all {
            let fact = try #require(finding.facts[probe.id], "\(probe.id)")
            #expect(fact.evidence?.isEmpty == false, "\(probe.id)")
            #expect((fact.mechanism == Mechanism.none) == finding.isSo(probe.id), "\(probe.id)")
        }
        return finding
    }

    /// What a probe that was not harmless would change.
    private struct System: Equatable {
        var hostname: String
        var parameters: [String?]
        var timeIsRight: Bool

        static func read() -> System {
            let watched = ["kernel/core_pattern", "vm/swappiness", "kernel/printk", "kernel/hostname"]
            return System(
                hostname: Host.System.current().name,
                parameters: watched.map { Files.line("/proc/sys/\($0)") },
                timeIsRight: time(nil) > 1_700_000_000)
        }
    }

    @Test(.enabled(if: ExperimentRun.isRoot, "skipped: the baseline is a process of root"))
    func aBareProcessFindsAllThatIsPlanted() throws {
        let finding = try perform(.process)
        let missed = planted.map(\.id).filter { finding.isSo($0) == false }
        // Where no file system of queues is mounted, none is planted.
        let hasQueues = MountTable.current().entries.contains { $0.type == "mqueue" }
        #expect(missed == (hasQueues ? [] : ["message-queue"]))
        #expect(finding.isSo("host-processes-visible") == true && finding.isSo("neighbour-visible") == true)
        #expect(finding.isSo("payload-is-host-process") == true && finding.isSo("payload-is-pid-1") == false)
        #expect(finding.isSo("host-parameters-writable") == true)
        for id in ["reboot", "mount", "set-hostname", "adjust-clock", "boot-id", "memory"] {
            #expect(finding.isSo(id) == true, "\(id)")
        }
    }

    @Test(
        "a container finds nothing that is planted, and each answer has its mechanism",
        .enabled(if: ExperimentRun.isRoot, "skipped: without root a container has other layers"))
    func aContainerFindsNothingPlanted() throws {
        let finding = try perform(.container)
        #expect(finding.values["planted-count"] == 0)
        #expect(finding.isSo("payload-is-host-process") == true && finding.isSo("payload-is-pid-1") == true)
        #expect(finding.isSo("host-parameters-writable") == false)
        // It shares the kernel, and says so.
        #expect(finding.isSo("boot-id") == true && finding.isSo("kernel-release") == true)
        let expected: [String: Mechanism] = [
            "processes": .pidNamespace, "neighbour": .pidNamespace, "signal": .pidNamespace,
            "file": .mountNamespace, "file-write": .mountNamespace, "interfaces": .networkNamespace,
            "unix-socket": .networkNamespace, "tcp-port": .networkNamespace, "raw-socket": .networkNamespace,
            "shared-memory": .ipcNamespace, "message-queue": .ipcNamespace, "hostname": .utsNamespace,
            "cgroup-path": .cgroupNamespace, "mount": .seccomp, "reboot": .seccomp, "bpf": .seccomp,
            "user-namespace": .seccomp, "hypervisor-socket": .seccomp, "adjust-clock": .capability,
            "priority": .capability, "core-pattern": .maskedPath, "swappiness": .maskedPath,
            "interrupts": .maskedPath, "sysfs-write": .readOnlyMount, "block-device": .noDevice,
            "memory": .cgroup,
        ]
        for (id, mechanism) in expected { #expect(finding.mechanism(id) == mechanism, "\(id)") }
    }

    /// Which layer it was is proved by taking it away.
    @Test(
        "taking a layer away changes the answers of that layer",
        .enabled(if: ExperimentRun.isRoot, "skipped: some layers need root"))
    func aLayerTakenAwayChangesItsAnswers() throws {
        let filtered = try perform(.container, isolation: "without-seccomp")
        for id in ["mount", "reboot", "swap", "set-clock"] {
            // Behind the filter stand the capabilities.
            #expect(filtered.mechanism(id) == .capability, "\(id)")
        }
        #expect(filtered.isSo("user-namespace") == true && filtered.isSo("hypervisor-socket") == true)
        let capable = try perform(.container, isolation: "without-capabilities")
        #expect(capable.isSo("adjust-clock") == true && capable.mechanism("mount") == .seccomp)
        let open = try perform(.container, isolation: "without-pid")
        #expect(open.isSo("processes") == true && open.isSo("neighbour") == true)
        #expect(open.isSo("file") == false)
        let connected = try perform(.container, isolation: "without-network")
        #expect(connected.isSo("tcp-port") == true && connected.isSo("unix-socket") == true)
        #expect(connected.isSo("processes") == false)
    }

    @Test(arguments: ExperimentRun.peers)
    func aPeerFindsNothingThatIsPlanted(engine: EngineID) throws {
        let finding = try perform(engine)
        let found = planted.map(\.id).filter { finding.isSo($0) == true }
        #expect(found.isEmpty)
        #expect(finding.isSo("payload-is-pid-1") == true && finding.isSo("boot-id") == true)
    }

    @Test func aVMReachesNothingButTheProcessorsName() throws {
        let finding = try perform(.qemuDirect)
        #expect(finding.values["planted-count"] == 0 && finding.isSo("payload-is-host-process") == false)
        for probe in HostProbe.all where probe.id != "processor-model" {
            #expect(finding.mechanism(probe.id) == .guestKernel, "\(probe.id)")
        }
    }

    /// The bare process is the positive control: to root nothing of it is closed.
    @Test(.enabled(if: ExperimentRun.isRoot, "skipped: nobody but root can be somebody else"))
    func whatAnEscapeIsWorthIsReadOnTheHost() throws {
        let hasMemory = Files.exists("/dev/mem")
        let bare = try perform(.process)
        #expect(bare.isSo("escaped-user") == true && bare.isSo("escaped-filter") == false)
        #expect(bare.isSo("escaped-namespaces") == true)
        for id in ["escaped-shadow", "escaped-etc", "escaped-signal"] {
            #expect(bare.isSo(id) == true, "\(id)")
        }
        let container = try perform(.container)
        // Root by name, of all files, but not of the machine's memory.
        #expect(container.isSo("escaped-user") == true && container.isSo("escaped-filter") == true)
        #expect(container.isSo("escaped-namespaces") == false && container.isSo("escaped-shadow") == true)
        #expect(container.mechanism("escaped-memory") == (hasMemory ? .capability : .absent))
        let machine = try perform(.qemuDirect)
        #expect(machine.isSo("escaped-user") == false && machine.isSo("escaped-capabilities") == false)
        #expect(machine.isSo("escaped-filter") == true && machine.isSo("escaped-namespaces") == true)
        #expect(machine.values["escaped-count"] == 0)
        for id in ["escaped-shadow", "escaped-etc", "escaped-signal"] {
            #expect(machine.mechanism(id) == .hostKernel, "\(id)")
        }
    }

    @Test func theLabShowsEveryProbeAndNothingElse() throws {
        let lab = try LabDirectory.open("\(checkout)/labs").definition("isolation")
        let others =
            ["payload-is-host-process", "payload-is-pid-1", "host-unchanged"]
            + ["user", "capabilities", "filter", "namespaces"].map { "escaped-\($0)" }
            + Escape.Deed.all.map(\.id)
        #expect(Set((lab.facts ?? []).map(\.id)) == Set(HostProbe.all.map(\.id) + others))
        #expect(HostProbe.all.count >= 30)
        #expect(Set(HostProbe.all.map(\.id)).count == HostProbe.all.count)
    }
}
