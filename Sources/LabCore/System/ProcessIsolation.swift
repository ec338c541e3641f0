import Glibc

/// The host kernel's data on what a process is put into and may do: the oracle of everything that a workload says
/// of itself. See proc(5), namespaces(7), capabilities(7).
public struct ProcessIsolation: Equatable, Sendable {
    /// The namespaces that a kernel of today has, by their names in /proc/PID/ns.
    public enum Namespace: String, CaseIterable, Sendable {
        case cgroup, ipc, mnt, net, pid, user, uts

        /// The mechanism that answers for it in a table of facts.
        public var mechanism: Mechanism {
            switch self {
            case .cgroup: .cgroupNamespace
            case .ipc: .ipcNamespace
            case .mnt: .mountNamespace
            case .net: .networkNamespace
            case .pid: .pidNamespace
            case .user: .userNamespace
            case .uts: .utsNamespace
            }
        }
    }

    public var pid: pid_t
    /// The number that it has in the innermost pid namespace, `NSpid` of /proc/PID/status.
    public var innerPID: pid_t
    /// The file that it executes, as its own root names it.
    public var program: String
    /// The inode of each namespace it is in.
    public var namespaces: [Namespace: UInt64]
    /// Bit N is capability N.
    public var effectiveCapabilities: UInt64
    /// Its effective user and group and its other groups, by their numbers outside of any user namespace.
    public var uid: uid_t
    public var gid: gid_t
    public var groups: [gid_t]
    /// True when it is under a seccomp filter.
    public var isFiltered: Bool
    public var hasNoNewPrivileges: Bool
    public var mounts: MountTable
    /// The lines of /proc/PID/cgroup as the host sees them.
    public var cgroups: [String]

    /// - Throws: `.input` when the process has ended or this user may not look.
    public init(of process: HostProcess) throws(LabError) {
        let place = "/proc/\(process.pid)"
        let status = try process.status()
        pid = process.pid
        innerPID = status.pids.last ?? process.pid
        effectiveCapabilities = status.effectiveCapabilities ?? 0
        // Real, effective, saved, of the file system.
        let (users, groups) = (status.ids("Uid"), status.ids("Gid"))
        guard users.count == 4, groups.count == 4 else {
            throw LabError(.input, "cannot read whose process \(process.pid) is")
        }
        uid = users[1]
        gid = groups[1]
        self.groups = status.ids("Groups")
        isFiltered = status.seccompMode == 2
        hasNoNewPrivileges = status.hasNoNewPrivileges
        guard let program = process.target(of: "exe") else {
            throw LabError(
                .input, "cannot read what process \(process.pid) executes", cause: "\(Errno(errno))")
        }
        self.program = program
        namespaces = [:]
        for namespace in Namespace.allCases {
            var status = stat()
            if stat("\(place)/ns/\(namespace.rawValue)", &status) == 0 {
                namespaces[namespace] = UInt64(status.st_ino)
            }
        }
        mounts = MountTable(mountinfo: try Files.readText("\(place)/mountinfo"))
        cgroups = try Files.readText("\(place)/cgroup").split(separator: "\n").map(String.init)
    }

    /// Of this process itself.
    public static func own() throws(LabError) -> ProcessIsolation {
        try ProcessIsolation(of: HostProcess(pid: getpid()))
    }

    public func has(capability: Int) -> Bool { effectiveCapabilities >> UInt64(capability) & 1 == 1 }

    /// Returns true when both are in the same namespace of this kind.
    public func shares(_ namespace: Namespace, with other: ProcessIsolation) -> Bool {
        namespaces[namespace] == other.namespaces[namespace]
    }

    /// `/proc/PID/ns/net: 4026532001, ours 4026531840`.
    public func evidence(_ namespace: Namespace, against other: ProcessIsolation) -> Message {
        func inode(_ of: ProcessIsolation) -> Message { of.namespaces[namespace].map { "\($0)" } ?? "none" }
        return "/proc/\(pid)/ns/\(namespace.rawValue): \(inode(self)), ours \(inode(other))"
    }

    /// Its cgroup of one controller, as /proc/PID/cgroup names it; of version 2 where the controller is there.
    public func cgroup(_ controller: String) -> String? {
        let fields = cgroups.map { $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false) }
        let line =
            fields.first { $0.count == 3 && $0[1].split(separator: ",").contains(Substring(controller)) }
            ?? fields.first { $0.count == 3 && $0[0] == "0" }
        return line.map { String($0[2]) }
    }
}
