// A process that outlives us to end the container. Its memory is its own, so that who runs out of memory and is killed does
// not take it along. It is a fork: a program that says so is forked before anything else of it begins, when there is next
// to nothing to copy, and the two go on side by side.
#define _GNU_SOURCE
#include "clinux_edge.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
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

// The words of our command line, where ps(1) and pkill(1) read them.
static struct {
    int count;
    char **all;
} words;

const char *clinux_word(int index) { return index < words.count ? words.all[index] : NULL; }

// Neither killall(1) and pkill(1) by our name nor a signal to our process group means it.
static void stand_apart(void) {
    setsid();
    prctl(PR_SET_NAME, name);
    char *first = words.all[0], *last = words.all[words.count - 1];
    size_t length = (size_t)(last + strlen(last) - first);
    if (length >= sizeof name) {
        memset(first, 0, length);
        memcpy(first, name, sizeof name);
    }
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
    // Who reads what the container writes is not to wait for us.
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    // Not on the container too: its end would run us before who waits for it.
    struct pollfd self[] = {{.fd = OF_US, .events = POLLIN}, {.fd = SOCKET, .events = POLLIN}};
    while (self[0].revents == 0) {
        if (poll(self, 2, -1) < 0) continue;
        if (self[1].revents && !hear(&container, &modes, &has_modes)) self[1].fd = -1;
    }
    while (hear(&container, &modes, &has_modes)) {}
    if (container >= 0) syscall(SYS_pidfd_send_signal, container, SIGKILL, NULL, 0);
    if (has_modes) tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

struct watcher {
    pid_t pid;
    int socket, pidfd;
};

// Started and not asked for yet; 0 when there is none.
static struct watcher waiting;

// Not one of the standard descriptors, which may be closed and are not ours to give.
static int raised(int descriptor) {
    if (descriptor < 0 || descriptor > STDERR_FILENO) return descriptor;
    int above = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), error = errno;
    close(descriptor);
    errno = error;
    return above;
}

// The child: a fork, but for an exit signal, so that nobody but who asks hears of its end. Whatever it needs it has already, so
// that it watches from the moment in which it exists; when it first runs, nobody waits for.
static void run(int self, int socket) {
    // Two numbers that no descriptor of ours may have: each is duplicated beyond them first.
    self = fcntl(self, F_DUPFD, SOCKET + 1);
    socket = fcntl(socket, F_DUPFD, SOCKET + 1);
    if (self >= 0 && socket >= 0 && dup2(self, OF_US) >= 0 && dup2(socket, SOCKET) >= 0 &&
        syscall(SYS_close_range, SOCKET + 1, ~0U, 0) == 0)
        watch();
}

static int start(struct watcher *watcher) {
    int ends[2], pidfd = -1;
    if (clinux_socketpair(ends) != 0) return -1;
    struct clone_args arguments = {.flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd};
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = self < 0 ? -1 : (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) {
        run(self, ends[1]);
        _exit(0);
    }
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (self >= 0) close(self);
    *watcher = (struct watcher){.pid = pid, .socket = raised(ends[0]), .pidfd = raised(pidfd)};
    if (pid < 0) close(watcher->socket);
    errno = error;
    return pid < 0 ? -1 : 0;
}

static void end_waiting(void) {
    if (waiting.pid > 0) clinux_end_watch(waiting.pid);
}

// Before memory is touched that would have to be copied.
__attribute__((constructor(101))) static void start_early(int argc, char **argv) {
    if (!clinux_starts_containers) return;
    words.count = argc;
    words.all = argv;
    // A crash of this program's is told by its status: to look for what would draw a picture of it takes twelve system calls.
    setenv("SWIFT_BACKTRACE", "enable=no,swift-backtrace=/", 0);
    if (!clinux_starts_containers(argc, argv)) return;
    // Who could not be started now is tried again when it is asked for.
    if (start(&waiting) == 0) atexit(end_waiting);
    else waiting.pid = 0;
}

pid_t clinux_watch(int *socket, int *pidfd) {
    if (waiting.pid == 0 && start(&waiting) != 0) {
        waiting.pid = 0;
        return -1;
    }
    struct watcher ours = waiting;
    waiting.pid = 0;
    *socket = ours.socket;
    *pidfd = ours.pidfd;
    return ours.pid;
}

int clinux_tell_modes(int socket, const struct termios *modes) {
    return send(socket, modes, sizeof *modes, MSG_NOSIGNAL) == sizeof *modes ? 0 : -1;
}

int clinux_announce(int socket) {
    int own = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (own < 0) return -1;
    int result = clinux_send_descriptor(socket, own), error = errno;
    close(own);
    errno = error;
    return result;
}

void clinux_end_watch(pid_t pid) {
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {}
}
