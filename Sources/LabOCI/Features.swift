import Glibc
import LabCore
import OCI

/// What this runtime can do, in the words of features.md and features-linux.md.
struct Features: SpecPart {
    /// Of the specification.
    static let version = "1.2.0"

    var ociVersionMin = "1.0.0"
    var ociVersionMax = Features.version
    var hooks = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
    var mountOptions = MountOptions.words.filter { $0 != "copy-symlink" }.sorted()
    var linux = Linux()
    init() {}

    struct Linux: SpecPart {
        var namespaces = ContainerNamespaces.kinds.map(\.word).sorted()
        var capabilities = CapabilitySets.names
        var cgroup = Cgroup()
        var seccomp = Seccomp()
        var apparmor = Switch { $0.enabled = true }
        var selinux = Switch { $0.enabled = true }
        var intelRdt = Switch()
        var mountExtensions = MountExtensions()
        init() {}
    }

    struct Cgroup: SpecPart {
        var v1 = true
        var v2 = true
        var systemd = true
        var systemdUser = true
        var rdma = false
        init() {}
    }

    struct Seccomp: SpecPart {
        var enabled = true
        var actions = CompiledFilter.actions.map(\.word)
        var operators = CompiledFilter.operators.map(\.word)
        var archs = CompiledFilter.architectures
        var knownFlags = CompiledFilter.knownFlags.map(\.word)
        var supportedFlags = CompiledFilter.knownFlags.map(\.word)
        init() {}
    }

    struct Switch: SpecPart {
        var enabled = false
        init() {}
    }

    struct MountExtensions: SpecPart {
        var idmap = Switch { $0.enabled = true }
        init() {}
    }
}

/// The config.json that `spec` writes: a shell on a root that is read only, with what runc gives it.
enum SpecTemplate {
    static var whole: RuntimeSpec {
        RuntimeSpec {
            $0.ociVersion = Features.version
            $0.root = RuntimeSpec.Root { ($0.path, $0.readonly) = ("rootfs", true) }
            $0.hostname = "lab-oci"
            $0.process = process
            $0.mounts = mounts
            $0.linux = linux
        }
    }

    /// For who is not root: his own id and group are root's in there, and nothing is asked that takes more.
    static var rootless: RuntimeSpec {
        var spec = whole
        let (user, group) = (geteuid(), getegid())
        spec.linux?.namespaces?.removeAll { $0.type == "network" }
        spec.linux?.namespaces?.append(RuntimeSpec.Namespace { $0.type = "user" })
        spec.linux?.uidMappings = [RuntimeSpec.IDMapping { ($0.hostID, $0.size) = (user, 1) }]
        spec.linux?.gidMappings = [RuntimeSpec.IDMapping { ($0.hostID, $0.size) = (group, 1) }]
        spec.linux?.resources = nil
        // A new /sys takes a network namespace of its own; there is but one group.
        spec.mounts = spec.mounts?.filter { $0.type != "cgroup" }.map { mount in
            var mount = mount
            if mount.destination == "/sys" {
                (mount.type, mount.source) = ("none", "/sys")
                mount.options = ["rbind", "nosuid", "noexec", "nodev", "ro"]
            }
            mount.options?.removeAll { $0.hasPrefix("gid=") }
            return mount
        }
        return spec
    }

    private static var process: RuntimeSpec.Process {
        RuntimeSpec.Process {
            let capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
            $0.terminal = true
            $0.user = .init()
            $0.args = ["sh"]
            $0.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"]
            $0.capabilities = RuntimeSpec.Capabilities {
                ($0.bounding, $0.effective, $0.permitted) = (capabilities, capabilities, capabilities)
            }
            $0.rlimits = [
                RuntimeSpec.Rlimit { ($0.type, $0.soft, $0.hard) = ("RLIMIT_NOFILE", 1_024, 1_024) }
            ]
            $0.noNewPrivileges = true
        }
    }

    private static var mounts: [RuntimeSpec.Mount] {
        let strict = ["nosuid", "noexec", "nodev"]
        let all: [(String, String, String, [String])] = [
            ("/proc", "proc", "proc", []),
            ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            (
                "/dev/pts", "devpts", "devpts",
                ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]
            ),
            ("/dev/shm", "tmpfs", "shm", strict + ["mode=1777", "size=65536k"]),
            ("/dev/mqueue", "mqueue", "mqueue", strict),
            ("/sys", "sysfs", "sysfs", strict + ["ro"]),
            ("/sys/fs/cgroup", "cgroup", "cgroup", strict + ["relatime", "ro"]),
        ]
        return all.map { target, type, source, options in
            RuntimeSpec.Mount {
                ($0.destination, $0.type, $0.source, $0.options) = (target, type, source, options)
            }
        }
    }

    private static var linux: RuntimeSpec.Linux {
        RuntimeSpec.Linux {
            $0.namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"].map { type in
                RuntimeSpec.Namespace { $0.type = type }
            }
            $0.resources = RuntimeSpec.Resources {
                $0.devices = [RuntimeSpec.DeviceRule { $0.access = "rwm" }]
            }
            $0.maskedPaths = [
                "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
            ]
            $0.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
        }
    }
}
