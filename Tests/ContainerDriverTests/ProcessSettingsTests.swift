import CLinux
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch

@Suite(
    "what a container starts with",
    // What this process ignores belongs to all its threads.
    .serialized,
    .enabled(if: obstacle == nil && isRoot, "skipped: not root, or no container can be started here"))
struct ProcessSettingsTests {
    private typealias Step = LaunchProgram.Step
    /// SCHED_BATCH, sched(7).
    private let batch: Int32 = 3

    /// How /proc/PID/limits calls each limit.
    private let labels = [
        "CPU": "cpu time", "FSIZE": "file size", "DATA": "data size", "STACK": "stack size",
        "CORE": "core file size", "RSS": "resident set", "NPROC": "processes", "NOFILE": "open files",
        "MEMLOCK": "locked memory", "AS": "address space", "LOCKS": "file locks",
        "SIGPENDING": "pending signals", "MSGQUEUE": "msgqueue size", "NICE": "nice priority",
        "RTPRIO": "realtime priority", "RTTIME": "realtime timeout",
    ]

    /// Whether this process may raise hard limits: CAP_SYS_RESOURCE, number 24, which not every root has.
    private var mayRaise: Bool {
        get throws { try ownCapabilities() >> 24 & 1 == 1 }
    }

    /// The limits that a container of this process is to have.
    private func expectedLimits() throws -> [String: String] {
        let mayRaise = try mayRaise
        var result: [String: String] = [:]
        for limit in Rlimit.containerDefault {
            var own = rlimit()
            #expect(getrlimit(limit.resource, &own) == 0)
            let hard = mayRaise ? limit.hard : min(limit.hard, UInt64(own.rlim_max))
            let words = [min(limit.soft, hard), hard].map { $0 == .max ? "unlimited" : "\($0)" }
            let label = try #require(labels[String(limit.name.dropFirst("RLIMIT_".count))])
            result["Max \(label)"] = words.joined(separator: " ")
        }
        return result
    }

    /// Other limits than the default's, with the hard ones of this process: lowered ones it might not raise again.
    private func callersLimits() -> [Rlimit] {
        Rlimit.containerDefault.compactMap { limit in
            var own = rlimit()
            guard getrlimit(limit.resource, &own) == 0 else { return nil }
            var changed = limit
            changed.hard = UInt64(own.rlim_max)
            switch limit.name {
            // More than the tests beside it have open: what starts it opens files of its own behind this step.
            case "RLIMIT_NOFILE": changed.soft = 777
            case "RLIMIT_CORE": changed.soft = changed.hard
            case "RLIMIT_STACK": changed.soft = 4 << 20
            case "RLIMIT_FSIZE": changed.soft = 1 << 30
            default: return nil
            }
            return changed
        }
    }

    /// What a caller may have that a container is not to have, as steps before its first.
    private func caller(groups: UnsafePointer<gid_t>) -> [LaunchProgram.Step] {
        let numbers: [(String, Int32, [Int])] = [
            ("groups", SYS_setgroups, [2, Int(bitPattern: groups)]), ("group", SYS_setresgid, [7, 7, 7]),
            ("umask", SYS_umask, [0o077]), ("no randomization", SYS_personality, [0x0040000]),
            ("nice", SYS_setpriority, [0, 0, 7]), ("idle disk", SYS_ioprio_set, [1, 0, 3 << 13]),
            ("slack", SYS_prctl, [29, 1_000]), ("no root", SYS_prctl, [28, 1]),
        ]
        return numbers.map { Step("\($0)", .call($1, $2, "\($0)", $0)) } + [
            Step("batch", .setSchedulingPolicy(batch)), Step("limits", .setLimits(callersLimits())),
            Step("score", .write("500", to: "/proc/self/oom_score_adj")),
        ]
    }

    /// What the host sees of a process.
    private func seen(_ pid: pid_t) throws -> [String: String] {
        var result: [String: String] = [:]
        for key in ["Groups", "Gid", "Uid", "Umask", "SigIgn", "CapEff"] {
            result[key] = try status(pid, key)
        }
        for file in ["oom_score_adj", "personality", "timerslack_ns"] {
            result[file] = Files.line("/proc/\(pid)/\(file)")
        }
        let line = try #require(Files.line("/proc/\(pid)/stat"))
        let fields = try #require(line.split(separator: ")").last?.split(separator: " "))
        // Fields 19 and 41 of proc_pid_stat(5), where the first of these is the third.
        result["nice"] = String(fields[16])
        result["policy"] = String(fields[38])
        for line in try Files.readText("/proc/\(pid)/limits").split(separator: "\n").dropFirst() {
            let words = line.dropFirst(26).split(separator: " ").prefix(2)
            result[line.prefix(26).trimmingWhitespace()] = words.joined(separator: " ")
        }
        result["disk"] = try PeerCommand.run(["ionice", "-p", "\(pid)"]).text.trimmingWhitespace()
        return result
    }

    /// Starts a container of a caller that has all of the above and ignores a signal.
    private func withCaller(inheritsAll: Bool = false, _ body: (ChildInstance) throws -> Void) throws {
        let groups = UnsafeMutablePointer<gid_t>.allocate(capacity: 2)
        groups.initialize(repeating: 4_242, count: 2)
        defer { groups.deallocate() }
        try withBareRoot { (root) throws in
            let before = signal(SIGURG, SIG_IGN)
            defer { signal(SIGURG, before) }
            try withProgram(
                root: root, .standard, inheritsAll: inheritsAll,
                change: { $0.steps.insert(contentsOf: caller(groups: groups), at: 0) }, body)
        }
    }

    @Test("A container starts with what its specification says, whatever its caller has")
    func nothingIsInherited() throws {
        let kept = String(Capabilities.containerDefault.rawValue, radix: 16)
        let expected = try expectedLimits().merging([
            "Groups": "", "Gid": "0\t0\t0\t0", "Uid": "0\t0\t0\t0", "Umask": "0022",
            "SigIgn": "0000000000000000", "oom_score_adj": "0", "personality": "00000000",
            "timerslack_ns": "50000", "nice": "0", "policy": "0", "disk": "none: prio 0",
            "CapEff": String(repeating: "0", count: 16 - kept.count) + kept,
        ]) { first, _ in first }
        try withCaller { (child) throws in
            let found = try seen(child.pid)
            for (key, value) in expected { #expect(found[key] == value, "\(key)") }
            #expect(found.count == expected.count)
        }
    }

    @Test("Control: without these steps all of it is the caller's")
    func inheritanceShows() throws {
        let inherited = [
            "Groups": "4242 4242", "Gid": "7\t7\t7\t7", "Umask": "0077", "oom_score_adj": "500",
            "personality": "00040000", "timerslack_ns": "1000", "nice": "7", "policy": "\(batch)",
            "disk": "idle", "CapEff": "0000000000000000",
        ]
        try withCaller(inheritsAll: true) { (child) throws in
            let found = try seen(child.pid)
            for (key, value) in inherited { #expect(found[key] == value, "\(key)") }
            let limits = try expectedLimits()
            for label in ["open files", "core file size", "stack size", "file size"] {
                #expect(found["Max \(label)"] != limits["Max \(label)"])
            }
            // SIGURG, number 23, and whatever else this process was started with.
            #expect(found["SigIgn"].flatMap { UInt64($0, radix: 16) }.map { $0 >> 22 & 1 } == 1)
        }
    }

    @Test("Without privilege a limit comes as near as the caller's hard limit lets it")
    func limitsStayBelowTheCallers() throws {
        let launcher = try ChildLauncher()
        let guest = try RootFilesystem.locateGuest(environment: [:])
        var low = Rlimit.containerDefault.filter { $0.name == "RLIMIT_NOFILE" }
        (low[0].soft, low[0].hard) = (64, 512)
        let whole = try mayRaise ? "1024 524288" : "512 512"
        for (capabilities, limit) in [(Capabilities(rawValue: 0), "512 512"), (nil, whole)] {
            var program = LaunchProgram.process(program: guest, parent: launcher.parent.rawValue)
            let dropping = capabilities.map { [Step("drop", .setCapabilities($0))] } ?? []
            program.steps.insert(
                contentsOf: [Step("low", .setLimits(low))] + dropping
                    + [Step("limits", .setLimits(Rlimit.containerDefault))],
                at: program.steps.count - 1)
            let child = try launcher.start(
                ProgramBuffer(program, environment: []), arguments: Workload.idle.commandLine,
                cgroup: -1, joins: [], interrupt: .never)
            defer { try? child.dispose() }
            #expect(try seen(child.pid)["Max open files"] == limit)
        }
    }

    @Test(
        "It dies with its parent although its group was changed, which undoes that", arguments: [true, false])
    func theParentsDeathIsHeard(isInOrder: Bool) throws {
        try withBareRoot { (root) throws in
            // The kernel sends the signal when the thread ends that started it.
            let child = try OSThread.run { () throws(LabError) in
                try startProgram(root: root, .standard) { program in
                    program.steps.insert(Step("a group", .setGroup(7)), at: 0)
                    guard !isInOrder else { return }
                    // Control: what undoes it comes behind it.
                    guard let group = program.steps.firstIndex(where: { $0.name.english == "group" }),
                        let death = program.steps.firstIndex(where: {
                            $0.name.english == "die with the parent"
                        })
                    else { return }
                    program.steps.swapAt(group, death)
                }
            }
            defer { try? child.dispose() }
            if isInOrder {
                let end = MonotonicInstant.now().advanced(by: .seconds(120))
                #expect(try child.waitForExit(deadline: end) == 128 + SIGKILL)
            } else {
                let error = #expect(throws: LabError.self) {
                    _ = try child.waitForExit(deadline: .now().advanced(by: .milliseconds(300)))
                }
                #expect(error?.kind == .timeout)
            }
        }
    }

    @Test("The session keyring is its own: what the caller forbids in his, it may in its own")
    func theKeyringIsItsOwn() throws {
        // keyctl(2): join a new one, and let its possessor do nothing but see it and set its attributes.
        let callers = [
            Step("join", .call(SYS_keyctl, [1, 0], "join", "join")),
            Step("forbid", .call(SYS_keyctl, [5, -3, 0x2100_0000], "forbid", "setperm")),
        ]
        let clear = Step("clear", .call(SYS_keyctl, [7, -3], "clear", "clear"))
        // By name it is one for all of a run, which nobody holds but this process.
        let shared = try #require(SessionKeyring(run: "test"))
        let own = try [nil, shared.name].map { name in
            try #require(
                ProcessSettings().steps(.unknown, keyring: name).first {
                    $0.name.english == "session keyring"
                })
        }
        for (steps, last) in [
            (callers + [own[0], clear], "the end"), (callers + [own[1], clear], "the end"),
            (callers + [clear], "clear"),
        ] {
            let program = LaunchProgram(
                namespaces: [], steps: steps + [Step("the end", .execute(LaunchProgram.nothing))])
            let failure = #expect(throws: LaunchFailure.self) {
                _ = try ProgramBuffer(program, environment: []).attempt(.init(arguments: ["none"]))
            }
            #expect(failure?.step.map { program.steps[$0].name.english } == last)
        }
    }

    @Test("Containers of a run share a session keyring only behind a filter that forbids keyctl(2)")
    func theFilterHoldsOffTheKeyring() throws {
        try withContainer { engine, _ in
            var open = request(.idle)
            open.condition.isolation = .without(.seccomp)
            let filtered = try engine.explain(request(.idle)).english
            #expect(isRoot == filtered.contains("keyctl(KEYCTL_JOIN_SESSION_KEYRING, \"lab-"))
            #expect(try engine.explain(open).english.contains("keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL)"))
        }
    }

    @Test("A container without a layer is a bare process: nothing is set")
    func noLayerSetsNothing() throws {
        try withContainer { engine, _ in
            var bare = request(.idle)
            bare.condition.isolation = LayerSelection.none
            let whole = try engine.explain(request(.idle))
            let none = try engine.explain(bare)
            for name in ["umask", "keyctl"] {
                #expect(whole.english.contains(name) && !none.english.contains(name))
            }
        }
    }

    @Test("What a start makes has the modes that it says, whatever the caller's umask")
    func modesAreSaid() throws {
        for inheritsAll in [false, true] {
            try withCaller(inheritsAll: inheritsAll) { (child) throws in
                for (path, mode) in [("dev/null", 0o666), ("dev", 0o755), ("dev/pts", 0o755), ("", 0o755)] {
                    var status = Glibc.stat()
                    #expect(stat("/proc/\(child.pid)/root/\(path)", &status) == 0)
                    #expect(status.st_mode & 0o777 == mode_t(mode), "\(path)")
                }
            }
        }
    }

    @Test("What the caller has already is not set again, and what it has is seen")
    func stepsThatChangeNothingAreLeftOut() throws {
        let settings = ProcessSettings()
        func names(_ caller: CallerSettings) -> Set<String> {
            Set(
                (settings.identity(inUserNamespace: false, caller) + settings.oomScore(caller)
                    + settings.steps(caller))
                    .map(\.name.english))
        }
        var alike = CallerSettings(
            givesUpGroups: false, users: [0, 0, 0], groups: [0, 0, 0], ignoredSignals: 0,
            oomScoreAdjustment: 0, policy: SCHED_OTHER, nice: 0, personality: 0, ioPriority: 0,
            timerSlack: 50_000, securebits: 0)
        alike.limits = settings.limits
        let conditional: Set = [
            "supplementary groups", "group", "user", "oom score", "default signals", "personality",
            "I/O priority", "timer slack", "scheduling policy", "nice", "resource limits",
        ]
        #expect(names(.unknown).isSuperset(of: conditional))
        #expect(names(.unknown).subtracting(names(alike)) == conditional)

        let before = signal(SIGURG, SIG_IGN)
        defer { signal(SIGURG, before) }
        var core = rlimit()
        try #require(getrlimit(Int32(RLIMIT_CORE.rawValue), &core) == 0)
        #expect(CallerSettings.current().ignoredSignals >> 22 & 1 == 1)
        #expect(CallerSettings.current().ignoredSignals >> 13 & 1 == 0)
        let now = CallerSettings.current()
        #expect(now.policy == sched_getscheduler(0))
        #expect(now.nice == getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0))
        #expect(
            CallerSettings.current().limits.contains {
                $0.name == "RLIMIT_CORE" && $0.soft == UInt64(core.rlim_cur)
                    && $0.hard == UInt64(core.rlim_max)
            })
        // A real caller's score: the container of an engine does not have it.
        try Files.overwrite("300", at: "/proc/self/oom_score_adj")
        defer { try? Files.overwrite("0", at: "/proc/self/oom_score_adj") }
        #expect(CallerSettings.current().oomScoreAdjustment == 300)
        try withIdle { pid, _ in
            #expect(Files.line("/proc/\(pid)/oom_score_adj") == "0")
            #expect((try? status(pid, "SigIgn")) == "0000000000000000")
        }
    }
}
