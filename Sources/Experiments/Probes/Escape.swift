import CLinux
import Glibc
import LabCore

/// The rights of a workload on the host once it has broken out of what it sees: a container's process out of its
/// namespaces, a VM's guest into the process of its VMM. The kernel's word on that process is all there is to read, and what
/// such a process may do the kernel is asked with a thread that is the same user, with the same capabilities.
///
/// Facts: `escaped-user`, `escaped-capabilities`, `escaped-filter`, `escaped-namespaces`, and one for each of `Deed.all`;
/// `escaped-count` says how many of those nothing stands in the way of.
struct Escape {
    private let process: ProcessIsolation
    private let filters: [SeccompProgram]
    private let host: Host

    init(from residence: Residence, host: Host) {
        switch residence {
        case .host(let payload, let filters):
            process = payload
            self.filters = filters
        case .ownKernel(let monitor, _):
            process = monitor
            filters = (try? SeccompProgram.loaded(by: HostProcess(pid: monitor.pid))) ?? []
        }
        self.host = host
    }

    /// Something that it might do, by a call that changes nothing even where it is allowed.
    struct Deed: Sendable {
        let id: String
        /// The deed in words.
        let words: String
        let call: Int32
        /// 0, or the errno.
        let perform: @Sendable () -> Int32
        /// The errnos that only those hear whom nothing forbids it.
        var passed: [Int32] = []

        static let all = [
            Deed(id: "escaped-shadow", words: "open /etc/shadow", call: SYS_openat) {
                Credentials.errno(opening: "/etc/shadow", O_RDONLY)
            },
            // A file without a name, gone when it is closed.
            Deed(
                id: "escaped-etc", words: "open /etc with O_TMPFILE", call: SYS_openat,
                perform: { Credentials.errno(opening: "/etc", O_WRONLY | 0o20_200_000) },
                passed: [EOPNOTSUPP, EISDIR]),
            // Signal 0 asks whether another might be sent.
            Deed(id: "escaped-signal", words: "kill(1, 0)", call: SYS_kill) {
                kill(1, 0) == 0 ? 0 : errno
            },
            Deed(id: "escaped-memory", words: "open /dev/mem", call: SYS_openat) {
                Credentials.errno(opening: "/dev/mem", O_RDONLY)
            },
        ]
    }

    /// Capabilities count only in the user namespace that they are held in.
    private var capabilities: UInt64 {
        process.shares(.user, with: host.own) ? process.effectiveCapabilities : 0
    }

    func note(in finding: inout Finding) {
        let status = "/proc/\(process.pid)/status"
        finding.note(
            "escaped-user", process.uid == 0, answer: "uid \(process.uid)",
            evidence: "Uid in \(status); groups \(process.groups.map { "\($0)" }.joined(separator: " "))")
        let held = capabilities.nonzeroBitCount
        finding.note(
            "escaped-capabilities", held > 0, answer: "\(held)",
            evidence: "CapEff in \(status) is \(Host.hexadecimal(process.effectiveCapabilities))"
                + "\(process.shares(.user, with: host.own) ? "" : ", in a user namespace of its own")")
        let words = [process.isFiltered ? "seccomp" : nil, process.hasNoNewPrivileges ? "no_new_privs" : nil]
        let holds = words.compactMap { $0 }
        finding.note(
            "escaped-filter", process.isFiltered,
            answer: .names(holds),
            evidence: "Seccomp and NoNewPrivs in \(status)")
        let shared = ProcessIsolation.Namespace.allCases.filter { process.shares($0, with: host.own) }
        let isAll = shared.count == ProcessIsolation.Namespace.allCases.count
        finding.note(
            "escaped-namespaces", isAll,
            answer: isAll
                ? "all" : .names(shared.map(\.rawValue)),
            evidence: "/proc/\(process.pid)/ns against ours")
        noteDeeds(in: &finding)
    }

    private func noteDeeds(in finding: inout Finding) {
        let who = Credentials(
            uid: process.uid, gid: process.gid, groups: process.groups, capabilities: capabilities)
        // Nobody but root can be somebody else.
        guard let answers = who.answers(of: { Deed.all.map { $0.perform() } }) else { return }
        var open = 0
        for (deed, code) in zip(Deed.all, answers) {
            var isOpen = code == 0 || deed.passed.contains(code)
            var mechanism = isOpen ? Mechanism.none : barrier(code)
            if isOpen, case .fail = SeccompProgram.action(of: filters, on: Int(deed.call), []) {
                isOpen = false
                mechanism = .seccomp
            }
            if isOpen { open += 1 }
            finding.note(
                deed.id, isOpen, answer: isOpen ? "allowed" : "\(Errno(code).name)", mechanism: mechanism,
                evidence:
                    "\(deed.words), by a thread with uid \(who.uid) and \(who.capabilities.nonzeroBitCount) capabilities"
            )
        }
        finding.values["escaped-count"] = Double(open)
    }

    /// Returns the mechanism that stands in the way of who is root in name only, or is not.
    private func barrier(_ code: Int32) -> Mechanism {
        if code == ENOENT || code == ENXIO { return .absent }
        guard process.shares(.user, with: host.own) else { return .userNamespace }
        return process.uid == 0 ? .capability : .hostKernel
    }
}
