// A process that shares our memory, our descriptors and our thread's storage, and outlives us. So between clone and exit
// it calls no function of the C library, which would write to an errno that is ours.
#define _GNU_SOURCE
#include "clinux_edge.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static long raw(long number, long a, long b, long c, long d) {
    register long fourth __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}

static int watch(void *argument) {
    const volatile struct clinux_watcher *watcher = argument;
    // Out of the process group, which may be killed as a whole.
    raw(SYS_setsid, 0, 0, 0, 0);
    struct pollfd self = {.fd = watcher->self, .events = POLLIN};
    while (raw(SYS_poll, (long)&self, 1, -1, 0) == -EINTR) {}
    if (watcher->container >= 0) raw(SYS_pidfd_send_signal, watcher->container, SIGKILL, 0, 0);
    // The kernel's structure is the beginning of glibc's.
    if (watcher->terminal >= 0) raw(SYS_ioctl, watcher->terminal, TCSETS, (long)&watcher->modes, 0);
    return 0;
}

pid_t clinux_watch(struct clinux_watcher *watcher) {
    // One watcher in a process: it has this stack until it is reaped.
    static char stack[4 << 10] __attribute__((aligned(16)));
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    // Descriptors are shared, not copied: the container's pidfd is made later. No signal tells of its end.
    pid_t pid = clone(watch, stack + sizeof stack, CLONE_VM | CLONE_FILES, watcher);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

void clinux_end_watch(pid_t pid) {
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {}
}
