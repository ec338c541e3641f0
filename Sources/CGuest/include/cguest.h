// Why this exists: Embedded Swift has no Glibc module, so the C declarations that lab-guest needs are imported
// here; errno, variadic functions, casts in macros and port I/O are what Swift can't call; and the standard
// library of Embedded Swift doesn't know the command line.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/// The command line, as main gets it.
int cguest_argc(void);
char **cguest_argv(void);

static inline int cguest_errno(void) { return errno; }

/// open(2) for writing, never as a controlling terminal; a terminal is made raw, so that LF stays LF.
static inline int cguest_open_channel(const char *path) {
    int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    struct termios mode;
    if (fd >= 0 && tcgetattr(fd, &mode) == 0) {
        cfmakeraw(&mode);
        tcsetattr(fd, TCSANOW, &mode);
    }
    return fd;
}

/// One `outb` instruction; the caller has the right to the port by ioperm(2).
static inline void cguest_outb(unsigned char byte, unsigned short port) { outb(byte, port); }

/// Nanoseconds since the kernel started: CLOCK_BOOTTIME, clock_gettime(2).
static inline unsigned long long cguest_uptime(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (unsigned long long)now.tv_sec * 1000000000ull + (unsigned long long)now.tv_nsec;
}

/// Private anonymous memory by mmap(2), NULL when there is none.
static inline unsigned char *cguest_map(size_t length) {
    void *start = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start == MAP_FAILED ? NULL : (unsigned char *)start;
}

/// reboot(2) with RB_AUTOBOOT; returns only when the kernel refuses.
static inline void cguest_reset(void) { reboot(RB_AUTOBOOT); }
