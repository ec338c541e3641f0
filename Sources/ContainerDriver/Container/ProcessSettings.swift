import CLinux
import Glibc
import LabCore

/// What a container starts with, whatever its caller has: what the OCI runtime specification calls `process`
/// (config.md), and what it has no word for. The values are those that the kernel gives its first process.
///
/// Three things stay as the caller has them: the processors and memory nodes that it may use, which are a choice about
/// the machine (`taskset`, `numactl`); what belongs to memory that is the caller's until execve (transparent huge
/// pages, what goes into a core dump); and, in a user namespace, the supplementary groups, which an unprivileged
/// caller can't give up there (user_namespaces(7)). execve itself makes it dumpable again. The capability sets and
/// securebits go with the layer `capabilities`, and ambient capabilities with the inheritable set.
struct ProcessSettings: Equatable, Sendable {
    var user: uid_t = 0
    var group: gid_t = 0
    var umask: mode_t = 0o022
    var limits = Rlimit.containerDefault
    var nice: Int32 = 0
    var oomScoreAdjustment = 0
    /// Nanoseconds by which the kernel may wake it late, to wake it with others: prctl(2), PR_SET_TIMERSLACK.
    var timerSlack = 50_000
}

/// A resource limit, see getrlimit(2).
public struct Rlimit: Equatable, Sendable {
    public var name: String
    public var resource: Int32
    public var soft: UInt64
    public var hard: UInt64

    static let unlimited = UInt64.max

    var softText: String { Self.text(soft) }
    var hardText: String { Self.text(hard) }

    private static func text(_ value: UInt64) -> String {
        value == unlimited ? "RLIM_INFINITY" : String(value)
    }

    private init(_ name: String, _ resource: __rlimit_resource, _ soft: UInt64, _ hard: UInt64) {
        self.init(name, Int32(resource.rawValue), soft, hard)
    }

    private init(_ name: String, _ resource: Int32, _ soft: UInt64, _ hard: UInt64) {
        (self.name, self.resource, self.soft, self.hard) = ("RLIMIT_\(name)", resource, soft, hard)
    }

    /// Those of the kernel's first process, `INIT_RLIMITS` in include/asm-generic/resource.h of Linux 6.12, but for three:
    /// as many open files as systemd allows (`DefaultLimitNOFILE`, systemd-system.conf(5)); as many processes as there
    /// may be, because a cgroup counts them container by container and this limit all of a user; and as many queued
    /// signals as the kernel would allow on a machine of 16 GiB, where it computes them.
    ///
    /// Without privilege nothing is raised above the caller's hard limit.
    static let containerDefault = [
        Rlimit("CPU", RLIMIT_CPU, unlimited, unlimited),
        Rlimit("FSIZE", RLIMIT_FSIZE, unlimited, unlimited),
        Rlimit("DATA", RLIMIT_DATA, unlimited, unlimited),
        Rlimit("STACK", RLIMIT_STACK, 8 << 20, unlimited),
        Rlimit("CORE", RLIMIT_CORE, 0, unlimited),
        Rlimit("RSS", __RLIMIT_RSS, unlimited, unlimited),
        Rlimit("NPROC", __RLIMIT_NPROC, unlimited, unlimited),
        Rlimit("NOFILE", RLIMIT_NOFILE, 1_024, 524_288),
        Rlimit("MEMLOCK", __RLIMIT_MEMLOCK, 8 << 20, 8 << 20),
        Rlimit("AS", RLIMIT_AS, unlimited, unlimited),
        Rlimit("LOCKS", __RLIMIT_LOCKS, unlimited, unlimited),
        Rlimit("SIGPENDING", __RLIMIT_SIGPENDING, 65_536, 65_536),
        Rlimit("MSGQUEUE", __RLIMIT_MSGQUEUE, 819_200, 819_200),
        Rlimit("NICE", __RLIMIT_NICE, 0, 0),
        Rlimit("RTPRIO", __RLIMIT_RTPRIO, 0, 0),
        Rlimit("RTTIME", __RLIMIT_RTTIME, unlimited, unlimited),
    ]
}

extension ProcessSettings {
    private typealias Step = LaunchProgram.Step

    /// Who it is. Before anything that a change of the user undoes, which is the signal at the parent's death.
    func identity(_ isolation: Isolation, _ caller: CallerSettings) -> [LaunchProgram.Step] {
        // The maps of a user namespace hold one user and one group, and it has become them.
        guard !isolation.contains(.user) else { return [] }
        let (user, group) = (Int(user), Int(group))
        let groups = [
            Step("supplementary groups", .call(.init(SYS_setgroups, [0, 0], "setgroups(0, NULL)")))
        ]
        return (caller.givesUpGroups ? groups : []) + [
            Step(
                "group",
                .call(.init(SYS_setresgid, [group, group, group], "setresgid(\(group), \(group), \(group))"))),
            Step(
                "user",
                .call(.init(SYS_setresuid, [user, user, user], "setresuid(\(user), \(user), \(user))"))),
        ]
    }

    /// While the caller's /proc is in sight, because a container need not have one.
    func oomScore(_ caller: CallerSettings) -> [LaunchProgram.Step] {
        guard caller.oomScoreAdjustment != oomScoreAdjustment else { return [] }
        return [
            // A caller without privilege may only rise.
            Step(
                "oom score", .write("\(oomScoreAdjustment)", to: "/proc/self/oom_score_adj"),
                tolerates: Errno(EACCES))
        ]
    }

    /// All the rest. After what opens files and before privileges go: the limits may be raised, and hold from then on.
    func steps(_ caller: CallerSettings) -> [LaunchProgram.Step] {
        var steps: [LaunchProgram.Step] = []
        if caller.ignoredSignals != 0 {
            steps.append(Step("default signals", .defaultSignals(caller.ignoredSignals)))
        }
        steps += [
            Step("umask", .call(.init(SYS_umask, [Int(umask)], "umask(0\(String(umask, radix: 8)))"))),
            Step("personality", .call(.init(SYS_personality, [0], "personality(PER_LINUX)"))),
            // Otherwise it would possess the keys in the caller's, see session-keyring(7).
            Step(
                "session keyring",
                .call(.init(SYS_keyctl, [1, 0], "keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL)")),
                tolerates: Errno(ENOSYS)),
            Step(
                "I/O priority",
                .call(
                    .init(SYS_ioprio_set, [1, 0, 0], "ioprio_set(IOPRIO_WHO_PROCESS, 0, IOPRIO_CLASS_NONE)"))),
            Step(
                "timer slack",
                .call(.init(SYS_prctl, [29, timerSlack], "prctl(PR_SET_TIMERSLACK, \(timerSlack))"))),
        ]
        // Back from real time everybody may come; back from idle, or to a lower nice, only who may rise.
        if caller.policy != SCHED_OTHER {
            steps.append(
                Step("scheduling policy", .setSchedulingPolicy(SCHED_OTHER), tolerates: Errno(EPERM)))
        }
        if caller.nice != nice {
            steps.append(
                Step(
                    "nice",
                    .call(
                        .init(SYS_setpriority, [0, 0, Int(nice)], "setpriority(PRIO_PROCESS, 0, \(nice))")),
                    tolerates: Errno(EACCES)))
        }
        let limits = limits.filter { caller.limits[$0.resource] != [$0.soft, $0.hard] }
        if !limits.isEmpty { steps.append(Step("resource limits", .setLimits(limits))) }
        return steps
    }

    /// Bits that another user's rules for capabilities have set (capabilities(7)); they outlive execve.
    static let securebits = LaunchProgram.Step(
        "securebits", .call(.init(SYS_prctl, [28, 0], "prctl(PR_SET_SECUREBITS, 0)")))
}

/// What this process has of what its containers are not to have, where to change it costs more than to look once, when
/// the program is laid out: a step that would change nothing is left out. What is not known counts as different.
struct CallerSettings: Equatable, Sendable {
    /// Whether it has supplementary groups, and may give them up.
    var givesUpGroups = true
    /// Bit N - 1 for each signal N that it may ignore.
    var ignoredSignals = UInt64.max
    var oomScoreAdjustment: Int?
    /// See sched(7): SCHED_OTHER, and more where its children would not have it.
    var policy: Int32?
    var nice: Int32?
    /// The soft and the hard limit of each resource.
    var limits: [Int32: [UInt64]] = [:]

    static let unknown = CallerSettings()

    static func current() -> CallerSettings {
        var settings = CallerSettings()
        // A user namespace may forbid it, user_namespaces(7).
        settings.givesUpGroups = getgroups(0, nil) != 0 && Files.line("/proc/self/setgroups") != "deny"
        for number in 1...Int32(64) {
            var action = sigaction()
            // glibc tells nothing of the two that it keeps to itself.
            guard sigaction(number, nil, &action) == 0 else { continue }
            let isIgnored = unsafeBitCast(action.__sigaction_handler, to: Int.self) == 1  // SIG_IGN
            if !isIgnored { settings.ignoredSignals &= ~(1 << (number - 1)) }
        }
        settings.oomScoreAdjustment = Files.line("/proc/self/oom_score_adj").flatMap { Int($0) }
        settings.policy = sched_getscheduler(0)
        errno = 0
        let nice = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        if errno == 0 { settings.nice = nice }
        for limit in Rlimit.containerDefault {
            var own = rlimit()
            if getrlimit(limit.resource, &own) == 0 {
                settings.limits[limit.resource] = [UInt64(own.rlim_cur), UInt64(own.rlim_max)]
            }
        }
        return settings
    }
}
