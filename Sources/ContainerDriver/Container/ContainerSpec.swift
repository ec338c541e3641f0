import CLinux
import Glibc
import LabCore
import Launch
import OCI

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

    /// The isolation that an engine like docker gives a container by default.
    public static let standard: Isolation = [
        .pid, .root, .network, .ipc, .uts, .cgroupNamespace, .limits, .devices, .kernelFiles, .capabilities,
        .noNewPrivileges, .seccomp,
    ]

    /// `standard` for a caller without root: in a user namespace, without cgroups.
    public static let rootless: Isolation = Isolation.standard.union(.user)
        .subtracting([.limits, .cgroupNamespace])

    /// Returns the isolation of this user's containers: all of it as root, and without root what it may, with limits
    /// only where a cgroup with their controllers was delegated to it.
    public static func ofThisUser() -> Isolation {
        if geteuid() == 0 { return .standard }
        guard CgroupDelegation.current.directory != nil,
            (try? CgroupMounts.current().requireControllers()) != nil
        else { return .rootless }
        return Isolation.rootless.union([.limits, .cgroupNamespace])
    }

    /// All that a container of these layers has.
    var namespaces: Namespaces { contains(.cgroupNamespace) ? cloned.union(.cgroup) : cloned }

    /// Those that clone3 makes.
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

/// A container that is to be started: its runtime specification, and what that has no word for.
struct ContainerSpec: Sendable {
    var oci: RuntimeSpec
    /// The lower layers of its root, the lowest first; empty for the specification's root alone.
    var layers: [String] = []
    /// True when it writes to its one layer itself and not to memory above it, so that what it wrote stays.
    var writesToRoot = false
    /// Path of the program in the container's root; with no mount namespace, on the host.
    var program: String
    /// The filter, compiled once for all starts: that of `linux.seccomp`, which need not be described where nobody reads it.
    var filter: SeccompFilter?
    /// A directory of the host that carries the stage, in another mount namespace than the host's.
    var mountPoint: String
    /// A descriptor of the stage; nil when the container makes its own.
    var stage: Int32?
    /// A descriptor of a network namespace that it enters, with its interfaces up; nil when it makes its own.
    var network: Int32?
    /// v1 cgroups that the child joins by itself. Which instance's makes no difference to what runs, only to its text.
    var cgroupsToJoin: [String] = []
    /// True when it starts with all that the caller has, whatever `process` says.
    var inheritsAll = false
    /// The part of that which the caller has.
    var caller = CallerSettings.unknown
    /// The processors that it is held to; nil for the caller's.
    var processors: CPUList?
    /// A pidfd of this process, for the check that it is alive.
    var parent: Int32
    /// The capacity of its writable layer, in bytes.
    var storageBytes = ContainerRun.storageBytes
    /// A directory of the host's that is its writable layer, instead of memory of its own. Only where it makes its own stage.
    var layer: String?
    /// A FIFO of the host's that is its `/dev/lab-channel`, where it starts a complete system: then it has what an init asks
    /// for, too. Nil for a container of one program.
    var channel: String?
    /// A terminal of its own; nil has none.
    var terminal: LaunchProgram.TerminalRequest?
    /// The standard descriptors that are its own /dev/null.
    var nulls: [LaunchProgram.NullDescriptor] = []
    /// The name of the session keyring that it shares with others of its run, where a filter holds it off; nil has its own.
    var sessionKeyring: String?
    /// The socket of who ends it when this process can't; nil where nobody does.
    var watcher: Int32?

    func layers(_ oci: SupportedSpec) -> [String] { layers.isEmpty ? [oci.root] : layers }
}

/// The start of a container, by our engine and by `lab-container`.
extension ProgramBuffer {
    convenience init(_ spec: ContainerSpec) throws(LabError) {
        self.init(try .container(spec), environment: spec.oci.process?.env ?? [])
    }
}

extension ProgramBuffer.Parameters {
    init(
        arguments: [String], standard: (Int32, Int32, Int32, Int32), cgroups: InstanceCgroups?
    ) {
        self.init(
            arguments: arguments, standard: standard, cgroup: cgroups?.cloneTarget ?? -1,
            joins: cgroups?.joins ?? [])
    }
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

    /// The paths covered by runc, crun or docker (`maskedPaths`, `readonlyPaths` of the OCI runtime specification,
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
        ] + (clinux_counts_throttling() == 0 ? [] : [perProcessor]),
        readOnly: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"])

    private static let perProcessor = "/sys/devices/system/cpu/cpu*/thermal_throttle"

    /// The masked paths that are directories.
    static let directories = containerDefault.maskedDirectories + [perProcessor]

    /// One for each processor instead of `*`, of those that this machine has now.
    private static func unfolded(_ path: String) -> [String] {
        guard path.utf8.contains(UInt8(ascii: "*")) else { return [path] }
        let parts = path.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return [path] }
        return (0..<max(1, sysconf(Int32(_SC_NPROCESSORS_CONF)))).map { "\(parts[0])\($0)\(parts[1])" }
    }

    /// As a runtime is told them.
    var maskedPaths: [String] { masked.flatMap(Self.unfolded) }

    /// The same back, so that the executor masks what there is of every processor that there may ever be.
    static func folded(_ paths: [String]) -> [String] {
        guard paths.contains(where: { $0.hasPrefix("/sys/devices/system/cpu/") }) else { return paths }
        let all = unfolded(perProcessor)
        guard all.allSatisfy(paths.contains) else { return paths }
        return paths.compactMap { $0 == all[0] ? perProcessor : all.contains($0) ? nil : $0 }
    }

    /// True when this kernel has message queues, which a peer must not be told to mount where there are none.
    static var hasMessageQueues: Bool { Files.exists("/proc/sys/fs/mqueue") }

    /// Those in one directory.
    func below(_ directory: String) -> KernelFiles {
        func inside(_ path: String) -> Bool { path.hasPrefix("\(directory)/") }
        return KernelFiles(
            maskedFiles: maskedFiles.filter(inside), maskedDirectories: maskedDirectories.filter(inside),
            readOnly: readOnly.filter(inside))
    }
}
