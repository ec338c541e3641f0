import CLinux
import Glibc
import LabCore
import Launch

/// The settings of a container's start, whatever its caller has: what the OCI runtime specification calls `process`
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
    /// The supplementary groups.
    var groups: [gid_t] = []
    /// An absolute path in its root.
    var directory = "/"
    var umask: mode_t = 0o022
    var limits = Rlimit.containerDefault
    var nice: Int32 = 0
    var oomScoreAdjustment = 0
    /// Nanoseconds by which the kernel may wake it late, to wake it with others: prctl(2), PR_SET_TIMERSLACK.
    var timerSlack = 50_000
}

extension ProcessSettings {
    private typealias Step = LaunchProgram.Step

    /// That it is root. Before anything that a change of the user undoes, which is the signal at the parent's death.
    func identity(inUserNamespace: Bool, _ caller: CallerSettings) -> [LaunchProgram.Step] {
        // The maps of a user namespace hold one user and one group, and it has become them.
        guard !inUserNamespace, user == 0 else { return [] }
        return (caller.givesUpGroups || !groups.isEmpty ? [Step(.setGroups(groups))] : [])
            + (caller.groups == [group, group, group] ? [] : [Step(.setGroup(group))])
            + (caller.users == [user, user, user] ? [] : [Step(.setUser(user))])
    }

    /// That it is another user. After all that needs privilege, which is gone with root: what user 0 has of capabilities
    /// another loses, see capabilities(7).
    var otherIdentity: [LaunchProgram.Step] {
        guard user != 0 else { return [] }
        return [
            Step(.setGroups(groups)), Step(.setGroup(group)), Step(.setUser(user)),
            // The kernel forgot it with the user; who died since the child began is not noticed here.
            Step(
                .call(
                    SYS_prctl, [1, Int(SIGKILL)], "die with the parent", "prctl(PR_SET_PDEATHSIG, SIGKILL)")),
        ]
    }

    /// Where it stands. In its own root, with no descriptor of ours open that a link of the image's could lead through.
    var place: [LaunchProgram.Step] {
        directory == "/" ? [] : [Step("working directory", .changeDirectory(directory))]
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
    /// - Parameter keyring: the name of the session keyring; nil for a new one.
    func steps(_ caller: CallerSettings, keyring: String? = nil) -> [LaunchProgram.Step] {
        var steps: [LaunchProgram.Step] = []
        if caller.ignoredSignals != 0 {
            steps.append(Step(.defaultSignals(caller.ignoredSignals)))
        }
        steps += [
            Step(.setUmask(umask)),
            // Otherwise it would possess the keys in the caller's, see session-keyring(7).
            Step(.joinSessionKeyring(keyring), tolerates: Errno(ENOSYS)),
        ]
        if caller.personality != 0 {
            steps.append(Step(.call(SYS_personality, [0], "personality", "personality(PER_LINUX)")))
        }
        if caller.ioPriority != 0 {
            let text = "ioprio_set(IOPRIO_WHO_PROCESS, 0, IOPRIO_CLASS_NONE)"
            steps.append(Step(.call(SYS_ioprio_set, [1, 0, 0], "I/O priority", text)))
        }
        if caller.timerSlack != timerSlack {
            let text = "prctl(PR_SET_TIMERSLACK, \(timerSlack))"
            steps.append(Step(.call(SYS_prctl, [29, timerSlack], "timer slack", text)))
        }
        // Back from real time everybody may come; back from idle, or to a lower nice, only who may rise.
        if caller.policy != SCHED_OTHER {
            steps.append(Step(.setSchedulingPolicy(SCHED_OTHER), tolerates: Errno(EPERM)))
        }
        if caller.nice != nice {
            steps.append(
                Step(
                    .call(
                        SYS_setpriority, [0, 0, Int(nice)], "nice", "setpriority(PRIO_PROCESS, 0, \(nice))"),
                    tolerates: Errno(EACCES)))
        }
        let limits = limits.map { limit -> Rlimit in
            let own = caller.limits.first { $0.resource == limit.resource }
            return caller.mayRaiseLimits ? limit : limit.lowered(to: own?.hard ?? Rlimit.unlimited)
        }.filter { limit in !caller.limits.contains { $0.isSame(as: limit) } }
        if !limits.isEmpty { steps.append(Step(.setLimits(limits))) }
        return steps
    }

    /// Bits that another user's rules for capabilities have set (capabilities(7)); they outlive execve.
    static let securebits = LaunchProgram.Step(
        .call(SYS_prctl, [28, 0], "securebits", "prctl(PR_SET_SECUREBITS, 0)"))
}

/// The settings of this process that its containers are not to have, where to change them costs more than to look once,
/// when the program is laid out: a step that would change nothing is left out. What is not known counts as different.
struct CallerSettings: Equatable, Sendable {
    /// True when it has supplementary groups, and may give them up.
    var givesUpGroups = true
    /// Its real, effective and saved ids.
    var users: [uid_t] = []
    var groups: [gid_t] = []
    /// Bit N - 1 for each signal N that it may ignore.
    var ignoredSignals = UInt64.max
    var oomScoreAdjustment: Int?
    /// See sched(7): SCHED_OTHER, and more where its children would not have it.
    var policy: Int32?
    var nice: Int32?
    var personality: Int?
    var ioPriority: Int?
    /// Nanoseconds.
    var timerSlack: Int?
    var securebits: Int?
    /// The limits of each resource.
    var limits: [Rlimit] = []
    /// Whether it may have higher ones than its own hard limits.
    var mayRaiseLimits = true

    static let unknown = CallerSettings()

    /// - Parameter ignoredSignals: those of `clinux_ignored_signals`.
    static func current(ignoredSignals: UInt64 = clinux_ignored_signals()) -> CallerSettings {
        var settings = CallerSettings()
        settings.ignoredSignals = ignoredSignals
        // A user namespace may forbid it, user_namespaces(7).
        settings.givesUpGroups = getgroups(0, nil) != 0 && Files.line("/proc/self/setgroups") != "deny"
        settings.oomScoreAdjustment = Files.line("/proc/self/oom_score_adj").flatMap { Int($0) }
        settings.policy = sched_getscheduler(0)
        errno = 0
        let nice = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        if errno == 0 { settings.nice = nice }
        let own = clinux_inherited()
        settings.users = [own.users.0, own.users.1, own.users.2]
        settings.groups = [own.groups.0, own.groups.1, own.groups.2]
        (settings.personality, settings.ioPriority) = (Int(own.personality), Int(own.io_priority))
        (settings.timerSlack, settings.securebits) = (Int(own.timer_slack), Int(own.securebits))
        settings.mayRaiseLimits = own.may_raise_limits != 0
        for limit in Rlimit.containerDefault {
            var own = rlimit()
            guard getrlimit(limit.resource, &own) == 0 else { continue }
            var known = limit
            (known.soft, known.hard) = (UInt64(own.rlim_cur), UInt64(own.rlim_max))
            settings.limits.append(known)
        }
        return settings
    }
}
