// The child's side of a launch program. Async-signal-safe calls only: the memory is our parent's, which is
// suspended by CLONE_VFORK until we exec or exit.
#define _GNU_SOURCE
#include "clinux.h"
#include "clinux_edge.h"
#include "clinux_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// Who becomes another user takes /proc/self away from all who share our parent's memory, this child included, until it has
// memory of its own: a launch beside this one may. For half a second it is waited for.
static int open_to_write(const char *path) {
    static const struct timespec moment = {.tv_nsec = 1000000};
    for (int left = 500;; left--) {
        int file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        if (file >= 0 || errno != EACCES || left == 0 || strncmp(path, "/proc/self/", 11) != 0) return file;
        nanosleep(&moment, NULL);
    }
}

static int write_file(const struct clinux_step *step) {
    int file = open_to_write(step->a);
    if (file < 0) return -1;
    ssize_t written = write(file, step->data, step->y);
    int error = written < 0 ? errno : written != (ssize_t)step->y ? EIO : 0;
    close(file);
    errno = error;
    return error ? -1 : 0;
}

// Which may be that number already: dup3 refuses to, but then it must lose its close-on-exec.
static int standard(int from, int to) { return from == to ? fcntl(from, F_SETFD, 0) : dup3(from, to, 0); }

static int null_device(int number, int access) {
    int null = open("/dev/null", access | O_NOFOLLOW | O_CLOEXEC);
    if (null < 0 || standard(null, number) < 0) return -1;
    return null == number ? 0 : close(null);
}

// Until its execve, or a step that sets another. Nobody else has it: a clone without CLONE_FS, a thread with a root of its own.
static void put_aside_umask(struct clinux_launch *launch) {
    if (launch->umask < 0) launch->umask = (int32_t)umask(0);
}

static int make_node(const struct clinux_step *step) {
    int result = mknod(step->a, (mode_t)step->x, (dev_t)step->y);
    if (result != 0 && errno == EPERM && step->b) {
        result = mknod(step->a, S_IFREG | 0600, 0);
        if (result == 0) result = mount(step->b, step->a, NULL, MS_BIND, NULL);
    }
    return result;
}

static int set_mount_flags(const struct clinux_step *step) {
    struct mount_attr attributes = {.attr_set = step->x, .attr_clr = step->y};
    return mount_setattr(AT_FDCWD, step->a, step->y ? 0 : AT_RECURSIVE, &attributes, sizeof attributes);
}

// Whether what is to be hidden is a file or a directory, the kernel itself says.
static int mask(const struct clinux_step *step, const char *path) {
    if (mount(step->a, path, NULL, MS_BIND, NULL) == 0) return 0;
    return errno == ENOTDIR ? mount(step->b, path, NULL, MS_BIND, NULL) : -1;
}

// Where the first has none, none has; else all numbers are tried, because some may be missing in between.
static int mask_each(const struct clinux_step *step) {
    // Whole words of the mask of processors, which has a bit for every number that there can be on this machine.
    unsigned long words[1024];
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof words, words);
    if (bytes < 0) return -1;
    const char *suffix = step->data;
    char path[256];
    size_t prefix = strlen(step->c), rest = strlen(suffix) + 1;
    if (prefix + 10 + rest > sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, step->c, prefix);
    for (long number = 0; number < bytes * 8; number++) {
        size_t digits = 1;
        for (long left = number; left >= 10; left /= 10) digits++;
        long left = number;
        for (size_t place = prefix + digits; place > prefix; left /= 10) path[--place] = (char)('0' + left % 10);
        memcpy(path + prefix + digits, suffix, rest);
        if (mask(step, path) != 0 && (errno != ENOENT || number == 0)) return -1;
    }
    return 0;
}

// A hard limit that only a privileged caller may raise stays where it is.
static int set_limits(const uint64_t (*limits)[3], uint64_t count) {
    for (; count > 0; count--, limits++) {
        int resource = (int)(*limits)[0];
        struct rlimit wanted = {.rlim_cur = (*limits)[1], .rlim_max = (*limits)[2]}, had;
        if (setrlimit(resource, &wanted) == 0) continue;
        if (errno != EPERM || getrlimit(resource, &had) != 0) return -1;
        if (wanted.rlim_max > had.rlim_max) wanted.rlim_max = had.rlim_max;
        if (wanted.rlim_cur > wanted.rlim_max) wanted.rlim_cur = wanted.rlim_max;
        if (setrlimit(resource, &wanted) != 0) return -1;
    }
    return 0;
}

// CLONE_CLEAR_SIGHAND leaves ignored what the parent ignores, and so does execve. The raw call, because glibc keeps two
// signals to itself; SIGKILL and SIGSTOP refuse.
static int default_signals(uint64_t signals) {
    static const uint64_t action[4];  // SIG_DFL, no flags, no restorer, no mask
    for (int number = 1; number <= 64; number++) {
        if (signals >> (number - 1) & 1) syscall(SYS_rt_sigaction, number, action, NULL, sizeof(uint64_t));
    }
    return 0;
}

// The old root ends up stacked on the new one and is where we stand (see pivot_root(2), NOTES): from here on an
// absolute path is the container's, however hostile its symlinks, and a relative one the host's.
static int pivot(const char *root) {
    int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (old < 0) return -1;
    int result = chdir(root);
    if (result == 0) result = (int)syscall(SYS_pivot_root, ".", ".");
    if (result == 0) result = fchdir(old);
    int error = errno;
    close(old);
    errno = error;
    return result;
}

// The mount at `root` covers the root of the mount namespace and becomes ours: nothing is left to unmount, but what it
// covers stays, and is where we stand; see CLINUX_PIVOT_ROOT for why.
static int move_root(const char *root) {
    int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (old < 0) return -1;
    int result = chdir(root);
    if (result == 0) result = mount(".", "/", NULL, MS_MOVE, NULL);
    if (result == 0) result = chroot(".");
    if (result == 0) result = fchdir(old);
    int error = errno;
    close(old);
    errno = error;
    return result;
}

static int die_with_parent(const struct clinux_step *step) {
    if (prctl(PR_SET_PDEATHSIG, (int)step->x, 0, 0, 0) != 0) return -1;
    // The parent may have died before the prctl; a pidfd polls readable from then on.
    struct pollfd parent = {.fd = (int)step->y, .events = POLLIN};
    if (poll(&parent, 1, 0) == 0) return 0;
    errno = ESRCH;
    return -1;
}

// The system calls themselves, here and for groups: glibc's functions would have our parent's threads follow suit. Where
// the user changes, the kernel makes the memory that we share with our parent undumpable, so that nobody who is that user
// already may look into it.
static int call(const int64_t n[6]) { return (int)syscall(n[0], n[1], n[2], n[3], n[4], n[5]); }

static int run(const struct clinux_step *step, struct clinux_launch *launch) {
    switch (step->operation) {
    case CLINUX_EXEC: {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (launch->umask >= 0) umask((mode_t)launch->umask);
        return execve(step->a, launch->argv, launch->envp);
    }
    case CLINUX_MOUNT: return mount(step->a, step->b, step->c, step->x, step->data);
    case CLINUX_PIVOT_ROOT: return pivot(step->a);
    case CLINUX_LEAVE_OLD_ROOT: return umount2(".", MNT_DETACH) != 0 ? -1 : chdir("/");
    case CLINUX_MOVE_ROOT: return move_root(step->a);
    case CLINUX_CHDIR: return chdir(step->a);
    case CLINUX_SETNS: return setns((int)step->x, (int)step->y);
    case CLINUX_MKDIR:
        put_aside_umask(launch);
        return mkdir(step->a, (mode_t)step->x) != 0 && errno != EEXIST ? -1 : 0;
    case CLINUX_SYMLINK: return symlink(step->a, step->b);
    case CLINUX_NODE:
        put_aside_umask(launch);
        return make_node(step);
    case CLINUX_MOUNT_FLAGS: return set_mount_flags(step);
    case CLINUX_READ_ONLY:
        return mount(step->a, step->a, NULL, MS_BIND | MS_REC, NULL) != 0 ? -1 : set_mount_flags(step);
    case CLINUX_MASK: return mask(step, step->c);
    case CLINUX_MASK_EACH: return mask_each(step);
    case CLINUX_WRITE: return write_file(step);
    case CLINUX_UNSHARE: return unshare((int)step->x);
    case CLINUX_JOIN_CGROUP: return write(launch->joins[step->x], "0", 1) == 1 ? 0 : -1;
    case CLINUX_HOSTNAME: return sethostname(step->a, strlen(step->a));
    case CLINUX_LOOPBACK_UP: return clinux_loopback_up();
    case CLINUX_STANDARD: return standard(launch->standard[step->x], (int)step->x);
    case CLINUX_NULL: return null_device((int)step->x, (int)step->y);
    case CLINUX_CLOSE_FROM:
        return (int)syscall(SYS_close_range, (unsigned)step->x, ~0U, (unsigned)step->y);
    case CLINUX_SETSID: return setsid();
    case CLINUX_BOUNDING_SET: return clinux_bound_capabilities(step->x);
    case CLINUX_CAPABILITIES: return clinux_set_capability_sets(step->x, step->x, 0);
    case CLINUX_NO_NEW_PRIVS: return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    case CLINUX_SECCOMP: return clinux_load_filter(step->data, (unsigned)step->x, 0);
    case CLINUX_GROUPS: return (int)syscall(SYS_setgroups, (size_t)step->x, step->data);
    case CLINUX_TERMINAL:
        return clinux_open_terminal(launch->standard[3], (unsigned)step->x, step->y >> 16 & 0xffff, step->y & 0xffff);
    case CLINUX_PDEATHSIG: return die_with_parent(step);
    case CLINUX_LIMITS: return set_limits(step->data, step->x);
    case CLINUX_SIGNALS: return default_signals(step->x);
    case CLINUX_SCHEDULER: return sched_setscheduler(0, (int)step->x, &(struct sched_param){0});
    case CLINUX_AFFINITY: return (int)syscall(SYS_sched_setaffinity, 0, step->x, step->data);
    case CLINUX_ANNOUNCE: return clinux_announce((int)step->x);
    case CLINUX_UMASK:
        umask((mode_t)step->x);
        launch->umask = -1;
        return 0;
    case CLINUX_SESSION_KEYRING:
        return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, step->a) < 0 ? -1 : 0;
    case CLINUX_CALL: return call(step->data);
    }
    errno = EINVAL;
    return -1;
}

static int run_all(struct clinux_launch *launch) {
    for (uint32_t index = 0; index < launch->count; index++) {
        const struct clinux_step *step = &launch->steps[index];
        if (run(step, launch) < 0 && errno != step->tolerated_error) {
            launch->error = errno;
            launch->failed_step = (int32_t)index;
            return -1;
        }
        launch->stamps[index] = now();
    }
    return 0;
}

static int child(void *argument) {
    struct clinux_launch *launch = argument;
    launch->child_began = now();
    if (run_all(launch) != 0) return 127;
    launch->error = ENOEXEC;  // a program without an exec
    launch->failed_step = (int32_t)launch->count;
    return 127;
}

#if !defined(__x86_64__)
#error "clone3 with a stack of the child's own is written for x86-64 only"
#endif

// clone3 returns twice, the second time on another stack: C can't express it, so the child's path is assembly
// until it is in `child`. The system call keeps every register but rax, rcx and r11.
static long clone3_onto_stack(struct clone_args *arguments, struct clinux_launch *launch) {
    long result = SYS_clone3;
    register struct clinux_launch *first __asm__("r12") = launch;
    register int (*function)(void *) __asm__("r13") = child;
    __asm__ volatile(
        "syscall\n\t"
        "testq %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xorl %%ebp, %%ebp\n\t"
        "movq %%r12, %%rdi\n\t"
        "callq *%%r13\n\t"
        "movl %%eax, %%edi\n\t"
        "movl %[exit], %%eax\n\t"
        "syscall\n\t"
        "hlt\n"
        "1:"
        : "+a"(result)
        : "D"(arguments), "S"(sizeof *arguments), [exit] "i"(SYS_exit_group), "r"(first), "r"(function)
        : "rcx", "r11", "memory");
    return result;
}

pid_t clinux_start(struct clinux_launch *launch, int *pidfd) {
    // One stack per thread, not per start: the parent thread is suspended while the child uses it.
    static _Thread_local char stack[64 << 10] __attribute__((aligned(16)));
    int own = -1;
    struct clone_args arguments = {
        .flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND | launch->namespaces,
        .pidfd = (uint64_t)(uintptr_t)&own,
        .exit_signal = SIGCHLD,
        .stack = (uint64_t)(uintptr_t)stack,
        .stack_size = sizeof stack,
    };
    if (launch->cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)launch->cgroup;
    }
    launch->failed_step = -1;
    launch->error = 0;
    launch->umask = -1;

    // No handler of ours may run in the child, which shares our memory.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    long pid = clone3_onto_stack(&arguments, launch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    if (pid < 0) {
        launch->error = (int32_t)-pid;
        return -1;
    }
    if (launch->failed_step < 0) {
        *pidfd = own;
        // With CLONE_VFORK we resume when the child has exec'ed or died; one that was killed first is left to the
        // caller's wait, which reports the signal.
        return (pid_t)pid;
    }
    int32_t status;
    while (clinux_wait_pidfd(own, 0, &status, NULL) != 0 && errno == EINTR) {}
    close(own);
    return -1;
}

struct mount_namespace {
    struct clinux_launch *launch;
    const char *path;
    int device;
};

static void *make_mount_namespace(void *argument) {
    struct mount_namespace *made = argument;
    struct clinux_launch *launch = made->launch;
    // Implies a root and a working directory of this thread's own.
    int result = unshare(CLONE_NEWNS);
    // Before the steps, after which there may be no /proc.
    int handle = result == 0 ? open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC) : -1;
    if (handle < 0) {
        launch->error = errno;
    } else if (run_all(launch) != 0) {
        close(handle);
        handle = -1;
    } else {
        made->device = open(made->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    return (void *)(intptr_t)handle;
}

int clinux_make_mount_namespace(struct clinux_launch *launch, const char *path, int *device) {
    struct mount_namespace made = {.launch = launch, .path = path, .device = -1};
    launch->failed_step = -1;
    launch->error = 0;
    launch->umask = -1;
    pthread_t thread;
    void *result = NULL;
    int error = pthread_create(&thread, NULL, make_mount_namespace, &made);
    if (error == 0) error = pthread_join(thread, &result);
    *device = made.device;
    if (error == 0) return (int)(intptr_t)result;
    launch->error = error;
    return -1;
}
