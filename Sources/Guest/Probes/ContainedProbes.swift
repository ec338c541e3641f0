import CGuest

/// The probes of what a workload may do to its kernel. Each call does nothing even where it is allowed: the kernel
/// asks for the right first and finds the nonsense in the arguments, or nothing to do, afterwards. The orders are those of
/// Linux 6.1 to 6.18.
let containedProbes: [Probe] = [
    // kernel/reboot.c: CAP_SYS_BOOT, then the magic numbers: EINVAL.
    Probe("reboot") { _, _ in answer(SYS_reboot, 0, 0, 0, 0) },
    // kernel/time/time.c: no time and no zone are given, so nothing follows CAP_SYS_TIME.
    Probe("set-clock") { _, _ in answer(SYS_settimeofday, 0, 0) },
    // kernel/time/timekeeping.c: CAP_SYS_TIME, then the length of a tick, which is 0 here: EINVAL.
    Probe("adjust-clock") { _, _ in
        var change = timex()
        change.modes = 0x4000
        change.tick = 0
        return answer(SYS_adjtimex, address(&change))
    },
    // fs/namespace.c: CAP_SYS_ADMIN, then the source of a move, which there is none: EINVAL.
    Probe("mount") { _, _ in answer(SYS_mount, 0, address(literal("/")), 0, 0x2000, 0) },
    // fs/namespace.c: CAP_SYS_ADMIN, then the directories: ENOENT.
    Probe("pivot-root") { _, _ in
        answer(SYS_pivot_root, address(literal("/lab-absent")), address(literal("/lab-absent")))
    },
    // mm/swapfile.c: CAP_SYS_ADMIN, then the file: ENOENT.
    Probe("swap") { _, _ in answer(SYS_swapon, address(literal("/lab-absent")), 0) },
    // kernel/module/main.c: CAP_SYS_MODULE, then the image, which is empty: ENOEXEC.
    Probe("load-module") { _, _ in answer(SYS_init_module, address(zeroed(1)), 0, address(literal(""))) },
    // kernel/kexec.c: CAP_SYS_BOOT, then the number of segments and the flags, both beyond all bounds: EINVAL.
    Probe("kexec") { _, _ in answer(SYS_kexec_load, 0, 1 << 20, 0, 0x8000) },
    // A map of one word, which goes with this process.
    Probe("bpf") { _, _ in
        let attributes = zeroed(32)
        attributes[0] = 2
        attributes[1] = 4
        attributes[2] = 4
        attributes[3] = 1
        return answer(SYS_bpf, 0, address(attributes), 72)
    },
    // The software clock of processor 0, whatever runs there: counts nobody, because it is never enabled.
    Probe("perf") { _, _ in
        let attributes = zeroed(32)
        attributes[0] = 1
        attributes[1] = 64
        attributes[10] = 1
        return answer(SYS_perf_event_open, address(attributes), -1, 0, -1, 0)
    },
    // These change only this process, which ends.
    Probe("user-namespace") { _, _ in answer(SYS_unshare, 0x1000_0000) },
    Probe("mount-namespace") { _, _ in answer(SYS_unshare, 0x2_0000) },
    // kernel/sys.c: CAP_SYS_ADMIN, then the length, one too many: EINVAL.
    Probe("set-hostname") { _, _ in answer(SYS_sethostname, address(literal("lab")), 65) },
    // KEYCTL_GET_KEYRING_ID of the user's keyring, not made where there is none: ENOKEY.
    Probe("keyring") { _, _ in answer(SYS_keyctl, 0, -4, 0) },
    Probe("userfaultfd") { _, _ in answer(SYS_userfaultfd, Int(O_CLOEXEC)) },
    Probe("io-uring") { _, _ in answer(SYS_io_uring_setup, 1, address(zeroed(64))) },
    // The right to port 0x80, on which nothing is sent.
    Probe("io-ports") { _, _ in answer(SYS_ioperm, 0x80, 1, 1) },
    Probe("priority") { _, _ in answer(SYS_setpriority, 0, 0, -5) },
    // SCHED_FIFO for this process, which ends.
    Probe("real-time") { _, _ in
        let parameter = zeroed(1)
        parameter[0] = 1
        return answer(SYS_sched_setscheduler, 0, 1, address(parameter))
    },
    // To be spared when memory runs out.
    Probe("oom-score") { _, _ in writes(literal("/proc/self/oom_score_adj"), literal("-500")) },
    // memory=MIB: writes to so much memory, as the first that is killed where there is none left.
    Probe("memory") { text, _ in
        guard let mebibytes = parseNumber(text, base: 10, limit: 1 << 14), mebibytes > 0 else {
            return EINVAL
        }
        _ = writes(literal("/proc/self/oom_score_adj"), literal("1000"))
        do throws(Failure) {
            try keep(bytes: Int(mebibytes) << 20)
        } catch {
            return error.code
        }
        return 0
    },
]

/// Writes a text to a file that exists, at once.
func writes(_ path: Text, _ text: Text) -> Int32 {
    let file = cguest_open_as(path, O_WRONLY)
    guard file >= 0 else { return -file }
    defer { close(file) }
    return write(file, text, strlen(text)) >= 0 ? 0 : cguest_errno()
}
