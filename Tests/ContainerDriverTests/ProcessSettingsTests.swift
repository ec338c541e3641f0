import CLinux
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore

@Suite(
    "what a container starts with",
    .enabled(if: obstacle == nil && isRoot, "skipped: not root, or no container can be started here"))
struct ProcessSettingsTests {
    private typealias Step = LaunchProgram.Step
    /// SCHED_BATCH, sched(7).
    private let batch: Int32 = 3

    /// What a caller may have that a container is not to have, as steps before its first.
    private func caller(groups: UnsafePointer<gid_t>) -> [LaunchProgram.Step] {
        var limits = Rlimit.containerDefault
        for index in limits.indices {
            switch limits[index].name {
            case "RLIMIT_NOFILE": (limits[index].soft, limits[index].hard) = (77, 99)
            case "RLIMIT_CORE": (limits[index].soft, limits[index].hard) = (Rlimit.unlimited, Rlimit.unlimited)
            case "RLIMIT_STACK": (limits[index].soft, limits[index].hard) = (4 << 20, 4 << 20)
            default: break
            }
        }
        let numbers: [(String, Int32, [Int])] = [
            ("groups", SYS_setgroups, [2, Int(bitPattern: groups)]), ("group", SYS_setresgid, [7, 7, 7]),
            ("umask", SYS_umask, [0o077]), ("no randomization", SYS_personality, [0x0040000]),
            ("nice", SYS_setpriority, [0, 0, 7]), ("idle disk", SYS_ioprio_set, [1, 0, 3 << 13]),
            ("slack", SYS_prctl, [29, 1_000]), ("no root", SYS_prctl, [28, 1]),
        ]
        return numbers.map { Step($0, .call(.init($1, $2, $0))) } + [
            Step("batch", .setSchedulingPolicy(batch)), Step("limits", .setLimits(limits)),
            Step("score", .write("500", to: "/proc/self/oom_score_adj")),
        ]
    }

    /// What the host sees of a process, each in a line.
    private func seen(_ pid: pid_t) throws -> [String: String] {
        var result: [String: String] = [:]
        for key in ["Groups", "Gid", "Uid", "Umask", "SigIgn", "CapEff"] { result[key] = try status(pid, key) }
        for file in ["oom_score_adj", "personality", "timerslack_ns"] {
            result[file] = Files.line("/proc/\(pid)/\(file)")
        }
        let fields = try #require(Files.line("/proc/\(pid)/stat")?.split(separator: ")").last?.split(separator: " "))
        // Fields 19 and 41 of proc_pid_stat(5), the first of these being the third.
        result["nice"] = String(fields[16])
        result["policy"] = String(fields[38])
        for line in try Files.readText("/proc/\(pid)/limits").split(separator: "\n").dropFirst() {
            let words = line.dropFirst(26).split(separator: " ").prefix(2)
            result[line.prefix(26).trimmingWhitespace()] = words.joined(separator: " ")
        }
        return result
    }

    private let expected = [
        "Groups": "", "Gid": "0\t0\t0\t0", "Uid": "0\t0\t0\t0", "Umask": "0022",
        "SigIgn": "0000000000000000", "oom_score_adj": "0", "personality": "00000000",
        "timerslack_ns": "50000", "nice": "0", "policy": "0", "Max cpu time": "unlimited unlimited",
        "Max file size": "unlimited unlimited", "Max data size": "unlimited unlimited",
        "Max stack size": "8388608 unlimited", "Max core file size": "0 unlimited",
        "Max resident set": "unlimited unlimited", "Max processes": "unlimited unlimited",
        "Max open files": "1024 524288", "Max locked memory": "8388608 8388608",
        "Max address space": "unlimited unlimited", "Max file locks": "unlimited unlimited",
        "Max pending signals": "65536 65536", "Max msgqueue size": "819200 819200",
        "Max nice priority": "0 0", "Max realtime priority": "0 0", "Max realtime timeout": "unlimited unlimited",
    ]

    /// Starts a container of a caller that has all of the above and ignores a signal.
    private func withCaller(_ process: ProcessSettings?, _ body: (ChildInstance) throws -> Void) throws {
        let groups = UnsafeMutablePointer<gid_t>.allocate(capacity: 2)
        groups.initialize(repeating: 4_242, count: 2)
        defer { groups.deallocate() }
        try withBareRoot { (root) throws in
            let before = signal(SIGURG, SIG_IGN)
            defer { signal(SIGURG, before) }
            try withProgram(
                root: root, .standard, process: process,
                change: { $0.steps.insert(contentsOf: caller(groups: groups), at: 0) }, body)
        }
    }

    @Test("A container starts with what its specification says, whatever its caller has")
    func nothingIsInherited() throws {
        try withCaller(ProcessSettings()) { (child) throws in
            var found = try seen(child.pid)
            let kept = String(Capabilities.containerDefault.rawValue, radix: 16)
            #expect(found.removeValue(forKey: "CapEff")?.hasSuffix(kept) == true)
            for (key, value) in expected { #expect(found[key] == value, "\(key)") }
            #expect(found.count == expected.count)
            let disk = try PeerCommand.run(["ionice", "-p", "\(child.pid)"])
            #expect(disk.text.trimmingWhitespace() == "none: prio 0" || disk.text.contains("best-effort"))
            // It answers to the death of its parent still: a change of the user would have undone that.
            #expect(try status(child.pid, "NoNewPrivs") == "1")
        }
    }

    @Test("Control: without these steps all of it is the caller's")
    func inheritanceShows() throws {
        try withCaller(nil) { (child) throws in
            let found = try seen(child.pid)
            let inherited = [
                "Groups": "4242 4242", "Gid": "7\t7\t7\t7", "Umask": "0077", "oom_score_adj": "500",
                "personality": "00040000", "timerslack_ns": "1000", "nice": "7", "policy": "\(batch)",
                "Max open files": "77 99", "Max core file size": "unlimited unlimited",
                "Max stack size": "4194304 4194304", "CapEff": "0000000000000000",
            ]
            for (key, value) in inherited { #expect(found[key] == value, "\(key)") }
            #expect(found["SigIgn"] != expected["SigIgn"])
            let disk = try PeerCommand.run(["ionice", "-p", "\(child.pid)"])
            #expect(disk.text.trimmingWhitespace() == "idle")
        }
    }

    @Test("Without privilege a limit comes as near as the caller's hard limit lets it")
    func limitsStayBelowTheCallers() throws {
        let launcher = try ChildLauncher()
        let guest = try RootFilesystem.locateGuest(environment: [:])
        var low = Rlimit.containerDefault
        for index in low.indices where low[index].name == "RLIMIT_NOFILE" {
            (low[index].soft, low[index].hard) = (64, 512)
        }
        for (capabilities, limit) in [(Capabilities(rawValue: 0), "512 512"), (nil, "1024 524288")] {
            var program = LaunchProgram.process(program: guest, parent: launcher.parent.rawValue)
            let dropping = capabilities.map { [Step("drop", .setCapabilities($0))] } ?? []
            program.steps.insert(
                contentsOf: [Step("low", .setLimits(low))] + dropping
                    + [Step("limits", .setLimits(Rlimit.containerDefault))],
                at: program.steps.count - 1)
            let child = try launcher.start(
                ProgramBuffer(program, environment: []), arguments: ChildLauncher.arguments(.idle),
                cgroup: -1, joins: [], interrupt: .never)
            defer { try? child.dispose() }
            #expect(try seen(child.pid)["Max open files"] == limit)
        }
    }

    @Test("The session keyring is its own: what the caller forbids in his, it may in its own")
    func theKeyringIsItsOwn() throws {
        // keyctl(2): join a new one, let its possessor do nothing but see and set attributes; then clear the session's.
        let callers = [
            Step("join", .call(.init(SYS_keyctl, [1, 0], "join"))),
            Step("forbid", .call(.init(SYS_keyctl, [5, -3, 0x2100_0000], "setperm"))),
        ]
        let clear = Step("clear", .call(.init(SYS_keyctl, [7, -3], "clear")))
        let own = try #require(ProcessSettings().steps.first { $0.name == "session keyring" })
        for (steps, last) in [(callers + [own, clear], "the end"), (callers + [clear], "clear")] {
            let program = LaunchProgram(
                namespaces: [], steps: steps + [Step("the end", .execute(LaunchProgram.nothing))])
            let failure = #expect(throws: LaunchFailure.self) {
                _ = try ProgramBuffer(program, environment: []).attempt(.init(arguments: ["none"]))
            }
            #expect(failure?.step.map { program.steps[$0].name } == last)
        }
    }

    @Test("A container without a layer is a bare process: nothing is set")
    func noLayerSetsNothing() throws {
        try withContainer { engine, _ in
            var bare = request(.idle)
            bare.isolation = IsolationWord.none
            let names = ["setgroups", "umask", "setrlimit", "oom_score_adj", "keyctl"]
            let whole = try engine.explain(request(.idle))
            let none = try engine.explain(bare)
            for name in names { #expect(whole.contains(name) && !none.contains(name)) }
        }
    }
}
