// Why this exists: what Swift can't do with the kernel. Functions that glibc 2.36 does not declare (or only under
// _GNU_SOURCE), and everything that runs between clone3 and execve, where no Swift may run: the child shares our
// memory (CLONE_VM) and must neither allocate nor take a lock. What a thread of ours changes of itself is in
// clinux_thread.h.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// O_DIRECT of open(2), which is declared only under _GNU_SOURCE.
int clinux_direct(void);
/// pipe2(2).
int clinux_pipe2(int ends[2], int flags);
/// memfd_create(2) with MFD_CLOEXEC.
int clinux_memfd(const char *name);
/// pidfd_open(2); the descriptor is close-on-exec.
int clinux_pidfd_open(pid_t pid);
/// pidfd_send_signal(2).
int clinux_pidfd_send_signal(int pidfd, int signal);
/// waitid(2) on a pidfd with WEXITED and `options`. Returns 0 and the shell's status (128 + N for signal N) in
/// `status`; -1 with errno otherwise, EAGAIN when WNOHANG found it alive. `cpu_nanoseconds` may be
/// NULL, else receives user + system CPU time of the child and of what it waited for.
int clinux_wait_pidfd(int pidfd, int options, int32_t *status, uint64_t *cpu_nanoseconds);

/// What the child does, one system call (or one short fixed sequence) each.
enum clinux_operation {
    CLINUX_EXEC,           ///< execve(a, argv, envp); ends the program
    CLINUX_MOUNT,          ///< mount(a, b, c, x, data)
    CLINUX_PIVOT_ROOT,     ///< open("/"); chdir(a); pivot_root(".", "."); fchdir(old root): relative paths are the host's
    CLINUX_LEAVE_OLD_ROOT, ///< umount2(".", MNT_DETACH); chdir("/")
    CLINUX_MOVE_ROOT,      ///< open("/"); chdir(a); mount(".", "/", MS_MOVE); chroot("."); fchdir(old root)
    CLINUX_CHDIR,          ///< chdir(a)
    CLINUX_SETNS,          ///< setns(x, y)
    CLINUX_MKDIR,          ///< mkdir(a, x), whatever the umask; EEXIST is no error
    CLINUX_SYMLINK,        ///< symlink(a, b)
    CLINUX_NODE,           ///< mknod(a, x, y), whatever the umask; EPERM where there is a b: an empty file, mount(b, a, MS_BIND)
    CLINUX_MOUNT_FLAGS,    ///< mount_setattr(a, AT_RECURSIVE, {attr_set = x}); of a alone where y: {attr_set = x, attr_clr = y}
    CLINUX_READ_ONLY,      ///< mount(a, a, MS_BIND|MS_REC); mount_setattr(a, AT_RECURSIVE, {attr_set = x})
    CLINUX_MASK,           ///< mount(a, c, MS_BIND); ENOTDIR, as one is a directory and one is not: mount(b, c, MS_BIND)
    CLINUX_MASK_EACH,      ///< the same with c, a number and data for c, for each processor's number
    CLINUX_WRITE,          ///< open(a, O_WRONLY); write(data, y); close
    CLINUX_UNSHARE,        ///< unshare(x)
    CLINUX_JOIN_CGROUP,    ///< write(joins[x], "0"): this thread moves into a v1 cgroup
    CLINUX_HOSTNAME,       ///< sethostname(a)
    CLINUX_LOOPBACK_UP,    ///< SIOCSIFFLAGS IFF_UP on lo
    CLINUX_STANDARD,       ///< standard[x] becomes descriptor x
    CLINUX_NULL,           ///< /dev/null, opened with the access mode y, becomes descriptor x
    CLINUX_CLOSE_FROM,     ///< close_range(x, ~0, y)
    CLINUX_SETSID,         ///< setsid()
    CLINUX_BOUNDING_SET,   ///< prctl(PR_CAPBSET_DROP) for each capability that is not in the mask x
    CLINUX_CAPABILITIES,   ///< capset(effective = permitted = x, inheritable = 0)
    CLINUX_NO_NEW_PRIVS,   ///< prctl(PR_SET_NO_NEW_PRIVS)
    CLINUX_SECCOMP,        ///< seccomp(SECCOMP_SET_MODE_FILTER) with the x BPF instructions at data
    CLINUX_GROUPS,         ///< setgroups(x, data): the groups are gid_t
    CLINUX_TERMINAL,       ///< a terminal of /dev/pts becomes the descriptors of the mask x and ours; y: its size, see there
    CLINUX_PDEATHSIG,      ///< prctl(PR_SET_PDEATHSIG, x); ESRCH if the parent, a pidfd y, has died already
    CLINUX_LIMITS,         ///< setrlimit for the x triples (resource, soft, hard) at data; EPERM: as near as the hard limit lets it come
    CLINUX_SIGNALS,        ///< rt_sigaction(N, SIG_DFL) for each signal N whose bit N - 1 is in x
    CLINUX_SCHEDULER,      ///< sched_setscheduler(0, x, {0})
    CLINUX_AFFINITY,       ///< sched_setaffinity(0, x, data)
    CLINUX_UMASK,          ///< umask(x)
    CLINUX_ANNOUNCE,       ///< the child's pidfd goes over the socket x to who watches over it
    CLINUX_SESSION_KEYRING,  ///< keyctl(KEYCTL_JOIN_SESSION_KEYRING, a)
    CLINUX_CALL,           ///< syscall of the six numbers at data, the first its own: what takes nothing but numbers
};

/// CLOSE_RANGE_CLOEXEC of close_range(2).
enum { clinux_close_on_exec = 1 << 2 };

/// One step of a launch program. Which fields count depends on `operation`; the rest are 0.
struct clinux_step {
    enum clinux_operation operation;
    /// Non-zero: a failure with this errno is passed over (a kernel without the feature).
    int tolerated_error;
    const char *a, *b, *c;
    const void *data;
    uint64_t x, y;
};

/// A launch program, what differs from one start of it to the next, and what became of it. The child writes the last
/// four fields in our memory.
struct clinux_launch {
    const struct clinux_step *steps;
    uint32_t count;
    /// CLONE_NEW* flags for clone3.
    uint64_t namespaces;
    char *const *envp;

    char *const *argv;
    /// What becomes the child's descriptors 0, 1, 2 and, where a step asks for it, 3; where a step makes a terminal, the
    /// last is the socket over which its master comes to us.
    int standard[4];
    /// Descriptors of the `tasks` files of the v1 cgroups that it joins.
    const int *joins;
    /// Descriptor of a cgroup v2 directory for CLONE_INTO_CGROUP, or -1.
    int cgroup;
    /// CLOCK_MONOTONIC nanoseconds at the end of each step; `count` entries, written by the child.
    uint64_t *stamps;
    /// CLOCK_MONOTONIC nanoseconds when the child began.
    uint64_t child_began;
    /// Index of the failed step, or -1.
    int32_t failed_step;
    /// Its errno.
    int32_t error;
    /// The caller's umask from the first step on that makes a file, whose mode is to be what it says; -1 before.
    int32_t umask;
};

/// Makes a keyring of that name, which lives until it is dropped or the process ends, and which children may join as their
/// session keyring. Returns its serial number, or -1 with errno.
int32_t clinux_make_keyring(const char *name);
void clinux_drop_keyring(int32_t keyring);

/// Runs the program, which has no CLINUX_EXEC, in a thread with a mount namespace of its own. Returns a close-on-exec
/// descriptor of that namespace, which lives as long as somebody holds it or is in it; or -1: `failed_step` >= 0 names
/// the step that failed and `error` its errno; with `failed_step` == -1 there was no thread or no namespace.
/// The character device that `path` names in there at the end is `*device`, opened for reading and close-on-exec; -1 where
/// there is none.
int clinux_make_mount_namespace(struct clinux_launch *launch, const char *path, int *device);

/// Starts the program in a child made by clone3(2) with CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND.
/// Returns the pid when execve succeeded, with a close-on-exec pidfd in `pidfd`; otherwise -1, the child reaped:
/// `failed_step` >= 0 names the step and `error` its errno; `failed_step` == -1 means that clone3 itself failed with
/// `error`. A child that something killed before its execve counts as started: the wait reports the signal.
pid_t clinux_start(struct clinux_launch *launch, int *pidfd);
