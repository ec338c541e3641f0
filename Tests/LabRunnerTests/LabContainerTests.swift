import Artifacts
import Glibc
import LabCore
import Testing

/// The built program `lab-container`, beside the guest that it runs.
private let program: String? = LabProgram.path.flatMap {
    access("\($0)-container", X_OK) == 0 ? "\($0)-container" : nil
}
private let isRoot = geteuid() == 0

@Suite("lab-container", .enabled(if: program != nil && isRoot, "skipped: not built, or not root"))
struct LabContainerTests {
    private let lab: LabProgram
    private let root: String

    init() throws {
        lab = try LabProgram()
        root = try RootFilesystem.minimal(
            guest: RootFilesystem.locateGuest(environment: [:]), paths: lab.paths
        ).directory
    }

    private func start(_ words: [String]) throws -> LabProgram.Running {
        try lab.start(words, program: program)
    }

    /// Waits until the guest has said that it is ready.
    private func waitUntilReady(_ running: LabProgram.Running) throws {
        let deadline = MonotonicInstant.now().advanced(by: .seconds(20))
        while try !Files.readText(running.outputPath).contains("ready\n") {
            try #require(MonotonicInstant.now() < deadline, "the guest was not ready in time")
            usleep(1_000)
        }
    }

    private func children(_ pid: pid_t) -> [pid_t] {
        Files.list("/proc/\(pid)/task").flatMap { task in
            (Files.line("/proc/\(pid)/task/\(task)/children") ?? "").split(separator: " ").compactMap {
                pid_t($0)
            }
        }
    }

    private var cgroups: [String] {
        ["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/pids"]
            .flatMap { Files.list($0) }
    }

    @Test("the command's output and status are those of the program")
    func outputAndStatusAreTheProgramsOwn() throws {
        let hello = try start(["run", root, "/lab-guest", "hello", "n1"]).wait()
        #expect(hello.status == 0 && hello.output.hasSuffix("output n1\n") && hello.errors.isEmpty)
        #expect(try start(["run", "--hostname=box", root, "/lab-guest", "exit", "7"]).wait().status == 7)
        let killed = try start(["run", "--memory", "16MiB", root, "/lab-guest", "touch", "64"]).wait()
        #expect(killed.status == 128 + SIGKILL)
        #expect(lab.leftovers.isEmpty)
    }

    @Test(arguments: [[], ["--memory=64MiB", "--cpus=1"]])
    func nothingIsBetweenACallerAndTheInit(options: [String]) throws {
        let running = try start(["run"] + options + [root, "/lab-guest", "idle"])
        try waitUntilReady(running)
        let first = try #require(ContainerCalls.firstProcess(of: running.pid))
        #expect(ContainerCalls.firstProcess(of: running.pid) == first && children(first).isEmpty)
        // What else there is shares our memory, and is in none of the container's namespaces.
        let others = children(running.pid).filter { $0 != first }
        #expect(others.count == 1)
        for other in others {
            #expect(linkTarget("/proc/\(other)/ns/pid") == linkTarget("/proc/self/ns/pid"))
        }
        let status = try Files.readText("/proc/\(first)/status")
        #expect(status.contains("NSpid:\t\(first)\t1\n") && status.contains("Seccomp:\t2\n"))
        #expect(
            Files.line("/proc/\(first)/cgroup")?.contains("/lab-container-\(running.pid)-") == !options
                .isEmpty)
        running.signal(SIGINT)
        let ended = try running.wait()
        #expect(ended.status == 130 && ended.errors.isEmpty)
        #expect(kill(first, 0) == -1)
        #expect(lab.leftovers.isEmpty)
        #expect(!cgroups.contains { $0.hasPrefix("lab-container-\(running.pid)-") })
    }

    @Test("the container dies with the program, and lab clean removes its cgroups")
    func theContainerDiesWithTheProgram() throws {
        let running = try start(["run", "--cpus", "1", root, "/lab-guest", "idle"])
        try waitUntilReady(running)
        let first = try #require(ContainerCalls.firstProcess(of: running.pid))
        running.signal(SIGKILL)
        _ = try running.wait()
        // Who adopts it, the machine's init, may reap it late.
        #expect(waitUntil { isGone(first) })
        #expect(cgroups.contains { $0.hasPrefix("lab-container-\(running.pid)-") })
        #expect(try lab.run(["clean"]).status == 0)
        #expect(!cgroups.contains { $0.hasPrefix("lab-container-\(running.pid)-") })
    }

    @Test(
        arguments: [
            ([], 125, "remedy"), (["runn"], 125, "did you mean \"run\"?"),
            (["run", "--memoy", "1"], 125, "--memory"),
            (["run", "--memory", "1XB", "/", "x"], 125, "1XB"),
            (["run", "--cpus", "0", "/", "x"], 125, "--cpus"),
            (["run", "/"], 125, "COMMAND"), (["run", "/nonexistent", "x"], 125, "/nonexistent"),
            (["run", "/etc/passwd", "x"], 125, "is no root file system"),
            (["run", "/", "no-such-command"], 127, "with its path"),
        ] as [([String], Int32, String)])
    func aMistakeIsNamedWithItsRemedy(words: [String], status: Int32, text: String) throws {
        let finished = try start(words).wait()
        #expect(finished.status == status)
        #expect(finished.errors.hasPrefix("lab-container: ") && finished.errors.contains(text))
    }

    @Test(
        "A tree that has something else where the kernel's files are mounted is refused, as runc and crun do",
        arguments: ["proc", "sys", "dev"], ["/", ".", "..", "/none", "self"])
    func aLinkInTheirPlaceIsRefused(name: String, target: String) throws {
        let tree = "/tmp/lab-test-tree-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectory(tree)
        defer { try? Files.removeTree(tree) }
        try Files.write(try Files.read("\(root)/lab-guest"), to: "\(tree)/lab-guest")
        try #require(chmod("\(tree)/lab-guest", 0o755) == 0)
        let words = ["run", tree, "/lab-guest", "noop"]
        #expect(try start(words).wait().status == 0)
        try #require(symlink(target == "self" ? name : target, "\(tree)/\(name)") == 0)
        let finished = try start(words).wait()
        #expect(finished.status == 125 && finished.errors.contains("its /\(name) is no directory"))
    }

    @Test func itsHelpHasExamples() throws {
        for words in [["--help"], ["run", "--help"]] {
            let finished = try start(words).wait()
            #expect(finished.status == 0 && finished.output.contains("EXAMPLES"))
        }
    }
}
