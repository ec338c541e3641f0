import CLinux
import Glibc
import LabCore

extension HostProbe {
    /// Every probe that `all` stands for, in lab-guest's order; the table in `Sources/Guest/Probes` is its counterpart.
    static let all: [HostProbe] = visible + reachable + privileged

    private static let visible: [HostProbe] = [
        .init("processes", .visible, .planted(.pid, proves: sharedPID)),
        .init("neighbour", .visible, .planted(.pid, proves: sharedPID)),
        .init("file", .visible, .planted(.mnt) { answer, bait, _, _ in answer.detail == bait.nonce }),
        .init("host-paths", .visible, .value(.mnt, isHosts: showsHostPaths)),
        .init("interfaces", .visible, .value(.net) { seen, host, _, _ in seen == host.interfaces }),
        .init("disks", .visible, .value(nil) { seen, host, _, _ in seen == host.disks }),
        .init("hostname", .visible, .value(.uts) { seen, host, _, _ in seen == host.system.name }),
        .init(
            "cgroup-path", .visible,
            .value(.cgroup) { seen, _, payload, _ in
                payload.map { Host.digest("/proc/\($0.pid)/cgroup") == seen } ?? false
            }),
        .init("kernel-release", .visible, .value(nil) { seen, host, _, _ in seen == host.system.release }),
        .init("kernel-build", .visible, .value(nil) { seen, host, _, _ in seen == host.system.version }),
        .init("boot-id", .visible, .value(nil) { seen, host, _, _ in seen == host.bootID }),
        .init(
            "kernel-command-line", .visible,
            .value(nil) { seen, host, _, _ in seen == host.commandLineDigest }),
        .init("memory-total", .visible, .value(nil) { seen, host, _, _ in seen == "\(host.memoryBytes)" }),
        .init("processors", .visible, .value(nil) { seen, host, _, _ in seen == "\(host.processors)" }),
        .init("processor-model", .visible, .value(nil) { seen, host, _, _ in seen == host.processorModel }),
        .init(
            "uptime", .visible,
            .value(nil) { seen, _, _, _ in
                // It was read moments ago.
                Double(seen).map { abs($0 - Host.uptimeSeconds()) < 60 } ?? false
            }),
        .init(
            "kernel-log", .visible,
            .right(.init(name: "syslog", number: Int(SYS_syslog), arguments: [3]), capability: 34)),
        .init("kernel-symbols", .visible, .right(.init(name: "open", number: Int(SYS_open)), capability: 34)),
        .init("interrupts", .visible, .kernelFile("/proc/interrupts")),
        .init("timers", .visible, .kernelFile("/proc/timer_list")),
        .init("key-list", .visible, .kernelFile("/proc/key-users")),
        .init("firmware", .visible, .kernelFile("/sys/firmware")),
    ]

    private static let reachable: [HostProbe] = [
        .init("unix-socket", .reachable, .planted(.net) { _, bait, _, _ in bait.socketWasReached() }),
        .init("tcp-port", .reachable, .planted(.net) { _, bait, _, _ in bait.portWasReached() }),
        .init(
            "shared-memory", .reachable,
            .planted(.ipc) { answer, bait, _, _ in answer.detail == bait.nonce }),
        .init(
            "message-queue", .reachable,
            .planted(.ipc) { _, _, payload, host in payload.shares(.ipc, with: host.own) }),
        .init("file-write", .reachable, .planted(.mnt) { _, bait, payload, _ in holdsFile(bait, payload) }),
        .init(
            "process-root", .reachable, .planted(.pid) { answer, bait, _, _ in answer.detail == bait.nonce }
        ),
        .init("process-memory", .reachable, .planted(.pid, proves: sharedPID)),
        .init("signal", .reachable, .planted(.pid, proves: sharedPID)),
        .init("trace", .reachable, .planted(.pid, proves: sharedPID)),
        .init("join-namespaces", .reachable, .planted(.pid, proves: sharedPID)),
        .init(
            "raw-socket", .reachable,
            .right(
                .init(name: "socket", number: Int(SYS_socket), arguments: [2, 3, 1]), capability: 13,
                within: .net)),
        .init(
            "hypervisor-socket", .reachable,
            .right(.init(name: "socket", number: Int(SYS_socket), arguments: [40, 1]), capability: nil)),
        .init("block-device", .reachable, .disk),
        .init("kernel-log-device", .reachable, .kernelFile("/dev/kmsg")),
        .init("hypervisor-device", .reachable, .kernelFile("/dev/kvm")),
        .init("sysrq", .reachable, .kernelFile("/proc/sysrq-trigger")),
        .init("core-pattern", .reachable, .kernelFile("/proc/sys/kernel/core_pattern")),
        .init("swappiness", .reachable, .kernelFile("/proc/sys/vm/swappiness")),
        .init("sysfs-write", .reachable, .kernelFile("/sys/kernel/mm/transparent_hugepage/enabled")),
        .init("cgroup-write", .reachable, .kernelFile("/sys/fs/cgroup")),
        .init(
            "file-handle", .reachable,
            .right(
                .init(name: "open_by_handle_at", number: Int(SYS_open_by_handle_at)), capability: 2,
                passed: [ESTALE, EINVAL])),
    ]

    private static let privileged: [HostProbe] = [
        right("reboot", "reboot", SYS_reboot, 22, [EINVAL]),
        right("set-clock", "settimeofday", SYS_settimeofday, 25),
        right("adjust-clock", "adjtimex", SYS_adjtimex, 25, [EINVAL]),
        right("mount", "mount", SYS_mount, 21, [EINVAL], within: .mnt),
        right("pivot-root", "pivot_root", SYS_pivot_root, 21, [ENOENT], within: .mnt),
        right("swap", "swapon", SYS_swapon, 21, [ENOENT]),
        right("load-module", "init_module", SYS_init_module, 16, [ENOEXEC]),
        right("kexec", "kexec_load", SYS_kexec_load, 22, [EINVAL]),
        right("bpf", "bpf", SYS_bpf, 39),
        right("perf", "perf_event_open", SYS_perf_event_open, 38),
        .init(
            "user-namespace", .privileged,
            .right(
                .init(name: "unshare", number: Int(SYS_unshare), arguments: [0x1000_0000]), capability: nil)),
        .init(
            "mount-namespace", .privileged,
            .right(.init(name: "unshare", number: Int(SYS_unshare), arguments: [0x2_0000]), capability: 21)),
        right("set-hostname", "sethostname", SYS_sethostname, 21, [EINVAL], within: .uts),
        right("keyring", "keyctl", SYS_keyctl, nil, [ENOKEY]),
        right("userfaultfd", "userfaultfd", SYS_userfaultfd, 19),
        right("io-uring", "io_uring_setup", SYS_io_uring_setup, nil),
        right("io-ports", "ioperm", SYS_ioperm, 17),
        right("priority", "setpriority", SYS_setpriority, 23),
        right("real-time", "sched_setscheduler", SYS_sched_setscheduler, 23),
        right("oom-score", "write", SYS_write, 24),
        .init("memory", .privileged, .memory),
    ]

    private static func right(
        _ id: String, _ call: String, _ number: Int32, _ capability: Int?, _ passed: [Int32] = [],
        within namespace: ProcessIsolation.Namespace? = nil
    ) -> HostProbe {
        .init(
            id, .privileged,
            .right(
                .init(name: call, number: Int(number)), capability: capability, passed: passed,
                within: namespace))
    }

    /// The workload looked for a nonce in command lines; that it can have seen ours at all, the host's kernel says.
    @Sendable private static func sharedPID(
        _ answer: ProbeAnswer, _ bait: HostBait, _ payload: ProcessIsolation, _ host: Host
    ) -> Bool {
        payload.shares(.pid, with: host.own)
    }

    /// The table of mounts is the host's own, or names where on the host the workload's root lies: the host reads it too.
    @Sendable private static func showsHostPaths(
        _ seen: String, _ host: Host, _ payload: ProcessIsolation?, _ bait: HostBait
    ) -> Bool {
        guard let payload else { return false }
        let table = (try? Files.readText("/proc/\(payload.pid)/mountinfo")) ?? ""
        return payload.shares(.mnt, with: host.own) || seen == "named" && table.contains(bait.rootName)
    }

    /// Returns true when the host's own look through /proc/PID/root finds the planted file from the payload's root.
    private static func holdsFile(_ bait: HostBait, _ payload: ProcessIsolation) -> Bool {
        Files.line("/proc/\(payload.pid)/root\(bait.file)") == bait.nonce
    }
}
