import CLinux
import Glibc
import LabCore

/// A process that this program waits for, in the foreground: signals are passed on to it, and where it has a terminal, what is
/// typed and shown.
struct ForegroundSession: ~Copyable {
    /// The socket over which a terminal is sent, and our end of it where it comes to us; -1 for none.
    private let theirs: Int32
    private let ours: Int32

    init(isTerminal: Bool, isDetached: Bool, consoleSocket: String?) throws {
        let given = consoleSocket ?? ""
        if isTerminal && isDetached && given.isEmpty {
            throw Failure("cannot allocate tty if lab-oci will detach without setting console socket")
        }
        if (!isTerminal || !isDetached) && !given.isEmpty {
            throw Failure("cannot use console socket if lab-oci will not detach or allocate tty")
        }
        guard isTerminal else {
            (theirs, ours) = (-1, -1)
            return
        }
        if isDetached {
            (theirs, ours) = (try Terminal.connect(given).release(), -1)
        } else {
            var ends: [Int32] = [-1, -1]
            try Kernel.check { clinux_socketpair(&ends) }
            (theirs, ours) = (ends[0], ends[1])
        }
    }

    deinit { for socket in [theirs, ours] where socket >= 0 { close(socket) } }

    var console: Int32? { theirs < 0 ? nil : theirs }

    private func master() throws -> Int32? {
        ours < 0 ? nil : try Kernel.check { clinux_receive_descriptor(ours) }
    }

    /// Waits for a child, and for what it has said on its terminal.
    func wait(for pid: pid_t) throws -> Int32 {
        let process = FileDescriptor(owning: try Kernel.check { clinux_pidfd_open(pid) })
        let signals = FileDescriptor(
            owning: try Kernel.check { clinux_queue_signals(clinux_ignored_signals()) })
        let master = try master()
        var before = termios()
        let isRaw = master != nil && tcgetattr(STDIN_FILENO, &before) == 0
        if isRaw {
            var raw = before
            cfmakeraw(&raw)
            tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        }
        defer { if isRaw { tcsetattr(STDIN_FILENO, TCSANOW, &before) } }
        if let master { _ = clinux_copy_window(STDIN_FILENO, master) }
        var events = [process.rawValue, signals.rawValue, master ?? -1, master == nil ? -1 : STDIN_FILENO].map
        {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        while true {
            if poll(&events, 4, -1) < 0 { continue }
            if events[1].revents != 0 {
                let number = clinux_next_signal(signals.rawValue)
                if number == SIGWINCH, let master {
                    _ = clinux_copy_window(STDIN_FILENO, master)
                } else if number > 0 && number != SIGPIPE {
                    _ = clinux_pidfd_send_signal(process.rawValue, number)
                }
            }
            if let master {
                if events[3].revents != 0, !move(from: STDIN_FILENO, to: master) { events[3].fd = -1 }
                if events[2].revents != 0, !move(from: master, to: STDOUT_FILENO) { events[2].fd = -1 }
            }
            guard events[0].revents != 0 else { continue }
            // What it said last is there by now: it has ended.
            if let master, events[2].fd >= 0 {
                var last = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
                while poll(&last, 1, 0) > 0, last.revents & Int16(POLLIN) != 0,
                    move(from: master, to: STDOUT_FILENO)
                {}
            }
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            return status.exitStatus
        }
    }

    /// - Returns: false when there is nothing more to come, or nobody to take it.
    private func move(from source: Int32, to target: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        let count = read(source, &bytes, bytes.count)
        if count < 0 { return errno == EINTR || errno == EAGAIN }
        if count == 0 { return false }
        var done = 0
        while done < count {
            let written = bytes[done..<count].withUnsafeBytes { write(target, $0.baseAddress, $0.count) }
            if written < 0, errno != EINTR, errno != EAGAIN { return false }
            done += max(0, written)
        }
        return true
    }
}
