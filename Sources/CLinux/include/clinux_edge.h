// Why this exists: what stands between a container and its caller and Swift can't do: signals as a queue (Glibc's module
// has no signalfd), moving bytes without waiting on a descriptor whose flags are somebody else's too, descriptors over a
// socket, and the watcher, a process that is cloned and never executes anything, and so may run no Swift.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

/// Gives each of the descriptors 0, 1 and 2 that is closed /dev/null, 0 for reading, 1 and 2 for writing: what a program
/// opens later would get these numbers, be written to, and be handed on. Returns a mask of those that were closed.
/// The first call of every main.
unsigned clinux_claim_standard(void);

/// Blocks every signal that a program may be sent, but for those that are ignored (nohup(1)), that the kernel raises for a
/// fault, and with which it stops a job that reads or sets its terminal in the background. Returns a non-blocking,
/// close-on-exec signalfd(2) from which they are read, or -1 with errno.
int clinux_queue_signals(void);
/// The next signal from that descriptor; 0 when there is none.
int clinux_next_signal(int queue);
/// Lets a SIGTSTP stop this process, as its default action does; returns when it goes on.
void clinux_stop_self(void);

/// splice(2) of at most `count` bytes from pipe to pipe; EAGAIN when one is empty or the other full, whatever their flags.
ssize_t clinux_splice(int from, int to, size_t count);

/// A connected pair of SOCK_SEQPACKET sockets, close-on-exec.
int clinux_socketpair(int ends[2]);
/// The descriptor that came over a socket, close-on-exec; -1 with errno, EAGAIN when none is there.
int clinux_receive_descriptor(int socket);
/// Another descriptor of a pseudo-terminal's own side, given its master. TIOCGPTPEER, see ioctl_tty(2).
int clinux_terminal_peer(int master);

/// For the executor, between clone3 and execve: a terminal of /dev/pts becomes the descriptors of the mask `numbers` and
/// the session's own; its master, which does not block, goes over `socket`.
int clinux_open_terminal(int socket, unsigned numbers, unsigned rows, unsigned columns);

/// Who ends the container when this process is killed and can't.
struct clinux_watcher {
    /// A pidfd of this process.
    int self;
    /// The container's pidfd, or -1: clone3(2) itself writes it there, before the child can run.
    int container;
    /// A terminal that gets `modes` back, or -1.
    int terminal;
    struct termios modes;
};
/// In memory that a child shares, where clone3(2) can tell it of the container; NULL with errno where there is none.
struct clinux_watcher *clinux_make_watcher(void);
void clinux_free_watcher(struct clinux_watcher *watcher);
/// Starts a process that shares our descriptors and waits for our end; then it kills the container's init, and with it all
/// of the PID namespace. It is in a session of its own and takes no signal but SIGKILL. Returns its pid or -1 with errno.
pid_t clinux_watch(struct clinux_watcher *watcher);
/// Ends and reaps it.
void clinux_end_watch(pid_t pid);
