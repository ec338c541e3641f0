// Why this exists: what an OCI runtime asks the kernel for and glibc 2.36 has no function for, or only a variadic one, which
// Swift can't call; a child with a copy of our memory; and a look-up that stays beneath a root whatever links say.
#pragma once
#include <linux/bpf.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/// syscall(2) of a number and five arguments: -1 with errno for a failure.
static inline long clinux_syscall(long number, long a, long b, long c, long d, long e) {
    return syscall(number, a, b, c, d, e);
}

/// A child with a copy of our memory, as fork(2) makes it, in new namespaces and, where `cgroup` is not -1, born in that
/// cgroup v2. Only for a program of one thread: the child goes on with everything. Handlers of signals are gone.
pid_t clinux_fork(uint64_t namespaces, int cgroup);
/// CLONE_PARENT, beside namespaces: the child is our parent's.
static const uint64_t clinux_sibling = 0x8000;

/// Every signal has its default action and none is blocked.
void clinux_reset_signals(void);

/// openat2(2), close-on-exec: `root` is / for `path` and for every link in it, and magic links are refused. With `beneath`
/// no link is followed at all, and `path` stays below `root`.
static inline int clinux_open_in_root(int root, const char *path, int flags, unsigned mode, int beneath) {
    struct open_how how = {
        .flags = (unsigned)flags | 02000000 /* O_CLOEXEC */,
        .mode = mode,
        .resolve = beneath ? RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS : RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/// O_PATH of open(2).
static const int clinux_o_path = 010000000;

/// mount_setattr(2) of the mount that a descriptor is.
int clinux_change_mount(int mount, int recursive, uint64_t set, uint64_t clear, uint64_t propagation);

/// capset(2) of all three sets.
int clinux_set_capability_sets(uint64_t effective, uint64_t permitted, uint64_t inheritable);

/// Takes away each capability that is not in `kept`.
int clinux_bound_capabilities(uint64_t kept);

/// The interface `lo` of this network namespace is up.
int clinux_loopback_up(void);

/// seccomp(2): loads a filter of `count` instructions.
int clinux_load_filter(const void *instructions, unsigned count, unsigned flags);

/// The terminal `peer` becomes this session's and the descriptors 0, 1 and 2. 0 or -1 with errno.
int clinux_take_terminal(int peer);
/// Lets the other side of a pseudo-terminal be opened.
int clinux_unlock_terminal(int master);
/// TIOCSWINSZ and TIOCGWINSZ, see ioctl_tty(2).
int clinux_set_window(int terminal, unsigned rows, unsigned columns);
int clinux_copy_window(int from, int to);

/// Loads a program of type BPF_PROG_TYPE_CGROUP_DEVICE. Returns its descriptor, or -1 with errno.
int clinux_load_device_program(const struct bpf_insn *instructions, unsigned count);
/// Attaches it to a cgroup v2, beside others.
int clinux_attach_device_program(int program, int cgroup);

/// `f_type` of fstatfs(2) for what a path-only descriptor names; -1 with errno.
long clinux_type_of(int descriptor);

/// A program that is linked with it and whose file could be written to starts over from a read-only mount of the file that
/// nobody else has: what runs in a container it made then has no way to overwrite it (CVE-2019-5736). Called first in main; a
/// program whose entry point is `clinux_entry` has done so by then.
/// Returns 0 when it is such a mount by now, else -1 with errno.
int clinux_protect_own_file(char *const *argv);

/// What sched_setattr(2) is told.
struct clinux_scheduling {
    uint32_t policy;
    int32_t nice;
    uint32_t priority;
    uint64_t flags;
    /// Nanoseconds.
    uint64_t runtime, deadline, period;
};
/// sched_setattr(2) of this process. 0 or -1 with errno.
int clinux_set_scheduling(const struct clinux_scheduling *wanted);

/// The owners in a detached mount are shown as a user namespace maps them: mount_setattr(2). 0 or -1 with errno.
int clinux_map_mount(int mount, int recursive, int users);
