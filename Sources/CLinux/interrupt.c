#define _GNU_SOURCE
#include "clinux_interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

// timeout(1) signals its child and then the child's whole group: the two arrive as one wish within this time.
static const int64_t same_wish_ns = 300 * 1000 * 1000;

static volatile int interrupt_descriptor = -1;
static volatile int64_t first_signal_ns = 0;

static void on_signal(int number) {
    (void)number;
    int saved = errno;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    int64_t now = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    if (first_signal_ns == 0) {
        first_signal_ns = now;
        uint64_t one = 1;
        // Nothing can be done here about a failure, and an eventfd that is at its limit is readable anyway.
        ssize_t ignored = write(interrupt_descriptor, &one, sizeof one);
        (void)ignored;
    } else if (now - first_signal_ns > same_wish_ns) {
        _exit(130);
    }
    errno = saved;
}

static void ignore(int number) { (void)number; }

int clinux_signal_at_parents_end(int number) { return prctl(PR_SET_PDEATHSIG, number, 0, 0, 0); }

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_catch_interrupts(int descriptor) {
    interrupt_descriptor = descriptor;
    // SA_RESTART: libvirt's calls must not fail with EINTR; our own waits poll the eventfd.
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaddset(&action.sa_mask, SIGHUP);
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0) return -1;
    // A reader of our output that went away must not end a run in its middle: write(2) fails instead. Not SIG_IGN,
    // which every program that we start would inherit.
    struct sigaction quiet = {.sa_handler = ignore, .sa_flags = SA_RESTART};
    sigemptyset(&quiet.sa_mask);
    if (sigaction(SIGPIPE, &quiet, NULL) != 0) return -1;
    struct sigaction current;
    if (sigaction(SIGHUP, NULL, &current) != 0) return -1;
    // nohup(1) asked that a hang-up be ignored.
    if (current.sa_handler == SIG_IGN) return 0;
    return sigaction(SIGHUP, &action, NULL);
}
