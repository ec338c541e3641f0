import Glibc
import LabCore
import Testing

@testable import LabRunner

/// kill -9 of `lab` at the worst moments, then `lab clean`: nothing of the run may be left on the host.
@Suite(
    "lab is killed",
    .enabled(if: LabProgram.isBuilt && geteuid() == 0, "skipped: needs root and the built lab"))
struct CrashTests {
    /// The shipped lab with the workload `idle`, whose instance runs until somebody ends it.
    private func writeIdleLab(like model: String = "startup-latency", in directory: String) throws {
        var text = try Files.readText("\(checkout)/labs/\(model)/lab.yaml")
        for (words, others) in [
            ("id: \(model)", "id: idle"), ("workload: hello", "workload: idle"),
            ("timeout: 30 s", "timeout: 2 min"),
        ] {
            #expect(text.contains(words))
            text.replace(words, with: others)
        }
        // A lab's time-out is no longer than its budget.
        #expect(text.contains(/budget: \d+ s/))
        text.replace(/budget: \d+ s/, with: "budget: 10 min")
        try Files.makeDirectory("\(directory)/labs/idle")
        try Files.write(text, to: "\(directory)/labs/idle/lab.yaml")
    }

    /// Everything on the host that carries `home` or the run's id: processes, mounts, cgroups, files.
    private func traces(of lab: LabProgram, _ runIDs: [String]) -> [String] {
        var found = lab.leftovers
        found += Files.list(lab.paths.machines).filter { name in runIDs.contains { name.contains($0) } }
        let mounts = Files.line("/proc/self/mountinfo") ?? ""
        if mounts.contains(lab.directory.path) { found.append("a mount") }
        for line in mounts.split(separator: "\n") where line.contains(" - cgroup") {
            let mountPoint = String(line.split(separator: " ")[4])
            found += Files.list(mountPoint).filter { name in runIDs.contains { name.contains($0) } }
        }
        // See PodmanStore: what may go when the machine restarts is elsewhere, under a name of its own.
        for runID in runIDs {
            let store = "\(lab.paths.run(runID))/podman/store"
            let other = "/run/lab-podman-\(store.shortHash)"
            if Files.exists(other) { found.append(other) }
        }
        for name in Files.list("/proc") where pid_t(name) != nil {
            // Of a zombie nothing is left but its parent's duty to reap it; it has no command line.
            guard let words = Files.line("/proc/\(name)/cmdline") else { continue }
            let groups = Files.line("/proc/\(name)/cgroup") ?? ""
            // What bwrap runs carries no name, but its root is ours.
            let root = Files.line("/proc/\(name)/mountinfo") ?? ""
            if root.contains(" \(lab.directory.path)/home/cache/rootfs")
                || runIDs.contains(where: { words.contains($0) || groups.contains($0) })
            {
                found.append("process \(name)")
            }
        }
        return found
    }

    /// Whether a process of these runs has that word on its command line.
    private func isRunning(_ word: String, of runIDs: [String]) -> Bool {
        Files.list("/proc").contains { name in
            guard pid_t(name) != nil, let words = Files.line("/proc/\(name)/cmdline") else { return false }
            return words.contains("\0\(word)\0") && runIDs.contains { words.contains($0) }
        }
    }

    /// The ids of the runs whose journals exist, waited for.
    private func runIDs(of lab: LabProgram) throws -> [String] {
        #expect(lab.hasBegun())
        return Files.list(lab.paths.journals).map { String($0.prefix { $0 != "." }) }
    }

    @Test(arguments: [0, 400, 900, 1_700, 2_300])
    func duringContainerStarts(microseconds: UInt32) throws {
        let lab = try LabProgram()
        let running = try lab.start([
            "run", "startup-latency", "--series", "plain", "--engine", "container", "--samples", "20000",
            "--budget", "10min",
        ])
        _ = try #require(lab.samples(lines: 10))
        usleep(microseconds)
        let runs = try runIDs(of: lab)
        running.signal(SIGKILL)
        #expect(try running.wait().status == 137)
        let cleaned = try lab.run(["clean"])
        #expect(cleaned.status == 0, "\(cleaned.errors)")
        #expect(traces(of: lab, runs).isEmpty)
    }

    @Test func whileAContainerRuns() throws {
        let lab = try LabProgram()
        try writeIdleLab(in: lab.directory.path)
        let running = try lab.start(
            ["run", "idle", "--engine", "container", "--samples", "1"],
            environment: ["LAB_LABS": "\(lab.directory.path)/labs"])
        let runs = try runIDs(of: lab)
        // In the container's cgroup there is a process: it has started, and idles.
        let alive = waitUntil(.seconds(30)) { traces(of: lab, runs).contains { $0.hasPrefix("process") } }
        #expect(alive)
        running.signal(SIGKILL)
        #expect(try running.wait().status == 137)
        #expect(try lab.run(["clean"]).status == 0)
        #expect(traces(of: lab, runs).isEmpty)
    }

    /// A guest that gets rid of its parent-death signal, as any payload may, forks, and idles. See prctl(2).
    private static let untethered = """
        #include <sys/prctl.h>
        #include <unistd.h>
        int main(void) {
            prctl(PR_SET_PDEATHSIG, 0);
            for (int n = 0; n < 3; n++) if (fork() == 0) prctl(PR_SET_PDEATHSIG, 0);
            if (write(1, "init\\nready\\n", 11) < 0) return 1;
            for (;;) pause();
        }
        """
    private static let compiler: String? = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang"].first { path in
        access(path, X_OK) == 0
    }

    @Test(.enabled(if: compiler != nil, "skipped: no C compiler for a guest that misbehaves"))
    func whileAContainerRunsThatHasCutItsTether() throws {
        let lab = try LabProgram()
        try writeIdleLab(in: lab.directory.path)
        let guest = "\(lab.directory.path)/guest"
        try Files.write(Self.untethered, to: "\(guest).c")
        let compiled = try lab.start(["-static", "-o", guest, "\(guest).c"], program: Self.compiler).wait()
        #expect(compiled.status == 0, "\(compiled.errors)")
        let running = try lab.start(
            ["run", "idle", "--engine", "container", "--samples", "1"],
            environment: ["LAB_LABS": "\(lab.directory.path)/labs", "LAB_GUEST": guest])
        let runs = try runIDs(of: lab)
        let processes = { traces(of: lab, runs).filter { $0.hasPrefix("process") }.count }
        #expect(waitUntil(.seconds(30)) { processes() >= 8 })
        running.signal(SIGKILL)
        #expect(try running.wait().status == 137)
        // The control: it is alive, and nothing but `lab clean` ends it.
        #expect(processes() >= 8)
        let cleaned = try lab.run(["clean"])
        #expect(cleaned.status == 0, "\(cleaned.errors)")
        #expect(traces(of: lab, runs).isEmpty)
    }

    /// Those that need no daemon.
    private static let peers = EngineFactory.all.filter {
        $0.role == .peer && $0.tool != nil && $0.daemons.isEmpty
    }
    .map(\.id.rawValue)

    @Test(arguments: peers)
    func whileAPeerRuns(engine: String) throws {
        let lab = try LabProgram()
        try writeIdleLab(in: lab.directory.path)
        let running = try lab.start(
            ["run", "idle", "--engine", engine, "--samples", "1"],
            environment: ["LAB_LABS": "\(lab.directory.path)/labs"])
        let runs = try runIDs(of: lab)
        // The probe's guest says hello and ends; this one idles.
        let idles = waitUntil(.seconds(60)) {
            isGone(running.pid)
                || Files.list("/proc").contains { name in
                    pid_t(name) != nil && Files.line("/proc/\(name)/cmdline") == "/lab-guest\0idle\0"
                }
        }
        #expect(idles)
        let began = !isGone(running.pid)
        running.signal(SIGKILL)
        let ended = try running.wait()
        guard began else {
            #expect(ended.status == 69, "\(ended.errors)")
            try Test.cancel("skipped: \(ended.errors)")
        }
        #expect(ended.status == 137)
        let cleaned = try lab.run(["clean"])
        #expect(cleaned.status == 0, "\(cleaned.errors)")
        #expect(traces(of: lab, runs).isEmpty)
    }

    @Test(arguments: peers.dropFirst(), [0, 3_000, 40_000])
    func duringAPeersStarts(engine: String, microseconds: UInt32) throws {
        let lab = try LabProgram()
        let running = try lab.start([
            "run", "startup-latency", "--series", "plain", "--engine", engine, "--samples", "5000",
            "--budget", "10min",
        ])
        let runs = try runIDs(of: lab)
        let measures = waitUntil(.seconds(60)) {
            isGone(running.pid) || lab.samples(lines: 4, within: .milliseconds(1)) != nil
        }
        #expect(measures)
        let began = !isGone(running.pid)
        usleep(microseconds)
        running.signal(SIGKILL)
        let ended = try running.wait()
        guard began else {
            #expect(ended.status == 69, "\(ended.errors)")
            try Test.cancel("skipped: \(ended.errors)")
        }
        let cleaned = try lab.run(["clean"])
        #expect(cleaned.status == 0, "\(cleaned.errors)")
        #expect(traces(of: lab, runs).isEmpty)
    }

    /// A lab whose VM idles, how its trials are chosen, and a word of its QEMU's command line: of one that boots, and of
    /// one that is restored, whose saved image is to go too.
    @Test(arguments: [
        ("startup-latency", [], "-kernel"), ("vm-tuning", ["--series", "restore"], "-incoming"),
    ])
    func whileAVMRuns(model: String, choice: [String], word: String) throws {
        let lab = try LabProgram()
        try writeIdleLab(like: model, in: lab.directory.path)
        // A cache that outlives the test: the guest kernel is downloaded once, not for each run of the tests.
        let shared = "/tmp/lab-vm-tests-\(getuid())/cache"
        try Files.makeDirectory(shared)
        let home = "\(lab.directory.path)/home"
        try Files.makeDirectory(home)
        #expect(symlink(shared, "\(home)/cache") == 0)
        let environment = ["LAB_LABS": "\(lab.directory.path)/labs", "LAB_FETCH": "1"]
        let running = try lab.start(
            ["run", "idle", "--engine", "qemu", "--samples", "1"] + choice, environment: environment)
        let runs = try runIDs(of: lab)
        let alive = waitUntil(.seconds(240)) {
            isRunning(word, of: runs) || isGone(running.pid)
        }
        #expect(alive)
        let booted = isRunning(word, of: runs)
        running.signal(SIGKILL)
        let ended = try running.wait()
        guard booted else {
            // `lab` has said so and ended by itself.
            #expect(ended.status == 69 || !choice.isEmpty && ended.status == 0, "\(ended.errors)")
            try Test.cancel("skipped: no libvirt, no QEMU or no kernel here, or nothing that saves")
        }
        #expect(ended.status == 137)
        let cleaned = try lab.run(["clean"], environment: environment)
        #expect(cleaned.status == 0, "\(cleaned.errors)")
        #expect(traces(of: lab, runs).isEmpty)
    }
}
