#define _GNU_SOURCE
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct floor {
    const char *root, *program;
    char *const *argv;
    int output;
    volatile int error;
};

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int child(void *argument) {
    struct floor *floor = argument;
    static char *const environment[] = {"PATH=/bin", NULL};
    if (dup2(floor->output, 1) >= 0 && mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0 &&
        mount(floor->root, floor->root, NULL, MS_BIND, NULL) == 0 && chdir(floor->root) == 0 &&
        syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 &&
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
        execve(floor->program, floor->argv, environment);
    floor->error = errno;
    return 127;
}

int floor_start(const char *root, const char *program, char *const argv[], uint64_t *first_byte, uint64_t *reaped) {
    static char stack[64 << 10] __attribute__((aligned(16)));
    uint64_t requested = now();
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    struct floor floor = {.root = root, .program = program, .argv = argv, .output = ends[1]};
    int flags = CLONE_VM | CLONE_VFORK | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                CLONE_NEWCGROUP | SIGCHLD;
    pid_t pid = clone(child, stack + sizeof stack, flags, &floor);
    int error = pid < 0 ? errno : 0;
    close(ends[1]);
    if (pid > 0) {
        char buffer[256];
        if (read(ends[0], buffer, 1) == 1) *first_byte = now() - requested;
        while (read(ends[0], buffer, sizeof buffer) > 0) {}
        waitpid(pid, NULL, 0);
        *reaped = now() - requested;
        error = floor.error;
    }
    close(ends[0]);
    return error;
}
