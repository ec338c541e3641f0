import CLinux
import Glibc
import LabCore
import Launch
import OCI

/// One container around one command, whose standard input, output and error are the caller's, passed on: no engine, no
/// run, no workload that answers.
public struct ContainerRun: Sendable {
    /// The root file system, never written to.
    public var root: String
    /// The command and its arguments; a name without a slash is looked for in the container's PATH.
    public var command: [String]
    public var hostname = "lab"
    /// At most so much memory; nil: what there is.
    public var memoryBytes: UInt64?
    /// At most the time of so many CPUs; nil: of all.
    public var cpus: Int?
    /// At most so many processes and threads; nil: as many as the kernel lets it have.
    public var pids: Int? = ProcessLimit.standard
    /// True when somebody asked for that limit: then it is an error where it can't be had.
    public var mustLimitPids = false
    /// The capacity of its writable layer, in bytes.
    public var storageBytes = ContainerRun.storageBytes

    /// The capacity of a container's writable layer by default: 1 GiB, or half of the memory, in which it is, where
    /// that is less.
    public static let storageBytes = min(
        1 << 30, UInt64(max(1, sysconf(Int32(_SC_PHYS_PAGES)))) / 2 * UInt64(sysconf(Int32(_SC_PAGESIZE))))

    public init(root: String, command: [String]) {
        self.root = root
        self.command = command
    }

    /// The end of a container.
    public struct Outcome: Sendable {
        /// The command's exit status, 128 + N for signal N.
        public let status: Int32
        /// The error when some of its input or output could not be passed on.
        public let loss: LabError?
    }

    /// The reason why there was no container, or no command in it, with the exit code of shells and docker for it.
    public struct Failure: Error {
        public let error: LabError
        public let exitCode: Int32
    }

    /// There is no container, whatever the reason.
    public static let failed: Int32 = 125
    private static let notExecutable: Int32 = 126
    private static let notFound: Int32 = 127

    /// Runs it to its end.
    ///
    /// Without cgroups nothing is made that could outlive a crash. Where limits take them they are in a journal before they
    /// are made, and `lab clean` removes what a killed caller leaves.
    public func run(paths: () throws(LabError) -> LabPaths) throws(Failure) -> Outcome {
        var exitCode = Self.failed
        do throws(LabError) {
            return try run(paths, &exitCode)
        } catch {
            throw Failure(error: error, exitCode: exitCode)
        }
    }

    private func run(
        _ paths: () throws(LabError) -> LabPaths, _ exitCode: inout Int32
    ) throws(LabError) -> Outcome {
        let ourselves = try FileDescriptor.ofThisProcess()
        let watch = try ContainerWatch()
        var isolation = Isolation.ofThisUser()
        let wanted = controllers(isolation)
        let root = try resolvedRoot()
        let streams = try StandardStreams()
        // From here on a signal waits until there is a container that it can be meant for.
        let ignored = clinux_ignored_signals()
        let signals: FileDescriptor
        do {
            signals = FileDescriptor(owning: try checked { clinux_queue_signals(ignored) })
        } catch {
            throw LabError(.software, "cannot install the signal handlers", cause: "\(error)")
        }
        guard !wanted.isEmpty else {
            isolation.remove(.limits)
            return try run(
                root, isolation, nil, nil, streams, signals.rawValue, ignored, watch, ourselves, &exitCode)
        }
        guard isolation.contains(.limits) else {
            throw LabError(
                .permission, "cannot limit a container's memory, CPUs or processes",
                cause: "that takes cgroups",
                remedy:
                    "run as root, or under systemd-run --user --scope -p Delegate=yes, or leave the limits out"
            )
        }
        let name = "container-\(getpid())-\(MonotonicInstant.now().nanoseconds)"
        let journal = try RunJournal(runID: name, paths: try paths())
        let tree = try CgroupTree(mounts: .current().only(wanted), name: "lab-\(name)", journal: journal)
        let outcome: Outcome
        do throws(LabError) {
            let cgroups = try tree.take(
                // A limit of what is not among the controllers is not written.
                ResourceLimits(memoryBytes: memoryBytes ?? 0, cpus: cpus ?? 0, pids: pids ?? 0))
            outcome = try run(
                root, isolation, tree, cgroups, streams, signals.rawValue, ignored, watch, ourselves,
                &exitCode)
            try cgroups.remove()
        } catch {
            try? tree.removeAll()
            journal.finish()
            throw error
        }
        try tree.removeAll()
        journal.finish()
        return outcome
    }

    /// Returns the controllers to use. That of processes only where no namespace holds them, and where it is to be had.
    private func controllers(_ isolation: Isolation) -> [CgroupMounts.Controller] {
        var wanted: [CgroupMounts.Controller] = []
        if memoryBytes != nil { wanted.append(.memory) }
        if cpus != nil { wanted.append(.cpu) }
        if let pids, !ProcessLimit.isHeldByNamespace(pids), mustLimitPids || isolation.contains(.limits) {
            wanted.append(.pids)
        }
        return wanted
    }

    private func run(
        _ root: String, _ isolation: Isolation, _ tree: CgroupTree?, _ cgroups: InstanceCgroups?,
        _ streams: StandardStreams, _ signals: Int32, _ ignored: UInt64, _ watch: borrowing ContainerWatch,
        _ ourselves: borrowing FileDescriptor, _ exitCode: inout Int32
    ) throws(LabError) -> Outcome {
        defer { streams.release() }
        // What the start was made from goes while the container begins.
        var life = try start(
            root, isolation, tree, cgroups, streams, signals, ignored, watch, ourselves, &exitCode)
        let status: Int32
        do throws(LabError) {
            status = try life.live()
        } catch {
            if error.kind == .permission { exitCode = Self.notExecutable }
            throw error
        }
        return Outcome(status: status, loss: streams.loss)
    }

    private func start(
        _ root: String, _ isolation: Isolation, _ tree: CgroupTree?, _ cgroups: InstanceCgroups?,
        _ streams: StandardStreams, _ signals: Int32, _ ignored: UInt64, _ watch: borrowing ContainerWatch,
        _ ourselves: borrowing FileDescriptor, _ exitCode: inout Int32
    ) throws(LabError) -> ContainerLife {
        guard let path = try programPath(below: root) else {
            exitCode = Self.notFound
            throw notFound(in: root)
        }
        let terminal = getenv("TERM").map { ["TERM=\(String(cString: $0))"] } ?? []
        let oci = RuntimeSpec.container(
            isolation.subtracting(.seccomp), root: root, hostname: hostname, args: command,
            env: ChildLauncher.environment + terminal,
            processes: pids.flatMap { ProcessLimit.isHeldByNamespace($0) ? $0 : nil })
        let buffer = try ProgramBuffer(
            ContainerSpec(
                oci: oci, program: path, filter: try SeccompFilter(profile: .containerDefault),
                // Any directory that no root lies below will do, and /proc must stay in sight: only the container sees
                // what is mounted there.
                mountPoint: "/sys",
                cgroupsToJoin: cgroups.flatMap { tree?.directoriesToJoin($0.number) } ?? [],
                caller: .current(ignoredSignals: ignored), parent: ourselves.rawValue,
                storageBytes: storageBytes, terminal: streams.request, nulls: streams.nulls,
                watcher: watch.announcement))
        if streams.request != nil, let modes = streams.terminal?.modes { try watch.restore(modes) }
        do throws(LaunchFailure) {
            let started = try buffer.attempt(
                .init(arguments: command, standard: streams.standard, cgroups: cgroups))
            return ContainerLife(
                started, signals: signals, watcher: watch.pidfd.rawValue, streams: streams)
        } catch {
            throw explained(error, buffer.program, root, &exitCode)
        }
    }

    /// A failure in a user's words.
    private func explained(
        _ failure: LaunchFailure, _ program: LaunchProgram, _ root: String, _ exitCode: inout Int32
    ) -> LabError {
        let failed = failure.step.map { program.steps[$0].operation }
        guard let failed, failed.code == CLINUX_EXEC, let path = failed.a else {
            return failure.explained(program, command)
        }
        let cause: Message = "\(failure.errno.name), \(failure.errno)"
        switch failure.errno.rawValue {
        case ENOENT, ENOTDIR, ELOOP:
            exitCode = Self.notFound
            return LabError(
                .input, "cannot execute \(path) in \(root)", cause: cause,
                remedy: "look whether it is there, and the interpreter or loader that it names")
        case EACCES, EPERM, EISDIR:
            exitCode = Self.notExecutable
            return LabError(
                .permission, "cannot execute \(path) in \(root)", cause: cause,
                remedy: "name a program, and let it be executed: chmod +x")
        default:
            exitCode = Self.notExecutable
            return LabError(
                .input, "cannot execute \(path) in \(root)", cause: cause,
                remedy: "name a program of this machine's architecture, or a script with its interpreter")
        }
    }

    private func resolvedRoot() throws(LabError) -> String {
        let path: String
        do throws(Errno) { path = try Files.realPath(root) } catch {
            throw LabError(.input, "cannot use the root file system \(root)", cause: "\(error)")
        }
        guard Files.isDirectory(path) else {
            throw LabError(
                .input, "\(path) is no root file system", cause: "it is no directory",
                remedy: "name the directory that holds the container's files")
        }
        // No mount depends on it, but what a tree is for that has something else there can't be known: runc and crun refuse
        // it too.
        for name in ["proc", "sys", "dev"] {
            var status = stat()
            guard lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { continue }
            throw LabError(
                .input, "cannot use the root file system \(path)", cause: "its /\(name) is no directory",
                remedy: "make it an empty directory, or remove it: something is mounted there")
        }
        return path
    }

    /// Returns the command's path in the container. It is not followed: a link leads somewhere else in there.
    private func programPath(below root: String) throws(LabError) -> String? {
        guard let name = command.first, !name.isEmpty else {
            throw LabError(.usage, "no command to run", remedy: "lab-container run ROOTFS COMMAND [ARG…]")
        }
        if name.contains("/") { return name }
        return SearchPath.standard.split(separator: ":").map { "\($0)/\(name)" }.first {
            Files.exists(root + $0)
        }
    }

    private func notFound(in root: String) -> LabError {
        let name = command.first ?? ""
        return LabError(
            .input, "\(name) was not found in \(root)",
            cause: "it is in none of \(SearchPath.standard.split(separator: ":").joined(separator: ", "))",
            remedy: "name it with its path, as /bin/\(name)")
    }
}
