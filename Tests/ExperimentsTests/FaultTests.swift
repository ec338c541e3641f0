import Experiments
import Foundation
import Testing

@testable import LabCore

/// Every fault on the real thing: who holds the culprit, and that neighbour and host live on.
@Suite(.serialized) struct FaultTests {
    static let names = FaultExperiment.all.map(\.id)

    private func perform(_ name: String, on engine: EngineID) throws -> Finding {
        let experiment = try #require(FaultExperiment.all.first { $0.id == name })
        let (found, guest) = try ExperimentRun.with(engine) { run in
            (try run.perform(experiment), run.context.rootFilesystem.hostGuestPath)
        }
        #expect(culprits(guest).isEmpty)
        #expect(found.values["neighbour-answers"] == 1, "\(found)")
        #expect(found.values["host-answers"] == 1, "\(found)")
        #expect(found.values["clean"] == 1, "\(found)")
        #expect((found.values["neighbour-slowdown-ratio"] ?? 0) > 0)
        return found
    }

    /// Processes that do harm and run this program: a bare one does not carry its run's name, and its children are
    /// nobody's when it has ended.
    private func culprits(_ guest: String) -> [pid_t] {
        Files.list("/proc").compactMap { pid_t($0) }.filter { pid in
            guard let line = try? Files.readText("/proc/\(pid)/cmdline"),
                ["fork-bomb", "hog-", "fill-disk"].contains(where: { line.contains($0) })
            else { return false }
            return (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) == guest
        }
    }

    /// Nothing holds a bare process but the limit that the culprit sets itself, and that limit is low.
    @Test(arguments: names)
    func aBareProcessIsHeldByItsOwnLimitAlone(name: String) throws {
        let found = try perform(name, on: .process)
        let fact = try found.fact("contained")
        // Who isn't root may not bring the kernel down.
        let isRefused = name == "fault-kernel-panic" && !ExperimentRun.hasContainers
        #expect(found.values["contained"] == (isRefused ? 1 : 0))
        #expect(fact.mechanism == (isRefused ? .hostKernel : Mechanism.none))
        #expect(found.values["host-processes-count"] ?? 0 <= 201)
        #expect(found.values["culprit-memory-bytes"] ?? 0 <= Double(256 << 20))
        #expect(found.values["culprit-written-bytes"] ?? 0 <= Double(64 << 20))
        if name == "fault-fork-bomb" {
            // The counter of what is left counts: there were so many before.
            #expect(found.values["culprit-processes-count"] == 200)
            #expect(try found.fact("clean").evidence?.english == "201 processes before")
        }
    }

    @Test(
        .enabled(if: ExperimentRun.hasContainers, "skipped: no container with limits can be started here"),
        arguments: names)
    func aContainerIsHeldByItsCgroup(name: String) throws {
        let found = try perform(name, on: .container)
        let fact = try found.fact("contained")
        #expect(found.values["contained"] == 1, "\(fact)")
        let evidence = try #require(fact.evidence)
        switch name {
        case "fault-fork-bomb":
            #expect(fact.answer.english == "EAGAIN" && fact.mechanism == .cgroup)
            #expect(evidence.english.contains("pids.events"), "\(evidence)")
            #expect(found.values["culprit-processes-count"] == 1_023)
            #expect(found.values["host-processes-count"] == 1_024)
        case "fault-memory-hog", "fault-full-disk":
            // A file that is written lies in the container's memory too.
            #expect(fact.answer.english == "SIGKILL" && fact.mechanism == .cgroup)
            #expect(evidence.english.contains("oom_kill"), "\(evidence)")
            #expect(found.values["culprit-memory-bytes"] ?? 0 <= Double(256 << 20))
        case "fault-cpu-hog":
            #expect(fact.mechanism == .cgroup)
            let share = try #require(found.values["culprit-cpus-ratio"])
            #expect(share > 0 && share <= 1.25)
        default:
            #expect(fact.mechanism == .readOnlyMount || fact.mechanism == .capability)
            #expect(fact.answer.english.hasSuffix("reboot: EPERM"), "\(fact)")
        }
    }

    @Test(arguments: names)
    func aVMIsHeldByItsOwnKernel(name: String) throws {
        let found = try perform(name, on: .qemuDirect)
        let fact = try found.fact("contained")
        #expect(found.values["contained"] == 1 && fact.mechanism == .guestKernel, "\(fact)")
        let answers = [
            "fault-fork-bomb": ["EAGAIN", "ENOMEM"], "fault-memory-hog": ["SIGKILL", "ENOMEM"],
            "fault-full-disk": ["ENOSPC", "SIGKILL"], "fault-kernel-panic": ["kernel panic"],
        ]
        if let expected = answers[name] { #expect(expected.contains(fact.answer.english), "\(fact)") }
        if name == "fault-fork-bomb" { #expect(found.values["host-processes-count"] == 1) }
        if name == "fault-kernel-panic" {
            #expect(fact.evidence?.english.contains("Kernel panic - not syncing") == true, "\(fact)")
        }
    }
}
