import CLinux
import FoundationEssentials
import Glibc
import LabCore
import OCI
import Synchronization
import TestTrees
import Testing

@testable import LabOCI

@Suite("lab-oci: what config.json asks beside namespaces", .enabled(if: Runtimes.canRun, Runtimes.reason))
struct FeatureTests {
    @Test(
        "A time namespace has its own clocks, in exec too",
        .enabled(if: Files.exists("/proc/self/ns/time"), "this kernel has no time namespaces"))
    func time() throws {
        let bundle = try Bundle()
        let id = try bundle.started {
            $0.linux?.namespaces?.append(RuntimeSpec.Namespace { $0.type = "time" })
            $0.linux?.timeOffsets = RuntimeSpec.TimeOffsets {
                $0.boottime = RuntimeSpec.TimeOffset { $0.secs = 900_000_000 }
            }
        }
        let pid = try #require(try bundle.report(id).pid)
        #expect(Files.target(ofLink: "/proc/\(pid)/ns/time") != Files.target(ofLink: "/proc/self/ns/time"))
        let inside = try bundle.call(["exec", id, "/bin/cat", "/proc/uptime"])
        #expect(Double(inside.text.prefix { $0 != " " }) ?? 0 > 9e8, "\(inside)")
        // Control: the machine has not been up for so long.
        #expect(Double(Files.line("/proc/uptime")?.prefix { $0 != " " } ?? "") ?? 9e9 < 9e8)
    }

    @Test("scheduler and ioPriority are those of the first process, and of exec what --process says")
    func scheduling() throws {
        let bundle = try Bundle()
        let id = try bundle.started {
            $0.process?.scheduler = RuntimeSpec.Scheduler { ($0.policy, $0.nice) = ("SCHED_BATCH", 7) }
            $0.process?.ioPriority = RuntimeSpec.IOPriority {
                ($0.class, $0.priority) = ("IOPRIO_CLASS_BE", 6)
            }
        }
        let pid = try #require(try bundle.report(id).pid)
        let fields = HostProcess(pid: pid).statFields
        // proc_pid_stat(5): nice is the 19th, the policy the 41st, and these begin with the third.
        #expect(fields.count > 38 && fields[16] == "7" && fields[38] == "3", "\(fields)")
        #expect(clinux_syscall(Int(SYS_ioprio_get), 1, Int(pid), 0, 0, 0) == 2 << 13 | 6)

        var process = try #require(Bundle.spec(["/bin/sleep", "1000"]).process)
        process.execCPUAffinity = RuntimeSpec.CPUAffinity { $0.final = "0" }
        try Files.write(try process.text(), to: "\(bundle.directory)/process.json")
        let exec = try bundle.call([
            "exec", "--detach", "--pid-file", "\(bundle.directory)/exec", "--process",
            "\(bundle.directory)/process.json", id,
        ])
        #expect(exec.status == 0, "\(exec)")
        let other = try #require(Files.line("\(bundle.directory)/exec"))
        #expect(try Files.readText("/proc/\(other)/status").contains("Cpus_allowed_list:\t0\n"))
    }

    @Test("The owners in an id-mapped bind are those that its mappings say")
    func idMapped() throws {
        let bundle = try Bundle()
        try Files.makeDirectory("\(bundle.directory)/data")
        try Files.write("", to: "\(bundle.directory)/data/f")
        func owner(_ change: (inout RuntimeSpec.Mount) -> Void) throws -> Said {
            try bundle.run(["/bin/stat", "-c", "%u %g", "/srv/f"]) {
                var mount = bundle.mount("/srv", "bind", "data", ["bind"])
                change(&mount)
                $0.mounts?.append(mount)
            }
        }
        // Control: root's on the disk.
        #expect(try owner { _ in }.text == "0 0\n")
        let mapped = try owner {
            $0.uidMappings = [RuntimeSpec.IDMapping { ($0.hostID, $0.size) = (1_000, 10) }]
            $0.gidMappings = [RuntimeSpec.IDMapping { ($0.hostID, $0.size) = (1_001, 10) }]
        }
        #expect(mapped.text == "1000 1001\n", "\(mapped)")
        let nobody = try owner { $0.options?.append("idmap") }
        #expect(nobody.status == 1 && nobody.text.contains("has mappings of ids"), "\(nobody)")
    }

    @Test("What a filter asks goes to the socket of its listener, with who asks", arguments: [true, false])
    func notified(hasNewPrivileges: Bool) throws {
        let bundle = try Bundle()
        let path = "\(bundle.directory)/s"
        let listening = try ListenerSocket.listen(path)
        let told = Told()
        let agent = try OSThread.start {
            let text = ListenerSocket.accept(listening)
            told.text.withLock { $0 = text }
        }
        let run = try bundle.shell("/bin/busybox mkdir /tmp/x; true") {
            $0.process?.noNewPrivileges = !hasNewPrivileges
            $0.linux?.seccomp = RuntimeSpec.Seccomp {
                ($0.defaultAction, $0.listenerPath, $0.listenerMetadata) = ("SCMP_ACT_ALLOW", path, "mine")
                $0.syscalls = [
                    RuntimeSpec.Syscall {
                        ($0.names, $0.action) = (["mkdir", "mkdirat"], "SCMP_ACT_NOTIFY")
                    }
                ]
            }
        }
        agent.join()
        let text = told.text.withLock { $0 }
        // The test closes the listener, and whoever asks then hears that there is no such call.
        #expect(run.status == 0 && run.text.contains("Function not implemented"), "\(run)")
        let state = try JSONDecoder().decode(ListenerHandover.ProcessState.self, from: Data(text.utf8))
        #expect(state.fds == ["seccompFd"] && state.metadata == "mine" && state.pid > 0, "\(text)")
        #expect(state.state.bundle == bundle.directory)
    }

    @Test(
        "With --systemd-cgroup the cgroup is a scope, which is gone with its container",
        .enabled(if: SystemdScope.isRunning && Tool.find("busctl") != nil, "systemd does not run here"))
    func systemd() throws {
        let bundle = try Bundle()
        let id = bundle.id()
        var spec = Bundle.spec(["/bin/sleep", "1000"])
        spec.linux?.cgroupsPath = "system.slice:lab:\(id)"
        spec.linux?.resources?.pids = RuntimeSpec.Pids { $0.limit = 77 }
        try bundle.write(spec)
        let created = try bundle.create(id, global: ["--systemd-cgroup"])
        try #require(created.status == 0, "\(created)")
        let pid = try #require(try bundle.report(id).pid)
        let unit = "lab-\(id).scope"
        #expect(try Files.readText("/proc/\(pid)/cgroup").contains("/system.slice/\(unit)\n"))
        func property(_ name: String) throws -> String {
            try Tool.run(
                "systemctl", ["show", "--property=\(name)", "--value", unit], in: "/",
                deadline: .now().advanced(by: .seconds(20))
            ).text
        }
        #expect(try property("TasksMax") == "77\n" && property("ActiveState") == "active\n")
        #expect(try bundle.call(["update", "--pids-limit", "78", id]).status == 0)
        #expect(try property("TasksMax") == "78\n")
        #expect(try bundle.call(["delete", "--force", id]).status == 0)
        #expect(try property("ActiveState") == "inactive\n")
    }

    @Test(
        "A container with users of its own gets what only root reaches, and newer calls do not exist under a filter that refuses"
    )
    func asRuncDoesIt() throws {
        let bundle = try Bundle()
        chmod(bundle.directory, 0o711)
        let closed = "\(bundle.directory)/closed"
        try Files.makeDirectory("\(closed)/in")
        try Files.write("inside\n", to: "\(closed)/in/f")
        chmod(closed, 0o700)
        let ids = [RuntimeSpec.IDMapping { ($0.hostID, $0.size) = (100_000, 2_000) }]
        let read = try bundle.run(["/bin/cat", "/srv/f"]) {
            $0.linux?.namespaces?.append(RuntimeSpec.Namespace { $0.type = "user" })
            $0.linux?.uidMappings = ids
            $0.linux?.gidMappings = ids
            $0.mounts?.append(bundle.mount("/srv", "bind", "\(closed)/in", ["bind"]))
        }
        #expect(read.text == "inside\n", "\(read)")
        let filter = try CompiledFilter(
            RuntimeSpec.Seccomp {
                $0.defaultAction = "SCMP_ACT_ERRNO"
                $0.syscalls = [RuntimeSpec.Syscall { ($0.names, $0.action) = (["read"], "SCMP_ACT_ALLOW") }]
            })
        let other = try CompiledFilter(
            RuntimeSpec.Seccomp {
                ($0.defaultAction, $0.defaultErrnoRet) = ("SCMP_ACT_ERRNO", 1)
                $0.syscalls = [RuntimeSpec.Syscall { ($0.names, $0.action) = (["read"], "SCMP_ACT_ALLOW") }]
            })
        // Six instructions more, of which the last says ENOSYS.
        #expect(filter.instructions.count == other.instructions.count + 48)
        #expect(Array(filter.instructions[40..<48]) == [6, 0, 0, 0, UInt8(ENOSYS), 0, 5, 0])
    }

    @Test("Options stand behind the id too, and a process comes through a pipe") func words() throws {
        let bundle = try Bundle()
        let id = try bundle.started()
        let process = try Tool.run(
            "/bin/sh",
            [
                "-c",
                "echo '{\"cwd\": \"/\", \"args\": [\"/bin/echo\", \"piped\"]}' | "
                    + "\"$0\" --root \"$1\" exec --process /dev/stdin \"$2\"",
                bundle.program, bundle.state, id,
            ], in: bundle.directory, deadline: .now().advanced(by: .seconds(60)))
        #expect(process.text == "piped\n", "\(process.text)")
        #expect(
            try bundle.call(["list", "--format", "json"]).text.hasPrefix(
                "[{\"ociVersion\":\"1.2.0\",\"id\":\"\(id)\",\"pid\":"))
        #expect(try bundle.call(["update", id, "--pids-limit", "9"]).status == 0)
        #expect(try bundle.call(["kill", id, "0"]).status == 0)
        #expect(try bundle.call(["delete", id, "--force"]).status == 0)
    }

    @Test("Of a variable that is there twice the last value counts; delete --regex removes all that fit")
    func asOthersDoIt() throws {
        let bundle = try Bundle()
        let run = try bundle.run(["/bin/env"]) { $0.process?.env = ["A=1", "PATH=/bin", "A=2", "B", "A=3"] }
        #expect(run.text == "A=3\nPATH=/bin\nB\nHOME=/root\n", "\(run)")
        let first = try bundle.started()
        let second = try bundle.started()
        let nothing = try bundle.call(["delete", "--force", "--regex", "^none"])
        #expect(nothing.status == 0 && Files.list(bundle.state).count == 2, "\(nothing)")
        let both = try bundle.call(["delete", "--force", "--regex", "^lab-oci-\(getpid())"])
        #expect(both.status == 0 && Files.list(bundle.state).isEmpty, "\(both) \(first) \(second)")
    }

    @Test("events --stats says what a container uses")
    func stats() throws {
        let bundle = try Bundle()
        let id = try bundle.started()
        let said = try bundle.call(["events", "--stats", id])
        let event = try JSONDecoder().decode(EventStream.Event.self, from: Data(said.text.utf8))
        #expect(event.type == "stats" && event.id == id, "\(said)")
        #expect(event.data?.pids?.current ?? 1 == 1)
        let log = "\(bundle.directory)/events"
        // It ends with its container.
        let stream = try Tool.run(
            "/bin/sh",
            [
                "-c",
                "\"$0\" --root \"$1\" events --interval 50ms \"$2\" > \(log) & sleep 0.3; "
                    + "\"$0\" --root \"$1\" kill \"$2\" KILL; wait", bundle.program, bundle.state, id,
            ], in: bundle.directory, deadline: .now().advanced(by: .seconds(60)))
        #expect(stream.status == 0, "\(stream.text)")
        #expect(try Files.readText(log).split(separator: "\n").count > 1)
    }

    @Test(
        "A user runs what spec --rootless writes",
        .enabled(if: Tool.find("setpriv") != nil, "setpriv is not installed"))
    func rootless() throws {
        let bundle = try Bundle()
        chmod(bundle.directory, 0o711)
        let own = "\(bundle.directory)/own"
        try Files.makeDirectory(own)
        try checked { chown(own, 65_534, 65_534) }
        func call(_ words: [String]) throws -> Said {
            try Said(
                Tool.run(
                    "setpriv",
                    [
                        "--reuid", "65534", "--regid", "65534", "--clear-groups", bundle.program, "--root",
                        "\(own)/state",
                    ]
                        + words, in: own, deadline: .now().advanced(by: .seconds(120))))
        }
        let written = try call(["spec", "--rootless"])
        #expect(written.status == 0, "\(written)")
        var spec = try RuntimeSpec(json: try Files.read("\(own)/config.json"), of: "config.json")
        spec.root?.path = bundle.root
        spec.process?.terminal = false
        spec.process?.args = ["/bin/sh", "-c", "id -u; cat /proc/self/uid_map; echo $$; exit 5"]
        try Files.write(try spec.text(), to: "\(own)/config.json")
        let run = try call(["run", "x"])
        #expect(run.status == 5, "\(run)")
        #expect(run.text.split(whereSeparator: \.isWhitespace) == ["0", "0", "65534", "1", "1"], "\(run)")
        #expect(Files.list("\(own)/state").isEmpty)
        // Control: without a namespace of users he may not.
        spec.linux?.namespaces?.removeAll { $0.type == "user" }
        spec.linux?.uidMappings = nil
        spec.linux?.gidMappings = nil
        try Files.write(try spec.text(), to: "\(own)/config.json")
        let refused = try call(["run", "x"])
        #expect(refused.status == 1 && refused.text.contains("requires user namespaces"), "\(refused)")
    }
}

/// The other end of a listener's socket.
private enum ListenerSocket {
    static func listen(_ path: String) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let socket = try checked { Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0) }
        try withUnsafePointer(to: &address) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = try checked { bind(socket, address, socklen_t(MemoryLayout<sockaddr_un>.size)) }
            }
        }
        try checked { Glibc.listen(socket, 1) }
        return socket
    }

    /// Takes a descriptor with a text, closes it, and returns the text; empty when none came in 30 seconds.
    static func accept(_ listening: Int32) -> String {
        defer { close(listening) }
        func wait(_ socket: Int32) -> Bool {
            var event = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            return poll(&event, 1, 30_000) > 0
        }
        guard wait(listening) else { return "" }
        let socket = Glibc.accept(listening, nil, nil)
        guard socket >= 0, wait(socket) else { return "" }
        defer { close(socket) }
        // Its first byte goes with the descriptor.
        let listener = clinux_receive_descriptor(socket)
        guard listener >= 0 else { return "" }
        var rest = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(socket, &rest, rest.count)
        close(listener)
        return "{" + String(decoding: rest.prefix(max(0, count)), as: UTF8.self)
    }
}

private final class Told: Sendable {
    let text = Mutex("")
}
