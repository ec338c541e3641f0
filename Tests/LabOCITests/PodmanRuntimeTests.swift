import Glibc
import LabCore
import TestTrees
import Testing

@testable import LabOCI

/// podman with `lab-oci` in place of its own runtime, in a store of the test's.
@Suite(
    "lab-oci under podman", .serialized,
    .enabled(if: Runtimes.canRun, Runtimes.reason),
    .enabled(if: Tool.find("podman") != nil, "podman is not installed"),
    .enabled(if: Tool.find("tar") != nil, "tar is not installed"))
struct PodmanRuntimeTests {
    final class Store {
        let bundle: Bundle
        private var words: [String] = []
        private let volatileDirectory: String

        init() throws {
            bundle = try Bundle()
            volatileDirectory = "/run/lab-oci-tests-\(getpid())-\(UInt16.random(in: 0 ... .max))"
            words = [
                "--root", "\(bundle.directory)/root", "--runroot", "\(volatileDirectory)/storage", "--tmpdir",
                "\(volatileDirectory)/tmp", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs",
                "--runtime", "lab-oci",
            ]
            // Locks in shared memory would be those of the user's podman.
            try Files.write(
                """
                [engine]
                lock_type = "file"
                events_logger = "file"
                runtime_supports_nocgroup = ["lab-oci"]
                runtime_supports_json = ["lab-oci"]
                [engine.runtimes]
                lab-oci = ["\(bundle.program)"]

                """, to: "\(bundle.directory)/containers.conf")
            let imported = try Tool.run(
                "/bin/sh",
                [
                    "-c", "tar -C \"$0\" -c . > image.tar && exec podman \"$@\" import image.tar box",
                    bundle.root,
                ] + words, in: bundle.directory, variables: variables,
                deadline: .now().advanced(by: .seconds(120)))
            try #require(imported.status == 0, "\(imported.text)")
        }

        deinit {
            _ = try? call(["rm", "--all", "--force", "--time", "0"])
            for directory in [volatileDirectory, bundle.directory] {
                try? MountTable.detach(in: directory)
                try? Files.removeTree(directory)
            }
        }

        private var variables: [String] { ["CONTAINERS_CONF=\(bundle.directory)/containers.conf"] }

        func call(_ arguments: [String]) throws -> Said {
            try Said(
                Tool.run(
                    "/usr/bin/env", variables + ["podman"] + words + arguments, in: bundle.directory,
                    deadline: .now().advanced(by: .seconds(120))))
        }

        static let limits = [
            "--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000",
        ]

        func run(_ flags: [String], _ command: [String]) throws -> Said {
            try call(["run", "--rm"] + Self.limits + flags + ["box"] + command)
        }

        func shell(_ flags: [String], _ script: String) throws -> Said {
            try run(flags, ["/bin/sh", "-c", script])
        }
    }

    @Test("run: output, exit statuses, and podman's own for what can't be executed")
    func run() throws {
        let store = try Store()
        let said = try store.shell([], "echo hello; exit 17")
        #expect(said.status == 17 && said.text == "hello\n", "\(said)")
        #expect(try store.run(["--cgroups=disabled"], ["true"]).status == 0)
        let missing = try store.run([], ["nothing"])
        #expect(missing.status == 127, "\(missing)")
        let forbidden = try store.run([], ["/etc/motd"])
        #expect(forbidden.status == 126, "\(forbidden)")
    }

    @Test("run: read-only, tmpfs, user, volumes, limits, a terminal, user namespaces, memory that runs out")
    func flags() throws {
        let store = try Store()
        let closed = try store.shell(["--read-only"], "echo x > /x || echo x > /tmp/x && echo in tmp")
        #expect(closed.status == 0 && closed.text.contains("in tmp"), "\(closed)")
        try Files.write("of the image\n", to: "\(store.bundle.root)/srv/f")
        let memory = try store.shell(["--tmpfs", "/etc:size=1m"], "mount | grep ' /etc '; cat /etc/motd")
        #expect(memory.text.contains("size=1024k") && memory.text.hasSuffix("of the tree\n"), "\(memory)")
        let user = try store.run(["--user", "1000:1001"], ["id"])
        #expect(user.text.hasPrefix("uid=1000(guest) gid=1001(guest)"), "\(user)")
        try Files.makeDirectory("\(store.bundle.directory)/volume")
        let volume = try store.shell(["-v", "\(store.bundle.directory)/volume:/v"], "echo hello > /v/f")
        #expect(
            volume.status == 0 && Files.line("\(store.bundle.directory)/volume/f") == "hello", "\(volume)")
        let held = try store.shell(["-v", "\(store.bundle.directory)/volume:/v:ro"], "echo x > /v/g")
        #expect(held.status != 0 && held.text.contains("Read-only file system"), "\(held)")
        let limited = try store.shell(
            ["--memory", "64m", "--pids-limit", "50"],
            "cat $(find /sys/fs/cgroup -name pids.max -o -name memory.max -o -name memory.limit_in_bytes)")
        if limited.status == 0 {
            #expect(limited.text.contains("67108864") && limited.text.contains("50\n"), "\(limited)")
        }
        let terminal = try store.shell(["--tty"], "test -t 0 && test -t 1 && echo is one")
        #expect(terminal.text.contains("is one"), "\(terminal)")
        let mapped = try store.shell(
            ["--uidmap", "0:100000:1000", "--gidmap", "0:100000:1000"], "id -u; cat /proc/self/uid_map")
        #expect(
            mapped.status == 0
                && mapped.text.split(separator: "\n").last?.split(separator: " ") == ["0", "100000", "1000"],
            "\(mapped)")
        let full = try store.shell(
            ["--memory", "20m", "--memory-swap", "20m"], "x=a; while true; do x=$x$x; done")
        #expect(full.status == 137, "\(full)")
    }

    @Test("exec, pause, stop and restart of one in the background")
    func background() throws {
        let store = try Store()
        let started = try store.call(
            ["run", "--detach", "--name", "box"] + Store.limits + [
                "box", "/bin/sh", "-c", "trap 'exit 5' TERM; while true; do sleep 0.1; done",
            ])
        try #require(started.status == 0, "\(started)")
        let exec = try store.call(["exec", "box", "/bin/sh", "-c", "echo inside; exit 4"])
        #expect(exec.status == 4 && exec.text == "inside\n", "\(exec)")
        #expect(try store.call(["exec", "--user", "1000", "box", "id", "-u"]).text == "1000\n")
        #expect(try store.call(["exec", "--tty", "box", "/bin/sh", "-c", "test -t 0"]).status == 0)
        #expect(try store.call(["exec", "box", "nothing"]).status == 127)
        #expect(try store.call(["pause", "box"]).status == 0)
        #expect(try store.call(["ps", "--all", "--format", "{{.Status}}"]).text.hasPrefix("Paused"))
        #expect(try store.call(["unpause", "box"]).status == 0)
        let stopped = try store.call(["stop", "box"])
        #expect(stopped.status == 0, "\(stopped)")
        #expect(try store.call(["inspect", "--format", "{{.State.ExitCode}}", "box"]).text == "5\n")
        #expect(try store.call(["start", "box"]).status == 0)
        #expect(try store.call(["kill", "box"]).status == 0)
        #expect(try store.call(["wait", "box"]).text == "137\n")
        #expect(try store.call(["rm", "box"]).status == 0)
    }
}
