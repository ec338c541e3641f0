#define _GNU_SOURCE
#include "clinux_edge.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

unsigned clinux_claim_standard(void) {
    unsigned closed = 0;
    // In this order: open(2) takes the lowest number that is free.
    for (int number = 0; number <= 2; number++) {
        if (fcntl(number, F_GETFD) >= 0) continue;
        closed |= 1u << number;
        // Without /dev there is no telling what would be written where.
        if (open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY) != number) _exit(71);
    }
    return closed;
}

struct clinux_inherited clinux_inherited(void) {
    struct clinux_inherited own = {
        .personality = personality(0xffffffff),
        .io_priority = syscall(SYS_ioprio_get, 1 /* IOPRIO_WHO_PROCESS */, 0),
        .timer_slack = prctl(PR_GET_TIMERSLACK),
        .securebits = prctl(PR_GET_SECUREBITS),
    };
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    syscall(SYS_capget, &header, data);
    own.may_raise_limits = (data[0].effective & CAP_TO_MASK(CAP_SYS_RESOURCE)) != 0;
    getresuid(&own.users[0], &own.users[1], &own.users[2]);
    getresgid(&own.groups[0], &own.groups[1], &own.groups[2]);
    return own;
}

uint64_t clinux_ignored_signals(void) {
    uint64_t ignored = 0;
    for (int number = 1; number <= 64; number++) {
        // As the kernel has it: glibc's function says nothing of the two that it keeps to itself.
        struct {
            void (*handler)(int);
            unsigned long flags;
            void (*restorer)(void);
            uint64_t mask;
        } action;
        if (syscall(SYS_rt_sigaction, number, NULL, &action, sizeof action.mask) != 0 || action.handler == SIG_IGN)
            ignored |= (uint64_t)1 << (number - 1);
    }
    return ignored;
}

int clinux_queue_signals(uint64_t ignored) {
    static const int left[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS,  SIGFPE,  SIGSEGV,
                               SIGSYS, SIGCHLD, SIGURG,  SIGTTIN, SIGTTOU};
    sigset_t taken;
    sigfillset(&taken);
    for (size_t index = 0; index < sizeof left / sizeof *left; index++) sigdelset(&taken, left[index]);
    for (int number = 1; number < SIGRTMIN; number++) {
        // A signal that is blocked is kept even where it is ignored.
        if (number != SIGPIPE && ignored >> (number - 1) & 1) sigdelset(&taken, number);
    }
    if (sigprocmask(SIG_BLOCK, &taken, NULL) != 0) return -1;
    return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_next_signal(int queue) {
    struct signalfd_siginfo info;
    return read(queue, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

void clinux_stop_self(void) {
    sigset_t stop, before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

ssize_t clinux_splice(int from, int to, size_t count) {
    return splice(from, NULL, to, NULL, count, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
}

int clinux_socketpair(int ends[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends); }

union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

long clinux_send_text(int socket, const void *bytes, size_t count, int descriptor) {
    struct iovec data = {(void *)bytes, count};
    union control control = {0};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof descriptor), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

int clinux_send_descriptor(int socket, int descriptor) {
    return clinux_send_text(socket, "", 1, descriptor) == 1 ? 0 : -1;
}

int clinux_receive_descriptor(int socket) {
    char byte;
    struct iovec data = {&byte, 1};
    union control control;
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0) return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS) {
        errno = ENOMSG;
        return -1;
    }
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

int clinux_terminal_peer(int master) { return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); }

// In the child, which shares our memory: async-signal-safe calls only. Whatever is opened here and not wanted goes with
// the child's execve or its end.
int clinux_open_terminal(int socket, unsigned numbers, unsigned rows, unsigned columns) {
    int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (master < 0) return -1;
    int unlocked = 0;
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    if (ioctl(master, TIOCSPTLCK, &unlocked) != 0) return -1;
    int peer = clinux_terminal_peer(master);
    if (peer < 0 || ioctl(peer, TIOCSWINSZ, &size) != 0 || ioctl(peer, TIOCSCTTY, 0) != 0) return -1;
    for (int number = 0; number <= 2; number++) {
        if (numbers >> number & 1 && dup2(peer, number) < 0) return -1;
    }
    return clinux_send_descriptor(socket, master);
}
