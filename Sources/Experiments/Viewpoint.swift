import Glibc
import LabCore

/// The view that two concurrent instances have of each other and of the host, read on the host through their own /proc.
///
/// Values: the truths `pid-1-inside` (the first process is number 1 in there and an ordinary one on the host),
/// `sees-only-itself` (its /proc lists its own processes and no others) and `own-network` (its network is neither the
/// host's nor the other instance's), and `processes-seen-count` and `host-processes-count`.
struct Viewpoint: Experiment {
    let id = "viewpoint"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard engine.kind != .virtualMachine else {
            throw LabError(
                .unavailable, "what a VM sees can't be read on the host", cause: "it has a kernel of its own")
        }
        return try bench.with(bench.request(.idle), on: engine) { (first) throws(LabError) in
            try bench.with(bench.request(.idle), on: engine) { (second) throws(LabError) in
                try look(try process(first, bench), try process(second, bench))
            }
        }
    }

    private func process(_ instance: any Instance, _ bench: Bench) throws(LabError) -> pid_t {
        try instance.waitUntilReady(deadline: bench.deadline)
        guard let visible = instance as? any HostVisible, let first = try visible.hostProcesses().first else {
            throw LabError(.unavailable, "the processes of this engine can't be named")
        }
        return first.pid
    }

    private func look(_ first: pid_t, _ second: pid_t) throws(LabError) -> Finding {
        let numbers = try HostProcess(pid: first).status().pids.map(String.init)
        let theirs = numbers.last ?? "\(first)"
        let seen = processes(in: "/proc/\(first)/root/proc")
        let host = processes(in: "/proc")
        var finding = Finding(values: [
            "processes-seen-count": Double(seen.count), "host-processes-count": Double(host.count),
        ])
        finding.note(
            "pid-1-inside", numbers == ["\(first)", "1"], answer: "\(theirs)",
            mechanism: numbers.count > 1 ? .pidNamespace : nil,
            evidence: "NSpid: \(numbers.joined(separator: " "))")
        finding.note(
            "sees-only-itself", seen == [theirs],
            answer: seen.count > 8 ? "\(seen.count)" : .names(seen),
            mechanism: seen == [theirs] ? .pidNamespace : Mechanism.none,
            evidence: "/proc/\(first)/root/proc lists \(seen.count), the host's /proc \(host.count)")
        let networks = ["\(first)", "\(second)", "self"].map { network(of: $0) }
        finding.note(
            "own-network", Set(networks).count == 3 && !networks.contains(0),
            answer: Set(networks).count == 3 ? "3 networks" : "shared",
            mechanism: Set(networks).count == 3 ? .networkNamespace : Mechanism.none,
            evidence: "ns/net: \(networks.map { String($0) }.joined(separator: ", "))")
        return finding
    }

    /// The processes that a mount of procfs shows.
    private func processes(in directory: String) -> [String] {
        Files.list(directory).filter { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }

    /// The inode of a network namespace, 0 when it can't be read.
    private func network(of process: String) -> UInt64 {
        var status = stat()
        return stat("/proc/\(process)/ns/net", &status) == 0 ? UInt64(status.st_ino) : 0
    }
}
