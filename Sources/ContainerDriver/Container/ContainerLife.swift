import CLinux
import Glibc
import LabCore
import Launch

/// A container that runs, from its start to its end: what it says and is told, and the signals that its caller gets.
///
/// A signal does what it would do to the command as a plain process. The kernel ignores what the first process of a PID
/// namespace has no handler for, so such a signal ends the container here. Else it is handed on: the command does with it
/// what it likes, but for SIGTERM it has ten seconds, and a second SIGINT or SIGTERM within ten seconds ends it at once.
struct ContainerLife: ~Copyable {
    private let pid: pid_t
    private let pidfd: FileDescriptor
    private let signals: Int32
    private let watcher: Int32
    private let streams: StandardStreams
    /// The moment at which it is killed.
    private var killTime: MonotonicInstant?
    /// The moment at which the caller first wanted an end.
    private var wish: MonotonicInstant?
    /// The signal whose default action we took in its stead.
    private var takenAction: Int32?
    /// A signal that was handed on while the command had it blocked: what it then does with it is still to be seen. A
    /// shell blocks all for the moment in which it forks.
    private var undecided: Int32?

    static let grace = Duration.seconds(10)
    /// timeout(1) signals its child and then the child's whole group: within this time it is one wish.
    private static let sameWish = Duration.milliseconds(300)
    /// The interval at which a terminal that may not be read is asked whether it may.
    private static let terminalPause = Duration.milliseconds(200)
    /// The interval at which a command that blocks a signal is looked at.
    private static let blockPause = Duration.milliseconds(20)

    /// - Parameters:
    ///   - signals: the signals that come to this process, as a descriptor.
    ///   - watcher: a pidfd of who ends the container when this process can't.
    init(
        _ started: consuming ProgramBuffer.Started, signals: Int32, watcher: Int32, streams: StandardStreams
    ) {
        pid = started.pid
        pidfd = started.takePidfd()
        self.signals = signals
        self.watcher = watcher
        self.streams = streams
    }

    /// Lives until it has ended and what it wrote has been taken, or its caller gave up on that.
    /// - Returns: its status, 128 + N for signal N.
    mutating func live() throws(LabError) -> Int32 {
        do throws(LabError) {
            try requireOther()
            try streams.started()
            while try !step(hasEnded: false) {}
        } catch {
            kill()
            _ = try? reap()
            throw error
        }
        // It has nothing to end any more, and goes while the rest is tidied. A terminal is still to be given back.
        if streams.terminal == nil { _ = clinux_pidfd_send_signal(watcher, SIGKILL) }
        var status = try reap()
        if let takenAction, status == 128 + SIGKILL { status = 128 + takenAction }
        while !streams.drain() {
            if try step(hasEnded: true) { break }
        }
        return status
    }

    /// A command that leads through /proc/self/exe, or a script's interpreter that does, is this program's own file on the
    /// host: nothing in there may have it open (CVE-2019-5736).
    private func requireOther() throws(LabError) {
        var (ours, started) = (stat(), stat())
        guard stat("/proc/self/exe", &ours) == 0, stat("/proc/\(pid)/exe", &started) == 0,
            (ours.st_dev, ours.st_ino) == (started.st_dev, started.st_ino)
        else { return }
        throw LabError(
            .permission, "cannot execute the command",
            cause: "it leads out of the container, to lab-container itself",
            remedy: "name a program of the container's")
    }

    private func reap() throws(LabError) -> Int32 {
        var status: Int32 = 0
        do {
            try checked { clinux_wait_pidfd(pidfd.rawValue, 0, &status, nil) }
        } catch {
            throw LabError(.software, "cannot wait for the container", cause: "\(error)")
        }
        return status
    }

    /// One round of poll(2).
    /// - Parameter hasEnded: whether the container has: then it is about what is left in its pipes.
    /// - Returns: whether this part of its life is over.
    private mutating func step(hasEnded: Bool) throws(LabError) -> Bool {
        let flows = streams.entries()
        var events = (
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: hasEnded ? -1 : pidfd.rawValue, events: Int16(POLLIN), revents: 0),
            flows.input, flows.output, flows.errors,
            pollfd(fd: hasEnded ? -1 : watcher, events: Int16(POLLIN), revents: 0)
        )
        let timeout = timeout(hasEnded)
        let ready = withUnsafeMutableBytes(of: &events) {
            poll($0.baseAddress?.assumingMemoryBound(to: pollfd.self), 6, timeout)
        }
        if ready < 0 {
            guard errno == EINTR else {
                throw LabError(.software, "cannot wait for the container", cause: "\(Errno(errno))")
            }
            return false
        }
        if events.0.revents != 0, let number = nextSignal() {
            if hasEnded {
                if [SIGINT, SIGTERM, SIGHUP, SIGQUIT].contains(number) { return true }
            } else {
                receive(number)
            }
        }
        if hasEnded { return false }
        // The container's first process may be ending, and its watcher be seen to have been killed, at once.
        let isOver = events.1.revents != 0 || (events.5.revents != 0 && isEnded)
        guard isOver || events.5.revents == 0 else {
            throw LabError(
                .instance, "the container was ended",
                cause: "who would end it when lab-container is killed was killed")
        }
        if !streams.move((events.2, events.3, events.4)) { deliver(SIGHUP) }
        // Its terminal has sent it already; what the kernel drops there is as if it came from outside.
        if let typed = streams.takeTyped(), typed.group == pid { decide(typed.signal) }
        if let undecided { decide(undecided) }
        if let killTime, killTime <= .now() {
            self.killTime = nil
            kill()
        }
        return isOver
    }

    private var isEnded: Bool {
        var event = pollfd(fd: pidfd.rawValue, events: Int16(POLLIN), revents: 0)
        return poll(&event, 1, 0) == 1
    }

    private func timeout(_ hasEnded: Bool) -> Int32 {
        if hasEnded { return -1 }
        var milliseconds = killTime?.pollTimeoutMilliseconds ?? .max
        if streams.mustWaitForTerminal {
            milliseconds = min(milliseconds, Int32(Self.terminalPause / .milliseconds(1)))
        }
        if undecided != nil { milliseconds = min(milliseconds, Int32(Self.blockPause / .milliseconds(1))) }
        return milliseconds == .max ? -1 : milliseconds
    }

    private func nextSignal() -> Int32? {
        let number = clinux_next_signal(signals)
        return number > 0 ? number : nil
    }

    private mutating func receive(_ number: Int32) {
        switch number {
        // A reader that went away is met where it is written to.
        case SIGPIPE: break
        case SIGWINCH: streams.resize()
        case SIGTSTP:
            signalGroup(SIGSTOP)
            streams.terminal?.leave()
            clinux_stop_self()
            signalGroup(SIGCONT)
        case SIGCONT:
            // Whoever had the terminal meanwhile has set it as they like.
            streams.terminal?.forget()
            signalGroup(SIGCONT)
        case SIGINT, SIGTERM:
            let now = MonotonicInstant.now()
            if let wish, now < wish.advanced(by: Self.grace) {
                if now >= wish.advanced(by: Self.sameWish) { kill() }
            } else {
                wish = now
                deliver(number)
                if number == SIGTERM { killTime = now.advanced(by: Self.grace) }
            }
        default: deliver(number)
        }
    }

    private mutating func deliver(_ number: Int32) {
        if disposition(of: number) != .leftToDefault { _ = clinux_pidfd_send_signal(pidfd.rawValue, number) }
        decide(number)
    }

    private mutating func decide(_ number: Int32) {
        undecided = nil
        switch disposition(of: number) {
        case .taken: break
        case .blocked: undecided = number
        case .leftToDefault:
            takenAction = number
            kill()
        }
    }

    private func kill() { _ = clinux_pidfd_send_signal(pidfd.rawValue, SIGKILL) }

    /// The command's process group, which is its session's first. Its number is in use until it is reaped.
    private func signalGroup(_ number: Int32) { _ = Glibc.kill(-pid, number) }

    private enum Disposition {
        /// Handled or ignored.
        case taken
        case blocked
        /// The kernel drops it, because the command is an init. All that come here would end another process.
        case leftToDefault
    }

    /// Returns what the container's init does with a signal. See `SigBlk` in proc(5).
    private func disposition(of number: Int32) -> Disposition {
        guard let status = try? HostProcess(pid: pid).status() else { return .taken }
        if status.has(number, in: "SigIgn") || status.has(number, in: "SigCgt") { return .taken }
        return status.has(number, in: "SigBlk") ? .blocked : .leftToDefault
    }
}
