import CLinux
import Glibc
import LabCore
import Synchronization

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
    /// Several threads may start instances at once.
    private let pool = Mutex(Pool())

    private struct Pool {
        /// Without an instance, for the next ones.
        var free: [InstanceCgroups] = []
        var nextNumber = 0
    }

    /// One hierarchy's directory of the run, with what is the same for every instance found out beforehand.
    struct Parent {
        let hierarchy: CgroupMounts.Hierarchy
        let directory: String
        /// True when the machine accounts swap, so that it can be limited too.
        let limitsSwap: Bool
    }

    /// Makes the parents, called `name` (`lab-<runID>-<engine>`). Journals each before it is made.
    /// - Throws: `.unavailable` or `.permission` when a limit can't be set here; nothing is left behind then.
    public init(mounts: CgroupMounts, name: String, journal: RunJournal) throws(LabError) {
        self.mounts = mounts
        try mounts.requireControllers()
        var made: [Parent] = []
        do {
            for hierarchy in mounts.hierarchies {
                let ground = try CgroupDelegation.ground(
                    hierarchy.version, at: hierarchy.mountPoint,
                    enabling: hierarchy.controllers.map(\.rawValue))
                let directory = "\(ground)/\(name)"
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
                if hierarchy.version == .v2 {
                    try CgroupTree.enable(hierarchy.controllers.map(\.rawValue), in: directory)
                }
            }
        } catch {
            for parent in made { rmdir(parent.directory) }
            throw error
        }
        parents = made
    }

    /// For each hierarchy the directory below which instances have theirs, its version, and what is written into a new
    /// one that has these limits.
    public func settings(_ limits: ResourceLimits) -> [(
        parent: String, version: CgroupMounts.Hierarchy.Version, settings: [CgroupSetting]
    )] {
        parents.map { ($0.directory, $0.hierarchy.version, limits.settings(in: $0)) }
    }

    /// Makes cgroups with these limits for an instance.
    func make(_ limits: ResourceLimits) throws(LabError) -> InstanceCgroups {
        let number = pool.withLock { pool in
            defer { pool.nextNumber += 1 }
            return pool.nextNumber
        }
        return try InstanceCgroups(number: number, limits: limits, parents: parents)
    }

    /// Those of an instance that has ended, or new ones.
    func take(_ limits: ResourceLimits) throws(LabError) -> InstanceCgroups {
        let free = pool.withLock { pool in
            pool.free.lastIndex { $0.limits == limits }.map { pool.free.remove(at: $0) }
        }
        if let free { return free }
        return try make(limits)
    }

    /// The directories called `number` into which a child must move itself: a v2 cgroup is entered by
    /// CLONE_INTO_CGROUP instead.
    func directoriesToJoin(_ number: Int) -> [String] {
        parents.filter { $0.hierarchy.version == .v1 }.map { "\($0.directory)/\(number)" }
    }

    /// Takes back the cgroups of an instance that has been reaped.
    /// - Parameter areEmpty: whether nothing can run in them any more, as when the init of a pid namespace has ended.
    func giveBack(_ cgroups: InstanceCgroups, areEmpty: Bool) throws(LabError) {
        if areEmpty && cgroups.areAsNew() {
            pool.withLock { $0.free.append(cgroups) }
        } else {
            try cgroups.remove()
        }
    }

    /// Removes everything; the instances must be gone.
    public func removeAll() throws(LabError) {
        while let last = pool.withLock({ $0.free.popLast() }) { try last.remove() }
        for parent in parents.reversed() { try CgroupTree.remove(parent.directory) }
    }

    static func make(_ directory: String) throws(LabError) {
        guard mkdir(directory, 0o755) != 0 else { return }
        let error = Errno(errno)
        let denied = error == Errno(EACCES) || error == Errno(EPERM) || error == Errno(EROFS)
        throw LabError(
            denied ? .permission : .unavailable, "cannot make the cgroup \(directory)", cause: error,
            remedy: denied
                ? "run as root, or under a delegated cgroup: systemd-run --user --scope -p Delegate=yes" : nil
        )
    }

    /// Turns controllers on for the children of a v2 cgroup, if they are not on already.
    static func enable(_ controllers: [String], in directory: String) throws(LabError) {
        let on = Set(
            (Files.line("\(directory)/cgroup.subtree_control") ?? "").split(separator: " ").map(String.init))
        for controller in controllers where !on.contains(controller) {
            try ControlFile.write("+\(controller)", to: "\(directory)/cgroup.subtree_control")
        }
    }

    /// Removes a cgroup that a journal names.
    /// - Throws: `.data` for what is no cgroup of that run; else as `remove(_:)`.
    public static func remove(_ directory: String, of run: RunPlaces) throws(LabError) {
        let names = directory.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = names.last, run.owns(name), names.first == "",
            names.dropFirst().allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
            let mount = MountTable.current().entries.last(where: {
                ($0.type == "cgroup" || $0.type == "cgroup2") && directory.hasPrefix($0.mountPoint + "/")
            })
        else { throw run.stranger(.cgroup, directory) }
        do throws(Errno) {
            let root = try FileDescriptor.open(mount.mountPoint, clinux_path_only)
            let below = String(directory.dropFirst(mount.mountPoint.count + 1))
            let found = FileDescriptor(
                owning: try checked { clinux_open_beneath(root.rawValue, below, clinux_path_only) })
            guard fileSystems.contains(clinux_file_system(found.rawValue)) else { throw Errno(EXDEV) }
        } catch {
            if error == Errno(ENOENT) { return }
            throw run.stranger(.cgroup, directory)
        }
        try remove(directory)
    }

    /// CGROUP_SUPER_MAGIC and CGROUP2_SUPER_MAGIC, statfs(2).
    private static let fileSystems = [0x27_e0eb, 0x6367_7270]

    /// Removes one cgroup and, first, those below it. What still runs in it is killed; a path that is gone is no error.
    public static func remove(_ directory: String) throws(LabError) {
        // All at once where the kernel does that (v2, since Linux 5.14): who forks can't outrun it.
        if rmdir(directory) == 0 || errno == ENOENT { return }
        try? ControlFile.write("1", to: "\(directory)/cgroup.kill")
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
            ControlFile.endProcesses(of: directory)
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }
}
