// A process that outlives us to end the container. It is a program of its own, so that who runs out of memory and is killed
// does not take it along, and so that nothing of ours is copied for it: this program's file once more, which becomes the
// watcher before anything else of it begins.
#define _GNU_SOURCE
#include "clinux_edge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char name[] = "lab-watch";

// Its descriptors: standard input, which may be a terminal, a pidfd of whom it watches over, and the socket on which it hears.
enum { OF_US = 3, SOCKET = 4 };

// Neither killall(1) and pkill(1) by our name nor a signal to our process group means it.
static void stand_apart(void) {
    setsid();
    prctl(PR_SET_NAME, name);
    // Where that may not be, it is small all the same.
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score < 0) return;
    if (write(score, "-1000", 5) < 0) errno = 0;
    close(score);
}

// What it is told: the container, or how a terminal is to be left. False when there is nothing more to hear.
static int hear(int *container, struct termios *modes, int *has_modes) {
    struct termios heard;
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } room;
    struct iovec bytes = {&heard, sizeof heard};
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof room};
    ssize_t length = recvmsg(SOCKET, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length <= 0) return 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        memcpy(container, CMSG_DATA(header), sizeof *container);
    } else if (length == sizeof heard) {
        *modes = heard;
        *has_modes = 1;
    }
    return 1;
}

static void watch(void) {
    int container = -1, has_modes = 0;
    struct termios modes;
    stand_apart();
    // Before a container is anybody's: see clinux_announce.
    send(SOCKET, "", 1, MSG_NOSIGNAL);
    // Who reads what the container writes is not to wait for us.
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    struct pollfd self[] = {{.fd = OF_US, .events = POLLIN}, {.fd = SOCKET, .events = POLLIN}};
    while (self[0].revents == 0) {
        if (poll(self, 2, -1) < 0) continue;
        if (self[1].revents && !hear(&container, &modes, &has_modes)) self[1].fd = -1;
    }
    while (hear(&container, &modes, &has_modes)) {}
    if (container >= 0) syscall(SYS_pidfd_send_signal, container, SIGKILL, NULL, 0);
    if (has_modes) tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

// First of all, before memory is touched that would have to be given back.
__attribute__((constructor(101))) static void become_watcher(int argc, char **argv) {
    if (argc != 1 || strcmp(argv[0], name) != 0) return;
    watch();
    _exit(0);
}

struct beginning {
    int self, socket;
};

// In our memory, in which we go on meanwhile: it touches nothing there but its stack. (Where a call fails, errno, which is
// ours too; we are about to fail then ourselves.)
static int begin(void *argument) {
    const struct beginning *beginning = argument;
    // Two numbers that no descriptor of ours may have: each is duplicated beyond them first.
    int self = fcntl(beginning->self, F_DUPFD, 8), socket = fcntl(beginning->socket, F_DUPFD, 8);
    char *const words[] = {name, NULL}, *const none[] = {NULL};
    if (self >= 0 && socket >= 0 && dup2(self, OF_US) >= 0 && dup2(socket, SOCKET) >= 0 &&
        syscall(SYS_close_range, SOCKET + 1, ~0U, 0) == 0)
        execve("/proc/self/exe", words, none);
    return 127;
}

pid_t clinux_watch(int self, int *socket, int *pidfd) {
    // Not on the stack: nobody waits until it has executed.
    static char stack[16 << 10] __attribute__((aligned(16)));
    static struct beginning beginning;
    int ends[2];
    if (clinux_socketpair(ends) != 0) return -1;
    beginning = (struct beginning){.self = self, .socket = ends[1]};
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    // No exit signal: of one that does not come to execute, nobody hears, but whoever reads its socket.
    pid_t pid = clone(begin, stack + sizeof stack, CLONE_VM | CLONE_PIDFD, &beginning, pidfd);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = error;
        return -1;
    }
    *socket = ends[0];
    return pid;
}

int clinux_tell_modes(int socket, const struct termios *modes) {
    return send(socket, modes, sizeof *modes, MSG_NOSIGNAL) == sizeof *modes ? 0 : -1;
}

// It says that it watches, in memory of its own; mostly it has already. Nobody else has its end: when it is dead, that ends.
static int hear_back(int socket) {
    char byte;
    struct pollfd answer = {.fd = socket, .events = POLLIN};
    ssize_t heard = recv(socket, &byte, 1, MSG_DONTWAIT);
    if (heard < 0 && errno == EAGAIN && poll(&answer, 1, 10000) > 0) heard = recv(socket, &byte, 1, MSG_DONTWAIT);
    if (heard == 0) errno = EPIPE;
    return heard == 1 ? 0 : -1;
}

int clinux_announce(int socket) {
    int own = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (own < 0) return -1;
    int result = clinux_send_descriptor(socket, own), error = errno;
    close(own);
    errno = error;
    return result == 0 ? hear_back(socket) : -1;
}

void clinux_end_watch(pid_t pid) {
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {}
}
