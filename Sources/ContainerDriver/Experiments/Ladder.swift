import Glibc
import LabCore

/// A rung of the ladder from a bare process to a container: what `isolation` asked for, and what of it the host sees.
///
/// Values: `ready-nanoseconds` from the request until the workload runs, `layers-count` of those that the host sees, and
/// the truths `as-asked` (it sees these layers and no others) and `all-mechanisms` (namespaces, a cgroup with limits
/// and a union file system, all at once).
struct Ladder: Experiment {
    let id = "ladder"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let engine = engine as? PreparedContainer else {
            throw LabError(.unavailable, "\(engine.id) is not put together layer by layer")
        }
        let asked = try engine.layers(bench.condition.isolation)
        let request = bench.request(.idle)
        return try bench.with(request, on: engine) { (instance) throws(LabError) in
            try instance.waitUntilReady(deadline: request.deadline)
            guard let child = instance as? ChildInstance else { return Finding() }
            let seen = try SeenLayers(child, memoryBytes: request.memoryBytes)
            var finding = Finding(values: ["layers-count": Double(seen.names.count)])
            if let ready = child.timeline.span(from: .requested, to: .ready) {
                finding.values["ready-nanoseconds"] = Double(ready)
            }
            let wanted = IsolationLayer.allCases.filter { asked.contains($0.isolation) }.map(\.rawValue)
            finding.note(
                "as-asked", seen.names == wanted,
                answer: .names(seen.names),
                evidence: "/proc/\(child.pid)")
            let isLimited = seen.names.contains("limits")
            let hasAll = seen.apart.count >= 5 && isLimited && seen.names.contains("mount")
            finding.note(
                "all-mechanisms", hasAll,
                answer: isLimited
                    ? "\(seen.apart.count) namespaces, a limited cgroup, root \(seen.root)"
                    : "\(seen.apart.count) namespaces, no limited cgroup, root \(seen.root)",
                evidence: "ns, cgroup and mountinfo of /proc/\(child.pid)")
            for (name, fact) in seen.facts { finding.facts[name] = fact }
            return finding
        }
    }
}

/// The layers of isolation around a process, found out from the host.
struct SeenLayers {
    /// In the order of `IsolationLayer`.
    private(set) var names: [String] = []
    /// The kinds of namespaces that are its own.
    let apart: [String]
    /// Type of the file system that is its root.
    let root: String
    private(set) var facts: [String: Fact] = [:]

    /// - Parameter memoryBytes: the limit that its cgroup would have.
    init(_ child: ChildInstance, memoryBytes: UInt64) throws(LabError) {
        let pid = child.pid
        apart = NamespaceKind.differing(pid)
        let status = try HostProcess(pid: pid).status()
        let ours = try HostProcess(pid: getpid()).status()
        func differs(_ key: String) -> Bool { status[key] != ours[key] }
        let mounts = MountTable(mountinfo: try Files.readText("/proc/\(pid)/mountinfo")).entries
        root = mounts.last { $0.mountPoint == "/" }?.type ?? ""
        let hasRoot = apart.contains("mnt") && root == "overlay"
        let limit = child.accounts?.memoryLimitBytes
        let membership = try Files.readText("/proc/\(pid)/cgroup")
        let isLimited = limit == memoryBytes && membership.contains("/lab-")
        let isThere: [String: Bool] = [
            "limits": isLimited, "pid": apart.contains("pid"), "mount": hasRoot,
            "network": apart.contains("net"), "ipc": apart.contains("ipc"), "uts": apart.contains("uts"),
            "cgroup-namespace": apart.contains("cgroup"),
            "kernel-files": hasRoot && mounts.contains { $0.mountPoint == "/proc/sys" },
            "devices": hasRoot && mounts.contains { $0.mountPoint == "/dev/shm" },
            "capabilities": differs("CapBnd"),
            "no-new-privileges": status.hasNoNewPrivileges && differs("NoNewPrivs"),
            "seccomp": status.seccompMode == 2
                && (differs("Seccomp") || differs("Seccomp_filters")),
        ]
        names = IsolationLayer.allCases.map(\.rawValue).filter { isThere[$0] == true }

        let proc = "/proc/\(pid)"
        facts = [
            "namespaces": Fact(
                answer: .names(apart), evidence: "\(proc)/ns"),
            "cgroup": Fact(
                answer: isLimited ? "limit \(memoryBytes >> 20) MiB" : "none",
                mechanism: isLimited ? .cgroup : nil,
                evidence: membership.split(separator: "\n").first { $0.contains("/lab-") }.map { "\($0)" }),
            "root": Fact(answer: "\(root)", evidence: "\(proc)/mountinfo: \(mounts.count) mounts"),
            "capabilities": Fact(
                answer: "\(status["CapEff"] ?? "")", mechanism: differs("CapBnd") ? .capability : nil,
                evidence: "\(proc)/status: CapEff; ours \(ours["CapEff"] ?? "")"),
            "privileges": Fact(
                answer: "\(status["NoNewPrivs"] ?? "")", evidence: "\(proc)/status: NoNewPrivs"),
            "seccomp": Fact(
                answer: "mode \(status.seccompMode ?? 0)",
                mechanism: isThere["seccomp"] == true ? .seccomp : nil, evidence: "\(proc)/status: Seccomp"),
        ]
    }
}
