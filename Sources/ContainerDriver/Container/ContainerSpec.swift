import CLinux
import Glibc
import LabCore
import Launch

/// The layers of isolation that make a process a container. Each can be left out, for ablation.
public struct Isolation: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A user namespace in which the caller is root: for callers who are not.
    public static let user = Isolation(rawValue: 1 << 0)
    public static let pid = Isolation(rawValue: 1 << 1)
    /// A mount namespace with an overlay root, entered by pivot_root.
    public static let root = Isolation(rawValue: 1 << 2)
    public static let network = Isolation(rawValue: 1 << 3)
    public static let ipc = Isolation(rawValue: 1 << 4)
    public static let uts = Isolation(rawValue: 1 << 5)
    public static let cgroupNamespace = Isolation(rawValue: 1 << 6)
    /// cgroups with limits of memory, cpu and pids.
    public static let limits = Isolation(rawValue: 1 << 7)
    /// /dev with the usual nodes, /dev/pts, /dev/shm, /dev/mqueue. Needs `root`.
    public static let devices = Isolation(rawValue: 1 << 8)
    /// /proc and /sys, with what reveals or changes the host masked or read-only. Needs `root`.
    public static let kernelFiles = Isolation(rawValue: 1 << 9)
    public static let capabilities = Isolation(rawValue: 1 << 10)
    public static let noNewPrivileges = Isolation(rawValue: 1 << 11)
    public static let seccomp = Isolation(rawValue: 1 << 12)

    /// What an engine like docker gives a container by default.
    public static let standard: Isolation = [
        .pid, .root, .network, .ipc, .uts, .cgroupNamespace, .limits, .devices, .kernelFiles, .capabilities,
        .noNewPrivileges, .seccomp,
    ]

    /// `standard` for a caller without root: in a user namespace, without cgroups.
    public static let rootless: Isolation = Isolation.standard.union(.user)
        .subtracting([.limits, .cgroupNamespace])

    /// What this user's containers get: all of it as root, and without root what it may, with limits only where a cgroup
    /// with their controllers was delegated to it.
    public static func ofThisUser() -> Isolation {
        if geteuid() == 0 { return .standard }
        guard CgroupDelegation.current.directory != nil,
            (try? CgroupMounts.current().requireControllers()) != nil
        else { return .rootless }
        return Isolation.rootless.union([.limits, .cgroupNamespace])
    }

    /// The namespaces that clone3 makes. The cgroup namespace is not among them: it must be unshared after the
    /// child has joined its cgroup, or its root would be the parent's.
    var cloned: Namespaces {
        var result: Namespaces = []
        if contains(.user) { result.insert(.user) }
        if contains(.pid) { result.insert(.pid) }
        if contains(.root) { result.insert(.mount) }
        if contains(.network) { result.insert(.network) }
        if contains(.ipc) { result.insert(.ipc) }
        if contains(.uts) { result.insert(.uts) }
        return result
    }
}

/// Everything that the launch program of one container depends on.
struct ContainerSpec: Sendable {
    var isolation: Isolation
    /// The read-only lower layers, the topmost first.
    var lowerDirectories: [String]
    /// A directory of the host that carries the stage, in another mount namespace than the host's.
    var mountPoint: String
    /// A descriptor of the stage; nil when the container makes its own.
    var stage: Int32?
    /// Path of the program in the container's root; with no `root` isolation, on the host.
    var program: String
    var hostname: String
    /// v1 cgroups that the child joins by itself. Which instance's makes no difference to what runs, only to its text.
    var cgroupsToJoin: [String]
    var filter: SeccompFilter?
    /// What of /proc and /sys is hidden or read-only.
    var kernelFiles: KernelFiles
    /// What it starts with; nil: all that the caller has.
    var process: ProcessSettings?
    /// What the caller has of that.
    var caller = CallerSettings.unknown
    /// A pidfd of this process, for the check that it is alive.
    var parent: Int32
    /// The caller's ids, mapped to root in a user namespace.
    var user: uid_t
    var group: gid_t
    /// How much its writable layer holds.
    var storageBytes = ContainerRun.storageBytes
    /// The most processes and threads that its PID namespace numbers; nil leaves the kernel's.
    var processes: Int?
    /// A terminal of its own; nil has none.
    var terminal: LaunchProgram.TerminalRequest?
}

/// Which paths of /proc and /sys are hidden or made read-only. All of them in every container: whether the kernel has
/// one is for the kernel to say, where it is to be covered. The caller's /proc may show less than the container's.
struct KernelFiles: Equatable, Sendable {
    /// In both lists, `*` stands for the number of each processor. Whether they are what their list says, is for the
    /// kernel to say too.
    var maskedFiles: [String]
    var maskedDirectories: [String]
    var readOnly: [String]

    var masked: [String] { maskedFiles + maskedDirectories }

    static let none = KernelFiles(maskedFiles: [], maskedDirectories: [], readOnly: [])

    /// What runc, crun or docker cover by default (`maskedPaths`, `readonlyPaths` of the OCI runtime specification,
    /// config-linux.md); moby 28 has more than the runtimes by themselves. Not `/proc/timer_stats`, which no kernel has
    /// that can start a container here, and not the two more of podman's: `/sys/dev/block` shows nothing that
    /// `/sys/block` doesn't, and below `/sys/fs/selinux` nothing is mounted in a sysfs of one's own.
    static let containerDefault = KernelFiles(
        maskedFiles: [
            "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
            "/proc/timer_list",
        ],
        maskedDirectories: [
            "/proc/acpi", "/proc/asound", "/proc/scsi", "/sys/devices/virtual/powercap", "/sys/firmware",
        ] + (clinux_counts_throttling() == 0 ? [] : ["/sys/devices/system/cpu/cpu*/thermal_throttle"]),
        readOnly: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"])

    /// Those in one directory.
    func below(_ directory: String) -> KernelFiles {
        func inside(_ path: String) -> Bool { path.hasPrefix("\(directory)/") }
        return KernelFiles(
            maskedFiles: maskedFiles.filter(inside), maskedDirectories: maskedDirectories.filter(inside),
            readOnly: readOnly.filter(inside))
    }
}
