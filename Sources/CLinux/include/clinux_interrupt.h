// Why this exists: a signal handler may call only what signal-safety(7) lists, and Swift promises nothing about
// what a closure calls. So the handler is C.
#pragma once

/// A non-blocking, close-on-exec eventfd that starts at 0, or -1 with errno. See eventfd(2), which Glibc's module lacks.
int clinux_eventfd(void);

/// prctl(2), PR_SET_PDEATHSIG: the signal that this process gets when the thread ends that started it.
int clinux_signal_at_parents_end(int number);

/// Lets SIGINT, SIGTERM and (unless it is ignored) SIGHUP write to the eventfd `descriptor` instead of ending the
/// process. A second signal ends it at once with status 130. SIGPIPE ends it no more: write(2) fails instead.
/// Returns 0, or -1 with errno. See sigaction(2).
int clinux_catch_interrupts(int descriptor);
