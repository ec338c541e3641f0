/// A system call of x86-64, with its number. The numbers are the kernel's promise to programs: see
/// arch/x86/entry/syscalls/syscall_64.tbl. `SeccompFilterTests` holds them to libseccomp's.
///
/// A table of our own, because a container's start would look each of 300 names up, and bring libseccomp along for it.
package enum SystemCall: UInt16, CaseIterable, Sendable {
    case read = 0
    case write = 1
    case open = 2
    case close = 3
    case stat = 4
    case fstat = 5
    case lstat = 6
    case poll = 7
    case lseek = 8
    case mmap = 9
    case mprotect = 10
    case munmap = 11
    case brk = 12
    case rt_sigaction = 13
    case rt_sigprocmask = 14
    case rt_sigreturn = 15
    case ioctl = 16
    case pread64 = 17
    case pwrite64 = 18
    case readv = 19
    case writev = 20
    case access = 21
    case pipe = 22
    case select = 23
    case sched_yield = 24
    case mremap = 25
    case msync = 26
    case mincore = 27
    case madvise = 28
    case shmget = 29
    case shmat = 30
    case shmctl = 31
    case dup = 32
    case dup2 = 33
    case pause = 34
    case nanosleep = 35
    case getitimer = 36
    case alarm = 37
    case setitimer = 38
    case getpid = 39
    case sendfile = 40
    case socket = 41
    case connect = 42
    case accept = 43
    case sendto = 44
    case recvfrom = 45
    case sendmsg = 46
    case recvmsg = 47
    case shutdown = 48
    case bind = 49
    case listen = 50
    case getsockname = 51
    case getpeername = 52
    case socketpair = 53
    case setsockopt = 54
    case getsockopt = 55
    case clone = 56
    case fork = 57
    case vfork = 58
    case execve = 59
    case exit = 60
    case wait4 = 61
    case kill = 62
    case uname = 63
    case semget = 64
    case semop = 65
    case semctl = 66
    case shmdt = 67
    case msgget = 68
    case msgsnd = 69
    case msgrcv = 70
    case msgctl = 71
    case fcntl = 72
    case flock = 73
    case fsync = 74
    case fdatasync = 75
    case truncate = 76
    case ftruncate = 77
    case getdents = 78
    case getcwd = 79
    case chdir = 80
    case fchdir = 81
    case rename = 82
    case mkdir = 83
    case rmdir = 84
    case creat = 85
    case link = 86
    case unlink = 87
    case symlink = 88
    case readlink = 89
    case chmod = 90
    case fchmod = 91
    case chown = 92
    case fchown = 93
    case lchown = 94
    case umask = 95
    case gettimeofday = 96
    case getrlimit = 97
    case getrusage = 98
    case sysinfo = 99
    case times = 100
    case ptrace = 101
    case getuid = 102
    case getgid = 104
    case setuid = 105
    case setgid = 106
    case geteuid = 107
    case getegid = 108
    case setpgid = 109
    case getppid = 110
    case getpgrp = 111
    case setsid = 112
    case setreuid = 113
    case setregid = 114
    case getgroups = 115
    case setgroups = 116
    case setresuid = 117
    case getresuid = 118
    case setresgid = 119
    case getresgid = 120
    case getpgid = 121
    case setfsuid = 122
    case setfsgid = 123
    case getsid = 124
    case capget = 125
    case capset = 126
    case rt_sigpending = 127
    case rt_sigtimedwait = 128
    case rt_sigqueueinfo = 129
    case rt_sigsuspend = 130
    case sigaltstack = 131
    case utime = 132
    case mknod = 133
    case personality = 135
    case statfs = 137
    case fstatfs = 138
    case getpriority = 140
    case setpriority = 141
    case sched_setparam = 142
    case sched_getparam = 143
    case sched_setscheduler = 144
    case sched_getscheduler = 145
    case sched_get_priority_max = 146
    case sched_get_priority_min = 147
    case sched_rr_get_interval = 148
    case mlock = 149
    case munlock = 150
    case mlockall = 151
    case munlockall = 152
    case modify_ldt = 154
    case pivot_root = 155
    case prctl = 157
    case arch_prctl = 158
    case adjtimex = 159
    case setrlimit = 160
    case chroot = 161
    case sync = 162
    case mount = 165
    case umount2 = 166
    case sethostname = 170
    case setdomainname = 171
    case gettid = 186
    case readahead = 187
    case setxattr = 188
    case lsetxattr = 189
    case fsetxattr = 190
    case getxattr = 191
    case lgetxattr = 192
    case fgetxattr = 193
    case listxattr = 194
    case llistxattr = 195
    case flistxattr = 196
    case removexattr = 197
    case lremovexattr = 198
    case fremovexattr = 199
    case tkill = 200
    case time = 201
    case futex = 202
    case sched_setaffinity = 203
    case sched_getaffinity = 204
    case set_thread_area = 205
    case io_setup = 206
    case io_destroy = 207
    case io_getevents = 208
    case io_submit = 209
    case io_cancel = 210
    case get_thread_area = 211
    case epoll_create = 213
    case epoll_ctl_old = 214
    case epoll_wait_old = 215
    case remap_file_pages = 216
    case getdents64 = 217
    case set_tid_address = 218
    case restart_syscall = 219
    case semtimedop = 220
    case fadvise64 = 221
    case timer_create = 222
    case timer_settime = 223
    case timer_gettime = 224
    case timer_getoverrun = 225
    case timer_delete = 226
    case clock_gettime = 228
    case clock_getres = 229
    case clock_nanosleep = 230
    case exit_group = 231
    case epoll_wait = 232
    case epoll_ctl = 233
    case tgkill = 234
    case utimes = 235
    case mq_open = 240
    case mq_unlink = 241
    case mq_timedsend = 242
    case mq_timedreceive = 243
    case mq_notify = 244
    case mq_getsetattr = 245
    case waitid = 247
    case ioprio_set = 251
    case ioprio_get = 252
    case inotify_init = 253
    case inotify_add_watch = 254
    case inotify_rm_watch = 255
    case openat = 257
    case mkdirat = 258
    case mknodat = 259
    case fchownat = 260
    case futimesat = 261
    case newfstatat = 262
    case unlinkat = 263
    case renameat = 264
    case linkat = 265
    case symlinkat = 266
    case readlinkat = 267
    case fchmodat = 268
    case faccessat = 269
    case pselect6 = 270
    case ppoll = 271
    case unshare = 272
    case set_robust_list = 273
    case get_robust_list = 274
    case splice = 275
    case tee = 276
    case sync_file_range = 277
    case vmsplice = 278
    case utimensat = 280
    case epoll_pwait = 281
    case signalfd = 282
    case timerfd_create = 283
    case eventfd = 284
    case fallocate = 285
    case timerfd_settime = 286
    case timerfd_gettime = 287
    case accept4 = 288
    case signalfd4 = 289
    case eventfd2 = 290
    case epoll_create1 = 291
    case dup3 = 292
    case pipe2 = 293
    case inotify_init1 = 294
    case preadv = 295
    case pwritev = 296
    case rt_tgsigqueueinfo = 297
    case recvmmsg = 299
    case prlimit64 = 302
    case name_to_handle_at = 303
    case clock_adjtime = 305
    case syncfs = 306
    case sendmmsg = 307
    case setns = 308
    case getcpu = 309
    case process_vm_readv = 310
    case process_vm_writev = 311
    case sched_setattr = 314
    case sched_getattr = 315
    case renameat2 = 316
    case seccomp = 317
    case getrandom = 318
    case memfd_create = 319
    case execveat = 322
    case membarrier = 324
    case mlock2 = 325
    case copy_file_range = 326
    case preadv2 = 327
    case pwritev2 = 328
    case pkey_mprotect = 329
    case pkey_alloc = 330
    case pkey_free = 331
    case statx = 332
    case io_pgetevents = 333
    case rseq = 334
    case pidfd_send_signal = 424
    case open_tree = 428
    case move_mount = 429
    case fsopen = 430
    case fsconfig = 431
    case fsmount = 432
    case fspick = 433
    case pidfd_open = 434
    case clone3 = 435
    case close_range = 436
    case openat2 = 437
    case pidfd_getfd = 438
    case faccessat2 = 439
    case epoll_pwait2 = 441
    case mount_setattr = 442
    case landlock_create_ruleset = 444
    case landlock_add_rule = 445
    case landlock_restrict_self = 446
    case memfd_secret = 447
    case process_mrelease = 448
    case futex_waitv = 449
    case cachestat = 451
    case fchmodat2 = 452
    case map_shadow_stack = 453
    case futex_wake = 454
    case futex_wait = 455
    case futex_requeue = 456

    /// The name, as the kernel and the runtime specification spell it.
    package var name: String { "\(self)" }
}

/// System calls by what they are for.
enum SystemCalls {
    static let files: [SystemCall] = [
        .access, .chdir, .chmod, .chown, .creat, .faccessat, .faccessat2, .fchdir, .fchmod, .fchmodat,
        .fchmodat2, .fchown, .fchownat, .fgetxattr, .flistxattr, .fremovexattr, .fsetxattr, .fstat, .fstatfs,
        .futimesat, .getcwd, .getdents, .getdents64, .getxattr, .lchown, .lgetxattr, .link, .linkat,
        .listxattr, .llistxattr, .lremovexattr, .lsetxattr, .lstat, .mkdir, .mkdirat, .mknod, .mknodat,
        .name_to_handle_at, .newfstatat, .open, .openat, .openat2, .readlink, .readlinkat, .removexattr,
        .rename, .renameat, .renameat2, .rmdir, .setxattr, .stat, .statfs, .statx, .symlink, .symlinkat,
        .truncate, .umask, .unlink, .unlinkat, .utime, .utimensat, .utimes, .chroot,
    ]
    static let descriptors: [SystemCall] = [
        .cachestat, .close, .close_range, .copy_file_range, .dup, .dup2, .dup3, .epoll_create,
        .epoll_create1, .epoll_ctl, .epoll_ctl_old, .epoll_pwait, .epoll_pwait2, .epoll_wait,
        .epoll_wait_old, .eventfd, .eventfd2, .fadvise64, .fallocate, .fcntl, .fdatasync, .flock, .fsync,
        .ftruncate, .inotify_add_watch, .inotify_init, .inotify_init1, .inotify_rm_watch, .io_cancel,
        .io_destroy, .io_getevents, .io_pgetevents, .io_setup, .io_submit, .ioctl, .lseek, .pipe, .pipe2,
        .poll, .ppoll, .pread64, .preadv, .preadv2, .pselect6, .pwrite64, .pwritev, .pwritev2, .read,
        .readahead, .readv, .select, .sendfile, .signalfd, .signalfd4, .splice, .sync, .sync_file_range,
        .syncfs, .tee, .timerfd_create, .timerfd_gettime, .timerfd_settime, .vmsplice, .write, .writev,
    ]
    static let memory: [SystemCall] = [
        .brk, .madvise, .map_shadow_stack, .membarrier, .memfd_create, .memfd_secret, .mincore, .mlock,
        .mlock2, .mlockall, .mmap, .mprotect, .mremap, .msync, .munlock, .munlockall, .munmap, .pkey_alloc,
        .pkey_free, .pkey_mprotect, .process_mrelease, .remap_file_pages,
    ]
    static let processes: [SystemCall] = [
        .arch_prctl, .execve, .execveat, .exit, .exit_group, .fork, .futex, .futex_requeue, .futex_wait,
        .futex_waitv, .futex_wake, .get_robust_list, .get_thread_area, .getpgid, .getpgrp, .getpid, .getppid,
        .getsid, .gettid, .landlock_add_rule, .landlock_create_ruleset, .landlock_restrict_self,
        .pidfd_getfd, .pidfd_open, .pidfd_send_signal, .prctl, .process_vm_readv, .process_vm_writev,
        .ptrace, .rseq, .seccomp, .set_robust_list, .set_thread_area, .set_tid_address, .setpgid, .setsid,
        .vfork, .wait4, .waitid,
    ]
    static let identity: [SystemCall] = [
        .capget, .capset, .getegid, .geteuid, .getgid, .getgroups, .getresgid, .getresuid, .getuid,
        .setfsgid, .setfsuid, .setgid, .setgroups, .setregid, .setresgid, .setresuid, .setreuid, .setuid,
    ]
    static let signals: [SystemCall] = [
        .alarm, .kill, .pause, .restart_syscall, .rt_sigaction, .rt_sigpending, .rt_sigprocmask,
        .rt_sigqueueinfo, .rt_sigreturn, .rt_sigsuspend, .rt_sigtimedwait, .rt_tgsigqueueinfo, .sigaltstack,
        .tgkill, .tkill,
    ]
    static let time: [SystemCall] = [
        .adjtimex, .clock_adjtime, .clock_getres, .clock_gettime, .clock_nanosleep, .getitimer,
        .gettimeofday, .nanosleep, .setitimer, .time, .timer_create, .timer_delete, .timer_getoverrun,
        .timer_gettime, .timer_settime, .times,
    ]
    static let networking: [SystemCall] = [
        .accept, .accept4, .bind, .connect, .getpeername, .getsockname, .getsockopt, .listen, .recvfrom,
        .recvmmsg, .recvmsg, .sendmmsg, .sendmsg, .sendto, .setsockopt, .shutdown, .socketpair,
    ]
    static let interprocess: [SystemCall] = [
        .mq_getsetattr, .mq_notify, .mq_open, .mq_timedreceive, .mq_timedsend, .mq_unlink, .msgctl, .msgget,
        .msgrcv, .msgsnd, .semctl, .semget, .semop, .semtimedop, .shmat, .shmctl, .shmdt, .shmget,
    ]
    static let scheduling: [SystemCall] = [
        .getcpu, .getpriority, .ioprio_get, .ioprio_set, .sched_get_priority_max, .sched_get_priority_min,
        .sched_getaffinity, .sched_getattr, .sched_getparam, .sched_getscheduler, .sched_rr_get_interval,
        .sched_setaffinity, .sched_setattr, .sched_setparam, .sched_setscheduler, .sched_yield, .setpriority,
    ]
    static let information: [SystemCall] = [
        .getrandom, .getrlimit, .getrusage, .modify_ldt, .prlimit64, .setrlimit, .sysinfo, .uname,
    ]
}
