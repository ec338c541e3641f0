import Glibc
import LabCore
import Synchronization

/// Which part of a cgroup v2 hierarchy is this program's to write to.
///
/// A cgroup has one writer: where systemd manages the hierarchy, that is systemd, but for the subtrees of units that were
/// started with `Delegate=`. See systemd's "Control Group APIs and Delegation", and cgroups(7), "Cgroups delegation".
enum CgroupDelegation: Equatable, Sendable {
    /// Nobody manages it: all of it, as far as this user may write there.
    case unmanaged
    /// The subtree below this directory, that of the unit in which this process runs.
    case delegated(String)
    /// Nothing: this process runs in a unit of systemd's that was not delegated.
    case managed(unit: String)

    /// The part that is this process's. Found out once; it changes only by `ground`.
    static var current: CgroupDelegation { known.withLock { look(&$0) } }

    /// The directory of the delegated subtree; nil where there is none.
    var directory: String? { if case .delegated(let directory) = self { directory } else { nil } }

    private static let known = Mutex<CgroupDelegation?>(nil)

    private static func look(_ known: inout CgroupDelegation?) -> CgroupDelegation {
        if let known { return known }
        let found = found()
        known = found
        return found
    }

    private static func found() -> CgroupDelegation {
        let mountinfo = (try? Files.readText("/proc/self/mountinfo")) ?? ""
        return CgroupDelegation(
            mountinfo: mountinfo, membership: (try? Files.readText("/proc/self/cgroup")) ?? "",
            isSystemdRunning: Systemd.isRunning, isDelegated: Systemd.hasDelegated)
    }

    /// - Parameters:
    ///   - membership: the text of /proc/self/cgroup.
    ///   - isDelegated: whether systemd delegated the cgroup of a directory.
    init(
        mountinfo: String, membership: String, isSystemdRunning: Bool,
        isDelegated: (_ directory: String) -> Bool
    ) {
        // With controllers in v1 hierarchies, no unit's limits are in v2.
        guard CgroupLayout(mountinfo: mountinfo) == .v2,
            let mount = MountTable(mountinfo: mountinfo).entries.first(where: { $0.type == "cgroup2" })
        else {
            self = .unmanaged
            return
        }
        let names = Self.names(membership, below: mount.root)
        // The unit that a process runs in is the innermost: what a user's systemd has was delegated to that systemd and
        // not to whatever it started.
        if let names {
            let unit = names.lastIndex(where: Self.isUnit).map { $0 + 1 } ?? 0
            for depth in (unit...names.count).reversed() {
                let directory = ([mount.mountPoint] + names.prefix(depth)).joined(separator: "/")
                guard isDelegated(directory) else { continue }
                self = .delegated(directory)
                return
            }
        }
        self = isSystemdRunning ? .managed(unit: names?.last(where: Self.isUnit) ?? "/") : .unmanaged
    }

    /// The names on the way from the mounted directory to the process's cgroup; nil when it isn't below. A process outside
    /// of its cgroup namespace's root has a path that begins with `/..`.
    private static func names(_ membership: String, below root: String) -> [String]? {
        guard let line = membership.split(separator: "\n").last(where: { $0.hasPrefix("0::/") })
        else { return nil }
        let path = line.dropFirst(3).split(separator: "/").map(String.init)
        let prefix = root.split(separator: "/").map(String.init)
        guard path.starts(with: prefix), !path.contains("..") else { return nil }
        return Array(path.dropFirst(prefix.count))
    }

    /// systemd's units that have processes are named so, see systemd.unit(5); nobody else's cgroups are.
    static func isUnit(_ name: String) -> Bool {
        [".service", ".scope", ".slice", ".socket", ".mount", ".swap"].contains { name.hasSuffix($0) }
    }
}

extension CgroupDelegation {
    /// The directory of a hierarchy below which this process makes its cgroups, with these controllers turned on for
    /// them. Where systemd delegated nothing, root asks it for a scope of this process's own; and whatever runs in a
    /// delegated cgroup is moved one level down, because one whose children have controllers may hold no process.
    /// - Throws: `.permission` or `.unavailable` with the remedy, when nothing is to be had.
    static func ground(
        _ version: CgroupMounts.Hierarchy.Version, at mountPoint: String, enabling controllers: [String] = []
    ) throws(LabError) -> String {
        guard version == .v2 else { return mountPoint }
        return try known.withLock { (known: inout CgroupDelegation?) throws(LabError) -> String in
            if case .managed(let unit) = look(&known) {
                try claim(unit)
                known = nil
            }
            switch look(&known) {
            case .unmanaged:
                try CgroupTree.enable(controllers, in: mountPoint)
                return mountPoint
            case .delegated(let directory):
                let offered = Self.controllers(offeredBy: directory)
                guard controllers.allSatisfy(offered.contains) else {
                    throw lacking(controllers, directory, offered)
                }
                try vacate(directory)
                try CgroupTree.enable(controllers, in: directory)
                return directory
            case .managed(let unit): throw notDelegated(unit)
            }
        }
    }

    static func controllers(offeredBy directory: String) -> [String] {
        (Files.line("\(directory)/cgroup.controllers") ?? "").split(separator: " ").map(String.init)
    }

    /// That a delegated cgroup has not all of these controllers.
    static func lacking(_ controllers: [String], _ directory: String, _ offered: [String]) -> LabError {
        LabError(
            .unavailable,
            "the cgroup controllers \(controllers.joined(separator: ", ")) are not all delegated",
            cause: "\(directory) offers \(Message.names(offered))",
            remedy: "systemctl edit user@.service: [Service] Delegate=cpu memory pids io; then log in again")
    }

    private static func notDelegated(_ unit: String) -> LabError {
        LabError(
            .permission, "cannot make a cgroup", cause: "\(unit) is systemd's and was not delegated",
            remedy: "run as root, or under a delegated cgroup: systemd-run --user --scope -p Delegate=yes")
    }

    private static func claim(_ unit: String) throws(LabError) {
        guard geteuid() == 0 else { throw notDelegated(unit) }
        try Systemd.enterScope(named: "run-lab-\(getpid()).scope")
    }

    /// The name is systemd-nspawn's for the same.
    private static func vacate(_ directory: String) throws(LabError) {
        let below = "\(directory)/supervisor"
        // Who forks meanwhile is met in the next round.
        for _ in 0..<100 {
            let processes = ControlFile.processes(of: directory)
            if processes.isEmpty { return }
            if !Files.isDirectory(below) { try CgroupTree.make(below) }
            for process in processes {
                do throws(Errno) {
                    try Files.overwrite("\(process)", at: "\(below)/cgroup.procs")
                } catch {
                    // One that has ended by now need not be moved.
                    guard error == Errno(ESRCH) else {
                        throw LabError(
                            .permission, "cannot move process \(process) to \(below)", cause: "\(error)")
                    }
                }
            }
        }
        throw LabError(.unavailable, "cannot empty the cgroup \(directory)", cause: "it forks too fast")
    }
}
