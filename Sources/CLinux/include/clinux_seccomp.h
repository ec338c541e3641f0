// Why this exists: ptrace(2) is variadic, and the filter of another process can be read through nothing else.
#pragma once
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>

/// Reads the `index`th seccomp filter of `pid`, the newest first, into `program` of `capacity` instructions: ptrace(2),
/// PTRACE_SECCOMP_GET_FILTER. The process stands still for that time, at most a second. Returns the number of
/// instructions, -ENOENT behind the last filter, and another -errno for a failure.
static inline int clinux_seccomp_filter(pid_t pid, unsigned index, struct sock_filter *program, int capacity) {
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0) return -errno;
    int result = ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0 ? 0 : -errno;
    // Not WEXITED: whoever started the process hears of its end, not we.
    siginfo_t information = {0};
    for (int round = 0; result == 0 && round < 1000; round++) {
        if (waitid(P_PID, (id_t)pid, &information, WSTOPPED | WNOHANG | __WALL) != 0) result = -errno;
        if (information.si_pid == pid) break;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    if (result == 0 && information.si_pid != pid) result = -ETIMEDOUT;
    if (result == 0) {
        long count = ptrace((enum __ptrace_request)0x420c, pid, index, NULL);
        if (count > capacity) result = -E2BIG;
        else if (count >= 0) count = ptrace((enum __ptrace_request)0x420c, pid, index, program);
        if (result == 0) result = count < 0 ? -errno : (int)count;
    }
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return result;
}
