/// The `config.json` of a bundle: the OCI runtime specification 1.2, config.md and config-linux.md, in its own words.
///
/// A word that is missing here is passed over when a file is read, as the specification wants it ("Extensibility"); what a
/// runtime must not pass over silently is here, as `JSON` where no runtime of ours does it yet.
package struct RuntimeSpec: SpecPart {
    package var ociVersion = "1.0.2"
    package var root: Root?
    package var mounts: [Mount]?
    package var process: Process?
    package var hostname: String?
    package var domainname: String?
    package var hooks: Hooks?
    package var annotations: [String: String]?
    package var linux: Linux?
    package init() {}

    package struct Root: SpecPart {
        package var path = ""
        package var readonly: Bool?
        package init() {}
    }

    package struct Mount: SpecPart {
        package var destination = ""
        package var type: String?
        package var source: String?
        package var options: [String]?
        package var uidMappings: [IDMapping]?
        package var gidMappings: [IDMapping]?
        package init() {}
    }

    /// Programs of the caller's at the stages of a container's life, config.md, "POSIX-platform Hooks".
    package struct Hooks: SpecPart {
        package var prestart: [Hook]?
        package var createRuntime: [Hook]?
        package var createContainer: [Hook]?
        package var startContainer: [Hook]?
        package var poststart: [Hook]?
        package var poststop: [Hook]?
        package init() {}
    }

    package struct Hook: SpecPart {
        package var path = ""
        package var args: [String]?
        package var env: [String]?
        /// Seconds.
        package var timeout: Int?
        package init() {}
    }

    package struct IDMapping: SpecPart {
        package var containerID: UInt32 = 0
        package var hostID: UInt32 = 0
        package var size: UInt32 = 0
        package init() {}
    }
}

/// A part of a specification that is made empty and then filled in, word by word.
package protocol SpecPart: Codable, Equatable, Sendable {
    init()
}

extension SpecPart {
    @inlinable package init(_ fill: (inout Self) -> Void) {
        self.init()
        fill(&self)
    }
}

// MARK: process

extension RuntimeSpec {
    package struct Process: SpecPart {
        package var terminal: Bool?
        package var consoleSize: ConsoleSize?
        package var cwd = "/"
        package var env: [String]?
        package var args: [String]?
        package var rlimits: [Rlimit]?
        package var user: User?
        package var capabilities: Capabilities?
        package var noNewPrivileges: Bool?
        package var apparmorProfile: String?
        package var selinuxLabel: String?
        package var oomScoreAdj: Int?
        package var scheduler: Scheduler?
        package var ioPriority: IOPriority?
        package var execCPUAffinity: CPUAffinity?
        package init() {}
    }

    /// sched_setattr(2).
    package struct Scheduler: SpecPart {
        /// `SCHED_OTHER` and so on.
        package var policy = ""
        package var nice: Int32?
        package var priority: Int32?
        package var flags: [String]?
        /// Nanoseconds, of `SCHED_DEADLINE`.
        package var runtime: UInt64?
        package var deadline: UInt64?
        package var period: UInt64?
        package init() {}
    }

    /// ioprio_set(2).
    package struct IOPriority: SpecPart {
        /// `IOPRIO_CLASS_BE` and so on.
        package var `class` = ""
        package var priority = 0
        package init() {}
    }

    /// The processors of a process of `exec`, as lists: while it is moved into the container, and then.
    package struct CPUAffinity: SpecPart {
        package var initial: String?
        package var final: String?
        package init() {}
    }

    package struct ConsoleSize: SpecPart {
        package var height: UInt16 = 0
        package var width: UInt16 = 0
        package init() {}
    }

    package struct Rlimit: SpecPart {
        package var type = ""
        package var soft: UInt64 = 0
        package var hard: UInt64 = 0
        package init() {}
    }

    package struct User: SpecPart {
        package var uid: UInt32 = 0
        package var gid: UInt32 = 0
        package var umask: UInt32?
        package var additionalGids: [UInt32]?
        package init() {}
    }

    package struct Capabilities: SpecPart {
        package var effective: [String]?
        package var bounding: [String]?
        package var inheritable: [String]?
        package var permitted: [String]?
        package var ambient: [String]?
        package init() {}
    }
}

// MARK: linux

extension RuntimeSpec {
    package struct Linux: SpecPart {
        package var namespaces: [Namespace]?
        package var uidMappings: [IDMapping]?
        package var gidMappings: [IDMapping]?
        package var timeOffsets: TimeOffsets?
        package var devices: [Device]?
        package var netDevices: JSON?
        package var cgroupsPath: String?
        package var resources: Resources?
        package var intelRdt: JSON?
        package var sysctl: StringMap?
        package var seccomp: Seccomp?
        package var rootfsPropagation: String?
        package var maskedPaths: [String]?
        package var readonlyPaths: [String]?
        package var mountLabel: String?
        package var personality: Personality?
        package init() {}
    }

    package struct Namespace: SpecPart {
        package var type = ""
        /// Of one that is there already and is entered.
        package var path: String?
        package init() {}
    }

    /// What the clocks of a time namespace of its own are ahead of the machine's.
    package struct TimeOffsets: SpecPart {
        package var monotonic: TimeOffset?
        package var boottime: TimeOffset?
        package init() {}
    }

    package struct TimeOffset: SpecPart {
        package var secs: Int64?
        package var nanosecs: UInt32?
        package init() {}
    }

    package struct Device: SpecPart {
        /// `c`, `b`, `u` or `p`.
        package var type = ""
        package var path = ""
        package var major: Int64?
        package var minor: Int64?
        package var fileMode: UInt32?
        package var uid: UInt32?
        package var gid: UInt32?
        package init() {}
    }

    package struct Personality: SpecPart {
        /// `LINUX` or `LINUX32`.
        package var domain = ""
        package var flags: [String]?
        package init() {}
    }

    package struct HugepageLimit: SpecPart {
        /// `2MB`.
        package var pageSize = ""
        /// Bytes.
        package var limit: UInt64 = 0
        package init() {}
    }

    package struct Resources: SpecPart {
        package var devices: [DeviceRule]?
        package var memory: Memory?
        package var cpu: CPU?
        package var pids: Pids?
        package var blockIO: BlockIO?
        package var hugepageLimits: [HugepageLimit]?
        package var network: Network?
        package var rdma: [String: RDMA]?
        package var unified: StringMap?
        package init() {}
    }

    /// How disks are shared, and at most used, by the numbers of their devices.
    package struct BlockIO: SpecPart {
        package var weight: UInt16?
        package var leafWeight: UInt16?
        package var weightDevice: [WeightDevice]?
        package var throttleReadBpsDevice: [ThrottleDevice]?
        package var throttleWriteBpsDevice: [ThrottleDevice]?
        package var throttleReadIOPSDevice: [ThrottleDevice]?
        package var throttleWriteIOPSDevice: [ThrottleDevice]?
        package init() {}
    }

    package struct WeightDevice: SpecPart {
        package var major: Int64 = 0
        package var minor: Int64 = 0
        package var weight: UInt16?
        package var leafWeight: UInt16?
        package init() {}
    }

    package struct ThrottleDevice: SpecPart {
        package var major: Int64 = 0
        package var minor: Int64 = 0
        /// Bytes or operations in a second.
        package var rate: UInt64 = 0
        package init() {}
    }

    /// What packets are marked with, on version 1.
    package struct Network: SpecPart {
        package var classID: UInt32?
        package var priorities: [InterfacePriority]?
        package init() {}
    }

    package struct InterfacePriority: SpecPart {
        package var name = ""
        package var priority: UInt32 = 0
        package init() {}
    }

    package struct RDMA: SpecPart {
        package var hcaHandles: UInt32?
        package var hcaObjects: UInt32?
        package init() {}
    }

    package struct DeviceRule: SpecPart {
        package var allow = false
        package var type: String?
        package var major: Int64?
        package var minor: Int64?
        package var access: String?
        package init() {}
    }

    package struct Memory: SpecPart {
        package var limit: Int64?
        /// Memory and swap together: the same figure as `limit` means no swap.
        package var swap: Int64?
        package var reservation: Int64?
        package var swappiness: UInt64?
        /// Of old kernels, which limited their own memory apart.
        package var kernel: JSON?
        package var kernelTCP: JSON?
        package var disableOOMKiller: Bool?
        /// A limit below what is used already is refused.
        package var checkBeforeUpdate: Bool?
        package init() {}
    }

    package struct CPU: SpecPart {
        /// Microseconds of each period.
        package var quota: Int64?
        package var period: UInt64?
        package var shares: UInt64?
        package var burst: UInt64?
        package var realtimeRuntime: Int64?
        package var realtimePeriod: UInt64?
        package var cpus: String?
        package var mems: String?
        package var idle: Int64?
        package init() {}
    }

    package struct Pids: SpecPart {
        package var limit: Int64 = 0
        package init() {}
    }

    /// A filter of system calls, which docker and podman read as a file of its own too.
    package struct Seccomp: SpecPart {
        package var defaultAction = ""
        package var defaultErrnoRet: UInt32?
        package var architectures: [String]?
        package var flags: [String]?
        /// A socket, on which somebody waits for the descriptor that SCMP_ACT_NOTIFY asks.
        package var listenerPath: String?
        package var listenerMetadata: String?
        package var syscalls: [Syscall]?
        package init() {}
    }

    package struct Syscall: SpecPart {
        package var names: [String] = []
        package var action = ""
        package var errnoRet: UInt32?
        package var args: [SyscallArgument]?
        package init() {}
    }

    package struct SyscallArgument: SpecPart {
        package var index: UInt32 = 0
        package var value: UInt64 = 0
        package var valueTwo: UInt64?
        package var op = ""
        package init() {}
    }
}
