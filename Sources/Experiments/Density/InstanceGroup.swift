import LabCore

/// Instances that live together, each with a nonce of its own that it sends again and again; or each with a command, which
/// sends none: that lives as long as it has not ended.
final class InstanceGroup {
    private struct Member {
        var instance: any Instance
        var nonce: String
    }
    private var members: [Member] = []
    private let bench: Bench

    /// The milliseconds from one sign of life to the next: many, so that each idles in between.
    private static let period = 400
    /// The time that a living one may take for its next sign of life.
    private static let patience = Duration.seconds(10)

    init(_ bench: Bench) { self.bench = bench }

    var count: Int { members.count }

    /// Starts one more, which has answered when this returns.
    func add(_ engine: any PreparedEngine) throws(LabError) {
        let nonce = bench.nonce()
        var request = bench.request(.pulse(nonce: nonce, milliseconds: Self.period))
        if let command = bench.context.command {
            request.payload = .command(command)
            request.output = try CommandOutput(
                command.readiness, address: bench.context.address(of: request, on: engine))
        }
        let instance = try engine.launch(request)
        do throws(LabError) {
            try request.command == nil
                ? instance.waitForOutput(deadline: request.deadline)
                : instance.waitUntilReady(deadline: request.deadline)
        } catch {
            bench.dispose(instance)
            throw error
        }
        members.append(Member(instance: instance, nonce: nonce))
    }

    /// Ends the one that came last.
    func removeLast() {
        if let last = members.popLast() { bench.dispose(last.instance) }
    }

    func removeAll() { while !members.isEmpty { removeLast() } }

    /// Returns the bytes that all of them take: each one's charge where it has a cgroup, which counts a page once
    /// however many share it and the kernel's own memory for it too; else the proportional size of its processes.
    /// Neither is disturbed by what else the host does, as its available memory is.
    func takenBytes() throws(LabError) -> UInt64 {
        var sum: UInt64 = 0
        for member in members {
            guard let accounting = member.instance as? any MemoryAccounting else {
                throw LabError(.unavailable, "the memory of instances is not known on this engine")
            }
            let bytes = try accounting.memoryBytes()
            sum += bytes["cgroup-charge"] ?? bytes["host-pss"] ?? 0
        }
        return sum
    }

    /// The findings of a while in which nobody does anything.
    struct Silence {
        /// The number that said their nonce again, and nothing but their nonce, in the end.
        var alive: Int
        /// Those that said nothing in time, and have not ended.
        var late: Int
        /// CPU time of each over time, of one processor; nil where it is not known.
        var cpuShare: Double?
    }

    /// Lets them idle for a while, and asks who lives.
    func idle() throws(LabError) -> Silence {
        // The backlog is taken in first: it proves nothing.
        for member in members { try? next(member) }
        let start = (MonotonicInstant.now(), cpuNanoseconds)
        try bench.pause(.milliseconds(Self.period * 3 / 2))
        let elapsed = MonotonicInstant.now().nanoseconds(since: start.0)
        var share: Double?
        if let before = start.1, let after = cpuNanoseconds, after >= before, elapsed > 0, count > 0 {
            share = Double(after - before) / Double(elapsed) / Double(count)
        }
        var alive = 0
        var late = 0
        for member in members {
            do throws(LabError) {
                try next(member)
                if member.instance.transcript.outputs.allSatisfy({ $0 == member.nonce }) { alive += 1 }
            } catch {
                if error.stop == .deadline { late += 1 }
            }
        }
        return Silence(alive: alive, late: late, cpuShare: share)
    }

    private func next(_ member: Member) throws(LabError) {
        guard bench.context.command == nil else { return try requireRunning(member.instance) }
        try member.instance.wait(
            forOutputs: member.instance.transcript.outputs.count + 1,
            deadline: .now().advanced(by: Self.patience))
    }

    private func requireRunning(_ instance: any Instance) throws(LabError) {
        let status: Int32
        do throws(LabError) { status = try instance.waitForExit(deadline: .now()) } catch {
            if error.kind == .timeout { return }
            throw error
        }
        throw LabError(.instance, "a command ended that was to live on", cause: "exit status \(Int(status))")
    }

    private var cpuNanoseconds: UInt64? {
        var sum: UInt64 = 0
        for member in members {
            guard let nanoseconds = try? (member.instance as? any CPUAccounting)?.hostCPUNanoseconds() else {
                return nil
            }
            sum += nanoseconds
        }
        return sum
    }
}
