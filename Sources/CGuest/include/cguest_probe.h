// Why this exists: what the probes of lab-guest ask of the kernel and Swift can't say: system calls by their number
// (syscall(2) is variadic), an instruction, and declarations that no other header of lab-guest needs.
#pragma once
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/// syscall(2): what the kernel itself answers, -errno for a failure; no library checks the arguments first.
static inline long cguest_call(long number, long a, long b, long c, long d, long e) {
    long result = syscall(number, a, b, c, d, e);
    return result < 0 ? -(long)errno : result;
}

/// open(2) with these flags, close-on-exec; -errno for a failure.
static inline int cguest_open_as(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/// mknod(2) of a block device that only root may open; 0 or an errno.
static inline int cguest_make_block_device(const char *path, unsigned major, unsigned minor) {
    return mknod(path, S_IFBLK | 0600, makedev(major, minor)) == 0 ? 0 : errno;
}

/// Whether the processor says that it runs under a hypervisor: bit 31 of ECX in CPUID leaf 1. Then `signature` is what
/// that one signs with, CPUID leaf 0x40000000; see Documentation/virt/kvm/x86/cpuid.rst in Linux.
static inline int cguest_hypervisor(char signature[13]) {
    memset(signature, 0, 13);
#if defined(__x86_64__)
    unsigned a = 1, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (!(c >> 31)) return 0;
    a = 0x40000000;
    c = 0;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    memcpy(signature, &b, 4);
    memcpy(signature + 4, &c, 4);
    memcpy(signature + 8, &d, 4);
    return 1;
#else
    return 0;
#endif
}
