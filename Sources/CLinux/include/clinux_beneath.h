// Why this exists: openat2(2), which glibc has no function for: the kernel itself keeps a look-up below a directory,
// off links and off what is mounted there, with no moment between a check and the use. And O_PATH and fstatfs(2), which
// are in no module of Swift's.
#pragma once
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/// Opens `path`, close-on-exec, below `directory`: ELOOP for a link anywhere in it, EXDEV for a mount point, or for a
/// path that leads out. Returns a descriptor, or -1 with errno.
static inline int clinux_open_beneath(int directory, const char *path, int flags) {
    struct open_how how = {
        .flags = (unsigned)flags | 02000000 /* O_CLOEXEC */,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    };
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

/// O_PATH of open(2), and O_DIRECTORY: a place to look things up from, for which search permission is enough.
static const int clinux_path_only = 010000000 | 0200000;

/// `f_type` of fstatfs(2), or -1 with errno.
static inline long clinux_file_system(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (long)status.f_type : -1;
}
