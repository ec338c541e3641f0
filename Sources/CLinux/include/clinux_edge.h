// Why this exists: what stands between a container and its caller and Swift can't do: signals as a queue (Glibc's module
// has no signalfd), moving bytes without waiting on a descriptor whose flags are somebody else's too, descriptors over a
// socket, and the watcher, which is what it is before Swift begins.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

/// Gives each of the descriptors 0, 1 and 2 that is closed /dev/null, 0 for reading, 1 and 2 for writing: what a program
/// opens later would get these numbers, be written to, and be handed on. Returns a mask of those that were closed.
/// The first call of every main.
unsigned clinux_claim_standard(void);

/// The signals that this program ignores: bit N - 1 for signal N.
uint64_t clinux_ignored_signals(void);

/// What a child has of us and Swift can't ask for: a number that the kernel does not tell is -1.
struct clinux_inherited {
    /// Real, effective and saved.
    uint32_t users[3], groups[3];
    /// personality(2), ioprio_get(2), and PR_GET_TIMERSLACK (nanoseconds) and PR_GET_SECUREBITS of prctl(2).
    int64_t personality, io_priority, timer_slack, securebits;
    /// Nonzero when we may raise a hard limit: CAP_SYS_RESOURCE of capabilities(7) is effective.
    int may_raise_limits;
};
struct clinux_inherited clinux_inherited(void);

/// Blocks every signal that a program may be sent, but for those in `ignored` (nohup(1)), those that the kernel raises for a
/// fault, and with which it stops a job that reads or sets its terminal in the background. Returns a non-blocking,
/// close-on-exec signalfd(2) from which they are read, or -1 with errno.
int clinux_queue_signals(uint64_t ignored);
/// The next signal from that descriptor; 0 when there is none.
int clinux_next_signal(int queue);
/// Lets a SIGTSTP stop this process, as its default action does; returns when it goes on.
void clinux_stop_self(void);

/// splice(2) of at most `count` bytes from pipe to pipe; EAGAIN when one is empty or the other full, whatever their flags.
ssize_t clinux_splice(int from, int to, size_t count);

/// A connected pair of SOCK_SEQPACKET sockets, close-on-exec.
int clinux_socketpair(int ends[2]);
/// Sends a text with a descriptor over a socket; async-signal-safe. Returns how much was sent, or -1 with errno.
long clinux_send_text(int socket, const void *bytes, size_t count, int descriptor);
/// Sends a descriptor over a socket; async-signal-safe. 0 or -1 with errno.
int clinux_send_descriptor(int socket, int descriptor);
/// The descriptor that came over a socket, close-on-exec; -1 with errno, EAGAIN when none is there.
int clinux_receive_descriptor(int socket);
/// Another descriptor of a pseudo-terminal's own side, given its master. TIOCGPTPEER, see ioctl_tty(2).
int clinux_terminal_peer(int master);

/// For the executor, between clone3 and execve: a terminal of /dev/pts becomes the descriptors of the mask `numbers` and
/// the session's own; its master, which does not block, goes over `socket`.
int clinux_open_terminal(int socket, unsigned numbers, unsigned rows, unsigned columns);

/// Starts a process that waits for the end of this one, and then kills the container that was announced to it, with it all of
/// its PID namespace. It is in a session of its own and takes no signal but SIGKILL. Returns its pid, a pidfd of it and the
/// socket on which it is told, both close-on-exec; or -1 with errno. One process starts one.
pid_t clinux_watch(int *socket, int *pidfd);
/// A program that defines it, and for its arguments returns other than 0, has one from its first moment, when a fork costs
/// least. Called before anything of Swift's is set up.
__attribute__((weak)) int clinux_starts_containers(int argc, char **argv);
/// A word of that program's command line, NULL after the last: Swift would look for them in /proc/self/maps.
const char *clinux_word(int index);
/// Tells it what its standard input, a terminal, is to have back. 0 or -1 with errno.
int clinux_tell_modes(int socket, const struct termios *modes);
/// For the executor: announces the calling process to it, before it can be anybody else's. 0 or -1 with errno, EPIPE when it is
/// dead.
int clinux_announce(int socket);
/// Ends and reaps it.
void clinux_end_watch(pid_t pid);
