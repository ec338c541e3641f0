import Glibc
import LabCore
import Testing

@testable import LabRunner

/// Journals that somebody else wrote, or that nobody would write: replayed with all that this user may do.
@Suite(.serialized) struct HostileJournalTests {
    static let isRoot = geteuid() == 0
    static let canRun = isRoot && LabProgram.isBuilt

    /// A state with one dead run, and around it what that run has no business with.
    private final class Sandbox {
        let directory = try? TemporaryDirectory()
        let path: String
        let paths: LabPaths
        /// A process whose command line says that it is a VM of the run's, and whose pid stands in a false cgroup.
        let sentinel: pid_t
        let segment: Int32
        static let key = Int32.random(in: 1 << 24...1 << 30)

        init() throws {
            path = try #require(directory).path
            paths = LabPaths(cache: "\(path)/cache", state: "\(path)/state")
            for name in [
                "outside/deep", "outside/lab-dead-x", "state/journals", "state/runs/dead",
                "state/runs/other/deep",
                "state/runs/deadly", "cache/kernels/k", "cache/distribution/0123.building-other",
            ] { try Files.makeDirectory("\(path)/\(name)", mode: 0o700) }
            for name in [
                "outside/file", "outside/deep/file", "state/runs/other/file", "cache/kernels/k/vmlinuz-1",
            ] {
                try Files.write(name, to: "\(path)/\(name)")
            }
            guard symlink("\(path)/outside", "\(path)/state/runs/dead-1") == 0 else { throw Errno(errno) }
            try Files.write("#!/bin/sh\n: > \(path)/ran\ncat > /dev/null\n", to: "\(path)/evil", mode: 0o755)
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            sentinel = try spawn(
                [
                    "/bin/sh", "-c", "while :; do sleep 9; done", "-name",
                    "guest=lab-dead-0,debug-threads=on",
                    "\(path)/state/runs/dead/podman/store",
                ], output: null.rawValue, errors: null.rawValue)
            try Files.write("\(sentinel)\n", to: "\(path)/outside/lab-dead-x/cgroup.procs")
            segment = shmget(Self.key, 600, Int32(IPC_CREAT) | 0o600)
        }

        deinit {
            kill(sentinel, SIGKILL)
            waitpid(sentinel, nil, 0)
            shmctl(segment, IPC_RMID, nil)
        }

        /// Leaves the run's journal as it is after a crash, with a thing of its own to be removed.
        func plant(_ entries: [UInt8]) throws {
            try Files.makeDirectory("\(path)/state/runs/dead/own/inside")
            if !Files.exists("\(path)/state/runs/dead/link") {
                guard symlink("\(path)/outside", "\(path)/state/runs/dead/link") == 0 else {
                    throw Errno(errno)
                }
            }
            let own = "directory\t\(path)/state/runs/dead/own\n"
            try Files.write(
                Array("maker\t999999999\n".utf8) + entries + Array("\n\(own)".utf8),
                to: "\(path)/state/journals/dead.journal", mode: 0o600)
        }

        /// All that must stay as it is.
        var surroundings: [String] {
            var status = stat()
            let isAlive = kill(sentinel, 0) == 0 && waitpid(sentinel, nil, WNOHANG) == 0
            return ["outside", "state/runs/other", "state/runs/deadly", "cache"].flatMap {
                tree("\(path)/\($0)")
            }
                + Files.list("/") + Files.list("/etc") + Files.list("/sys/fs/cgroup")
                + [
                    "\(isAlive)", "\(shmget(Self.key, 0, 0) == segment)", "\(Files.exists("\(path)/ran"))",
                    "\(lstat("\(path)/evil", &status))",
                ]
        }

        private func tree(_ path: String) -> [String] {
            var status = stat()
            guard lstat(path, &status) == 0 else { return ["\(path) is gone"] }
            let own = "\(path) \(status.st_ino) \(status.st_mode) \(status.st_size) \(status.st_mtim.tv_nsec)"
            guard status.st_mode & S_IFMT == S_IFDIR else { return [own] }
            return [own] + Files.list(path).flatMap { tree("\(path)/\($0)") }
        }

        func clean() throws -> Cleaner.Outcome { try Removers.cleaner(paths).cleanAbandoned(in: paths) }

        /// Names that lead out, each of which is the name of something.
        var names: [String] {
            let runs = "\(path)/state/runs"
            return [
                "\(path)/outside", "\(path)/outside/deep", "\(path)/outside/file", "\(runs)/other",
                "\(runs)/deadly",
                "\(runs)/dead/../other", "\(runs)/dead/link/deep", "\(runs)/dead-1/deep", runs,
                "\(path)/state", path,
                "\(path)/cache/kernels", "\(path)/cache/distribution/0123.building-other",
                "\(path)/outside/lab-dead-x", "/sys/fs/cgroup/../../..\(path)/outside/lab-dead-x",
                "/sys/fs/cgroup",
                "\(path)/outside/deep=1", "/proc/self/root\(path)/outside", "\(Self.key)",
                "lab-other-0 qemu+ext:///system?command=\(path)/evil",
                "lab-dead-0 qemu+ext:///system?command=\(path)/evil",
                "lab-dead-0 qemu+ssh://host/system?command=\(path)/evil",
                "lab-dead-0 qemu:///embed?root=\(path)/outside",
                "lab-depot-1-x qemu+unix:///system?socket=\(path)/x",
                "lab-dead-0", "podman \(path)/outside", "podman \(runs)/dead/podman/../link",
                "docker dead unix://\(path)/outside/file", "docker other unix:///run/none.sock",
                "docker dead tcp://127.0.0.1:1",
            ]
        }
    }

    /// The same names, given to who believes them.
    private static var believing: Cleaner {
        Cleaner(removers: [
            .directory: { name, _ throws(LabError) in try Files.removeTree(name) },
            .file: { name, _ throws(LabError) in try Files.removeTree(name) },
        ])
    }

    @Test(
        "No journal makes anything change but what its run made",
        .enabled(if: isRoot, "skipped: the attack is on root"))
    func nothingElseChanges() throws {
        let sandbox = try Sandbox()
        var generator = SeededGenerator(seed: 510)
        let before = sandbox.surroundings
        let kinds = JournaledResource.Kind.allCases
        for round in 0..<400 {
            var entries: [UInt8] = []
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let name = try #require(sandbox.names.randomElement(using: &generator))
                let kind = try #require(kinds.randomElement(using: &generator))
                var line = Array("\(kind.rawValue)\t\(name)".utf8)
                // Every other one has a byte, or a piece, that is not as it was.
                if Bool.random(using: &generator), let place = line.indices.randomElement(using: &generator) {
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: line[place] = UInt8.random(in: 0...255, using: &generator)
                    case 1: line.remove(at: place)
                    case 2: line.insert(contentsOf: Array("/../".utf8), at: place)
                    default: line.insert(contentsOf: line[place...], at: place)
                    }
                }
                entries += line + [0x0a]
            }
            try sandbox.plant(entries)
            let outcome = try sandbox.clean()
            #expect(
                sandbox.surroundings == before, "round \(round): \(String(decoding: entries, as: UTF8.self))")
            // The control: what the run did make is gone each time.
            #expect(outcome.removed.contains { $0.name.hasSuffix("/state/runs/dead/own") })
            #expect(!Files.exists("\(sandbox.path)/state/runs/dead/own"))
            if sandbox.surroundings != before { break }
        }
    }

    @Test(
        "Each of these names is something that who believes a journal removes, and lab does not",
        .enabled(if: isRoot, "skipped: the attack is on root"))
    func eachNameIsRefused() throws {
        let sandbox = try Sandbox()
        let before = sandbox.surroundings
        for kind in JournaledResource.Kind.allCases {
            for name in sandbox.names {
                try sandbox.plant(Array("\(kind.rawValue)\t\(name)".utf8))
                let outcome = try sandbox.clean()
                // That a VM which is not there is gone is no failure, nor that a segment is somebody else's.
                if kind != .qemu, kind != .sharedMemory || name != "\(Sandbox.key)" {
                    #expect(outcome.failures.count == 1, "\(kind) \(name)")
                    #expect(outcome.failures.first?.error.kind != .software)
                }
                #expect(sandbox.surroundings == before, "\(kind) \(name)")
            }
        }
        let run = try RunPlaces("dead", sandbox.paths)
        _ = Self.believing.remove([.init(.directory, "\(sandbox.path)/state/runs/dead-1/deep")], of: run)
        #expect(sandbox.surroundings != before, "the control follows the link")
    }

    // MARK: The whole program

    /// As the issue has it: another user's LAB_HOME, and a journal with a directory, a pid and a program in it.
    @Test(
        "Root replays nothing of another user's LAB_HOME, and says what to do",
        .enabled(if: canRun, "skipped: root and the built program are needed"))
    func anotherUsersHomeIsRefused() throws {
        let lab = try LabProgram()
        let sandbox = try Sandbox()
        try sandbox.plant(
            Array("directory\t\(sandbox.path)/outside\ncgroup\t\(sandbox.path)/outside/lab-dead-x".utf8))
        let before = sandbox.surroundings
        for place in ["", "/state", "/state/journals"] {
            chown(sandbox.path + place, 65_534, 65_534)
            for command in [["clean"], ["doctor"], BadInputTests.run] {
                let finished = try lab.run(command, environment: ["LAB_HOME": sandbox.path])
                #expect(finished.status == 77, "\(place) \(command): \(finished.errors)")
                #expect(finished.errors.contains("uid 65534"), "\(finished.errors)")
                #expect(finished.errors.contains("LAB_HOME"), "\(finished.errors)")
            }
            #expect(sandbox.surroundings == before)
            #expect(Files.exists("\(sandbox.path)/state/runs/dead/own"))
            chown(sandbox.path + place, 0, 0)
        }
        // The control: the same in a home of root's. What the run made goes, what it names beside stays, and is said.
        let finished = try lab.run(["clean"], environment: ["LAB_HOME": sandbox.path])
        #expect(finished.status == 1, "\(finished.errors)")
        #expect(finished.output.contains("gone: directory \(sandbox.path)/state/runs/dead/own"))
        #expect(finished.errors.contains("is not this run's"), "\(finished.errors)")
        #expect(sandbox.surroundings == before)
    }

    @Test(
        "Root runs, boots and replays nothing of a HOME or an XDG directory of another user",
        .enabled(if: canRun, "skipped: root and the built program are needed"))
    func anotherUsersCacheIsRefused() throws {
        let lab = try LabProgram()
        let home = try TemporaryDirectory()
        for name in [".cache/lab/kernels", ".local/state/lab/journals"] {
            try Files.makeDirectory("\(home.path)/\(name)")
        }
        for (variable, place) in [
            ("HOME", ""), ("HOME", "/.cache"), ("HOME", "/.cache/lab/kernels"),
            ("XDG_CACHE_HOME", "/.cache/lab"),
            ("XDG_STATE_HOME", "/.local/state"),
        ] {
            let value =
                switch variable {
                case "XDG_CACHE_HOME": "\(home.path)/.cache"
                case "XDG_STATE_HOME": "\(home.path)/.local/state"
                default: home.path
                }
            var environment = ["LAB_HOME": "", "HOME": "\(lab.directory.path)/home"]
            environment[variable] = value
            chown(home.path + place, 65_534, 65_534)
            let finished = try lab.run(["clean"], environment: environment)
            #expect(finished.status == 77, "\(variable) \(place): \(finished.errors)")
            chown(home.path + place, 0, 0)
            let control = try lab.run(["clean"], environment: environment)
            #expect(control.status == 0, "\(variable) \(place): \(control.errors)")
        }
    }
}
