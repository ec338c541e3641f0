// A process that outlives us to end the container. It has memory of its own, so that who runs out of memory and is killed
// does not take it along, and our descriptors, among which the container's pidfd is made later.
#define _GNU_SOURCE
#include "clinux_edge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Neither killall(1) and pkill(1) by our name nor a signal to our process group means it.
static void stand_apart(void) {
    static const char name[] = "lab-watch";
    setsid();
    prctl(PR_SET_NAME, name);
    size_t room = strlen(program_invocation_name);
    memset(program_invocation_name, 0, room);
    memcpy(program_invocation_name, name, room < sizeof name ? room : sizeof name);
    // Where that may not be, it is small all the same.
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score < 0) return;
    if (write(score, "-1000", 5) < 0) errno = 0;
    close(score);
}

static int watch(void *argument) {
    const volatile struct clinux_watcher *watcher = argument;
    stand_apart();
    struct pollfd self = {.fd = watcher->self, .events = POLLIN};
    while (poll(&self, 1, -1) < 0 && errno == EINTR) {}
    if (watcher->container >= 0) syscall(SYS_pidfd_send_signal, watcher->container, SIGKILL, NULL, 0);
    if (watcher->terminal >= 0) {
        struct termios modes = *(const struct termios *)&watcher->modes;
        tcsetattr(watcher->terminal, TCSANOW, &modes);
    }
    return 0;
}

struct clinux_watcher *clinux_make_watcher(void) {
    void *page = mmap(NULL, sizeof(struct clinux_watcher), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

void clinux_free_watcher(struct clinux_watcher *watcher) { munmap(watcher, sizeof *watcher); }

pid_t clinux_watch(struct clinux_watcher *watcher) {
    static char stack[16 << 10] __attribute__((aligned(16)));
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    // No signal tells of its end.
    pid_t pid = clone(watch, stack + sizeof stack, CLONE_FILES, watcher);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

void clinux_end_watch(pid_t pid) {
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {}
}
