import Glibc
import LabCore
import Launch
import OCI

/// The container of this project in the words of the runtime specification: our engine, `lab-container` and every peer are
/// made from it.
extension RuntimeSpec {
    /// - Parameter root: the directory that holds its files.
    /// - Parameter args: the command and its arguments.
    static func container(
        _ isolation: Isolation = .standard, root: String, hostname: String, args: [String] = [],
        env: [String] = ChildLauncher.environment, processes: Int? = nil
    ) -> RuntimeSpec {
        let settings = ProcessSettings()
        return RuntimeSpec {
            $0.root = Root { $0.path = root }
            $0.hostname = isolation.contains(.uts) ? hostname : nil
            $0.mounts = mounts(isolation)
            $0.process = Process {
                $0.args = args
                $0.env = env
                $0.user = User {
                    ($0.uid, $0.gid, $0.umask) = (settings.user, settings.group, settings.umask)
                }
                $0.rlimits = settings.limits.map { Rlimit($0) }
                $0.oomScoreAdj = settings.oomScoreAdjustment
                $0.noNewPrivileges = isolation.contains(.noNewPrivileges)
                if isolation.contains(.capabilities) { $0.capabilities = .containerDefault }
            }
            $0.linux = Linux {
                $0.namespaces = isolation.namespaces.names.map { name in
                    Namespace { $0.type = SupportedSpec.word(name) }
                }
                if isolation.contains(.user) {
                    // The caller's own ids, which are all that a user may map.
                    $0.uidMappings = [IDMapping { ($0.hostID, $0.size) = (getuid(), 1) }]
                    $0.gidMappings = [IDMapping { ($0.hostID, $0.size) = (getgid(), 1) }]
                }
                if isolation.contains(.seccomp) { $0.seccomp = .containerDefault }
                if isolation.contains(.kernelFiles) {
                    let all = KernelFiles.containerDefault
                    let seen = isolation.mountsSys ? all : all.below("/proc")
                    ($0.maskedPaths, $0.readonlyPaths) = (seen.maskedPaths, seen.readOnly)
                }
                if let processes { $0.sysctl = StringMap(ProcessLimit.sysctl, "\(processes + 1)") }
            }
        }
    }

    private static func mount(
        _ destination: String, _ type: String, source: String? = nil, _ options: [String]
    ) -> Mount {
        Mount {
            ($0.destination, $0.type, $0.source, $0.options) = (destination, type, source ?? type, options)
        }
    }

    private static func mounts(_ isolation: Isolation) -> [Mount] {
        guard isolation.contains(.root) else { return [] }
        let strict = ["nosuid", "noexec", "nodev"]
        var mounts: [Mount] = []
        if isolation.contains(.kernelFiles) {
            mounts.append(mount("/proc", "proc", strict))
            if isolation.mountsSys { mounts.append(mount("/sys", "sysfs", strict + ["ro"])) }
        }
        guard isolation.contains(.devices) else { return mounts }
        mounts += [
            mount("/dev", "tmpfs", ["nosuid", "noexec", "mode=755", "size=65536k"]),
            mount("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
            mount("/dev/shm", "tmpfs", source: "shm", strict + ["mode=1777", "size=65536k"]),
        ]
        if isolation.contains(.ipc) { mounts.append(mount("/dev/mqueue", "mqueue", strict)) }
        return mounts
    }

    /// The same for a command of an image: its root, words, environment, user and directory.
    func running(_ command: CommandPayload?) -> RuntimeSpec {
        guard let command else { return self }
        var spec = self
        spec.root?.path = command.tree.directory ?? ""
        spec.process?.args = [command.program] + command.arguments.dropFirst()
        spec.process?.env = command.environment
        spec.process?.cwd = command.directory
        if let user = command.user {
            spec.process?.user?.uid = user.user
            spec.process?.user?.gid = user.group
            spec.process?.user?.additionalGids = user.groups.isEmpty ? nil : user.groups
        }
        return spec
    }

    /// As whoever puts no writable layer over a root must have it: what writes, writes to /tmp.
    func onReadOnlyRoot() -> RuntimeSpec {
        var spec = self
        spec.root?.readonly = true
        spec.mounts?.append(Self.mount("/tmp", "tmpfs", ["nosuid", "nodev", "mode=1777"]))
        return spec
    }

    /// With a directory of the host's mounted in it, to be written to.
    func withVolume(_ directory: String, at target: String) -> RuntimeSpec {
        var spec = self
        spec.mounts?.removeAll { $0.destination == target }
        spec.mounts?.append(
            Self.mount(target, "bind", source: directory, ["rbind", "rw", "nosuid", "nodev"]))
        return spec
    }

    /// As a peer is told it: without what this kernel has not or the caller may not, which a peer would not pass over.
    func onThisMachine() -> RuntimeSpec {
        var spec = self
        if !KernelFiles.hasMessageQueues { spec.mounts?.removeAll { $0.type == "mqueue" } }
        spec.process?.rlimits = process?.rlimits?.map { Self.attainable[$0.type] ?? $0 }
        return spec
    }

    /// The limits as near as the hard ones of this process let them come, which only CAP_SYS_RESOURCE, number 24, may raise.
    private static let attainable: [String: Rlimit] = {
        let capabilities = (try? HostProcess(pid: getpid()).status().effectiveCapabilities) ?? 0
        let pids = UInt64(Files.line("/proc/sys/kernel/pid_max") ?? "") ?? 32_768
        var result: [String: Rlimit] = [:]
        for limit in Launch.Rlimit.containerDefault {
            var own = rlimit()
            let isFree = capabilities >> 24 & 1 == 1 || getrlimit(limit.resource, &own) != 0
            // podman takes for itself no more processes than there are pids, and what it starts can't have more.
            let most = limit.name == "RLIMIT_NPROC" ? pids : .max
            let hard = isFree ? limit.hard : min(limit.hard, UInt64(own.rlim_max), most)
            result[limit.name] = Rlimit {
                ($0.type, $0.soft, $0.hard) = (limit.name, min(limit.soft, hard), hard)
            }
        }
        return result
    }()

    /// Limits of a cgroup, with a device rule for those runtimes that hold devices by it: all refused but those that they add
    /// by themselves, null, zero, full, random, urandom and tty.
    func limited(to limits: ResourceLimits, cgroup: String) -> RuntimeSpec {
        let period: UInt64 = 100_000
        var spec = self
        spec.linux?.resources = Resources {
            let memory = Int64(clamping: limits.memoryBytes)
            $0.memory = Memory { ($0.limit, $0.swap) = (memory, memory) }
            $0.cpu = CPU { ($0.quota, $0.period) = (Int64(clamping: limits.cpus) * Int64(period), period) }
            $0.pids = Pids { $0.limit = Int64(limits.pids) }
            $0.devices = [DeviceRule { $0.access = "rwm" }]
        }
        spec.linux?.cgroupsPath = cgroup
        return spec
    }
}

extension Isolation {
    /// sysfs shows the network namespace it is mounted in, and only its owner may mount it.
    fileprivate var mountsSys: Bool { contains(.network) || !contains(.user) }
}

extension RuntimeSpec.Rlimit {
    fileprivate init(_ limit: Launch.Rlimit) {
        self.init { ($0.type, $0.soft, $0.hard) = (limit.name, limit.soft, limit.hard) }
    }
}

extension RuntimeSpec.Capabilities {
    fileprivate static let containerDefault = Self {
        let names = Launch.Capabilities.containerDefault.names
        ($0.effective, $0.bounding, $0.permitted) = (names, names, names)
    }
}

extension RuntimeSpec.Seccomp {
    static let containerDefault = Self(.containerDefault)

    /// Whoever reads this compares 64 bits: the masks have those that the kernel sees.
    init(_ profile: SeccompProfile) {
        self.init {
            $0.defaultAction = "SCMP_ACT_ERRNO"
            $0.defaultErrnoRet = UInt32(profile.defaultErrno)
            $0.syscalls = profile.rules.flatMap { rule in
                rule.withoutInequalities.map { comparisons in RuntimeSpec.Syscall(rule, comparisons) }
            }
        }
    }
}

extension RuntimeSpec.Syscall {
    fileprivate init(_ rule: SeccompProfile.Rule, _ comparisons: [SeccompProfile.Comparison]) {
        self.init {
            $0.names = rule.systemCalls.map(\.name)
            switch rule.action {
            case .allow: $0.action = "SCMP_ACT_ALLOW"
            case .fail(let errno): ($0.action, $0.errnoRet) = ("SCMP_ACT_ERRNO", UInt32(errno))
            }
            guard !comparisons.isEmpty else { return }
            $0.args = comparisons.map { comparison in
                RuntimeSpec.SyscallArgument {
                    $0.index = comparison.argument
                    ($0.value, $0.valueTwo, $0.op) = (comparison.mask, comparison.value, "SCMP_CMP_MASKED_EQ")
                }
            }
        }
    }
}
