import Glibc
import LabCore

/// Limits of one container.
public struct ResourceLimits: Equatable, Sendable {
    public var memoryBytes: UInt64
    public var cpus: Int
    /// Processes and threads together.
    public var pids: Int

    public init(memoryBytes: UInt64, cpus: Int, pids: Int = 1_024) {
        self.memoryBytes = memoryBytes
        self.cpus = cpus
        self.pids = pids
    }
}

/// The cgroups of one engine's run: a parent directory in each hierarchy, and below it one cgroup an instance.
/// The same calls serve v1, hybrid and v2.
public final class CgroupTree {
    public let mounts: CgroupMounts
    private let parents: [Parent]

    /// One hierarchy's directory of the run, with what is the same for every instance found out beforehand.
    private struct Parent {
        let hierarchy: CgroupMounts.Hierarchy
        let directory: String
        /// Whether the machine accounts swap, so that it can be limited too.
        let limitsSwap: Bool
    }

    /// CPU bandwidth is enforced in periods of this length, the kernel's default.
    private static let periodMicroseconds = 100_000

    /// Makes the parents, called `name` (`lab-<runID>-<engine>`). Journals each before it is made.
    /// - Throws: `.unavailable` or `.permission` when a limit can't be set here; nothing is left behind then.
    public init(mounts: CgroupMounts, name: String, journal: RunJournal) throws(LabError) {
        self.mounts = mounts
        try mounts.requireControllers()
        var made: [Parent] = []
        do {
            for hierarchy in mounts.hierarchies {
                let directory = "\(hierarchy.mountPoint)/\(name)"
                if hierarchy.version == .v2 {
                    try CgroupTree.enable(hierarchy.controllers, in: hierarchy.mountPoint)
                }
                try journal.record(JournaledResource(.cgroup, directory))
                try CgroupTree.make(directory)
                made.append(
                    Parent(
                        hierarchy: hierarchy, directory: directory,
                        limitsSwap: hierarchy.controllers.contains(.memory)
                            && Files.exists(
                                "\(directory)/"
                                    + (hierarchy.version == .v2
                                        ? "memory.swap.max" : "memory.memsw.limit_in_bytes"))
                    ))
                if hierarchy.version == .v2 { try CgroupTree.enable(hierarchy.controllers, in: directory) }
            }
        } catch {
            for parent in made { rmdir(parent.directory) }
            throw error
        }
        parents = made
    }

    /// The directories of instance `index`, one per hierarchy, in the order of the mounts.
    public func directories(of index: Int) -> [String] { parents.map { "\($0.directory)/\(index)" } }

    /// Those into which a child must move itself: a v2 cgroup is entered by CLONE_INTO_CGROUP instead.
    public func directoriesToJoin(of index: Int) -> [String] {
        parents.filter { $0.hierarchy.version == .v1 }.map { "\($0.directory)/\(index)" }
    }

    /// The v2 cgroup of an instance, opened for CLONE_INTO_CGROUP; nil when no controller of ours is in v2.
    public func openForClone(_ index: Int) throws(LabError) -> FileDescriptor? {
        guard let parent = parents.first(where: { $0.hierarchy.version == .v2 }) else { return nil }
        let path = "\(parent.directory)/\(index)"
        do {
            return try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            throw LabError(.unavailable, "cannot open the cgroup \(path)", cause: "\(error)")
        }
    }

    /// Makes the cgroups of an instance and sets its limits.
    public func make(_ index: Int, limits: ResourceLimits) throws(LabError) {
        do {
            for parent in parents {
                let directory = "\(parent.directory)/\(index)"
                try CgroupTree.make(directory)
                for controller in parent.hierarchy.controllers {
                    try set(controller, limits, in: directory, parent)
                }
            }
        } catch {
            try? remove(index)
            throw error
        }
    }

    private func set(
        _ controller: CgroupMounts.Controller, _ limits: ResourceLimits, in directory: String,
        _ parent: Parent
    ) throws(LabError) {
        let quota = limits.cpus * Self.periodMicroseconds
        switch (parent.hierarchy.version, controller) {
        case (.v1, .memory):
            try ControlFile.write("\(limits.memoryBytes)", to: "\(directory)/memory.limit_in_bytes")
            if parent.limitsSwap {
                // Memory and swap together: the same figure means no swap.
                try ControlFile.write("\(limits.memoryBytes)", to: "\(directory)/memory.memsw.limit_in_bytes")
            }
        case (.v1, .cpu): try ControlFile.write("\(quota)", to: "\(directory)/cpu.cfs_quota_us")
        case (.v2, .memory):
            try ControlFile.write("\(limits.memoryBytes)", to: "\(directory)/memory.max")
            if parent.limitsSwap { try ControlFile.write("0", to: "\(directory)/memory.swap.max") }
        case (.v2, .cpu):
            try ControlFile.write("\(quota) \(Self.periodMicroseconds)", to: "\(directory)/cpu.max")
        case (_, .pids): try ControlFile.write("\(limits.pids)", to: "\(directory)/pids.max")
        }
    }

    /// Removes the cgroups of an instance whose processes have been reaped.
    public func remove(_ index: Int) throws(LabError) {
        for parent in parents.reversed() { try CgroupTree.remove("\(parent.directory)/\(index)") }
    }

    /// Removes the parents; the instances must be gone.
    public func removeAll() throws(LabError) {
        for parent in parents.reversed() { try CgroupTree.remove(parent.directory) }
    }

    /// Where the kernel accounts for an instance.
    public func accounts(of index: Int) -> CgroupAccounts? {
        func place(_ controller: CgroupMounts.Controller) -> CgroupAccounts.Place? {
            parents.first { $0.hierarchy.controllers.contains(controller) }.map {
                CgroupAccounts.Place(version: $0.hierarchy.version, directory: "\($0.directory)/\(index)")
            }
        }
        guard let memory = place(.memory), let cpu = place(.cpu) else { return nil }
        return CgroupAccounts(memory: memory, cpu: cpu)
    }

    private static func make(_ directory: String) throws(LabError) {
        guard mkdir(directory, 0o755) != 0 else { return }
        let error = Errno(errno)
        let denied = error == Errno(EACCES) || error == Errno(EPERM) || error == Errno(EROFS)
        throw LabError(
            denied ? .permission : .unavailable, "cannot make the cgroup \(directory)", cause: "\(error)",
            remedy: denied
                ? "run as root, or under a delegated cgroup: systemd-run --user --scope -p Delegate=yes" : nil
        )
    }

    /// Turns controllers on for the children of a v2 cgroup, if they are not on already.
    private static func enable(_ controllers: [CgroupMounts.Controller], in directory: String)
        throws(LabError)
    {
        let on = Set(
            (Files.line("\(directory)/cgroup.subtree_control") ?? "").split(separator: " ").map(String.init))
        for controller in controllers where !on.contains(controller.rawValue) {
            try ControlFile.write("+\(controller.rawValue)", to: "\(directory)/cgroup.subtree_control")
        }
    }

    /// Removes one cgroup and, first, those below it. What still runs in it is killed; a path that is gone is no error.
    public static func remove(_ directory: String) throws(LabError) {
        // Processes leave a cgroup a moment after they were reaped, and a killed one takes a while to die.
        let deadline = MonotonicInstant.now().advanced(by: .seconds(5))
        var pause: UInt32 = 20
        while rmdir(directory) != 0 {
            let code = errno
            if code == ENOENT { return }
            guard code == EBUSY || code == ENOTEMPTY, MonotonicInstant.now() < deadline else {
                throw LabError(.output, "cannot remove the cgroup \(directory)", cause: "\(Errno(code))")
            }
            for name in Files.list(directory) {
                var status = stat()
                if lstat("\(directory)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                    try remove("\(directory)/\(name)")
                }
            }
            for pid in ControlFile.processes(of: directory) { kill(pid, SIGKILL) }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }
}
