// Why this exists: what lab-guest needs to start a command of an image and to live with it, and Swift can't say: macros of
// wait(2), sets of signals, and calls that are declared only under _GNU_SOURCE.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// pipe2(2), close-on-exec.
static inline int cguest_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }

/// A read of it returns at once where there is nothing: fcntl(2) with O_NONBLOCK.
static inline int cguest_never_wait(int fd) { return fcntl(fd, F_SETFL, O_NONBLOCK); }

/// open(2) for reading and writing, never as a controlling terminal.
static inline int cguest_open_port(const char *path) { return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC); }

/// A descriptor that is readable when children have ended, for which SIGCHLD is kept back: signalfd(2).
static inline int cguest_watch_children(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/// Takes what such a descriptor has.
static inline void cguest_take_signals(int fd) {
    struct signalfd_siginfo taken;
    while (read(fd, &taken, sizeof taken) > 0) {}
}

/// In a child: keeps no signal back.
static inline void cguest_release_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/// One child that has ended, 0 or less for none. Its exit status, 128 + N for signal N, becomes `status`.
static inline pid_t cguest_reap(int *status) {
    int raw;
    pid_t ended;
    do ended = waitpid(-1, &raw, WNOHANG);
    while (ended < 0 && errno == EINTR);
    if (ended > 0) *status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    return ended;
}

/// Becomes a user for good: setgroups(2), setresgid(2), setresuid(2), as bare system calls, because the program has one
/// thread and the functions are declared only under _GNU_SOURCE.
static inline int cguest_become(unsigned user, unsigned group, const unsigned *groups, size_t count) {
    if (syscall(SYS_setgroups, count, groups) != 0) return -1;
    if (syscall(SYS_setresgid, group, group, group) != 0) return -1;
    return (int)syscall(SYS_setresuid, user, user, user);
}
