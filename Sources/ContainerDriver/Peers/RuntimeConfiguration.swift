import FoundationEssentials
import Glibc
import LabCore
import Launch

/// The `config.json` of an OCI bundle, in the words of the OCI runtime specification 1.0.2 (config.md,
/// config-linux.md): the same isolation, limits and filter that `LaunchProgram.container` sets up by itself.
struct RuntimeConfiguration: Encodable, Equatable {
    var ociVersion = "1.0.2"
    var process: Process
    var root: Root
    var hostname: String
    var mounts: [Mount]
    var linux: Linux

    struct Process: Encodable, Equatable {
        struct User: Encodable, Equatable {
            var uid = 0
            var gid = 0
            var umask: UInt32
        }
        struct Limit: Encodable, Equatable {
            var type: String
            var soft: UInt64
            var hard: UInt64
        }
        struct CapabilitySets: Encodable, Equatable {
            var bounding: [String]
            var effective: [String]
            var permitted: [String]
        }
        var user: User
        var args: [String]
        var env: [String]
        var cwd = "/"
        var capabilities: CapabilitySets
        var noNewPrivileges = true
        var rlimits: [Limit]
        var oomScoreAdj: Int
    }

    struct Root: Encodable, Equatable {
        var path: String
        var readonly = true
    }

    struct Mount: Encodable, Equatable {
        var destination: String
        var type: String
        var source: String
        var options: [String]
    }

    struct Linux: Encodable, Equatable {
        struct Namespace: Encodable, Equatable { var type: String }
        var namespaces: [Namespace]
        var cgroupsPath: String
        var resources: Resources
        var seccomp: SeccompDescription
        var maskedPaths: [String]
        var readonlyPaths: [String]
    }

    struct Resources: Encodable, Equatable {
        struct Memory: Encodable, Equatable {
            var limit: UInt64
            /// Memory and swap together: the same figure means no swap.
            var swap: UInt64
        }
        struct CPU: Encodable, Equatable {
            /// Microseconds of each period.
            var quota: Int
            var period: Int
        }
        struct Pids: Encodable, Equatable { var limit: Int }
        struct Device: Encodable, Equatable {
            var allow: Bool
            var access: String
        }
        var memory: Memory
        var cpu: CPU
        var pids: Pids
        /// All refused but those that a runtime adds by itself: null, zero, full, random, urandom, tty.
        var devices = [Device(allow: false, access: "rwm")]
    }

    init(
        root: RootFilesystem, workload: Workload, limits: ResourceLimits, name: PeerName,
        kernelFiles: KernelFiles, settings: ProcessSettings = ProcessSettings(), messageQueues: Bool,
        profile: SeccompProfile
    ) {
        let kept = Capabilities.containerDefault.names
        process = Process(
            user: Process.User(umask: UInt32(settings.umask)),
            args: [RootFilesystem.guestPath, workload.name] + workload.arguments,
            env: ChildLauncher.environment,
            capabilities: Process.CapabilitySets(bounding: kept, effective: kept, permitted: kept),
            rlimits: settings.limits.map { Process.Limit(type: $0.name, soft: $0.soft, hard: $0.hard) },
            oomScoreAdj: settings.oomScoreAdjustment)
        self.root = Root(path: root.directory)
        hostname = name.hostname
        mounts = Self.mounts(messageQueues: messageQueues)
        let period = 100_000
        linux = Linux(
            namespaces: ["pid", "mount", "network", "ipc", "uts", "cgroup"].map(Linux.Namespace.init),
            cgroupsPath: name.cgroup,
            resources: Resources(
                memory: Resources.Memory(limit: limits.memoryBytes, swap: limits.memoryBytes),
                cpu: Resources.CPU(quota: limits.cpus * period, period: period),
                pids: Resources.Pids(limit: limits.pids)),
            seccomp: SeccompDescription(profile),
            maskedPaths: kernelFiles.maskedPaths,
            readonlyPaths: kernelFiles.readOnly)
    }

    private static func mounts(messageQueues: Bool) -> [Mount] {
        let strict = ["nosuid", "noexec", "nodev"]
        var mounts = [
            Mount(destination: "/proc", type: "proc", source: "proc", options: strict),
            Mount(destination: "/sys", type: "sysfs", source: "sysfs", options: strict + ["ro"]),
            Mount(
                destination: "/dev", type: "tmpfs", source: "tmpfs",
                options: ["nosuid", "noexec", "mode=755", "size=65536k"]),
            Mount(
                destination: "/dev/pts", type: "devpts", source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
            Mount(
                destination: "/dev/shm", type: "tmpfs", source: "shm",
                options: strict + ["mode=1777", "size=65536k"]),
            // The root is read-only: what writes, writes here.
            Mount(
                destination: "/tmp", type: "tmpfs", source: "tmpfs",
                options: ["nosuid", "nodev", "mode=1777"]),
        ]
        if messageQueues {
            mounts.append(
                Mount(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: strict))
        }
        return mounts
    }

    /// The file's text: the same configuration gives the same bytes.
    func text() throws(LabError) -> String { try JSONText.of(self) }
}

/// A seccomp profile in the words of the OCI runtime specification, which docker and podman read too.
struct SeccompDescription: Encodable, Equatable {
    struct Rule: Encodable, Equatable {
        struct Argument: Encodable, Equatable {
            var index: UInt32
            var value: UInt64
            var valueTwo: UInt64
            var op: String
        }
        var names: [String]
        var action: String
        var errnoRet: Int32?
        var args: [Argument]?
    }
    var defaultAction = "SCMP_ACT_ERRNO"
    var defaultErrnoRet: Int32
    var syscalls: [Rule]

    init(_ profile: SeccompProfile) {
        defaultErrnoRet = profile.defaultErrno
        syscalls = profile.rules.flatMap { rule in
            let (action, errno): (String, Int32?) =
                switch rule.action {
                case .allow: ("SCMP_ACT_ALLOW", nil)
                case .fail(let errno): ("SCMP_ACT_ERRNO", errno)
                }
            // Whoever reads this compares 64 bits: the mask has those that the kernel sees.
            return rule.withoutInequalities.map { comparisons in
                let arguments = comparisons.map {
                    Rule.Argument(
                        index: $0.argument, value: $0.mask, valueTwo: $0.value, op: "SCMP_CMP_MASKED_EQ")
                }
                return Rule(
                    names: rule.systemCalls, action: action, errnoRet: errno,
                    args: arguments.isEmpty ? nil : arguments)
            }
        }
    }

    func text() throws(LabError) -> String { try JSONText.of(self) }
}

/// JSON with sorted keys, so that the same value gives the same bytes.
private enum JSONText {
    static func of(_ value: some Encodable) throws(LabError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
        } catch {
            throw LabError(.software, "cannot write JSON", cause: "\(error)")
        }
    }
}

extension KernelFiles {
    /// As a runtime is told them, which passes over those that are not there: one for each processor instead of `*`.
    var maskedPaths: [String] {
        masked.flatMap { path in
            let parts = path.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return [path] }
            return (0..<max(1, sysconf(Int32(_SC_NPROCESSORS_CONF)))).map { "\(parts[0])\($0)\(parts[1])" }
        }
    }

    /// Whether this kernel has message queues, which a peer must not be told to mount where there are none.
    static var hasMessageQueues: Bool { Files.exists("/proc/sys/fs/mqueue") }
}
