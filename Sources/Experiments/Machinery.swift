import Glibc
import LabCore

/// The processes that an engine keeps running on the host for one idle instance: the payload itself, and whatever
/// stands between it and the host's kernel.
///
/// Values: `processes-count`, `other-programs-count` (those of them that are not the payload), `kvm-descriptors-count`
/// (open files of the first that belong to KVM), and the truths `direct-child` (the payload is our own child, with no
/// daemon or shim between) and `hypervisor-program` (the workload runs inside another program).
struct Machinery: Experiment {
    let id = "machinery"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let request = bench.request(.idle)
        return try bench.with(request, on: engine) { (instance) throws(LabError) in
            try instance.waitUntilReady(deadline: request.deadline)
            guard let visible = instance as? any HostVisible else {
                throw LabError(.unavailable, "the processes of \(engine.id) can't be named")
            }
            return try look(try visible.hostProcesses(), engine)
        }
    }

    private func look(_ processes: [HostProcess], _ engine: any PreparedEngine) throws(LabError) -> Finding {
        guard let first = processes.first else {
            throw LabError(.instance, "an instance of \(engine.id) has no process on the host")
        }
        let programs = processes.map { program(of: $0.pid) }
        let others = programs.filter { $0 != payload }
        let descriptors = Files.list("/proc/\(first.pid)/fd").compactMap {
            first.target(of: "fd/\($0)")
        }.filter { $0 == "/dev/kvm" || $0.hasPrefix("anon_inode:kvm-") }
        var finding = Finding(values: [
            "processes-count": Double(processes.count), "other-programs-count": Double(others.count),
            "kvm-descriptors-count": Double(descriptors.count),
        ])
        let isChild = parent(of: first.pid) == getpid() && programs.first == payload
        finding.note(
            "direct-child", isChild, answer: programs.first.or(""),
            evidence: "PPid of \(first.pid) is \(parent(of: first.pid) ?? 0), ours is \(getpid())")
        finding.note(
            "hypervisor-program", engine.kind == .virtualMachine && !others.isEmpty,
            answer: .names(others),
            evidence: "pid \(first.pid), \(Files.list("/proc/\(first.pid)/task").count) threads")
        finding.facts["kvm"] = Fact(
            answer: .names(Set(descriptors).sorted()),
            mechanism: nil, evidence: "/proc/\(first.pid)/fd")
        let modules = Files.list("/sys/module").filter { $0.hasPrefix("kvm") }
        finding.facts["kernel-modules"] = Fact(
            answer: engine.kind != .virtualMachine || descriptors.isEmpty
                ? "none" : .names(modules),
            evidence: "/sys/module: \(modules.isEmpty ? "none of KVM's" : Message.names(modules))")
        let parts = (engine as? any HypervisorBased)?.versions ?? []
        finding.facts["versions"] = Fact(
            answer: parts.isEmpty
                ? "none" : parts.map { "\($0.name) \($0.value)" as Message }.joined(separator: ", "))
        return finding
    }

    /// The payload's program, the same in every engine.
    private var payload: String { String(RootFilesystem.guestPath.dropFirst()) }

    /// The file name of a process's program; where it has hidden that, the name that it goes by.
    private func program(of pid: pid_t) -> String {
        HostProcess(pid: pid).program ?? HostProcess(pid: pid).name ?? "unknown"
    }

    private func parent(of pid: pid_t) -> pid_t? {
        (try? HostProcess(pid: pid).status())?.parent
    }
}
