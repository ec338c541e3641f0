import CLinux
import Glibc
import LabCore
import OCI

/// The five sets of capabilities of a process, bit N for capability N: see capabilities(7).
struct CapabilitySets: Equatable {
    var bounding: UInt64 = 0
    var effective: UInt64 = 0
    var permitted: UInt64 = 0
    var inheritable: UInt64 = 0
    var ambient: UInt64 = 0

    /// By their numbers: linux/capability.h.
    static let names = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK",
        "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT",
        "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE",
        "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND",
        "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ].map { "CAP_\($0)" }

    /// - Returns: the names that no kernel has beside the sets, which are warned of as runc does it.
    static func read(_ spec: RuntimeSpec.Capabilities?) -> (sets: CapabilitySets, unknown: [String]) {
        var sets = CapabilitySets()
        var unknown: [String] = []
        let known = known
        func mask(_ words: [String]?) -> UInt64 {
            (words ?? []).reduce(0) { mask, word in
                if let number = names.firstIndex(of: word), known >> number & 1 == 1 {
                    return mask | 1 << UInt64(number)
                }
                if !unknown.contains(word) { unknown.append(word) }
                return mask
            }
        }
        sets.bounding = mask(spec?.bounding)
        sets.effective = mask(spec?.effective)
        sets.permitted = mask(spec?.permitted)
        sets.inheritable = mask(spec?.inheritable)
        // The kernel has no other; what crun's own `spec` writes has, and every runtime passes it over.
        sets.ambient = mask(spec?.ambient) & sets.inheritable & sets.permitted
        return (sets, unknown)
    }

    /// Those of this kernel.
    private static var known: UInt64 {
        let last = Files.line("/proc/sys/kernel/cap_last_cap").flatMap { UInt64($0) } ?? 40
        return last >= 63 ? .max : (1 << (last + 1)) - 1
    }

    /// While user 0 has all that it takes to be less.
    func bound() throws(Errno) { try Kernel.check { clinux_bound_capabilities(bounding) } }

    func take() throws(Errno) {
        try Kernel.check { clinux_set_capability_sets(effective, permitted, inheritable) }
        let ambientSet = 47  // PR_CAP_AMBIENT
        try Kernel.call(SYS_prctl, ambientSet, 4)  // PR_CAP_AMBIENT_CLEAR_ALL
        for number in 0..<64 where ambient >> UInt64(number) & 1 == 1 {
            try Kernel.call(SYS_prctl, ambientSet, 2, number)  // PR_CAP_AMBIENT_RAISE
        }
    }
}
