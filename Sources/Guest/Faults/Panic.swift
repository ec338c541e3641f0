import CGuest

/// `panic`: brings its kernel down, if it is its own.
///
/// Elsewhere it only asks whether it could, twice, in ways that do nothing: `output sysrq WORD`, whether
/// /proc/sysrq-trigger opens for writing, and `output reboot WORD`, whether reboot(2) with invalid numbers is refused for
/// want of privilege (`EPERM`) or only for the numbers (`EINVAL`). WORD is `opened` or an errno.
func panic(_ session: inout Session) -> Int32 {
    if let kernel = session.machine.ownKernel() {
        session.ready()
        session.finish()
        session.channel.send("output", text: literal("panic"))
        session.channel.drain()
        kernel.panic()
    }
    session.ready()
    let file = cguest_open_existing(OwnKernel.trigger)
    var code = cguest_errno()
    if file >= 0 {
        close(file)
        code = 0
    }
    reportAttempt("output sysrq", code, on: session.channel)
    code = cguest_reboot_refused() == -1 ? cguest_errno() : 0
    reportAttempt("output reboot", code, on: session.channel)
    session.waitForever()
}

private func reportAttempt(_ name: StaticString, _ code: Int32, on channel: Channel) {
    if code == 0 {
        channel.send(name, text: literal("opened"))
    } else {
        channel.send(name, text: cguest_error_name(code) ?? literal("unknown"))
    }
}

/// A kernel that only this program runs on. There is no way to make one of these but to be PID 1 of a kernel whose own
/// command line, which the host wrote for the VM, says `--machine`: so nothing here can bring down a host.
struct OwnKernel {
    static var trigger: Text { literal("/proc/sysrq-trigger") }

    /// - Parameter isMachine: what the program's own command line says.
    init?(isMachine: Bool) {
        guard isMachine, getpid() == 1, OwnKernel.bootedAsMachine() else { return nil }
    }

    /// See Documentation/admin-guide/sysrq.rst in Linux, command `c`; the kernel panics as well when its init ends.
    func panic() -> Never {
        let file = cguest_open_existing(OwnKernel.trigger)
        if file >= 0 {
            let crash: StaticString = "c"
            _ = write(file, crash.utf8Start, 1)
        }
        _exit(1)
    }

    private static func bootedAsMachine() -> Bool {
        let file = cguest_open("/proc/cmdline")
        guard file >= 0 else { return false }
        defer { close(file) }
        let capacity = 4_096
        let text = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
        defer { text.deallocate() }
        let length = read(file, text, capacity - 1)
        guard length > 0 else { return false }
        text[length] = 0
        return strstr(text, " --machine ") != nil
    }
}
