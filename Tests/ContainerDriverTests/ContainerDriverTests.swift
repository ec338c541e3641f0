import CLinux
import Foundation
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch

@Suite("containers", .enabled(if: obstacle == nil, "skipped: no container can be started on this machine"))
struct ContainerTests {
    @Test func helloComesBackWithEveryMarkInOrder() throws {
        try withContainer { engine, _ in
            let instance = try engine.launch(request(.hello(nonce: "a1b2")))
            defer { try? instance.dispose() }
            #expect(try instance.waitForExit(deadline: .now().advanced(by: .seconds(120))) == 0)
            try instance.dispose()
            #expect(instance.transcript.outputs == ["a1b2"])
            let marks: [Mark] = [
                .requested, .created, .initStarted, .ready, .firstOutput, .exited, .cleanedUp,
            ]
            let reached = marks.compactMap { instance.timeline[$0] }
            #expect(reached.count == marks.count)
            // The child may speak before clone3 has returned to us, so `created` is not compared.
            #expect(Array(reached.dropFirst(2)) == reached.dropFirst(2).sorted())
            #expect(instance.stepNanoseconds.count == engine.record.steps.count)
            #expect(instance.stepNanoseconds == instance.stepNanoseconds.sorted())
        }
    }

    @Test func itsNamespacesAreNotOurs() throws {
        try withIdle { pid, _ in
            for (name, namespace) in Namespaces.named where namespace != .user || !isRoot {
                if namespace == .cgroup && !hasLimits { continue }
                let theirs = try #require(link("/proc/\(pid)/ns/\(name)"))
                #expect(theirs != link("/proc/self/ns/\(name)"), "\(name)")
            }
        }
    }

    @Test func aUserNamespaceMapsOnlyTheCaller() throws {
        try withIdle(.rootless) { pid, _ in
            #expect(link("/proc/\(pid)/ns/user") != link("/proc/self/ns/user"))
            let map = try Files.readText("/proc/\(pid)/uid_map").split { $0.isWhitespace }.map(String.init)
            #expect(map == ["0", "\(getuid())", "1"])
            #expect(try Files.readText("/proc/\(pid)/setgroups").trimmingWhitespace() == "deny")
        }
    }

    @Test(.enabled(if: isRoot, "skipped: writing through /proc/PID/root needs root"))
    func whatItWritesStaysInItsOwnLayer() throws {
        try withIdle { pid, context in
            let name = "tmp/written"
            try Files.write("x", to: "/proc/\(pid)/root/\(name)")
            #expect(Files.exists("/proc/\(pid)/root/\(name)"))
            #expect(!Files.exists("\(context.rootFilesystem.directory)/\(name)"))
            #expect(Files.list("/proc/\(pid)/root").contains("lab-guest"))
            #expect(!Files.exists("/proc/\(pid)/root/root/.bashrc"))
        }
    }

    @Test("mounts are as the runtime specification wants them")
    func mountsAreAsOCIWantsThem() throws {
        try withIdle { pid, _ in
            let mounts = try Files.readText("/proc/\(pid)/mountinfo").split(separator: "\n")
                .map { $0.split(separator: " ") }
            func options(_ path: String) -> [Substring] {
                mounts.last { $0.count > 5 && $0[4] == path }?[5].split(separator: ",") ?? []
            }
            #expect(options("/").contains("nodev"))
            #expect(options("/proc").contains("nosuid"))
            #expect(options("/sys").contains("ro"))
            #expect(options("/proc/sys").contains("ro"))
            #expect(
                !options("/dev").isEmpty && !options("/dev/shm").isEmpty && !options("/dev/pts").isEmpty)
            // Nothing of the host is left to see: every mount hangs below the new root.
            #expect(mounts.count < 40)
            if isRoot && Files.exists("/proc/keys") {
                #expect(try Files.readText("/proc/\(pid)/root/proc/keys").isEmpty)
            }
        }
    }

    @Test func privilegesAreThoseOfADefaultContainer() throws {
        try withIdle { (pid, _) throws in
            let kept = String(Capabilities.containerDefault.rawValue, radix: 16)
            for set in ["CapEff", "CapPrm", "CapBnd"] {
                #expect(try status(pid, set) == String(repeating: "0", count: 16 - kept.count) + kept)
            }
            for set in ["CapInh", "CapAmb"] {
                #expect(try status(pid, set) == String(repeating: "0", count: 16))
            }
            #expect(try status(pid, "NoNewPrivs") == "1")
            #expect(try status(pid, "Seccomp") == "2")
        }
    }

    @Test(.enabled(if: hasLimits, "skipped: cgroup limits need root or a delegated cgroup"))
    func limitsAreSetAndJoined() throws {
        try withIdle { pid, context in
            let membership = try Files.readText("/proc/\(pid)/cgroup")
            for (ground, hierarchy) in grounds() {
                let directory = "\(ground)/lab-\(context.runID)-container/0"
                #expect(ControlFile.processes(of: directory) == [pid])
                for controller in hierarchy.controllers {
                    switch (hierarchy.version, controller) {
                    case (.v1, .memory):
                        #expect(Files.line("\(directory)/memory.limit_in_bytes") == "\(64 << 20)")
                    case (.v1, .cpu): #expect(Files.line("\(directory)/cpu.cfs_quota_us") == "100000")
                    case (.v2, .memory): #expect(Files.line("\(directory)/memory.max") == "\(64 << 20)")
                    case (.v2, .cpu): #expect(Files.line("\(directory)/cpu.max") == "100000 100000")
                    case (_, .pids): #expect(Files.line("\(directory)/pids.max") == "1024")
                    }
                }
            }
            #expect(membership.contains("lab-\(context.runID)-container/0"))
        }
    }

    @Test(.enabled(if: hasLimits, "skipped: cgroup limits need root or a delegated cgroup"))
    func theMemoryLimitKillsWhatExceedsIt() throws {
        try withContainer { engine, _ in
            let instance = try engine.launch(request(Workload(name: "touch", arguments: ["256"])))
            defer { try? instance.dispose() }
            #expect(try instance.waitForExit(deadline: .now().advanced(by: .seconds(120))) == 128 + SIGKILL)
            try instance.dispose()
        }
    }

    @Test func silenceIsATimeOutAndLeavesNothing() throws {
        try withContainer { engine, _ in
            let instance = try engine.launch(request(.idle))
            defer { try? instance.dispose() }
            let child = try #require(instance as? ChildInstance)
            let error = #expect(throws: LabError.self) {
                _ = try instance.waitForExit(deadline: .now().advanced(by: .milliseconds(200)))
            }
            #expect(error?.kind == .timeout)
            try instance.dispose()
            try instance.dispose()
            #expect(kill(child.pid, 0) == -1)
        }
    }

    @Test(arguments: ["garbage", "flood"])
    func aGuestThatBreaksTheProtocolIsAFailure(workload: String) throws {
        try withContainer { engine, _ in
            let instance = try engine.launch(request(Workload(name: workload)))
            defer { try? instance.dispose() }
            let error = #expect(throws: LabError.self) {
                _ = try instance.waitForExit(deadline: .now().advanced(by: .seconds(120)))
            }
            #expect(error?.kind == .instance)
            try instance.dispose()
        }
    }

    @Test func aFailedStepIsNamedWithItsErrnoAndUndone() throws {
        let missing = RootFilesystem(directory: "/nonexistent/lab-root", digest: "", guestDigest: "")
        // Without root each container makes a stage of its own, when it is started.
        let unprepared = #expect(throws: LabError.self) {
            try withContainer(root: missing) { engine, _ in _ = try engine.launch(request(.noop)) }
        }
        #expect(unprepared?.message.english.contains("lower layer 0") == true)
        #expect(unprepared?.cause?.english.contains("ENOENT") == true)

        let empty = "/tmp/lab-empty-root-\(getpid())"
        try Files.makeDirectory(empty)
        defer { try? Files.removeTree(empty) }
        let root = RootFilesystem(directory: empty, digest: "", guestDigest: "")
        try withContainer(root: root) { engine, _ in
            let error = #expect(throws: LabError.self) { _ = try engine.launch(request(.noop)) }
            #expect(error?.message.english.contains("execve") == true)
            #expect(error?.cause?.english.contains("ENOENT") == true)
        }
    }

    /// Whoever holds a descriptor of the host's /dev/null may change its mode.
    @Test func standardInputIsTheStagesNull() throws {
        var host = stat()
        try #require(stat("/dev/null", &host) == 0)
        try withIdle { pid, _ in
            let input = "/proc/\(pid)/fd/0"
            for number in 1...2 { #expect(link("/proc/\(pid)/fd/\(number)")?.hasPrefix("pipe:") == true) }
            if isRoot {
                #expect(link(input) == "/dev/null")
                var own = stat()
                try #require(stat(input, &own) == 0)
                #expect(
                    own.st_mode & S_IFMT == S_IFCHR && own.st_rdev == host.st_rdev
                        && own.st_dev != host.st_dev)
                // All containers of the run have it: nobody may change it, or open it to write.
                #expect(chmod(input, 0o600) == -1 && errno == EROFS)
                #expect(chown(input, 1, 1) == -1 && errno == EROFS)
            } else {
                #expect(link(input)?.hasPrefix("pipe:") == true)
            }
        }
    }

    /// What a container could see of the host through its mounts: nothing, neither by path nor in its table of mounts.
    @Test(arguments: isRoot ? [Isolation.standard, .rootless] : [.rootless])
    func nothingOfTheHostIsMounted(isolation: Isolation) throws {
        try withIdle(isolation) { pid, context in
            let table = try Files.readText("/proc/\(pid)/mountinfo")
            let points = table.split(separator: "\n").map { String($0.split(separator: " ")[4]) }
            #expect(
                points.contains("/") && !points.contains { $0.hasPrefix("/lower") || $0.hasPrefix("/layer") })
            let known = ["/", "/proc", "/sys", "/dev"]
            #expect(
                points.allSatisfy { point in known.contains { point == $0 || point.hasPrefix("\($0)/") } })
            #expect(!table.contains(context.paths.state))
            let names = Files.list("/proc/\(pid)/root")
            #expect(names == ["dev", "etc", "lab-guest", "proc", "sys", "tmp"])
            #expect(Files.list("/proc/\(pid)/root/dev").contains("null"))
            // The containers of an engine share /dev, so that none may write to it; each has its own /dev/shm.
            #expect(open("/proc/\(pid)/root/dev/x", O_WRONLY | O_CREAT, 0o600) == -1 && errno == EROFS)
        }
    }

    @Test func severalLiveAtOnce() throws {
        try withContainer { engine, _ in
            let instances = try (0..<8).map { try engine.launch(request(.idle, index: $0)) }
            defer { for instance in instances { try? instance.dispose() } }
            for instance in instances {
                try instance.waitUntilReady(deadline: .now().advanced(by: .seconds(120)))
            }
            for instance in instances { try instance.dispose() }
        }
    }

    @Test func explainPrintsTheProgramThatRuns() throws {
        try withContainer { engine, _ in
            let lines = try engine.explain(request(.hello(nonce: "n"))).english.split(separator: "\n")
            // Around the program's steps the record has those of the parent.
            let parents: [Message] = ["cgroups", "pipes", "workload", "remove cgroups"]
            let steps = engine.record.steps.filter { !parents.contains($0) }
            #expect(lines.count == steps.count)
            for (line, step) in zip(lines, steps).dropFirst() { #expect(line.contains("// \(step.english)")) }
            #expect(lines.first?.hasPrefix("clone3({flags=CLONE_VM|CLONE_VFORK") == true)
        }
    }
}

@Suite("launch programs", .enabled(if: isRoot, "skipped: needs root"))
struct LaunchProgramTests {
    /// The step at which a program of these steps fails, and how.
    private func failure(_ namespaces: Namespaces, _ steps: [LaunchProgram.Step]) -> LabError? {
        let program = LaunchProgram(
            namespaces: namespaces, steps: steps + [.init("the end", .execute("/dev/null/none"))])
        do {
            _ = try ProgramBuffer(program, environment: []).start(.init(arguments: ["none"]))
            return nil
        } catch { return error }
    }

    @Test func theFilterForbidsNamespaces() throws {
        let filter = try SeccompFilter(profile: .containerDefault)
        #expect(failure([], [.init("unshare", .unshare(.uts))])?.message.english.contains("the end") == true)
        let refused = failure(
            [],
            [
                .init("nnp", .noNewPrivileges), .init("filter", .loadFilter(filter)),
                .init("unshare", .unshare(.uts)),
            ])
        #expect(refused?.message.english.contains("unshare") == true)
        #expect(refused?.cause?.english.contains("EPERM") == true)
    }

    @Test(
        "While another launch has /proc/self taken away from the program, a user namespace waits for its maps"
    )
    func mapsAreWaitedFor() throws {
        let other = try OSThread.start {
            usleep(100_000)
            _ = clinux_set_dumpable(1)
        }
        let nobody: [Int] = [65_533, 65_533, 65_533]
        let end = failure(
            [],
            [
                // Which makes it undumpable, and root is not asked.
                .init("user", .call(SYS_setresuid, nobody, "user", "setresuid(65533, 65533, 65533)")),
                .init("user namespace", .unshare(.user)),
                .init("deny setgroups", .write("deny", to: "/proc/self/setgroups")),
            ])
        other.join()
        #expect(end?.message.english.contains("the end") == true, "\(end?.description ?? "it went on")")
    }

    @Test func theCapabilitiesForbidWhatTheyShould() {
        let allowed = failure(.uts, [.init("hostname", .setHostname("x"))])
        #expect(allowed?.message.english.contains("the end") == true)
        let refused = failure(
            .uts,
            [
                .init("bound", .boundCapabilities(.containerDefault)),
                .init("drop", .setCapabilities(.containerDefault)), .init("hostname", .setHostname("x")),
            ])
        #expect(refused?.message.english.contains("hostname") == true)
        #expect(refused?.cause?.english.contains("EPERM") == true)
    }

    @Test func aToleratedErrnoIsPassedOver() {
        let step = LaunchProgram.Operation.makeDirectory("/nonexistent/x/y", mode: 0o755)
        #expect(failure([], [.init("mkdir", step)])?.message.english.contains("mkdir") == true)
        #expect(
            failure([], [.init("mkdir", step, tolerates: Errno(ENOENT))])?.message.english.contains("the end")
                == true
        )
    }
}

@Suite struct CgroupMountsTests {
    private func layout(_ mounts: String, v2: String = "") -> CgroupMounts {
        CgroupMounts(mountinfo: mounts) { _ in v2 }
    }

    private let hybrid = """
        24 23 0:20 / /sys/fs/cgroup rw - tmpfs tmpfs rw
        25 24 0:21 / /sys/fs/cgroup/cpu\\040x,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
        26 24 0:22 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        27 24 0:23 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
        28 24 0:24 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
        """

    @Test func theFourLayoutsAreTold() {
        let found = layout(hybrid, v2: "hugetlb\n")
        #expect(found.layout == .hybrid)
        #expect(found.hierarchies.map(\.controllers) == [[.cpu], [.memory], [.pids]])
        #expect(found.hierarchies.first?.mountPoint == "/sys/fs/cgroup/cpu x,cpuacct")
        let pure = layout(
            "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", v2: "cpuset cpu io memory pids")
        #expect(pure.layout == .v2)
        #expect(pure.hierarchies.map(\.controllers) == [[.memory, .cpu, .pids]])
        #expect(layout("25 24 0:21 / /sys/fs/cgroup/c rw - cgroup cgroup rw,cpu").layout == .v1)
        #expect(layout("").layout == .none)
    }

    @Test func noTextCrashesTheParser() {
        var generator = SeededGenerator(seed: 7)
        let bytes = Array(hybrid.utf8)
        for _ in 0..<2_000 {
            var mutated = bytes
            for _ in 0..<8 {
                mutated[Int.random(in: 0..<mutated.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            let found = layout(String(decoding: mutated, as: UTF8.self), v2: "pids")
            #expect(found.hierarchies.allSatisfy { !$0.controllers.isEmpty })
        }
    }
}
