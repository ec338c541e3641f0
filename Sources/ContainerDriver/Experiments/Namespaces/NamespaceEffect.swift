import CLinux
import Glibc
import LabCore
import Launch

/// The effect of one namespace, alone: a bare process with only the namespace `setting`, looked at from the host.
///
/// Values: the truths `alone` (by the inodes of /proc/PID/ns it is apart from the host in this kind and no other) and
/// `consequence`, one thing that is different in there, as the host sees it.
struct NamespaceEffect: Experiment {
    let id = "namespace-effect"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let (name, kind) = try NamespaceKind.named(bench.setting)
        let show = NamespaceConsequence(bench: bench)
        switch kind {
        case .user: return try unprivileged(bench)
        case .cgroup:
            return try TrialCgroup.with(try cgroupNeeds(), bench) { (cgroup) throws(LabError) in
                let around = TrialChild.Around(cgroup: cgroup, steps: [unshare(.cgroup)])
                return try finding(name, around, bench, show.cgroup)
            }
        case .mount:
            return try ScratchDirectory.with(bench) { (directory) throws(LabError) in
                try finding(name, mounting(directory), bench) { (child) throws(LabError) in
                    show.mount(child, directory)
                }
            }
        case .time:
            let offset = LaunchProgram.Step(
                "offset", .write("monotonic 86400 0", to: "/proc/self/timens_offsets"))
            return try finding(name, .init(steps: [unshare(.time), offset]), bench, show.time)
        case .network:
            let around = TrialChild.Around(namespaces: kind, steps: [.init(.loopbackUp)])
            return try finding(name, around, bench, show.network)
        case .uts:
            let hostname = LaunchProgram.Step(.setHostname(NamespaceConsequence.hostname))
            return try finding(name, .init(namespaces: kind, steps: [hostname]), bench, show.uts)
        case .ipc: return try finding(name, .init(namespaces: kind), bench, show.ipc)
        default: return try finding(name, .init(namespaces: kind), bench, show.pid)
        }
    }

    /// Any hierarchy will do, but in one it must be.
    private func cgroupNeeds() throws(LabError) -> TrialCgroup.Needs {
        let isV2 = (try? ControllerMounts.current().unified()) != nil
        return TrialCgroup.Needs(controllers: isV2 ? [] : ["pids"], isUnified: isV2)
    }

    private func unshare(_ kind: Namespaces) -> LaunchProgram.Step { .init(.unshare(kind)) }

    private func mounting(_ directory: String) -> TrialChild.Around {
        let flags = MountFlags.makePrivate.union(.recursive)
        return TrialChild.Around(
            namespaces: .mount,
            steps: [
                .init(
                    "private mounts", .mount(source: nil, target: "/", type: nil, flags: flags, data: nil)),
                .init(
                    "mount",
                    .mount(source: "tmpfs", target: directory, type: "tmpfs", flags: [], data: nil)),
            ])
    }

    /// A user without privileges makes a user namespace in which it is root.
    private func unprivileged(_ bench: Bench) throws(LabError) -> Finding {
        let guest: FileDescriptor
        let path = bench.context.rootFilesystem.hostGuestPath
        do throws(Errno) {
            guest = try FileDescriptor.open(path, O_RDONLY)
        } catch {
            throw LabError(.input, "cannot open \(path)", cause: "\(error)")
        }
        // By its descriptor: the directories above it may be closed to that user.
        let program = "/proc/self/fd/\(guest.rawValue)"
        let user = geteuid() == 0 ? NamespaceConsequence.nobody : getuid()
        let group = geteuid() == 0 ? NamespaceConsequence.nobody : getgid()
        let around = TrialChild.Around(
            namespaces: .user,
            steps: [
                .init("deny setgroups", .write("deny", to: "/proc/self/setgroups")),
                .init("uid map", .write("0 \(user) 1", to: "/proc/self/uid_map")),
                .init("gid map", .write("0 \(group) 1", to: "/proc/self/gid_map")),
            ], program: program)
        let show = NamespaceConsequence(bench: bench)
        let found = try OSThread.run { () throws(LabError) in
            if geteuid() == 0 {
                try SeparateThread.kernel("become the user \(user)") { clinux_become_user(user, group) }
            }
            return try finding("user", around, bench) { (child) throws(LabError) in
                try show.user(child, user)
            }
        }
        withExtendedLifetime(guest) {}
        return found
    }

    private func finding(
        _ name: String, _ around: TrialChild.Around, _ bench: Bench,
        _ look: @escaping (ChildInstance) throws(LabError) -> NamespaceConsequence.Seen
    ) throws(LabError) -> Finding {
        try TrialChild.with(.idle, around, bench) { (child) throws(LabError) in
            try child.waitUntilReady(deadline: bench.deadline)
            let apart = NamespaceKind.differing(child.pid)
            if name == "time" && apart.isEmpty {
                throw LabError(
                    .unavailable, "this kernel moves nobody into a new time namespace at execve",
                    cause: "that came with Linux 6.2")
            }
            var finding = Finding()
            finding.note(
                "alone", apart == [name], answer: .names(apart),
                evidence: "/proc/\(child.pid)/ns")
            // A thing that is tried out in there must not happen to the host.
            guard apart == [name] else { return finding }
            let seen = try look(child)
            finding.note(
                "consequence", seen.isSo, answer: seen.answer, mechanism: seen.mechanism,
                evidence: seen.evidence)
            return finding
        }
    }
}
