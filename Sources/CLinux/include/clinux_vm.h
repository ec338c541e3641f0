// Why this exists: what the VM driver needs and Swift can't call: an instruction, and a variadic function.
#pragma once
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// The processor's time-stamp counter (Intel SDM 4.3, RDTSC); 0 where there is none.
static inline unsigned long long clinux_time_stamp(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

/// prctl(2) with PR_SET_CHILD_SUBREAPER: whether orphans below this process become its children.
static inline int clinux_adopt_orphans(int adopt) { return prctl(PR_SET_CHILD_SUBREAPER, adopt, 0, 0, 0); }

/// pidfd_getfd(2): our own copy of the descriptor `number` of another process; it is close-on-exec.
static inline int clinux_pidfd_getfd(int pidfd, int number) {
    return (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
}
