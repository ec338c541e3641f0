import Glibc
import LabCore
import TestTrees
import Testing

@testable import ContainerDriver

extension BusyboxTree {
    var tree: FileTree { FileTree(reference: "rootfs:\(path)", layers: [path], digest: nil) }

    func shell(_ script: String, _ ready: Readiness = .exit) -> CommandDefinition {
        CommandDefinition(image: "rootfs:\(path)", arguments: ["sh", "-c", script], readiness: ready)
    }
}

@Suite(
    "a command of an image, in each engine",
    // What is left of a bare process is looked for on the whole host.
    .serialized,
    .enabled(if: obstacle == nil && isRoot, "skipped: not root, or no container can be started here"),
    .enabled(if: BusyboxTree.isThere, "skipped: there is no static busybox"))
struct CommandEngineTests {
    static let engines: [EngineID] = [.process, .container, "crun", "runc", "bwrap", "podman"]
    static let peers: [EngineID] = ["crun", "runc", "bwrap", "podman"]
    /// Those in which the command's root is writable.
    static let writable: [EngineID] = [.process, .container, "podman"]

    /// How one instance ended.
    struct Ended {
        let status: Int32
        let output: String
        let errors: String
        let timeline: Timeline
        let failure: LabError?
    }

    /// A prepared engine for a command, in a home of its own, all of which is gone afterwards.
    private func with<Result>(
        _ id: EngineID, _ command: CommandPayload, _ body: (any PreparedEngine, RunContext) throws -> Result
    ) throws -> Result {
        let home = "/tmp/lab-command-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        defer { try? Files.removeTree(home) }
        let root = try RootFilesystem.minimal(
            guest: RootFilesystem.locateGuest(environment: [:]), paths: paths)
        let journal = try RunJournal(runID: "t\(UInt32.random(in: 0 ... .max))", paths: paths)
        defer { journal.finish() }
        let context = RunContext(
            runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root, command: command)
        try Files.makeDirectory(paths.run(journal.runID), mode: 0o700)
        let engine = try #require(ContainerEngines.all.first { $0.id == id }).make(EngineSettings(), nil)
        if case .unavailable(let error) = engine.probe(context) { try Test.cancel("skipped: \(error)") }
        let prepared = try engine.prepare(context) as any PreparedEngine
        defer { prepared.shutDown() }
        return try body(prepared, context)
    }

    private func request(_ command: CommandPayload, _ output: CommandOutput, index: Int = 0) -> LaunchRequest
    {
        var request = LaunchRequest(
            index: index, payload: .command(command), memoryBytes: 64 << 20, cpus: 1,
            deadline: .now().advanced(by: .seconds(30)))
        request.output = output
        return request
    }

    /// Starts it, waits for its end and removes it.
    private func run(
        _ id: EngineID, _ definition: CommandDefinition, in tree: FileTree,
        whenReady: (any Instance) throws -> Void = { _ in }
    ) throws -> Ended {
        let command = try definition.payload(in: tree)
        return try with(id, command) { engine, context in
            let output = try CommandOutput(command.readiness)
            let request = request(command, output)
            let instance = try engine.launch(request)
            let status = Result { () throws -> Int32 in
                if command.readiness != .exit {
                    try instance.waitUntilReady(deadline: request.deadline)
                    try whenReady(instance)
                }
                return try instance.waitForExit(deadline: request.deadline)
            }
            try instance.dispose()
            return Ended(
                status: try status.get(),
                output: String(decoding: output.contents(of: .output), as: UTF8.self),
                errors: String(decoding: output.contents(of: .errors), as: UTF8.self),
                timeline: instance.timeline, failure: output.failure)
        }
    }

    @Test("Status, standard output and standard error come through, each whole and apart", arguments: engines)
    func streamsComeThrough(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let ended = try run(
            id,
            busybox.shell(
                "cat /etc/motd; echo wrong >&2; dd if=/dev/zero bs=1000 count=300 2>/dev/null; exit 7"),
            in: busybox.tree)
        #expect(ended.status == 7 && ended.errors == "wrong\n")
        #expect(ended.output.hasPrefix("of the tree\n") && ended.output.utf8.count == 300_012)
        for mark in [Mark.requested, .created, .firstOutput, .ready, .exited, .cleanedUp] {
            #expect(ended.timeline[mark] != nil, "\(mark.rawValue)")
        }
        #expect(ended.timeline[.ready] == ended.timeline[.exited] && ended.timeline[.initStarted] == nil)
    }

    @Test(
        "Environment, user, groups and directory are those of the image and of the caller", arguments: engines
    )
    func placeIsAsSaid(id: EngineID) throws {
        let busybox = try BusyboxTree()
        var definition = busybox.shell("id -u; id -g; id -G; pwd; echo $WORD $HOME")
        definition.environment = ["WORD=two words"]
        definition.directory = "/srv"
        // bwrap has no other user than its caller.
        if id != "bwrap" { definition.user = "guest" }
        let ended = try run(id, definition, in: busybox.tree)
        let who = id == "bwrap" ? nil : "1000\n1001\n1001 1002\n"
        #expect(ended.output.hasSuffix("/srv\ntwo words \(who == nil ? "/" : "/srv")\n"), "\(ended)")
        if let who { #expect(ended.output.hasPrefix(who), "\(ended)") }
    }

    @Test(
        "The command is the first process of a container, and of none as a bare process", arguments: engines)
    func commandIsFirst(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let ended = try run(id, busybox.shell("echo $$"), in: busybox.tree)
        #expect((ended.output == "1\n") == (id != .process), "\(ended)")
    }

    @Test(
        "What it writes is its own: the tree is as it was, and the next trial finds it so",
        arguments: writable)
    func treeIsUnchanged(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let command = try busybox.shell("ls /srv; echo x > /srv/new && cat /srv/new").payload(
            in: busybox.tree)
        try with(id, command) { engine, _ in
            for index in 0..<2 {
                let output = try CommandOutput(.exit)
                let request = request(command, output, index: index)
                let instance = try engine.launch(request)
                let status = Result { try instance.waitForExit(deadline: request.deadline) }
                try instance.dispose()
                #expect(try status.get() == 0 && output.contents(of: .output) == Array("x\n".utf8))
            }
        }
        #expect(Files.list("\(busybox.path)/srv").isEmpty)
    }

    @Test("Several layers are one tree", arguments: [EngineID.process, .container])
    func layersAreOneTree(id: EngineID) throws {
        let (lower, upper) = (try BusyboxTree(), try BusyboxTree())
        try Files.write("of the upper\n", to: "\(upper.path)/etc/motd")
        try Files.write("below\n", to: "\(lower.path)/srv/below")
        let tree = FileTree(reference: "two", layers: [lower.path, upper.path], digest: nil)
        let ended = try run(id, lower.shell("cat /etc/motd /srv/below"), in: tree)
        #expect(ended.output == "of the upper\nbelow\n")
    }

    @Test("A signal reaches the command, which does with it what it likes", arguments: engines)
    func signalsReachIt(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let script = "trap 'echo got it; exit 3' TERM; echo ready; while true; do sleep 0.05; done"
        let ended = try run(id, busybox.shell(script, .line("ready")), in: busybox.tree) { instance in
            try #require(instance as? any SignalReceiving).send(signal: SIGTERM)
        }
        #expect(ended.output == "ready\ngot it\n" && ended.status == 3, "\(ended)")
    }

    @Test(
        "A command without a handler ends at a signal, also as the first process of a container",
        arguments: engines)
    func signalsEndIt(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let ended = try run(id, busybox.shell("echo ready; exec sleep 20", .firstOutput), in: busybox.tree) {
            try #require($0 as? any SignalReceiving).send(signal: SIGTERM)
        }
        #expect(ended.status > 128 || ended.status == 137, "\(ended)")
        #expect((ended.timeline[.ready] ?? .max) <= (ended.timeline[.exited] ?? 0))
    }

    @Test("A command is ready once it listens", arguments: [EngineID.process, .container, "crun"])
    func portsAreSeen(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let port = UInt16.random(in: 20_000...30_000)
        let ended = try run(
            id, busybox.shell("sleep 0.05; exec nc -l -p \(port)", .port(port)), in: busybox.tree
        ) { try #require($0 as? any SignalReceiving).send(signal: SIGKILL) }
        #expect(ended.timeline[.ready] != nil && ended.timeline[.firstOutput] == nil)
    }

    @Test(
        "A command is ready once another exits with 0, which is as it is: files, user, namespaces, cgroups, privileges",
        arguments: [EngineID.process, .container])
    func checksAreBeside(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let facts =
            "pwd; id -u; id -G; echo $WORD; cat /proc/self/cgroup; /bin/busybox grep -E "
            + "'Cap|Secc|NoNew|Umask|Groups' /proc/self/status; for n in pid mnt net ipc uts cgroup; do "
            + "/bin/busybox readlink /proc/self/ns/$n; done"
        // Its output goes nowhere; what it does not see at first it sees later.
        let check =
            "echo noise; [ -e /tmp/up ] || exit 5; (\(facts)) > /tmp/other; [ \"$(cat /tmp/own)\" = \"$(cat /tmp/other)\" ]"
        var definition = busybox.shell(
            "(\(facts)) > /tmp/own; sleep 0.1; echo > /tmp/up; exec sleep 20",
            .command(["sh", "-c", check]))
        definition.environment = ["WORD=two words"]
        (definition.user, definition.directory) = ("guest", "/srv")
        chmod("\(busybox.path)/tmp", 0o1777)
        let ended = try run(id, definition, in: busybox.tree) {
            try #require($0 as? any SignalReceiving).send(signal: SIGKILL)
        }
        #expect((ended.timeline[.ready] ?? .max) <= (ended.timeline[.exited] ?? 0))
        #expect(ended.output.isEmpty && ended.errors.isEmpty && ended.failure == nil, "\(ended)")
    }

    @Test(
        "One that never exits with 0, or never ends, is an error at the deadline, and is gone with the command",
        arguments: [EngineID.process, .container], ["exit 3", "exec sleep 1001"])
    func checksFail(id: EngineID, check: String) throws {
        let busybox = try BusyboxTree()
        let command = try busybox.shell("exec sleep 1000", .command(["sh", "-c", check])).payload(
            in: busybox.tree)
        try with(id, command) { engine, _ in
            let instance = try engine.launch(request(command, CommandOutput(command.readiness)))
            let error = try #require(throws: LabError.self) {
                try instance.waitUntilReady(deadline: .now().advanced(by: .milliseconds(300)))
            }
            #expect(error.kind == .timeout && error.remedy != nil)
            let says = check == "exit 3" ? "whose exit status was 3" : "waited for command=sh -c"
            #expect(error.reason.english.contains(says), "\(error)")
            try instance.dispose()
            #expect(!HostProcess.all.contains { $0.commandLine == ["sleep", "1001"] })
        }
    }

    @Test(
        "A command that ends while another is to show that it is ready is the error that it is otherwise",
        arguments: [EngineID.process, .container])
    func endsBesideACheck(id: EngineID) throws {
        let busybox = try BusyboxTree()
        for check in ["exit 1", "exec sleep 1000"] {
            let error = try #require(throws: LabError.self) {
                _ = try run(
                    id, busybox.shell("sleep 0.1; echo gone >&2; exit 1", .command(["sh", "-c", check])),
                    in: busybox.tree)
            }
            #expect(error.reason.english.contains("before it was ready: exit status 1; it said gone"))
        }
    }

    @Test("Who can't run a second command says so before anything is started", arguments: peers)
    func checksAreRefused(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let command = try busybox.shell("true", .command(["true"])).payload(in: busybox.tree)
        let error = try #require(throws: LabError.self) { try with(id, command) { _, _ in } }
        #expect(error.kind == .unavailable && error.remedy != nil)
        #expect(error.message.english == "\(id) can't run a command beside another")
    }

    @Test("One that ends before it is ready is an error with its last words", arguments: engines)
    func earlyEnd(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let error = try #require(throws: LabError.self) {
            _ = try run(id, busybox.shell("echo cannot bind >&2; exit 1", .line("ready")), in: busybox.tree)
        }
        #expect(error.kind == .instance && error.remedy != nil)
        #expect(
            error.reason.english.contains("before it was ready")
                && error.reason.english.contains("cannot bind"))
    }

    @Test(
        "One that goes into the background is told so, with what keeps it in the foreground",
        arguments: engines)
    func background(id: EngineID) throws {
        let busybox = try BusyboxTree()
        // As daemon(3): what stays has a session of its own, and nothing that anybody reads.
        let command = try busybox.shell(
            "busybox setsid sleep 1031 >/dev/null 2>&1 & sleep 0.1", .line("ready")
        ).payload(in: busybox.tree)
        try with(id, command) { engine, _ in
            let output = try CommandOutput(command.readiness)
            let request = request(command, output)
            let instance = try engine.launch(request)
            let early = #expect(throws: LabError.self) {
                try instance.waitUntilReady(deadline: request.deadline)
            }
            try instance.dispose()
            let error = try #require(output.failure ?? early)
            #expect(error.kind == .instance && error.reason.english.contains("went into the background"))
            // Of a container all goes with its first process, before anybody sees it.
            #expect(error.reason.english.contains("; it left ") == (id == .process), "\(error)")
            #expect(error.remedy?.english.contains("nginx -g 'daemon off;'") == true)
            #expect(!HostProcess.all.contains { $0.commandLine?.last == "1031" })
        }
    }

    @Test("What never becomes ready is an error at its deadline", arguments: [EngineID.process, .container])
    func neverReady(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let command = try busybox.shell("exec sleep 60", .line("ready")).payload(in: busybox.tree)
        try with(id, command) { engine, _ in
            let instance = try engine.launch(request(command, CommandOutput(command.readiness)))
            let error = try #require(throws: LabError.self) {
                try instance.waitUntilReady(deadline: .now().advanced(by: .milliseconds(50)))
            }
            #expect(
                error.kind == .timeout && error.reason.english.contains("line=ready") && error.remedy != nil)
            try instance.dispose()
        }
    }

    @Test(
        "Endless output is one error, and the command is gone",
        arguments: [EngineID.process, .container, "crun"])
    func endlessOutput(id: EngineID) throws {
        let busybox = try BusyboxTree()
        let error = try #require(throws: LabError.self) {
            _ = try run(id, busybox.shell("exec cat /dev/zero"), in: busybox.tree)
        }
        #expect(error.reason.english.contains("wrote more than 16 MiB") && error.remedy != nil)
    }

    @Test(
        "A daemon of a bare process is ended and makes its trial fail; a container's goes with the container")
    func daemonsAreEnded() throws {
        let busybox = try BusyboxTree()
        // One of its session, and one that has a session of its own.
        for script in ["sleep 30 >/dev/null 2>&1 &", "busybox setsid sleep 30 >/dev/null 2>&1 & sleep 0.1"] {
            let ended = try run(.process, busybox.shell(script), in: busybox.tree)
            #expect(ended.status == 0)
            #expect(ended.failure?.reason.english.contains("left processes behind") == true)
            #expect(ended.failure?.remedy != nil)
        }
        #expect(try run(.container, busybox.shell("sleep 30 &"), in: busybox.tree).failure == nil)
    }

    @Test("A bare process of the host's own root has nothing around it, and is where it was told to be")
    func hostRoot() throws {
        let tree = FileTree(reference: "rootfs:/", layers: ["/"], digest: nil)
        var definition = CommandDefinition(
            image: "rootfs:/", arguments: ["readlink", "/proc/self/ns/mnt", "/proc/self/cwd"])
        definition.directory = "/tmp"
        let ended = try run(.process, definition, in: tree)
        #expect(ended.output == "\(try #require(Files.target(ofLink: "/proc/self/ns/mnt")))\n/tmp\n")
        let inside = try run(.container, definition, in: tree)
        #expect(inside.status == 0 && inside.output.hasSuffix("/tmp\n") && inside.output != ended.output)
    }

    @Test("What an engine can't do for a command it refuses by name")
    func refusals() throws {
        let busybox = try BusyboxTree()
        var command = try busybox.shell("true").payload(in: busybox.tree)
        command.tree.layers = [busybox.path, busybox.path]
        let layers = try #require(throws: LabError.self) { try with("crun", command) { _, _ in } }
        #expect(layers.kind == .unavailable && layers.reason.english.contains("has 2 layers"))
        command.tree.layers = [busybox.path]
        command.user = CommandUser(user: 1_000, group: 1_000)
        let user = try #require(throws: LabError.self) { try with("bwrap", command) { _, _ in } }
        #expect(user.kind == .unavailable && user.reason.english.contains("as user 1000"))
        (command.user, command.readiness) = (nil, .port(80))
        let port = try #require(throws: LabError.self) { try with("podman", command) { _, _ in } }
        #expect(port.kind == .unavailable && port.reason.english.contains("which ports"))
    }
}
