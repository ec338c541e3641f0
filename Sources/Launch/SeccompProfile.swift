import Glibc

/// Which system calls a container may make. Everything that no rule names fails with `defaultErrno`.
///
/// Modelled on the default profile of docker: what ordinary programs need, minus what reaches beyond the container:
/// loading kernel code, mounting, keys, clocks, tracing of the whole system, new namespaces.
package struct SeccompProfile: Equatable, Sendable {
    package var defaultErrno: Int32
    package var rules: [Rule]

    /// The same action for several system calls, when all comparisons hold.
    package struct Rule: Equatable, Sendable {
        package enum Action: Equatable, Sendable { case allow, fail(Int32) }
        package var systemCalls: [String]
        package var action: Action
        package var comparisons: [Comparison]

        package init(_ systemCalls: [String], _ action: Action = .allow, when comparisons: [Comparison] = [])
        {
            self.systemCalls = systemCalls
            self.action = action
            self.comparisons = comparisons
        }

        /// The same rule for who knows no inequality of a part of an argument, which libseccomp doesn't: one of these
        /// holds where the rule does.
        package var withoutInequalities: [[Comparison]] {
            comparisons.reduce([[]]) { rules, comparison in
                rules.flatMap { rule in comparison.equalities.map { rule + [$0] } }
            }
        }
    }

    /// A comparison of one argument of a system call, counted from 0, as the kernel's function sees it.
    ///
    /// A filter is shown the 64 bits of a register. What the function is given may be fewer of them: a comparison of
    /// all 64 lets a forbidden value pass that has a bit set above those.
    package struct Comparison: Equatable, Sendable {
        /// The type of the parameter in the kernel's source, `SYSCALL_DEFINE…`.
        package enum Width: Sendable {
            /// `int`, `unsigned int`: the lower 32 bits, of whatever sign.
            case int
            /// `long`, `unsigned long`, `size_t` and pointers: all 64.
            case long

            var mask: UInt64 { self == .int ? UInt64(UInt32.max) : .max }
        }

        package let argument: UInt32
        /// The bits that are compared.
        package let mask: UInt64
        package let value: UInt64
        let isInequality: Bool

        private init(
            _ argument: UInt32, _ width: Width, _ mask: UInt64, _ value: UInt64, differs: Bool = false
        ) {
            self.argument = argument
            self.mask = mask & width.mask
            self.value = value
            isInequality = differs
            precondition(self.mask == mask, "a mask of more bits than the kernel sees of the argument")
            precondition(
                value & ~mask == 0 && mask != 0, "a comparison that comes out the same for any argument")
        }

        package static func equals(_ argument: UInt32, _ width: Width, _ value: UInt64) -> Comparison {
            Comparison(argument, width, width.mask, value)
        }
        package static func differs(_ argument: UInt32, _ width: Width, from value: UInt64) -> Comparison {
            Comparison(argument, width, width.mask, value, differs: true)
        }
        /// `argument & mask == value`.
        package static func masked(
            _ argument: UInt32, _ width: Width, _ mask: UInt64, equals value: UInt64
        ) -> Comparison {
            Comparison(argument, width, mask, value)
        }

        /// Equalities of which one holds where this does: two values differ when one of their bits does.
        var equalities: [Comparison] {
            guard isInequality else { return [self] }
            return (0..<64).map { 1 << $0 }.filter { mask & $0 != 0 }.map { bit in
                Comparison(argument, .long, bit, ~value & bit)
            }
        }
    }

    /// The default profile of a container without CAP_SYS_ADMIN.
    package static let containerDefault = SeccompProfile(
        defaultErrno: EPERM,
        rules: [
            Rule(SystemCalls.files + SystemCalls.descriptors + SystemCalls.memory + SystemCalls.processes),
            Rule(SystemCalls.identity + SystemCalls.signals + SystemCalls.time + SystemCalls.networking),
            Rule(SystemCalls.interprocess + SystemCalls.scheduling + SystemCalls.information),
            // A clone without any CLONE_NEW* flag: threads and forks, no namespaces.
            Rule(["clone"], when: [.masked(0, .long, newNamespaceFlags, equals: 0)]),
            // clone3 hides its flags behind a pointer; ENOSYS makes libc fall back to clone.
            Rule(["clone3"], .fail(ENOSYS)),
            // Any socket but AF_VSOCK (40), which would reach a hypervisor.
            Rule(["socket"], when: [.differs(0, .int, from: 40)]),
            Rule(["socketcall"]),
            // The execution domains that change nothing dangerous, see personality(2).
            Rule(["personality"], when: [.equals(0, .int, 0x0)]),
            Rule(["personality"], when: [.equals(0, .int, 0x0008)]),
            Rule(["personality"], when: [.equals(0, .int, 0x20000)]),
            Rule(["personality"], when: [.equals(0, .int, 0x20008)]),
            Rule(["personality"], when: [.equals(0, .int, 0xffff_ffff)]),
        ])

    /// All CLONE_NEW* flags but CLONE_NEWTIME, whose bit clone(2) uses for the exit signal.
    private static let newNamespaceFlags: UInt64 = 0x7e02_0000
}

/// System calls by what they are for. Names that a machine's libseccomp or architecture does not have are passed over.
enum SystemCalls {
    static let files = [
        "access", "chdir", "chmod", "chown", "chown32", "creat", "faccessat", "faccessat2", "fchdir",
        "fchmod", "fchmodat", "fchmodat2", "fchown", "fchown32", "fchownat", "fgetxattr", "flistxattr",
        "fremovexattr", "fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "futimesat",
        "getcwd", "getdents", "getdents64", "getxattr", "lchown", "lchown32", "lgetxattr", "link", "linkat",
        "listxattr", "llistxattr", "lremovexattr", "lsetxattr", "lstat", "lstat64", "mkdir", "mkdirat",
        "mknod", "mknodat", "name_to_handle_at", "newfstatat", "open", "openat", "openat2", "readlink",
        "readlinkat", "removexattr", "rename", "renameat", "renameat2", "rmdir", "setxattr", "stat",
        "stat64", "statfs", "statfs64", "statx", "symlink", "symlinkat", "truncate", "truncate64", "umask",
        "unlink", "unlinkat", "utime", "utimensat", "utimensat_time64", "utimes", "chroot",
    ]
    static let descriptors = [
        "_llseek", "cachestat", "close", "close_range", "copy_file_range", "dup", "dup2", "dup3",
        "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2",
        "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "fadvise64", "fadvise64_64", "fallocate",
        "fcntl", "fcntl64", "fdatasync", "flock", "fsync", "ftruncate", "ftruncate64", "inotify_add_watch",
        "inotify_init", "inotify_init1", "inotify_rm_watch", "io_cancel", "io_destroy", "io_getevents",
        "io_pgetevents", "io_pgetevents_time64", "io_setup", "io_submit", "ioctl", "lseek", "pipe", "pipe2",
        "poll", "ppoll", "ppoll_time64", "pread64", "preadv", "preadv2", "pselect6", "pselect6_time64",
        "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readv", "select", "_newselect", "sendfile",
        "sendfile64", "signalfd", "signalfd4", "splice", "sync", "sync_file_range", "syncfs", "tee",
        "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64",
        "vmsplice", "write", "writev",
    ]
    static let memory = [
        "brk", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "memfd_secret", "mincore",
        "mlock", "mlock2", "mlockall", "mmap", "mmap2", "mprotect", "mremap", "msync", "munlock",
        "munlockall", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect", "process_mrelease",
        "remap_file_pages",
    ]
    static let processes = [
        "arch_prctl", "execve", "execveat", "exit", "exit_group", "fork", "futex", "futex_requeue",
        "futex_time64", "futex_wait", "futex_waitv", "futex_wake", "get_robust_list", "get_thread_area",
        "getpgid", "getpgrp", "getpid", "getppid", "getsid", "gettid", "landlock_add_rule",
        "landlock_create_ruleset", "landlock_restrict_self", "pidfd_getfd", "pidfd_open",
        "pidfd_send_signal", "prctl", "process_vm_readv", "process_vm_writev", "ptrace", "rseq", "seccomp",
        "set_robust_list", "set_thread_area", "set_tid_address", "setpgid", "setsid", "vfork", "wait4",
        "waitid", "waitpid",
    ]
    static let identity = [
        "capget", "capset", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32",
        "getgroups", "getgroups32", "getresgid", "getresgid32", "getresuid", "getresuid32", "getuid",
        "getuid32", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups",
        "setgroups32", "setregid", "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32",
        "setreuid", "setreuid32", "setuid", "setuid32",
    ]
    static let signals = [
        "alarm", "kill", "pause", "restart_syscall", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
        "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64",
        "rt_tgsigqueueinfo", "sigaltstack", "sigprocmask", "sigreturn", "tgkill", "tkill",
    ]
    static let time = [
        "adjtimex", "clock_adjtime", "clock_adjtime64", "clock_getres", "clock_getres_time64",
        "clock_gettime", "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "getitimer",
        "gettimeofday", "nanosleep", "setitimer", "time", "timer_create", "timer_delete",
        "timer_getoverrun", "timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64", "times",
    ]
    static let networking = [
        "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
        "recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg",
        "sendto", "setsockopt", "shutdown", "socketpair",
    ]
    static let interprocess = [
        "ipc", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64",
        "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd",
        "semctl", "semget", "semop", "semtimedop", "semtimedop_time64", "shmat", "shmctl", "shmdt",
        "shmget",
    ]
    static let scheduling = [
        "getcpu", "getpriority", "ioprio_get", "ioprio_set", "sched_get_priority_max",
        "sched_get_priority_min", "sched_getaffinity", "sched_getattr", "sched_getparam",
        "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64", "sched_setaffinity",
        "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield", "setpriority",
    ]
    static let information = [
        "getrandom", "getrlimit", "getrusage", "modify_ldt", "prlimit64", "setrlimit", "sysinfo",
        "ugetrlimit", "uname",
    ]
}
