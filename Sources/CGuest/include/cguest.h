// Why this exists: Embedded Swift has no Glibc module, so the C declarations that lab-guest needs are imported
// here; errno, variadic functions, casts in macros and port I/O are what Swift can't call; and the standard
// library of Embedded Swift doesn't know the command line.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cguest_command.h"
#include "cguest_network.h"
#include "cguest_probe.h"

/// The command line, as main gets it.
int cguest_argc(void);
char **cguest_argv(void);

/// Gives each of the descriptors 0, 1 and 2 that is closed /dev/null, where there is one: what is opened later would get
/// its number.
static inline void cguest_claim_standard(void) {
    for (int number = 0; number <= 2; number++) {
        if (fcntl(number, F_GETFD) < 0 && open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY) != number) return;
    }
}

static inline int cguest_errno(void) { return errno; }

/// What errno says, in English: strerrordesc_np(3), NULL for an unknown number.
const char *cguest_error_text(int code);

/// The symbolic name of an errno, `EAGAIN`: strerrorname_np(3), NULL for an unknown number.
const char *cguest_error_name(int code);

/// Keeps this process and its children to come on the processor that it runs on: sched_setaffinity(2).
int cguest_pin(void);

/// A terminal then hands on each byte as it comes, and answers none; what is no terminal stays as it is: tcsetattr(3).
static inline void cguest_make_raw(int fd) {
    struct termios mode;
    if (tcgetattr(fd, &mode) != 0) return;
    cfmakeraw(&mode);
    tcsetattr(fd, TCSANOW, &mode);
}

/// open(2) for writing, never as a controlling terminal; a terminal is made raw, so that LF stays LF.
static inline int cguest_open_channel(const char *path) {
    int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) cguest_make_raw(fd);
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

/// Sleeps for so many nanoseconds, signals or not: clock_nanosleep(2).
static inline void cguest_sleep(unsigned long long nanoseconds) {
    struct timespec rest = {(time_t)(nanoseconds / 1000000000ull), (long)(nanoseconds % 1000000000ull)};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR) {}
}

/// What the kernel calls itself, "Linux 6.1.0-40-amd64": uname(2), in static memory.
const char *cguest_kernel(void);

/// Loads a module of the kernel from a file, finit_module(2); one that is loaded already is no error.
static inline int cguest_load_module(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    int result = (int)syscall(SYS_finit_module, fd, "", 0);
    int code = errno;
    close(fd);
    errno = code;
    return result == 0 || code == EEXIST ? 0 : -1;
}

/// Private anonymous memory by mmap(2), NULL when there is none.
static inline unsigned char *cguest_map(size_t length) {
    void *start = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start == MAP_FAILED ? NULL : (unsigned char *)start;
}

/// open(2) for reading.
static inline int cguest_open(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }

/// fork(2), which Swift declares unavailable. The program has one thread, so that the child may do anything.
static inline pid_t cguest_fork(void) { return fork(); }

/// In a child: it shall not outlive its parent. prctl(2) with PR_SET_PDEATHSIG.
static inline void cguest_die_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

/// open(2) for writing of a file that must exist already; nothing is written and nothing is cut.
static inline int cguest_open_existing(const char *path) {
    return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
}

/// open(2) for writing past the page cache. O_DIRECT is declared only under _GNU_SOURCE.
static inline int cguest_open_direct(const char *path) {
    return open(path, O_WRONLY | __O_DIRECT | O_CLOEXEC | O_NOFOLLOW);
}

/// From now on past the page cache: O_DIRECT by fcntl(2).
static inline int cguest_bypass_cache(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | __O_DIRECT);
}

/// Waits for a child: its exit status, or -1 when it ended otherwise or could not be waited for.
static inline int cguest_wait(pid_t pid) {
    int status;
    pid_t ended;
    do ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    return ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// fork(2) of a child that outlives neither its parent nor a minute: PR_SET_PDEATHSIG of prctl(2), and alarm(2).
static inline pid_t cguest_fork_bound(void) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child != 0) return child;
    signal(SIGALRM, SIG_DFL);
    alarm(60);
    // The parent may have ended before the first call; then nobody sends the signal.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(0);
    return 0;
}

/// Waits for a child: its exit status, 128 + N for signal N, or -1 when it could not be waited for.
static inline int cguest_wait_end(pid_t pid) {
    int status;
    pid_t ended;
    do ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended != pid) return -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// A page of zeros that this process and its children share, NULL when there is none.
static inline volatile unsigned *cguest_map_shared(void) {
    void *start = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return start == MAP_FAILED ? NULL : (volatile unsigned *)start;
}

/// reboot(2) with magic numbers that are none, so that it never reboots: the kernel asks for the privilege first (EPERM)
/// and looks at the numbers then (EINVAL). Returns -1.
static inline int cguest_reboot_refused(void) { return (int)syscall(SYS_reboot, 0, 0, 0, NULL); }

/// In a child: runs `PROGRAM --channel=none exit STATUS`, status 0 to 99. Never returns; 127 when execve(2) failed.
_Noreturn static inline void cguest_exec_exit(const char *program, int status) {
    char digits[3] = {(char)('0' + status / 10), (char)('0' + status % 10), 0};
    char *words[] = {"lab-guest", "--channel=none", "exit", digits, NULL};
    execv(program, words);
    _exit(127);
}

/// Runs a program in the place of this one, without arguments; returns only when execve(2) failed.
static inline void cguest_execute(const char *program) {
    char *words[] = {(char *)program, NULL};
    execv(program, words);
}

/// getuid(2) and getppid(2) as bare system calls, which no library answers.
static inline long cguest_user(void) { return syscall(SYS_getuid); }
static inline long cguest_parent(void) { return syscall(SYS_getppid); }

/// A system call that no kernel has: -1.
static inline long cguest_no_call(void) { return syscall(0xffff); }

// A turn that processes on one processor hand to each other: a word that they share and a futex(2) on it.

static inline unsigned cguest_turn(const unsigned *turn) { return __atomic_load_n(turn, __ATOMIC_ACQUIRE); }

/// Gives the turn to `side` and wakes who waits for it.
static inline void cguest_give(unsigned *turn, unsigned side) {
    __atomic_store_n(turn, side, __ATOMIC_RELEASE);
    syscall(SYS_futex, turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/// Sleeps until the turn is no longer that of `side`; returns how many system calls that took.
static inline unsigned cguest_await(unsigned *turn, unsigned side) {
    unsigned calls = 0;
    for (; cguest_turn(turn) == side; calls++) syscall(SYS_futex, turn, FUTEX_WAIT, side, NULL, NULL, 0);
    return calls;
}

/// Gives the turn away and waits until `side` no longer has it; returns how many system calls that took.
static inline unsigned cguest_pass(unsigned *turn, unsigned side) {
    cguest_give(turn, side);
    return 1 + cguest_await(turn, side);
}

/// How often this process and the children that it waited for gave up the processor or had to: getrusage(2).
static inline unsigned long long cguest_switches(void) {
    struct rusage own, children;
    if (getrusage(RUSAGE_SELF, &own) != 0 || getrusage(RUSAGE_CHILDREN, &children) != 0) return 0;
    return (unsigned long long)(own.ru_nvcsw + own.ru_nivcsw + children.ru_nvcsw + children.ru_nivcsw);
}

/// umask(2) as the bare system call, which no library answers: returns the mask that the call before set.
static inline unsigned cguest_umask(unsigned mask) { return (unsigned)syscall(SYS_umask, mask); }

/// Sets IFF_UP of a network interface, netdevice(7); does nothing when it is up.
static inline int cguest_interface_up(const char *name) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int result = ioctl(fd, SIOCGIFFLAGS, &request);
    if (result == 0 && !(request.ifr_flags & IFF_UP)) {
        request.ifr_flags |= IFF_UP;
        result = ioctl(fd, SIOCSIFFLAGS, &request);
    }
    int code = errno;
    close(fd);
    errno = code;
    return result;
}

/// reboot(2) with RB_AUTOBOOT; returns only when the kernel refuses.
static inline void cguest_reset(void) { reboot(RB_AUTOBOOT); }
