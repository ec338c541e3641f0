import Experiments
import Testing

@testable import LabCore

/// Every fault on the real thing: who holds the culprit, and that neighbour and host live on.
@Suite(.serialized) struct FaultTests {
    static let names = FaultExperiment.all.map(\.id)

    private func perform(_ name: String, on engine: EngineID, _ body: (Observation) throws -> Void) throws {
        let experiment = try #require(FaultExperiment.all.first { $0.id == name })
        try ExperimentRun.perform(experiment, on: engine) { observation in
            #expect(observation.outcome == .completed)
            #expect(observation.values["neighbour-answers"] == 1, "\(observation)")
            #expect(observation.values["host-answers"] == 1, "\(observation)")
            #expect(observation.values["clean"] == 1, "\(observation)")
            #expect((observation.values["neighbour-slowdown-ratio"] ?? 0) > 0)
            try body(observation)
        }
    }

    /// Nothing holds a bare process but the limit that the culprit sets itself, and that limit is low.
    @Test(arguments: names)
    func aBareProcessIsHeldByItsOwnLimitAlone(name: String) throws {
        try perform(name, on: .process) { observation in
            let fact = try observation.fact("contained")
            // Who isn't root may not bring the kernel down.
            let isRefused = name == "fault-kernel-panic" && !ExperimentRun.hasContainers
            #expect(observation.values["contained"] == (isRefused ? 1 : 0))
            #expect(fact.mechanism == (isRefused ? .hostKernel : Mechanism.none))
            #expect(observation.values["host-processes-count"] ?? 0 <= 201)
            #expect(observation.values["culprit-memory-bytes"] ?? 0 <= Double(256 << 20))
            #expect(observation.values["culprit-written-bytes"] ?? 0 <= Double(64 << 20))
            if name == "fault-fork-bomb" {
                // The counter of what is left counts: there were so many before.
                #expect(observation.values["culprit-processes-count"] == 200)
                #expect(try observation.fact("clean").evidence == "201 processes before")
            }
        }
    }

    @Test(
        .enabled(if: ExperimentRun.hasContainers, "skipped: no container with limits can be started here"),
        arguments: names)
    func aContainerIsHeldByItsCgroup(name: String) throws {
        try perform(name, on: .container) { observation in
            let fact = try observation.fact("contained")
            #expect(observation.values["contained"] == 1, "\(fact)")
            let evidence = try #require(fact.evidence)
            switch name {
            case "fault-fork-bomb":
                #expect(fact.answer == "EAGAIN" && fact.mechanism == .cgroup)
                #expect(evidence.contains("pids.events"), "\(evidence)")
                #expect(observation.values["culprit-processes-count"] == 1_023)
                #expect(observation.values["host-processes-count"] == 1_024)
            case "fault-memory-hog", "fault-full-disk":
                // A file that is written lies in the container's memory too.
                #expect(fact.answer == "SIGKILL" && fact.mechanism == .cgroup)
                #expect(evidence.contains("oom_kill"), "\(evidence)")
                #expect(observation.values["culprit-memory-bytes"] ?? 0 <= Double(256 << 20))
            case "fault-cpu-hog":
                #expect(fact.mechanism == .cgroup)
                let share = try #require(observation.values["culprit-cpus-ratio"])
                #expect(share > 0 && share <= 1.25)
            default:
                #expect(fact.mechanism == .readOnlyMount || fact.mechanism == .capability)
                #expect(fact.answer.hasSuffix("reboot: EPERM"), "\(fact)")
            }
        }
    }

    @Test(
        .enabled(if: ExperimentRun.hasVMs, "skipped: no VM boots here"), arguments: names)
    func aVMIsHeldByItsOwnKernel(name: String) throws {
        try perform(name, on: .qemuDirect) { observation in
            let fact = try observation.fact("contained")
            #expect(observation.values["contained"] == 1 && fact.mechanism == .guestKernel, "\(fact)")
            let answers = [
                "fault-fork-bomb": ["EAGAIN", "ENOMEM"], "fault-memory-hog": ["SIGKILL", "ENOMEM"],
                "fault-full-disk": ["ENOSPC", "SIGKILL"], "fault-kernel-panic": ["kernel panic"],
            ]
            if let expected = answers[name] { #expect(expected.contains(fact.answer), "\(fact)") }
            if name == "fault-fork-bomb" { #expect(observation.values["host-processes-count"] == 1) }
            if name == "fault-kernel-panic" {
                #expect(fact.evidence?.contains("Kernel panic - not syncing") == true, "\(fact)")
            }
        }
    }
}
