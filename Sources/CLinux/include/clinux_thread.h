// Why this exists: what one thread changes of itself and not of the program (glibc spreads set*id(2) over all
// threads, and declares the rest only under _GNU_SOURCE), and the extended attributes, which Swift's Glibc leaves out.
#pragma once
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

/// unshare(2): `flags` are CLONE_NEW*; CLONE_NEWNS gives the thread a root and a working directory of its own.
static inline int clinux_unshare(uint64_t flags) { return (int)syscall(SYS_unshare, (unsigned long)flags); }

/// setns(2) with the CLONE_NEW* flag of the namespace's kind.
static inline int clinux_setns(int descriptor, uint64_t kind) {
    return (int)syscall(SYS_setns, descriptor, (int)kind);
}

/// Makes the calling thread, and it alone, an unprivileged user without supplementary groups; there is no way back.
/// The kernel then takes /proc/self away from the whole program (it is no longer dumpable), which is put right.
static inline int clinux_become_user(uid_t user, gid_t group) {
    if (syscall(SYS_setgroups, 0, NULL) != 0) return -1;
    if (syscall(SYS_setresgid, group, group, group) != 0) return -1;
    if (syscall(SYS_setresuid, user, user, user) != 0) return -1;
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/// Gives the calling thread, and it alone, these credentials and no others; there is no way back. While it lives the whole
/// program stays undumpable: else whoever else is that user might trace the thread, and with it own our memory.
static inline int clinux_take_credentials(uid_t user, gid_t group, const gid_t *groups, size_t count,
                                          uint64_t capabilities) {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return -1;
    if (syscall(SYS_setgroups, count, groups) != 0) return -1;
    if (syscall(SYS_setresgid, group, group, group) != 0) return -1;
    if (syscall(SYS_setresuid, user, user, user) != 0) return -1;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)capabilities, .permitted = (uint32_t)capabilities},
        {.effective = (uint32_t)(capabilities >> 32), .permitted = (uint32_t)(capabilities >> 32)},
    };
    return (int)syscall(SYS_capset, &header, data);
}

/// sched_setaffinity(2) of one thread, 0 for the calling one; the mask has `size` bytes, a whole number of longs.
static inline int clinux_set_affinity(pid_t thread, const void *mask, size_t size) {
    return (int)syscall(SYS_sched_setaffinity, thread, size, mask);
}

/// sched_getaffinity(2): 0, and bytes beyond those that the kernel has stay as they are; or -1.
static inline int clinux_affinity(pid_t thread, void *mask, size_t size) {
    return syscall(SYS_sched_getaffinity, thread, size, mask) < 0 ? -1 : 0;
}

/// The bytes of the kernel's own mask of processors, which has a bit for every number that there can be on this machine.
static inline long clinux_affinity_bytes(void) {
    unsigned long words[1024];
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof words, words);
    return bytes < 0 ? (long)sizeof words : bytes;
}

/// prctl(2) with PR_GET_DUMPABLE and PR_SET_DUMPABLE.
static inline int clinux_is_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }
static inline int clinux_set_dumpable(int dumpable) { return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0); }

/// lgetxattr(2): the value's length, -1 with errno ENODATA where there is no such attribute.
static inline ssize_t clinux_get_attribute(const char *path, const char *name, void *value, size_t size) {
    return lgetxattr(path, name, value, size);
}

/// setxattr(2), which follows a link. 0 or -1 with errno.
static inline int clinux_set_attribute(const char *path, const char *name, const void *value, size_t size) {
    return setxattr(path, name, value, size, 0);
}
