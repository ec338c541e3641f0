import CSeccomp
import ContainerDriver
import Glibc
import LabCore
import Launch
import OCI

/// `policy`: a filter of system calls and a set of capabilities for an application.
///
/// The oracle starts the application under both, reads capabilities and filter of its process from the kernel, and runs the
/// filter's program on calls that were told and on others that were not.
struct PolicyOracle: Oracle {
    let id = "policy"
    let mistakes = ["default-allow", "kills", "no-fallback"]
    let points = 2

    private struct Task {
        let allowed: [String]
        /// With the errno of each.
        let refused: [(call: String, errno: Int32)]
        let kept: [String]
        let nonce: String

        init(_ draw: inout Draw) {
            allowed = Array(
                [
                    "mincore", "getcpu", "times", "sync", "flock", "splice", "tee", "mq_open", "timer_create",
                    "inotify_init1", "semget", "shmget", "msgget", "getitimer", "utimensat", "mlock",
                ].shuffled(using: &draw).prefix(4))
            let errnos = [EACCES, ENOSYS, EINVAL, EBUSY, EOPNOTSUPP].shuffled(using: &draw)
            refused = zip(
                [
                    "ptrace", "bpf", "keyctl", "add_key", "perf_event_open", "userfaultfd", "io_uring_setup",
                    "process_vm_readv", "open_by_handle_at", "quotactl",
                ].shuffled(using: &draw), errnos.prefix(3)
            ).map { (call: $0, errno: $1) }
            kept = Capabilities.containerDefault.names.shuffled(using: &draw)
                .prefix(Int.random(in: 1...4, using: &draw)).sorted()
            nonce = draw.nonce()
        }

        /// Those that are kept.
        var capabilities: Capabilities {
            kept.reduce(into: []) { $0.formUnion(Capabilities(named: $1) ?? []) }
        }

        var words: [String] {
            allowed.flatMap { ["--allow", $0] } + refused.flatMap { ["--refuse", "\($0.call)=\($0.errno)"] }
                + kept.flatMap { ["--keep", $0] }
        }

        /// Forks, pipes, sorts, writes and reads a file, and becomes lab-guest.
        var application: [String] {
            [
                "/bin/sh", "-c",
                #"""
                printf '%s\n' works it | sort | tr '\n' - >/tmp/words && read -r words </tmp/words
                exec /lab/guest idle "$words$0" >/dev/null
                """#, nonce,
            ]
        }
        var proof: String { "it-works-\(nonce)" }
    }

    /// What any program needs, and nobody told: these are asked of the filter beside what was told.
    private static let ordinary = [
        "read", "write", "openat", "close", "newfstatat", "lseek", "mmap", "munmap", "mprotect", "brk",
        "rt_sigaction", "rt_sigprocmask", "pipe2", "dup3", "fcntl", "execve", "wait4", "exit_group", "futex",
        "clock_nanosleep", "getrandom", "getpid", "prlimit64",
    ]
    /// What no application needs.
    private static let dangerous = [
        "mount", "umount2", "pivot_root", "setns", "unshare", "init_module", "finit_module", "delete_module",
        "kexec_load", "reboot", "swapon", "swapoff", "settimeofday", "acct", "syslog", "iopl", "ioperm",
    ]
    /// No kernel has it yet.
    private static let unknown = 4_000
    private static let (newUser, newNetwork): (UInt64, UInt64) = (0x1000_0000, 0x4000_0000)

    func words(_ point: Int, _ draw: inout Draw) -> [String] { Task(&draw).words }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(&draw)
        return try bench.answer(artefact, task.words).judged { (said) throws(LabError) in
            try judge(said, task, bench)
        }
    }

    private func judge(_ said: [UInt8], _ task: Task, _ bench: CheckBench) throws(LabError) -> Judgement {
        let filter: SeccompFilter
        do throws(LabError) {
            let spec = try RuntimeSpec(json: said, of: "config.json")
            guard let policy = spec.linux?.seccomp else { return .wrong(nil, "linux.seccomp is missing") }
            let sets = spec.process?.capabilities
            for set in [sets?.bounding, sets?.effective, sets?.permitted]
            where Set(set ?? []) != Set(task.kept) {
                return .wrong(
                    nil,
                    "process.capabilities is to have \(task.kept.listed), in the sets bounding, effective and permitted"
                )
            }
            filter = try PolicyFilter.compile(policy)
        } catch {
            guard error.kind == .data else { throw error }
            return .wrong(nil, "\(error)")
        }
        return try run(filter, task, bench)
    }

    /// Starts the application under the filter.
    private func run(
        _ filter: SeccompFilter, _ task: Task, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        var request = RoomRequest(task.application)
        request.binds = [.init("lab", at: "/lab")]
        request.capabilities = task.capabilities
        request.filter = filter
        let handed = filter.program
        var isLate = false
        let judgement: Judgement
        do throws(LabError) {
            judgement = try Room.with(
                request, bench.context,
                furnish: { (directory) throws(LabError) in
                    try Files.makeDirectory("\(directory)/lab")
                    try bench.layGuest("\(directory)\(CheckBench.guest)")
                }
            ) { (room) throws(LabError) in
                var found: HostProcess?
                let wait = try room.wait(until: bench.deadline) {
                    found = room.guest(with: task.proof)
                    return found != nil
                }
                if let found { return try Self.judge(found, handed, task) }
                isLate = wait == .late
                return Self.flaw(in: handed, task)
                    ?? .wrong(nil, "the application does not work under the filter; \(room.lastWords)")
            }
        } catch {
            // By the filter, which stands before execve alone.
            guard case .notExecuted? = error.detail else { throw error }
            return Self.flaw(in: handed, task)
                ?? .wrong(nil, "the application can't be executed under the filter")
        }
        return isLate ? try bench.late(judgement) : judgement
    }

    private static func judge(
        _ process: HostProcess, _ handed: SeccompProgram, _ task: Task
    ) throws(LabError) -> Judgement {
        let status = try process.status()
        guard status.seccompMode == 2 else { return .wrong(nil, "the application runs without a filter") }
        guard status.effectiveCapabilities == task.capabilities.rawValue else {
            return .wrong(nil, "the application has other capabilities than those that were to be kept")
        }
        var program = handed
        do throws(LabError) {
            // The newest; the room's own came before it.
            program = try SeccompProgram.loaded(by: process).last ?? handed
        } catch {
            // Who is not root may not ask; the program that was handed to the kernel is then the one that is run.
            guard error.kind == .permission else { throw error }
        }
        if let flaw = flaw(in: program, task) { return flaw }
        return .right(
            "the application works with the capabilities \(task.kept.listed), and the filter decides as it was to on \(asked(task).count) calls"
        )
    }

    private struct Question {
        let call: String
        var number: Int?
        var arguments: [UInt64] = []
        let wanted: SeccompProgram.Action
    }

    private static func asked(_ task: Task) -> [Question] {
        let told = Set(task.allowed + task.refused.map(\.call))
        return [Question(call: "\(unknown)", number: unknown, wanted: .fail(EPERM))]
            + dangerous.filter { !told.contains($0) }.map { Question(call: $0, wanted: .fail(EPERM)) }
            + task.refused.map { Question(call: $0.call, wanted: .fail($0.errno)) }
            + (ordinary + task.allowed).map { Question(call: $0, wanted: .allow) }
            + [
                Question(call: "clone3", wanted: .fail(ENOSYS)),
                Question(call: "clone", arguments: [UInt64(SIGCHLD)], wanted: .allow),
                // A thread of glibc's.
                Question(call: "clone", arguments: [0x003d_0f00], wanted: .allow),
                Question(call: "clone", arguments: [newUser | UInt64(SIGCHLD)], wanted: .fail(EPERM)),
                Question(call: "clone", arguments: [newNetwork | UInt64(SIGCHLD)], wanted: .fail(EPERM)),
            ]
    }

    /// The first decision of a filter that is not as it was to be; nil when all are.
    private static func flaw(in program: SeccompProgram, _ task: Task) -> Judgement? {
        for question in asked(task) {
            let number = question.number ?? Int(seccomp_syscall_resolve_name(question.call))
            // This libseccomp or architecture does not know it.
            guard number >= 0 else { continue }
            let action = SeccompProgram.action(of: [program], on: number, question.arguments)
            guard action != question.wanted else { continue }
            let shown: Message =
                question.arguments.first.map { "\(question.call) with the flags 0x\(String($0, radix: 16))" }
                ?? (question.number == nil ? "\(question.call)" : "the unknown call \(question.call)")
            let seen: Message = "\(shown): \(text(action)), and not \(text(question.wanted))"
            switch (action, question.wanted) {
            case (.other, _): return .wrong("kills", seen)
            case (.allow, _) where question.number == unknown: return .wrong("default-allow", seen)
            case (.fail, .fail(ENOSYS)) where question.call == "clone3": return .wrong("no-fallback", seen)
            default: return .wrong(nil, seen)
            }
        }
        return nil
    }

    private static func text(_ action: SeccompProgram.Action) -> Message {
        switch action {
        case .allow: "allowed"
        case .fail(let errno): "refused with \(Errno(errno).name)"
        case .other: "killed, or worse than refused"
        }
    }
}
