import CLinux
import Glibc
import LabCore

/// One container around one command, which gets the caller's standard input, output and error: no engine, no run, no
/// workload that answers.
public struct ContainerRun: Sendable {
    /// The root file system, never written to.
    public var root: String
    /// The command and its arguments; a name without a slash is looked for in the container's PATH.
    public var command: [String]
    public var hostname = "lab"
    /// Limits, in cgroups of its own; nil makes none.
    public var limits: ResourceLimits?

    public init(root: String, command: [String]) {
        self.root = root
        self.command = command
    }

    /// Runs it to its end and returns its exit status, 128 + N for signal N.
    ///
    /// Without limits nothing is made that could outlive a crash. With them the cgroups are in a journal before they
    /// are made, and `lab clean` removes what a killed caller leaves.
    /// - Throws: `.interrupted` when `interrupt` was raised; the container is gone then.
    public func run(paths: () throws(LabError) -> LabPaths, interrupt: Interrupt) throws(LabError) -> Int32 {
        var isolation = Isolation.ofThisUser()
        guard let limits else {
            isolation.remove(.limits)
            return try run(isolation, nil, nil, interrupt)
        }
        guard isolation.contains(.limits) else {
            throw LabError(
                .permission, "cannot limit a container's memory or CPUs", cause: "that takes cgroups",
                remedy:
                    "run as root, or under systemd-run --user --scope -p Delegate=yes, or leave the limits out"
            )
        }
        let name = "container-\(getpid())-\(MonotonicInstant.now().nanoseconds)"
        let journal = try RunJournal(runID: name, paths: try paths())
        let tree = try CgroupTree(mounts: .current(), name: "lab-\(name)", journal: journal)
        let status: Int32
        do throws(LabError) {
            let cgroups = try tree.take(limits)
            status = try run(isolation, tree, cgroups, interrupt)
            try cgroups.remove()
        } catch {
            try? tree.removeAll()
            journal.finish()
            throw error
        }
        try tree.removeAll()
        journal.finish()
        return status
    }

    private func run(
        _ isolation: Isolation, _ tree: CgroupTree?, _ cgroups: InstanceCgroups?, _ interrupt: Interrupt
    ) throws(LabError) -> Int32 {
        let root = try resolvedRoot()
        let parent: FileDescriptor
        do {
            parent = FileDescriptor(owning: try checked { clinux_pidfd_open(getpid()) })
        } catch {
            throw LabError(.unavailable, "cannot watch over this process", cause: "\(error)")
        }
        let program = LaunchProgram.container(
            ContainerSpec(
                isolation: isolation, lowerDirectories: [root],
                // Any directory that no root lies below will do, and /proc must stay in sight: only the container sees
                // what is mounted there.
                mountPoint: "/sys", stage: nil,
                program: try programPath(below: root), hostname: hostname,
                cgroupsToJoin: cgroups.flatMap { tree?.directoriesToJoin($0.number) } ?? [],
                filter: try SeccompFilter(profile: .containerDefault), kernelFiles: .containerDefault,
                process: ProcessSettings(), caller: .current(),
                parent: parent.rawValue, user: getuid(), group: getgid()))
        let terminal = getenv("TERM").map { ["TERM=\(String(cString: $0))"] } ?? []
        let started = try ProgramBuffer(program, environment: ChildLauncher.environment + terminal).start(
            .init(
                arguments: command, standard: (0, 1, 2, -1), cgroup: cgroups?.cloneTarget ?? -1,
                joins: cgroups?.joins ?? []))
        return try wait(started, interrupt)
    }

    private func wait(_ started: borrowing ProgramBuffer.Started, _ interrupt: Interrupt) throws(LabError)
        -> Int32
    {
        var events = (
            pollfd(fd: started.pidfd.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: interrupt.descriptor, events: Int16(POLLIN), revents: 0)
        )
        var isInterrupted = false
        while events.0.revents == 0 {
            _ = withUnsafeMutableBytes(of: &events) {
                poll($0.baseAddress?.assumingMemoryBound(to: pollfd.self), 2, -1)
            }
            if events.1.revents != 0 && !isInterrupted {
                isInterrupted = true
                events.1.fd = -1
                _ = clinux_pidfd_send_signal(started.pidfd.rawValue, SIGKILL)
            }
        }
        var status: Int32 = 0
        do {
            try checked { clinux_wait_pidfd(started.pidfd.rawValue, 0, &status, nil) }
        } catch {
            throw LabError(.software, "cannot wait for the container", cause: "\(error)")
        }
        if isInterrupted { throw Interrupt.error }
        return status
    }

    private func resolvedRoot() throws(LabError) -> String {
        guard let resolved = realpath(root, nil) else {
            throw LabError(.input, "cannot use the root file system \(root)", cause: "\(Errno(errno))")
        }
        defer { free(resolved) }
        let path = String(cString: resolved)
        guard Files.isDirectory(path) else {
            throw LabError(
                .input, "\(path) is no root file system", cause: "it is no directory",
                remedy: "name the directory that holds the container's files")
        }
        return path
    }

    /// Where the command is, in the container. Only looked for, not followed: a link leads somewhere else in there.
    private func programPath(below root: String) throws(LabError) -> String {
        guard let name = command.first, !name.isEmpty else {
            throw LabError(.usage, "no command to run", remedy: "lab-container run ROOTFS COMMAND [ARG…]")
        }
        if name.contains("/") { return name }
        let directories = ChildLauncher.path.split(separator: ":")
        for directory in directories where Files.exists("\(root)\(directory)/\(name)") {
            return "\(directory)/\(name)"
        }
        throw LabError(
            .input, "\(name) was not found in \(root)",
            cause: "it is in none of \(directories.joined(separator: ", "))",
            remedy: "name it with its path, as /bin/\(name)")
    }
}
