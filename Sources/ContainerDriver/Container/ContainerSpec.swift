import Glibc
import LabCore

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
    /// Host files to hide, found to exist: relative to /proc or /sys.
    var kernelFiles: KernelFiles
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

/// Which paths of /proc and /sys are hidden or made read-only: the lists of the OCI runtimes' default
/// (`maskedPaths`, `readonlyPaths` of the OCI runtime specification, config-linux.md) as far as they exist here.
struct KernelFiles: Equatable, Sendable {
    var maskedFiles: [String]
    var maskedDirectories: [String]
    var readOnly: [String]
    /// Whether the kernel offers message queues (`/dev/mqueue`).
    var messageQueues: Bool

    private static let masked = [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
        "/sys/devices/virtual/powercap", "/sys/firmware",
    ]
    private static let protected = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    /// Those that this kernel has.
    static func found() -> KernelFiles {
        var files: [String] = []
        var directories: [String] = []
        for path in masked {
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR { directories.append(path) } else { files.append(path) }
        }
        return KernelFiles(
            maskedFiles: files, maskedDirectories: directories, readOnly: protected.filter(Files.exists),
            messageQueues: Files.exists("/proc/sys/fs/mqueue"))
    }

    /// Those in one directory.
    func below(_ directory: String) -> KernelFiles {
        func inside(_ path: String) -> Bool { path.hasPrefix("\(directory)/") }
        return KernelFiles(
            maskedFiles: maskedFiles.filter(inside), maskedDirectories: maskedDirectories.filter(inside),
            readOnly: readOnly.filter(inside), messageQueues: messageQueues)
    }
}
