import Artifacts
import FoundationEssentials
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch
@testable import OCI

/// Every peer does the same, so every test is made with each that works here.
///
/// One after another: what is left on the host is looked for by name, and two podmans at once would wait for each other.
@Suite("peers", .serialized, .dockerDaemon) struct PeerTests {
    static let engines = PeerDescription.all.map(\.engine)
    /// Those that limit what an instance may use.
    static let limiting = PeerDescription.all.filter(\.hasCgroups).map(\.engine)

    func description(_ id: EngineID) throws -> PeerDescription {
        id == "docker"
            ? .docker(host: DockerFixture.host)
            : try #require(PeerDescription.all.first { $0.engine == id })
    }

    /// A peer that has proved itself, in a home of its own. Afterwards nothing of it may be left on the host.
    private func withPeer(
        _ id: EngineID, guest custom: String? = nil, placement: Placement? = nil, build: EngineBuild? = nil,
        _ body: (PreparedPeerEngine, RunContext) throws -> Void
    ) throws {
        let home = "/tmp/lab-peer-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        defer { try? Files.removeTree(home) }
        let guest = try custom ?? RootFilesystem.locateGuest(environment: [:])
        let root = try RootFilesystem.minimal(guest: guest, paths: paths)
        let journal = try RunJournal(runID: "t\(UInt32.random(in: 0 ... .max))", paths: paths)
        defer { journal.finish() }
        let context = RunContext(
            runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root, placement: placement)
        let engine = PeerEngine(try description(id).of(build))
        if case .unavailable(let error) = engine.probe(context) {
            try Test.cancel("skipped: \(error)")
        }
        // The guest that proved it is gone.
        #expect(traces(of: context).isEmpty)
        let prepared = try engine.prepare(context)
        do {
            try body(prepared, context)
        } catch {
            prepared.shutDown()
            throw error
        }
        prepared.shutDown()
        #expect(traces(of: context).isEmpty)
        for resource in try journal.recorded() where resource.kind == .cgroup || resource.kind == .directory {
            #expect(!Files.exists(resource.name))
        }
        #expect(Files.list(paths.run(journal.runID)).isEmpty)
    }

    /// What carries the run's id on this host: processes, cgroups, mounts, containers.
    private func traces(of context: RunContext) -> [String] {
        var found = PeerProcesses.carrying([context.runID]).map { "process \($0.pid)" }
        let mounts = MountTable.current().entries
        found += mounts.map(\.mountPoint).filter { $0.contains(context.runID) }
        for mount in mounts where mount.type == "cgroup" || mount.type == "cgroup2" {
            found += Files.list(mount.mountPoint).filter { $0.contains(context.runID) }
        }
        if let docker = Tool.find("docker"), let host = DockerFixture.host {
            for listing in [["ps", "--all", "--format", "{{.Names}}"], ["images", "--format", "{{.Tag}}"]] {
                let names = try? PeerCommand.run([docker, "--host", host] + listing).text
                found += (names ?? "").split(separator: "\n").map(String.init).filter {
                    $0.contains(context.runID)
                }
            }
        }
        return found
    }

    private func request(_ workload: Workload, index: Int = 0) -> LaunchRequest {
        LaunchRequest(
            index: index, workload: workload, memoryBytes: 64 << 20, cpus: 1,
            deadline: .now().advanced(by: .seconds(30)))
    }

    private func soon(_ seconds: Int = 30) -> MonotonicInstant { .now().advanced(by: .seconds(seconds)) }

    /// An idle instance, and its workload as the host sees it.
    private func withIdle(
        _ id: EngineID, _ body: (PeerInstance, HostProcess, RunContext) throws -> Void
    ) throws {
        try withPeer(id) { engine, context in
            let instance = try #require(try engine.launch(request(.idle)) as? PeerInstance)
            defer { try? instance.dispose() }
            try instance.waitUntilReady(deadline: soon())
            try body(instance, try #require(instance.payload), context)
        }
    }

    @Test("hello comes back with its nonce, and the marks in order", arguments: engines)
    func helloComesBackWithItsNonce(id: EngineID) throws {
        try withPeer(id) { engine, _ in
            let instance = try engine.launch(request(.hello(nonce: "a1b2")))
            #expect(try instance.waitForExit(deadline: soon()) == 0)
            try instance.dispose()
            try instance.dispose()
            #expect(instance.transcript.outputs == ["a1b2"])
            let marks: [Mark] = [
                .requested, .created, .initStarted, .ready, .firstOutput, .exited, .cleanedUp,
            ]
            let reached = marks.compactMap { instance.timeline[$0] }
            #expect(reached.count == marks.count)
            #expect(reached == reached.sorted())
            #expect(instance.stepNanoseconds.isEmpty)
        }
    }

    @Test("Another build of a program is an engine of its own, and says what it is", arguments: engines)
    func builds(id: EngineID) throws {
        guard let program = Tool.find(try description(id).command) else {
            try Test.cancel("skipped: \(id) is not installed")
        }
        let build = try #require(try EngineBuild("new-build=\(id):\(program)")).inspected()
        try withPeer(id, build: build) { engine, _ in
            #expect(engine.id == "new-build" && engine.record.build == build && engine.record.engine == id)
            let instance = try engine.launch(request(.hello(nonce: "b7")))
            #expect(try instance.waitForExit(deadline: soon()) == 0)
            try instance.dispose()
            #expect(instance.transcript.outputs == ["b7"])
            #expect(try engine.explain(request(.idle)).english.contains(program))
        }
    }

    @Test(
        "A program that is no build of its kind is found out, with what it says of itself", arguments: engines
    )
    func anotherProgram(id: EngineID) throws {
        let build = try #require(try EngineBuild("new=\(id):/bin/true")).inspected()
        try withContainer { _, context in
            let availability = PeerEngine(try description(id).of(build)).probe(context)
            guard case .unavailable(let error) = availability else {
                Issue.record("/bin/true works as \(id)")
                return
            }
            #expect(error.message.english == "/bin/true does not work as \(id)")
            #expect(error.cause != nil && error.remedy != nil)
        }
    }

    @Test(
        "Every process and thread of an instance keeps to the processors of the run",
        .enabled(if: Held.isPossible, "skipped: there is only one processor"), arguments: engines)
    func heldToProcessors(id: EngineID) throws {
        let placement = try Held.placement()
        try withPeer(id, placement: placement) { engine, _ in
            let instance = try #require(try engine.launch(request(.idle)) as? PeerInstance)
            defer { try? instance.dispose() }
            try instance.waitUntilReady(deadline: soon())
            // What docker's daemon starts beside the payload is the daemon's.
            let processes = id == "docker" ? [try #require(instance.payload)] : try instance.hostProcesses()
            #expect(Held.processors(of: processes) == [placement.measured.description])
        }
    }

    @Test(
        "no bit above those that the kernel looks at makes a forbidden call an allowed one, by any peer's filter",
        .enabled(if: WideCalls.compiler != nil, "skipped: there is no C compiler"), arguments: engines)
    func ignoredBitsPassNoPeersFilter(id: EngineID) throws {
        let calls = try WideCalls()
        try withPeer(id, guest: calls.program) { engine, _ in
            let instance = try engine.launch(request(calls.workload))
            #expect(try instance.waitForExit(deadline: soon()) == 0)
            try instance.dispose()
            #expect(instance.transcript.outputs == calls.expected)
        }
    }

    @Test(arguments: limiting) func theHostShowsTheLimits(id: EngineID) throws {
        try withIdle(id) { _, payload, _ in
            let cgroups = CgroupReader(payload)
            for controller in CgroupMounts.Controller.allCases {
                let place = try #require(cgroups[controller])
                let path = place.directory
                switch (place.version, controller) {
                case (.v1, .memory): #expect(Files.line("\(path)/memory.limit_in_bytes") == "\(64 << 20)")
                case (.v1, .cpu):
                    #expect(
                        Files.line("\(path)/cpu.cfs_quota_us") == Files.line("\(path)/cpu.cfs_period_us"))
                case (.v2, .memory): #expect(Files.line("\(path)/memory.max") == "\(64 << 20)")
                case (.v2, .cpu):
                    let words = (Files.line("\(path)/cpu.max") ?? "").split(separator: " ")
                    #expect(words.count == 2 && words[0] == words[1])
                case (_, .pids): #expect(Files.line("\(path)/pids.max") == "1024")
                }
            }
        }
    }

    @Test(arguments: engines) func theWorkloadIsIsolatedAsInOurContainer(id: EngineID) throws {
        try withIdle(id) { _, payload, _ in
            for name in ["pid", "mnt", "net", "ipc", "uts", "cgroup"] {
                var ours = stat()
                var theirs = stat()
                #expect(stat("/proc/self/ns/\(name)", &ours) == 0)
                #expect(stat("/proc/\(payload.pid)/ns/\(name)", &theirs) == 0)
                #expect(ours.st_ino != theirs.st_ino, "\(name)")
            }
            let status = try Files.readText("/proc/\(payload.pid)/status")
            func field(_ key: String) -> String? {
                status.split(separator: "\n").first { $0.hasPrefix("\(key):") }.map {
                    $0.dropFirst(key.count + 1).trimmingWhitespace()
                }
            }
            // bwrap leaves the bounding set whole, which its footnote says.
            for set in ["CapEff", "CapPrm"] + (id == "bwrap" ? [] : ["CapBnd"]) {
                #expect(
                    field(set).flatMap { UInt64($0, radix: 16) } == Capabilities.containerDefault.rawValue)
            }
            #expect(field("NoNewPrivs") == "1")
            #expect(field("Seccomp") == "2")
            #expect(field("NSpid")?.hasSuffix("\t1") == true)
        }
    }

    @Test("The resource limits of the specification are those that the host shows", arguments: limiting)
    func limitsOfResources(id: EngineID) throws {
        try withIdle(id) { _, payload, context in
            let wanted = try #require(PeerRun(engine: id, context: context).example().process?.rlimits)
            let lines = try Files.readText("/proc/\(payload.pid)/limits").split(separator: "\n")
            for (label, type) in [
                ("Max processes", "RLIMIT_NPROC"), ("Max open files", "RLIMIT_NOFILE"),
                ("Max stack size", "RLIMIT_STACK"),
                ("Max core file size", "RLIMIT_CORE"), ("Max pending signals", "RLIMIT_SIGPENDING"),
            ] {
                let line = try #require(lines.first { $0.hasPrefix(label) })
                let limit = try #require(wanted.first { $0.type == type })
                let words = [limit.soft, limit.hard].map { $0 == .max ? "unlimited" : "\($0)" }
                #expect(
                    line.dropFirst(26).split(separator: " ").prefix(2).map(String.init) == words, "\(label)")
            }
        }
    }

    @Test(arguments: engines) func aFailureInsideIsReportedWithItsStatus(id: EngineID) throws {
        try withPeer(id) { engine, _ in
            let instance = try engine.launch(request(Workload(name: "exit", arguments: ["3"])))
            #expect(try instance.waitForExit(deadline: soon()) == 3)
            try instance.dispose()
        }
    }

    @Test(arguments: limiting) func theMemoryLimitKillsWhatExceedsIt(id: EngineID) throws {
        try withPeer(id) { engine, _ in
            let instance = try engine.launch(request(Workload(name: "touch", arguments: ["256"])))
            #expect(try instance.waitForExit(deadline: soon()) == 128 + SIGKILL)
            try instance.dispose()
        }
    }

    @Test(arguments: engines) func silenceIsATimeOutAndLeavesNothing(id: EngineID) throws {
        try withIdle(id) { instance, payload, context in
            let error = #expect(throws: LabError.self) {
                _ = try instance.waitForExit(deadline: .now().advanced(by: .milliseconds(100)))
            }
            #expect(error?.kind == .timeout)
            #expect(!instance.processes.isEmpty)
            try instance.dispose()
            #expect(instance.timeline[.cleanedUp] != nil)
            #expect(!payload.isRunning)
            let left = traces(of: context).filter { $0.contains("-\(id)-000000") || $0.hasPrefix("process") }
            #expect(left.isEmpty)
        }
    }

    @Test(arguments: engines) func memoryAndTimeOfAllItsProcessesAreCounted(id: EngineID) throws {
        try withIdle(id) { instance, payload, _ in
            let bytes = try instance.memoryBytes()
            let workload = try payload.proportionalBytes()
            // At least the workload and its command; none has more than a hundred megabytes idle.
            #expect((workload..<200 << 20).contains(bytes["host-pss"] ?? 0))
            #expect((bytes["cgroup-charge"] != nil) == Self.limiting.contains(id))
            #expect((bytes["cgroup-charge"] ?? 0) <= 64 << 20)
            #expect(try instance.hostCPUNanoseconds() > 0)
            #expect((instance.throttledNanoseconds != nil) == Self.limiting.contains(id))
            try instance.dispose()
            if try !description(id).reapsEverything {
                let error = #expect(throws: LabError.self) { try instance.hostCPUNanoseconds() }
                #expect(error?.kind == .unavailable)
            } else {
                #expect(try instance.hostCPUNanoseconds() > 0)
            }
            #expect(throws: LabError.self) { try instance.memoryBytes() }
        }
    }

    @Test(arguments: engines) func severalLiveAtOnce(id: EngineID) throws {
        try withPeer(id) { engine, _ in
            let instances = try (0..<3).map { try engine.launch(request(.idle, index: $0)) }
            for instance in instances { try instance.waitUntilReady(deadline: soon()) }
            let pids = instances.compactMap { ($0 as? PeerInstance)?.payload?.pid }
            #expect(Set(pids).count == 3)
            for instance in instances { try instance.dispose() }
        }
    }

    @Test(arguments: [EngineID("podman"), "docker"]) func theJournalsEntryRemovesWhatADeadRunLeft(
        id: EngineID
    )
        throws
    {
        try withIdle(id) { instance, payload, context in
            // As after kill -9 of lab: its command dies with it, the container does not.
            kill(instance.child.pid, SIGKILL)
            let entry = try #require(try context.journal.recorded().first { $0.kind == .peer })
            #expect(payload.isRunning)
            let run = try RunPlaces(context.runID, context.paths)
            try PeerRemover.remove(entry.name, of: run)
            try PeerRemover.remove(entry.name, of: run)
            let deadline = soon(5)
            while payload.isRunning, MonotonicInstant.now() < deadline { usleep(1_000) }
            #expect(!payload.isRunning)
        }
    }

    @Test(arguments: engines) func explainPrintsTheCommandAndItsFiles(id: EngineID) throws {
        try withPeer(id) { engine, _ in
            let text = try engine.explain(request(.hello(nonce: "it's")))
            let readsBundle = text.english.contains(" run --bundle ")
            #expect(text.english.contains(readsBundle ? "\"it's\"" : "'it'\\''s'"))
            #expect(text.english.contains("config.json") == readsBundle)
            #expect(engine.record.details.first?.name == "version")
            #expect(engine.record.details.first?.value != "unknown")
            #expect(engine.record.footnotes.allSatisfy { $0.english.hasPrefix("\(id): ") })
        }
    }

    @Test("a tool that starts nothing is a failure in its own words")
    func aToolThatStartsNothingFails() throws {
        try withPeer("bwrap") { _, context in
            let missing = RootFilesystem(directory: "/nonexistent/root", digest: "", guestDigest: "")
            let elsewhere = RunContext(
                runID: context.runID, paths: context.paths, journal: context.journal, rootFilesystem: missing)
            let engine = PeerEngine(.bubblewrap)
            guard case .unavailable(let error) = engine.probe(elsewhere) else {
                Issue.record("a root that is not there was used")
                return
            }
            let because = error.reason.english
            #expect(because.contains("bwrap did not start the workload"))
            #expect(because.contains("/nonexistent/root"))
        }
    }
}

/// What can be said of peers without starting any.
@Suite struct PeerDescriptionTests {
    private func run(_ runID: String) throws -> PeerRun {
        let home = "/tmp/lab-peer-names-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? Files.removeTree(home) }
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        let context = RunContext(
            runID: runID, paths: paths, journal: try RunJournal(runID: "journal", paths: paths),
            rootFilesystem: RootFilesystem(directory: "/a root", digest: "", guestDigest: ""))
        return try PeerRun(engine: "crun", context: context)
    }

    @Test(arguments: [
        "", "../../etc", "a b", "-rm", "a\nb", "a/b", "a:b", "ä", "$(reboot)",
        String(repeating: "a", count: 65),
    ])
    func aHostileRunIDIsRefused(runID: String) throws {
        let error = #expect(throws: LabError.self) { try run(runID) }
        #expect(error?.kind == .usage)
        #expect(error?.message.english.contains("\n") == false)
    }

    @Test func noNameIsTheBeginningOfAnother() throws {
        let run = try run("20261124T064930-3fa9")
        let names = [0, 1, 9, 10, 99, 100, 999_999].map { run.instance($0).id }
        for name in names {
            #expect(names.filter { $0.hasPrefix(name) } == [name])
            #expect(name.hasPrefix("lab-20261124T064930-3fa9-crun-"))
        }
    }

    @Test func aMissingToolIsNamedWithItsPackage() throws {
        let engine = PeerEngine(.runtime("no-such-runtime"))
        let availability = engine.probe(try run("test").context)
        let error: LabError? = if case .unavailable(let error) = availability { error } else { nil }
        let found = try #require(error, "a runtime that is not there was used")
        #expect(found.reason.english == "no-such-runtime is not installed: it is not in PATH")
        #expect(found.remedy?.english == "apt-get install no-such-runtime")
        #expect(found.detail == .notInstalled)
    }

    @Test("a runtime with runc's command line is named in one file of the sources")
    func aRuntimeIsOneLine() throws {
        let sources = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/Sources"
        let names = try FileManager.default.subpathsOfDirectory(atPath: sources).filter {
            $0.hasSuffix(".swift")
        }
        let texts = try names.map { ($0, try Files.readText("\(sources)/\($0)")) }
        func files(with name: String) -> [String] { texts.filter { $0.1.contains("\"\(name)\"") }.map(\.0) }
        for name in ["runc", "crun"] {
            #expect(files(with: name) == ["ContainerDriver/Peers/PeerDescription.swift"])
        }
        // The control: who leaves something behind is named where that is removed, too.
        #expect(files(with: "podman").count > 1)
    }

    @Test func theHybridLayoutHasItsRemedy() {
        #expect(
            PeerRemedy.of("cgroups in hybrid mode not supported, drop all controllers from cgroupv2") != nil)
        #expect(PeerRemedy.of("no space left on device") == nil)
    }

    @Test(arguments: [
        "", "podman", "docker run", "rkt run x", "podman /etc", "podman /tmp/state/runs/run/podman/store/..",
        "docker other unix:///run/docker.sock", "docker run tcp://127.0.0.1:2375",
    ])
    func aJournalEntryOfAnotherKindIsRefused(name: String) throws {
        let run = try RunPlaces("run", LabPaths(cache: "/tmp/cache", state: "/tmp/state"))
        let error = #expect(throws: LabError.self) { try PeerRemover.remove(name, of: run) }
        #expect(error?.kind == .data)
    }

    /// Whatever the workload's words and the limits are, the bundle says them, and is JSON.
    @Test func theConfigurationIsJSONThatHoldsTheLimits() throws {
        let run = try run("test")
        let alphabet = Array("ab \"\\\n\t\u{7}/{}[]:,'$äж漢\u{1f600}")
        var generator = SeededGenerator(seed: 11)
        for index in 0..<200 {
            let words = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                String((0..<8).compactMap { _ in alphabet.randomElement(using: &generator) })
            }
            let bytes = UInt64.random(in: 1...(1 << 53), using: &generator)
            let cpus = Int.random(in: 1...1_024, using: &generator)
            let name = run.instance(index)
            let spec = run.specification(
                name,
                LaunchRequest(
                    index: index, workload: Workload(name: "hello", arguments: words), memoryBytes: bytes,
                    cpus: cpus,
                    deadline: .now())
            ).onReadOnlyRoot()
            let read = try RuntimeSpec(json: Array(spec.text().utf8), of: "config.json")
            #expect(read == spec)
            let process = try #require(read.process)
            #expect(read.ociVersion == "1.0.2" && read.root?.path == "/a root" && read.root?.readonly == true)
            #expect(process.args == ["/lab-guest", "hello"] + words && process.noNewPrivileges == true)
            #expect(process.user?.umask == 0o022 && process.oomScoreAdj == 0 && process.rlimits?.count == 16)
            let linux = try #require(read.linux)
            #expect(
                linux.resources?.memory?.limit == Int64(bytes)
                    && linux.resources?.memory?.swap == Int64(bytes))
            #expect(
                linux.resources?.cpu?.quota == Int64(cpus) * 100_000
                    && linux.resources?.cpu?.period == 100_000)
            #expect(linux.resources?.pids?.limit == 1_024)
            #expect(linux.cgroupsPath == "/lab-test-crun/\(name.id)")
            #expect(linux.maskedPaths == KernelFiles.containerDefault.maskedPaths)
            #expect(linux.readonlyPaths == KernelFiles.containerDefault.readOnly)
        }
    }

    @Test func theFilterIsThatOfOurContainer() throws {
        let description = RuntimeSpec.Seccomp.containerDefault
        let syscalls = try #require(description.syscalls)
        #expect(
            syscalls.filter { $0.names != ["socket"] }.count + 1
                == SeccompProfile.containerDefault.rules.count)
        let clone = try #require(syscalls.first { $0.names == ["clone"] }?.args?.first)
        #expect(clone.op == "SCMP_CMP_MASKED_EQ" && clone.value == 0x7e02_0000 && clone.valueTwo == 0)
        let clone3 = try #require(syscalls.first { $0.names == ["clone3"] })
        #expect(clone3.action == "SCMP_ACT_ERRNO" && clone3.errnoRet == UInt32(ENOSYS))
        // One rule for each bit in which a domain may differ from AF_VSOCK's, of the 32 that the kernel sees.
        let sockets = syscalls.filter { $0.names == ["socket"] }.compactMap(\.args?.first)
        #expect(sockets.allSatisfy { $0.op == "SCMP_CMP_MASKED_EQ" && $0.valueTwo == ~40 & $0.value })
        #expect(sockets.map(\.value) == (0..<32).map { 1 << $0 })
        #expect(description.defaultErrnoRet == UInt32(EPERM))
        #expect(!syscalls.contains { $0.names.contains("mount") })
    }
}
