import Artifacts
import Glibc
import LabCore
import TestTrees
import Testing

@testable import VMDriver

// They boot guests, one after the other.
extension BootTests {
    @Suite(
        "a command of an image, in a VM", .serialized,
        .enabled(if: BusyboxTree.isThere, "skipped: there is no static busybox"))
    struct CommandBootTests {
        private static let directly = VMConfiguration(usesLibvirt: false)

        @Test(
            "Status, standard output and standard error come through, each whole and apart; by libvirt and by us",
            arguments: [true, false])
        func streamsComeThrough(usesLibvirt: Bool) throws {
            let tree = try BusyboxTree()
            let command = try tree.shell(
                "cat /etc/motd; echo wrong >&2; dd if=/dev/zero bs=1000 count=300 2>/dev/null; exit 7")
            try Bench.shared.withEngine(starting: command, VMConfiguration(usesLibvirt: usesLibvirt)) {
                engine in
                let ended = try Bench.run(command, on: engine)
                #expect(ended.status == 7 && ended.errors == "wrong\n")
                #expect(ended.text.hasPrefix("of the tree\n") && ended.output.count == 300_012)
                for mark in Mark.inOrder { #expect(ended.timeline[mark] != nil, "\(mark.rawValue)") }
                #expect(ended.timeline[.ready] == ended.timeline[.exited])
                let record = engine.record
                let format = try #require(engine.command?.disk.format.rawValue)
                #expect(record.digests["disk"]?.utf8.count == 64)
                #expect(record.prepared?.contains { $0.english.contains("as a disk (\(format))") } == true)
                let text = try engine.explain(
                    Bench.request(command, CommandOutput(.exit))
                ).english
                #expect(text.contains("lab.command") && text.contains("execve(\"/bin/sh\", [\"sh\", \"-c\""))
            }
        }

        @Test(
            "On each board a command has its disk and its port, by libvirt and by us alike",
            arguments: MachineProfile.allCases)
        func everyBoard(profile: MachineProfile) throws {
            let tree = try BusyboxTree()
            let script = "trap 'exit 5' TERM; cat /etc/motd; while true; do sleep 0.05; done"
            let command = try tree.shell(script, .line("of the tree"))
            let way = profile.hasPCI ? "pci" : "device"
            let devices = try [true, false].map { usesLibvirt in
                let configuration = VMConfiguration(profile: profile, usesLibvirt: usesLibvirt)
                var words: [String] = []
                let ended = try Bench.shared.run(command, configuration) {
                    words = $0.hostProcess?.commandLine ?? []
                    $0.send(signal: SIGTERM)
                }
                #expect(ended.text == "of the tree\n" && ended.status == 5, "\(ended)")
                return ["virtio-blk", "virtio-serial"].map { name in
                    words.filter { $0.contains("\(name)-\(way)") }.count
                }
            }
            #expect(devices == [[1, 1], [1, 1]])
        }

        @Test("Where the guest's kernel has no erofs the disk is ext4")
        func anotherFileSystem() throws {
            let tree = try BusyboxTree()
            let configuration = VMConfiguration(usesLibvirt: false, diskFormats: [.ext4])
            let ended = try Bench.shared.run(try tree.shell("cat /etc/motd; ls -d /lost*"), configuration)
            #expect(ended.text == "of the tree\n", "\(ended)")
        }

        @Test("Environment, user, groups and directory are those of the image and of the caller")
        func placeIsAsSaid() throws {
            let tree = try BusyboxTree()
            let script =
                "id -u; id -g; id -G; pwd; echo $WORD $HOME; cat /proc/self/limits | wc -l; ls -d /dev/null"
            var definition = CommandDefinition(
                image: "rootfs:\(tree.path)", arguments: ["sh", "-c", script, "an argument"],
                environment: ["WORD=two \"words\"", "LONG=\(String(repeating: "x", count: 20_000))"])
            definition.user = "guest"
            definition.directory = "/srv"
            let ended = try Bench.shared.run(try definition.payload(in: tree.tree()), Self.directly)
            #expect(
                ended.text.hasPrefix("1000\n1001\n1001 1002\n/srv\ntwo \"words\" /srv\n")
                    && ended.text.hasSuffix("/dev/null\n"), "\(ended)")
        }

        @Test("What it writes is its own: the tree is as it was, and the next VM finds it so")
        func treeIsUnchanged() throws {
            let tree = try BusyboxTree()
            let command = try tree.shell("ls /srv; echo x > /srv/new && cat /srv/new")
            try Bench.shared.withEngine(starting: command, Self.directly) { engine in
                for index in 0..<2 {
                    let ended = try Bench.run(command, on: engine, index: index)
                    #expect(ended.status == 0 && ended.text == "x\n", "\(ended)")
                }
            }
            #expect(Files.list("\(tree.path)/srv").isEmpty)
        }

        @Test("A signal reaches the command, which does with it what it likes")
        func signalsReachIt() throws {
            let tree = try BusyboxTree()
            let script = "trap 'echo got it; exit 3' TERM; echo ready; while true; do sleep 0.05; done"
            let ended = try Bench.shared.run(try tree.shell(script, .line("ready")), Self.directly) {
                $0.send(signal: SIGTERM)
            }
            #expect(ended.text == "ready\ngot it\n" && ended.status == 3, "\(ended)")
            #expect((ended.timeline[.ready] ?? .max) < (ended.timeline[.exited] ?? 0))
            let killed = try Bench.shared.run(
                try tree.shell("echo ready; exec sleep 60", .firstOutput), Self.directly
            ) { $0.send(signal: SIGTERM) }
            #expect(killed.status == 128 + SIGTERM && killed.text == "ready\n", "\(killed)")
        }

        @Test("A command is ready once it listens, as lab-guest sees in the VM")
        func portsAreSeen() throws {
            let tree = try BusyboxTree()
            let ended = try Bench.shared.run(
                try tree.shell("sleep 0.1; exec nc -l -p 4321", .port(4_321)), Self.directly
            ) { $0.send(signal: SIGKILL) }
            #expect(ended.timeline[.ready] != nil && ended.timeline[.firstOutput] == nil)
            #expect(ended.status == 128 + SIGKILL)
        }

        @Test(
            "A command is ready once another exits with 0, which lab-guest runs beside it: with its files, user and directory"
        )
        func checksAreBeside() throws {
            let tree = try BusyboxTree()
            chmod("\(tree.path)/tmp", 0o1777)
            let facts = "pwd; id -u; id -G; echo $WORD"
            let check =
                "echo noise; [ -e /tmp/up ] || exit 5; [ \"$(cat /tmp/own)\" = \"$(\(facts))\" ]"
            var definition = CommandDefinition(
                image: "rootfs:\(tree.path)",
                arguments: [
                    "sh", "-c", "(\(facts)) > /tmp/own; sleep 0.2; echo > /tmp/up; exec sleep 60",
                ], environment: ["WORD=two words"], readiness: .command(["sh", "-c", check]))
            (definition.user, definition.directory) = ("guest", "/srv")
            let ended = try Bench.shared.run(try definition.payload(in: tree.tree()), Self.directly) {
                $0.send(signal: SIGKILL)
            }
            #expect((ended.timeline[.ready] ?? .max) <= (ended.timeline[.exited] ?? 0))
            #expect(ended.status == 128 + SIGKILL && ended.output.isEmpty && ended.errors.isEmpty, "\(ended)")
        }

        @Test("Megabytes of output come through to the last byte")
        func nothingIsLost() throws {
            let tree = try BusyboxTree()
            let ended = try Bench.shared.run(
                try tree.shell("seq 1 900000; seq 1 100000 >&2"), Self.directly)
            var expected: [UInt8] = []
            for number in 1...900_000 { expected += Array("\(number)\n".utf8) }
            #expect(ended.output == expected)
            #expect(ended.errors.utf8.count == 588_895 && ended.errors.hasSuffix("\n100000\n"))
        }

        @Test("Endless output is one error, and the VM is gone")
        func endlessOutput() throws {
            let tree = try BusyboxTree()
            let error = try #require(throws: LabError.self) {
                _ = try Bench.shared.run(try tree.shell("exec cat /dev/zero"), Self.directly)
            }
            #expect(error.reason.english.contains("wrote more than 16 MiB") && error.remedy != nil)
        }

        @Test(
            "One that goes into the background is an error with its last words and what keeps it in the foreground; what it leaves goes with the VM"
        )
        func background() throws {
            let tree = try BusyboxTree()
            let error = try #require(throws: LabError.self) {
                _ = try Bench.shared.run(
                    try tree.shell("sleep 60 & echo going >&2; exit 0", .line("ready")), Self.directly)
            }
            #expect(error.kind == .instance)
            #expect(error.reason.english.contains("went into the background: exit status 0; it said going"))
            #expect(error.remedy?.english.contains("nginx -g 'daemon off;'") == true)
        }

        @Test("What never becomes ready is an error at its deadline")
        func neverReady() throws {
            let tree = try BusyboxTree()
            let command = try tree.shell("echo up; exec sleep 60", .line("ready"))
            try Bench.shared.withEngine(starting: command, Self.directly) { engine in
                let output = try CommandOutput(command.readiness)
                let request = Bench.request(command, output)
                let instance = try #require(try engine.launch(request) as? VMInstance)
                defer { try? instance.dispose() }
                while instance.timeline[.firstOutput] == nil, MonotonicInstant.now() < request.deadline {
                    usleep(10_000)
                }
                let error = try #require(throws: LabError.self) {
                    try instance.waitUntilReady(deadline: .now())
                }
                #expect(error.kind == .timeout && error.reason.english.contains("line=ready"))
                #expect(error.remedy != nil)
                // It lives on, and its VM outlives it.
                #expect(try instance.memoryBytes()["host-pss"] ?? 0 > 16 << 20)
                instance.send(signal: SIGKILL)
                #expect(try instance.waitForExit(deadline: request.deadline) == 128 + SIGKILL)
                #expect(throws: LabError.self) { _ = try instance.memoryBytes() }
            }
        }

        @Test("What the guest's kernel can't execute is one error with its step, its errno and a remedy")
        func notExecuted() throws {
            let tree = try BusyboxTree()
            var foreign = [UInt8](repeating: 0, count: 64)
            foreign.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
            foreign[18] = 183
            try Files.write(foreign, to: "\(tree.path)/bin/foreign", mode: 0o755)
            var command = try tree.shell("true")
            command.program = "/bin/foreign"
            let error = try #require(throws: LabError.self) {
                _ = try Bench.shared.run(command, Self.directly)
            }
            #expect(error.detail == .notExecuted(errno: ENOEXEC) && error.kind == .instance)
            #expect(error.remedy?.english.contains("amd64") == true, "\(error)")
            command.program = "/bin/sh"
            command.directory = "/gone"
            let place = try #require(throws: LabError.self) {
                _ = try Bench.shared.run(command, Self.directly)
            }
            #expect(place.reason.english.contains("chdir(2): \(Errno(ENOENT))") && place.remedy != nil)
        }

        @Test(
            "A tree that is larger than the VM's memory is no obstacle, and what is written there fills half of it"
        )
        func largerThanMemory() throws {
            let tree = try BusyboxTree()
            try Files.write("", to: "\(tree.path)/srv/large")
            try checked { truncate("\(tree.path)/srv/large", 144 << 20) }
            let ended = try Bench.shared.run(
                try tree.shell(
                    "dd if=/srv/large of=/dev/null bs=1M && echo read; dd if=/dev/zero of=/srv/full bs=1M count=100"
                ),
                Self.directly, memoryBytes: 128 << 20)
            #expect(ended.text == "read\n" && ended.errors.hasPrefix("144+0 records in\n"), "\(ended)")
            #expect(ended.status == 1 && ended.errors.contains("No space left on device"), "\(ended)")
        }

        @Test("What lab-guest can't mount is an error with its words")
        func damagedDisk() throws {
            let tree = try BusyboxTree()
            let command = try tree.shell("true")
            try Bench.shared.withEngine(starting: command, Self.directly) { engine in
                let disk = try #require(engine.command?.disk.path)
                let seen = engine.setup.starter.path(of: disk)
                try checked { truncate(seen, 0) }
                try checked { truncate(seen, 1 << 20) }
                let error = try #require(throws: LabError.self) { _ = try Bench.run(command, on: engine) }
                #expect(error.reason.english.contains("cannot mount the disk"), "\(error)")
                #expect(error.remedy != nil)
            }
        }

        @Test(
            "Where libvirt carries the console alone, and of the host's own root, a command is refused by name"
        )
        func refusals() throws {
            let tree = try BusyboxTree()
            let command = try tree.shell("true")
            let console = try #require(throws: LabError.self) {
                try Bench.shared.withEngine(starting: command, VMConfiguration(channel: .serialConsole)) {
                    _ in
                }
            }
            #expect(console.kind == .unavailable && console.reason.english.contains("a port of its own"))
            var host = command
            host.tree = FileTree(reference: "rootfs:/", layers: ["/"], digest: nil)
            let root = try #require(throws: LabError.self) {
                try Bench.shared.withEngine(starting: host) { _ in }
            }
            #expect(root.kind == .unavailable && root.remedy?.english.contains("--image rootfs:DIR") == true)
        }
    }
}
