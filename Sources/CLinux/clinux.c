#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int clinux_direct(void) { return O_DIRECT; }

int clinux_pipe2(int ends[2], int flags) { return pipe2(ends, flags); }

int clinux_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int clinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int clinux_wait_pidfd(int pidfd, int options, int32_t *status, uint64_t *cpu_nanoseconds) {
    siginfo_t info = {0};
    struct rusage usage;
    // The raw call: glibc's waitid has no rusage argument.
    if (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | options, &usage) != 0) return -1;
    if (info.si_pid == 0) {
        errno = EAGAIN;
        return -1;
    }
    *status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    if (cpu_nanoseconds) {
        *cpu_nanoseconds = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
                           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
    }
    return 0;
}
