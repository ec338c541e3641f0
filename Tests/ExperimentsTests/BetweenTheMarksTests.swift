import Glibc
import Synchronization
import Testing

@testable import Experiments
@testable import LabCore

/// What is on the host right before an instance's first mark, while it lives, and right after its last.
@Suite(.serialized) struct BetweenTheMarksTests {
    private struct Seen {
        var before = Traces()
        var alive = Traces()
        var after = Traces()

        /// What is there at a time at which nothing of the instance may be.
        var outside: [Traces] { [before, after] }
    }

    private final class Look: Sendable {
        let traces = Mutex(Traces())
    }

    /// One life, of an instance that carries the run's id in its command line.
    private func live(_ run: ExperimentRun, _ index: Int, at condition: Condition = [:]) throws -> Seen {
        let context = run.context
        let deadline = MonotonicInstant.now().advanced(by: .seconds(60))
        var request = LaunchRequest(
            index: index, workload: .pulse(nonce: context.runID, milliseconds: 1_000),
            memoryBytes: 256 << 20, cpus: 1, deadline: deadline, condition: condition)
        let look = Look()
        request.willBegin = { look.traces.withLock { $0 = Traces(of: context) } }
        let instance = try run.engine.launch(request)
        var seen = Seen(before: look.traces.withLock(\.self))
        let answer = Result { () throws(LabError) in try instance.wait(forOutputs: 1, deadline: deadline) }
        seen.alive = Traces(of: context)
        try instance.dispose()
        // Held until now: what goes only with the object would be seen.
        seen.after = withExtendedLifetime(instance) { Traces(of: context) }
        try answer.get()
        #expect(instance.timeline[.requested] == 0 && instance.timeline[.cleanedUp] != nil)
        return seen
    }

    /// podman's mount of its store comes and goes with its containers, and is no instance's.
    private func all(_ traces: Traces) -> Set<String> {
        traces.processes.union(traces.cgroups).union(traces.files).union(
            traces.mounts.filter { !$0.hasSuffix("/podman/store/root/overlay") })
    }

    /// The traces of what the engine prepared, with the cgroups that it wrote down, which a peer's first start makes.
    private func prepared(_ run: ExperimentRun) throws -> Traces {
        var traces = Traces(of: run.context)
        traces.expect(try run.context.journal.recorded())
        return traces
    }

    @Test(
        "Nothing of an instance exists before requested or after cleaned-up",
        arguments: [.process, .container, .qemuDirect, .qemu, .kvm] + ExperimentRun.peers)
    func nothingOutsideTheMarks(engine: EngineID) throws {
        try ExperimentRun.with(engine) { run in
            let prepared = all(try prepared(run))
            let first = try live(run, 0)
            let second = try live(run, 1)
            // A peer's first start makes what its later ones share: the files of a store, the cgroup of its monitors.
            if !ExperimentRun.peers.contains(engine) {
                #expect(first.outside.map { all($0).subtracting(prepared) } == [[], []])
            }
            let shared = prepared.union(all(first.after))
            #expect(second.outside.map { all($0).subtracting(shared) } == [[], []])
            let living = second.alive.processes.subtracting(shared)
            #expect(!living.isEmpty, "the control: the look finds what is there")
        }
    }

    @Test(
        "A cgroup that is handed on is seen before requested and after cleaned-up",
        .enabled(if: ExperimentRun.hasContainers, "skipped: needs containers with limits"))
    func handedOnIsSeen() throws {
        try ExperimentRun.with(.container) { run in
            let prepared = try prepared(run)
            let first = try live(run, 0, at: [.cgroups: "handed-on"])
            let left = first.after.subtracting(prepared)
            #expect(first.before.subtracting(prepared) == Traces() && !left.cgroups.isEmpty)
            let second = try live(run, 1, at: [.cgroups: "handed-on"])
            #expect(second.before.subtracting(prepared) == left && second.after == first.after)
            // Who does not ask for them does not get them.
            let third = try live(run, 2)
            #expect(third.before == first.after && third.after == first.after)
            #expect(third.alive.subtracting(first.after).cgroups.count == left.cgroups.count)
        }
    }

    @Test(
        "An engine says what it prepared",
        arguments: [.process, .container, .qemuDirect, .qemu, .kvm] + ExperimentRun.peers)
    func preparedIsSaid(engine: EngineID) throws {
        try ExperimentRun.with(engine) { run in
            #expect(run.engine.record.prepared?.isEmpty == false)
        }
    }
}
