import CLinux
import Glibc
import LabCore

/// The caller's terminal on standard input, and what job control allows with it. See termios(3), "Job control" in
/// credentials(7).
final class CallerTerminal {
    /// The modes that it has when it is not ours.
    let modes: termios
    private(set) var isRaw = false

    /// - Returns: nil when standard input is no terminal.
    init?() {
        var modes = termios()
        guard tcgetattr(STDIN_FILENO, &modes) == 0 else { return nil }
        self.modes = modes
    }

    deinit { leave() }

    /// True when its keystrokes are for this process: it is in the foreground, or it is not this terminal's to control.
    private var isInForeground: Bool {
        let group = tcgetpgrp(STDIN_FILENO)
        return group < 0 || group == getpgrp()
    }

    /// True when what is typed is for us. It is not when somebody else has taken the terminal out of the mode in which
    /// lines are read, as a pager behind us in a pipeline does.
    var mayRead: Bool {
        guard isInForeground else { return false }
        if isRaw { return true }
        var now = termios()
        return tcgetattr(STDIN_FILENO, &now) == 0 && now.c_lflag & tcflag_t(ICANON) != 0
    }

    /// Passes every byte on as it is typed; what it means is the container's terminal's to say. In the background nothing
    /// happens: the kernel would stop us.
    func enter() {
        guard isInForeground else { return }
        var raw = modes
        cfmakeraw(&raw)
        isRaw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0
    }

    /// Gives it back as it was.
    func leave() {
        guard isRaw, isInForeground else { return }
        var modes = modes
        tcsetattr(STDIN_FILENO, TCSANOW, &modes)
        isRaw = false
    }

    /// Returns the signal that a terminal makes of typed bytes: SIGINT, SIGQUIT or mostly none. See ISIG in termios(3).
    static func signal(typing bytes: UnsafeRawBufferPointer, at terminal: Int32) -> Int32? {
        var modes = termios()
        guard tcgetattr(terminal, &modes) == 0, modes.c_lflag & tcflag_t(ISIG) != 0 else { return nil }
        let keys = withUnsafeBytes(of: modes.c_cc) { (intr: $0[Int(VINTR)], quit: $0[Int(VQUIT)]) }
        return bytes.lazy.compactMap { $0 == keys.intr ? SIGINT : $0 == keys.quit ? SIGQUIT : nil }.first
    }

    /// Lets the next `enter` set it again.
    func forget() { isRaw = false }

    var size: winsize {
        var size = winsize()
        return ioctl(STDIN_FILENO, UInt(TIOCGWINSZ), &size) == 0 ? size : winsize()
    }

    /// A description of a terminal that is ours alone, so that it may be set not to wait; the caller's where it can't be
    /// opened again.
    static func end(_ number: Int32, _ access: Int32) -> Flow.End {
        let own = open("/proc/self/fd/\(number)", access | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        return own < 0 ? .callers(number) : Flow.End(number: own, kind: .other, isOurs: true)
    }
}
