import Glibc
import LabCore
import OCI
import TestTrees
import Testing

@testable import LabOCI

@Suite("lab-oci: the life of a container", .enabled(if: Runtimes.canRun, Runtimes.reason))
struct LifecycleTests {
    @Test("A command runs to its end, and its exit status is that of run")
    func run() throws {
        let bundle = try Bundle()
        let said = try bundle.shell("echo hello; exit 7")
        #expect(said.status == 7 && said.text == "hello\n", "\(said)")
        // The first process of a PID namespace has no default action.
        #expect(try bundle.shell("kill -TERM $$; true").status == 0)
        #expect(try bundle.run(["/bin/sh", "-c", "sh -c 'kill -KILL $$'; exit $?"]).status == 137)
        #expect(Files.list(bundle.state).isEmpty)
    }

    @Test("create makes all but the program, start lets it begin, and the state is that of the specification")
    func stages() throws {
        let bundle = try Bundle()
        var spec = Bundle.spec(["/bin/sh", "-c", "echo began > /out/began; exec sleep 1000"])
        try Files.makeDirectory("\(bundle.directory)/out")
        spec.mounts?.append(bundle.mount("/out", "bind", "out", ["bind"]))
        spec.annotations = ["org.example.a": "b"]
        try bundle.write(spec)
        let id = bundle.id()
        let created = try bundle.create(id, ["--pid-file", "\(bundle.directory)/pid"])
        #expect(created.status == 0, "\(created.text)")
        var report = try bundle.report(id)
        #expect(report.status == "created" && report.id == id && report.bundle == bundle.directory)
        #expect(report.annotations == ["org.example.a": "b"] && report.ociVersion == Features.version)
        #expect(Files.line("\(bundle.directory)/pid") == report.pid.map(String.init))
        usleep(100_000)
        #expect(!Files.exists("\(bundle.directory)/out/began"))

        #expect(try bundle.call(["start", id]).status == 0)
        #expect(waitUntil { Files.exists("\(bundle.directory)/out/began") })
        report = try bundle.report(id)
        #expect(report.status == "running")
        let again = try bundle.call(["start", id])
        #expect(again.status == 1 && again.text.contains("cannot start an already running container"))
        let early = try bundle.call(["delete", id])
        #expect(early.status == 1 && early.text.contains("that is not stopped: running"), "\(early)")

        #expect(try bundle.call(["kill", id, "KILL"]).status == 0)
        #expect(waitUntil { (try? bundle.report(id).status) == "stopped" })
        #expect(try bundle.report(id).pid == 0)
        let dead = try bundle.call(["kill", id, "15"])
        #expect(dead.status == 1 && dead.text.contains("container not running"), "\(dead)")
        #expect(try bundle.call(["delete", id]).status == 0)
        let gone = try bundle.call(["state", id])
        #expect(gone.status == 1 && gone.text.contains("container does not exist"))
        #expect(try bundle.call(["delete", id]).status == 1)
        #expect(try bundle.call(["delete", "--force", id]).status == 0)
    }

    @Test("pause, resume, ps, list, kill --all and update do what they say")
    func others() throws {
        let bundle = try Bundle()
        let id = try bundle.started()
        let pid = try #require(try bundle.report(id).pid)
        let processes = try bundle.call(["ps", "--format", "json", id])
        #expect(processes.text == "[\(pid)]\n", "\(processes.text)")
        #expect(try bundle.call(["ps", id]).text.contains("sleep 1000"))
        #expect(try bundle.call(["list", "--quiet"]).text == "\(id)\n")
        #expect(try bundle.call(["list"]).text.contains("running"))
        #expect(try bundle.call(["pause", id]).status == 0)
        #expect(try bundle.report(id).status == "paused")
        #expect(try bundle.call(["pause", id]).text.contains("container not running"))
        #expect(try bundle.call(["resume", id]).status == 0)
        #expect(try bundle.call(["resume", id]).text.contains("container not paused"))
        #expect(try bundle.report(id).status == "running")

        let update = try bundle.call(["update", "--pids-limit", "77", id])
        #expect(update.status == 0, "\(update.text)")
        let cgroups = try ContainerState(
            json: try Files.read("\(bundle.state)/\(id)/state.json"), of: "state"
        ).cgroups
        #expect(cgroups.contains { Files.line("\($0)/pids.max") == "77" })
        #expect(try bundle.call(["kill", "--all", id, "SIGKILL"]).status == 0)
        #expect(waitUntil { (try? bundle.report(id).status) == "stopped" })
        #expect(try bundle.call(["delete", id]).status == 0)
        #expect(cgroups.allSatisfy { !Files.exists($0) })
    }

    @Test("exec runs beside the first process, in its namespaces and cgroups, as who it is told")
    func exec() throws {
        let bundle = try Bundle()
        let id = try bundle.started()
        let pid = try #require(try bundle.report(id).pid)
        let first = try bundle.call([
            "exec", "--env", "A=b", "--cwd", "/tmp", id, "/bin/sh", "-c",
            "echo $A; pwd; cat /proc/1/cmdline; readlink /proc/self/ns/pid; exit 9",
        ])
        #expect(first.status == 9 && first.text.hasPrefix("b\n/tmp\n/bin/sleep\u{0}1000"), "\(first)")
        let other = try bundle.call(["exec", "--user", "1000:1001", id, "/bin/id"])
        #expect(other.text.hasPrefix("uid=1000(guest) gid=1001(guest)"), "\(other)")
        let cgroups = try Files.readText("/proc/\(pid)/cgroup")
        // Without the namespace that hides it: from outside.
        let detached = try bundle.call([
            "exec", "--detach", "--pid-file", "\(bundle.directory)/exec", id, "/bin/sleep", "500",
        ])
        #expect(detached.status == 0, "\(detached)")
        let inner = try #require(Files.line("\(bundle.directory)/exec"))
        #expect(try Files.readText("/proc/\(inner)/cgroup") == cgroups)
        let missing = try bundle.call(["exec", id, "nothing"])
        #expect(
            missing.status == 255 && missing.text.contains("executable file not found in $PATH"), "\(missing)"
        )
        #expect(try bundle.call(["exec", id, "/bin/sh", "-c", "kill -9 $$"]).status == 137)
    }

    @Test("Hooks of all stages run in their order and namespaces, with the state as their input")
    func hooks() throws {
        let bundle = try Bundle()
        let log = "\(bundle.directory)/log"
        try Files.makeDirectory("\(bundle.root)/log")
        try Files.write("", to: log)
        func hook(_ name: String) -> RuntimeSpec.Hook {
            RuntimeSpec.Hook {
                $0.path = "/bin/sh"
                $0.args = [
                    "sh", "-c",
                    "echo \(name) $(cat | tr -d ' \\n' | sed 's/.*\"status\":\"\\([a-z]*\\)\".*/\\1/') >> \(log)",
                ]
                $0.env = ["PATH=/bin:/usr/bin"]
            }
        }
        var spec = Bundle.spec(["/bin/sh", "-c", "echo program >> /log/x"])
        spec.mounts?.append(bundle.mount("/log/x", "bind", log, ["bind"]))
        spec.hooks = RuntimeSpec.Hooks {
            $0.prestart = [hook("prestart")]
            $0.createRuntime = [hook("createRuntime")]
            $0.createContainer = [hook("createContainer")]
            // In the container there is no sed.
            $0.startContainer = [
                RuntimeSpec.Hook {
                    ($0.path, $0.args) = (
                        "/bin/sh", ["sh", "-c", "cat > /dev/null; echo startContainer >> /log/x"]
                    )
                }
            ]
            $0.poststart = [hook("poststart")]
            $0.poststop = [hook("poststop")]
        }
        try bundle.write(spec)
        let run = try bundle.call(["run", bundle.id()])
        #expect(run.status == 0, "\(run)")
        var lines = try Files.readText(log).split(separator: "\n").map(String.init)
        // poststart and the program go side by side.
        let place = lines.firstIndex { $0.hasPrefix("poststart") }
        if let place { lines.remove(at: place) }
        #expect(place != nil)
        #expect(
            lines == [
                "prestart creating", "createRuntime creating", "createContainer creating", "startContainer",
                "program", "poststop stopped",
            ], "\(lines)")

        spec.hooks = RuntimeSpec.Hooks {
            $0.createRuntime = [
                RuntimeSpec.Hook { ($0.path, $0.args) = ("/bin/sh", ["sh", "-c", "echo no; exit 3"]) }
            ]
        }
        try bundle.write(spec)
        let refused = try bundle.call(["run", bundle.id()])
        #expect(
            refused.status == 1
                && refused.text.contains(
                    "error running createRuntime hook #0: exit status 3, stdout and stderr: no"),
            "\(refused)")
        #expect(Files.list(bundle.state).isEmpty)
    }

    @Test("Errors are runc's in status and words, in a log of JSON lines too")
    func errors() throws {
        let bundle = try Bundle()
        let missing = try bundle.run(["nothing"])
        #expect(
            missing.status == 1
                && missing.text.contains("exec: \\\"nothing\\\": executable file not found in $PATH"),
            "\(missing)")
        let absent = try bundle.run(["/bin/none"])
        #expect(absent.status == 1 && absent.text.contains("stat /bin/none: no such file or directory"))
        let forbidden = try bundle.run(["/etc/motd"])
        #expect(forbidden.status == 1 && forbidden.text.contains("permission denied"))
        #expect(try bundle.call(["create", "a/b"]).text.contains("invalid container ID format"))
        let log = "\(bundle.directory)/log.json"
        let logged = try bundle.call(["--log", log, "--log-format", "json", "state", "none"])
        #expect(logged.status == 1)
        #expect(
            try Files.readText(log).hasPrefix(
                "{\"level\":\"error\",\"msg\":\"container does not exist\",\"time\":\""))
        #expect(try bundle.call(["checkpoint", "x"]).text.contains("checkpoint is not supported by lab-oci"))
        if !Files.isDirectory("/run/systemd/system") {
            try bundle.write(Bundle.spec(["/bin/true"]))
            let systemd = try bundle.call(["--systemd-cgroup", "run", bundle.id()])
            #expect(systemd.status == 1 && systemd.text.contains("systemd does not run here"))
        }
        #expect(Files.list(bundle.state).isEmpty)
    }

    static let refused: [(String, @Sendable (inout RuntimeSpec) -> Void)] = [
        // Where the kernel has them, it knows no such label.
        ("selinux label", { $0.process?.selinuxLabel = "x" }),
        ("apparmor", { $0.process?.apparmorProfile = "lab-none" }),
        (
            "invalid scheduler policy: SCHED_X",
            { $0.process?.scheduler = RuntimeSpec.Scheduler { $0.policy = "SCHED_X" } }
        ),
        (
            "invalid ioPriority.priority: 8",
            {
                $0.process?.ioPriority = RuntimeSpec.IOPriority {
                    ($0.class, $0.priority) = ("IOPRIO_CLASS_BE", 8)
                }
            }
        ),
        ("linux.intelRdt", { $0.linux?.intelRdt = .object(["closID": .text("x")]) }),
        (
            "listenerPath is not set",
            {
                $0.linux?.seccomp = RuntimeSpec.Seccomp {
                    $0.defaultAction = "SCMP_ACT_ALLOW"
                    $0.syscalls = [
                        RuntimeSpec.Syscall { ($0.names, $0.action) = (["mkdir"], "SCMP_ACT_NOTIFY") }
                    ]
                }
            }
        ),
        (
            "the id-mapped mount of /x: only binds",
            {
                let ids = [RuntimeSpec.IDMapping { $0.size = 1 }]
                $0.mounts?.append(RuntimeSpec.Mount { ($0.destination, $0.uidMappings) = ("/x", ids) })
            }
        ),
        (
            "linux.resources.memory.kernel",
            { $0.linux?.resources?.memory = RuntimeSpec.Memory { $0.kernel = .number(1) } }
        ),
        (
            "time namespace offsets",
            {
                $0.linux?.timeOffsets = RuntimeSpec.TimeOffsets {
                    $0.boottime = RuntimeSpec.TimeOffset { $0.secs = 1 }
                }
            }
        ),
        ("without a mount namespace", { $0.linux?.namespaces?.removeAll { $0.type == "mount" } }),
        ("conflicts with the OCI \\\"hostname\\\" field", { $0.linux?.sysctl = ["kernel.hostname": "x"] }),
        ("is not in a separate kernel namespace", { $0.linux?.sysctl = ["kernel.core_pattern": "x"] }),
        ("rlimit type RLIMIT_X", { $0.process?.rlimits = [RuntimeSpec.Rlimit { $0.type = "RLIMIT_X" }] }),
    ]

    @Test("What is not supported is an error with its name", arguments: refused.indices)
    func refusals(index: Int) throws {
        let bundle = try Bundle()
        let (word, change) = Self.refused[index]
        let output = try bundle.run(["/bin/true"], change)
        #expect(output.status == 1 && output.text.contains(word), "\(output)")
        #expect(try bundle.run(["/bin/true"]).status == 0)
    }

    @Test("Namespaces of a path are entered, with a user namespace and without", arguments: [false, true])
    func joined(hasUsers: Bool) throws {
        let bundle = try Bundle()
        var kinds = ["cgroup", "ipc", "network", "pid", "uts"]
        func map(_ spec: inout RuntimeSpec) {
            guard hasUsers else { return }
            let ids = [RuntimeSpec.IDMapping { ($0.hostID, $0.size) = (100_000, 2_000) }]
            spec.linux?.uidMappings = ids
            spec.linux?.gidMappings = ids
            spec.linux?.namespaces?.append(RuntimeSpec.Namespace { $0.type = "user" })
            chmod(bundle.directory, 0o755)
        }
        if hasUsers { kinds.append("user") }
        let first = try #require(try bundle.report(try bundle.started { map(&$0) }).pid)
        let names = ["network": "net"]
        let other = try bundle.started { spec in
            map(&spec)
            spec.linux?.uidMappings = nil
            spec.linux?.gidMappings = nil
            spec.hostname = nil
            for place in (spec.linux?.namespaces ?? []).indices {
                let kind = spec.linux?.namespaces?[place].type ?? ""
                guard kind != "mount" else { continue }
                spec.linux?.namespaces?[place].path = "/proc/\(first)/ns/\(names[kind] ?? kind)"
            }
        }
        let second = try #require(try bundle.report(other).pid)
        for kind in kinds {
            let name = names[kind] ?? kind
            let namespace = Files.target(ofLink: "/proc/\(second)/ns/\(name)")
            #expect(
                namespace != nil && namespace == Files.target(ofLink: "/proc/\(first)/ns/\(name)"), "\(kind)")
            #expect(namespace != Files.target(ofLink: "/proc/self/ns/\(name)"), "\(kind)")
        }
        #expect(
            Files.target(ofLink: "/proc/\(second)/ns/mnt") != Files.target(ofLink: "/proc/\(first)/ns/mnt"))
        let seen = try bundle.call(["exec", other, "/bin/sh", "-c", "cat /proc/self/uid_map; echo $$"])
        #expect(seen.status == 0, "\(seen)")
        if hasUsers { #expect(seen.text.contains("100000"), "\(seen)") }
    }

    @Test("A runtime that was killed at any stage leaves nothing that delete --force does not remove")
    func killed() throws {
        let bundle = try Bundle()
        try bundle.write(Bundle.spec(["/bin/sleep", "1000"]))
        for delay in [2, 5, 8, 12, 16, 20, 30, 50] {
            let id = bundle.id("\(delay)")
            _ = try Tool.run(
                "/bin/sh",
                [
                    "-c",
                    "\"$0\" --root \"$1\" run \"$2\" >/dev/null 2>&1 & sleep 0.\(delay < 10 ? "00" : "0")\(delay); kill -9 $!",
                    bundle.program, bundle.state, id,
                ], in: bundle.directory, deadline: .now().advanced(by: .seconds(60)))
            let deleted = try bundle.call(["delete", "--force", id])
            #expect(deleted.status == 0, "\(delay) ms: \(deleted.text)")
            for hierarchy in CgroupHierarchy.all {
                let left = try Cgroups(path: id).directories.filter { Files.exists($0) }
                #expect(left.isEmpty, "\(hierarchy.mountPoint): \(left)")
            }
        }
        #expect(Files.list(bundle.state).isEmpty)
    }
}
