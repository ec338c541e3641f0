#define _GNU_SOURCE
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct floor {
    const char *root, *program;
    char *const *argv;
    int output, count;
    int joins[8];
    volatile int error;
};

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int write_text(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return errno;
    int error = write(file, text, strlen(text)) < 0 ? errno : 0;
    close(file);
    return error;
}

/// Makes a cgroup with its limits; `join` is open for the child then.
static int make_cgroup(const struct floor_cgroup *cgroup, int *join) {
    if (mkdir(cgroup->directory, 0755) != 0) return errno;
    *join = open(cgroup->join, O_WRONLY | O_CLOEXEC);
    if (*join < 0) return errno;
    int error = 0;
    for (char *const *limit = cgroup->limits; *limit && !error; limit += 2) error = write_text(limit[0], limit[1]);
    return error;
}

static int child(void *argument) {
    struct floor *floor = argument;
    static char *const environment[] = {"PATH=/bin", NULL};
    for (int i = 0; i < floor->count; i++)
        if (write(floor->joins[i], "0", 1) != 1) {
            floor->error = errno;
            return 127;
        }
    // Only now, or its root would be the caller's.
    if ((floor->count == 0 || unshare(CLONE_NEWCGROUP) == 0) && dup2(floor->output, 1) >= 0 &&
        mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0 &&
        mount(floor->root, floor->root, NULL, MS_BIND, NULL) == 0 && chdir(floor->root) == 0 &&
        syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 &&
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
        execve(floor->program, floor->argv, environment);
    floor->error = errno;
    return 127;
}

int floor_start(const char *root, const char *program, char *const argv[], const struct floor_cgroup *cgroups, int count,
                uint64_t *first_byte, uint64_t *whole) {
    static char stack[64 << 10] __attribute__((aligned(16)));
    uint64_t requested = now();
    int ends[2], error = 0;
    if (count > 8) return E2BIG;
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    struct floor floor = {.root = root, .program = program, .argv = argv, .output = ends[1]};
    while (floor.count < count && !error) {
        error = make_cgroup(&cgroups[floor.count], &floor.joins[floor.count]);
        floor.count++;
    }
    int flags = CLONE_VM | CLONE_VFORK | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                (count == 0 ? CLONE_NEWCGROUP : 0) | SIGCHLD;
    pid_t pid = error ? -1 : clone(child, stack + sizeof stack, flags, &floor);
    if (pid < 0 && !error) error = errno;
    close(ends[1]);
    if (pid > 0) {
        char buffer[256];
        if (read(ends[0], buffer, 1) == 1) *first_byte = now() - requested;
        while (read(ends[0], buffer, sizeof buffer) > 0) {}
        waitpid(pid, NULL, 0);
        error = floor.error;
    }
    close(ends[0]);
    for (int i = floor.count; i-- > 0;) {
        close(floor.joins[i]);
        // A process may leave its cgroup a moment after it was reaped.
        while (rmdir(cgroups[i].directory) != 0 && errno == EBUSY) usleep(20);
    }
    *whole = now() - requested;
    return error;
}
