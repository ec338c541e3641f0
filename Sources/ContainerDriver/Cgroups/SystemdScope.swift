import Glibc
import LabCore

/// A scope: a unit of systemd's for processes that it did not start. See systemd.scope(5) and
/// org.freedesktop.systemd1(5), `StartTransientUnit`.
enum SystemdScope {
    /// Emulated machines take their time.
    private static let patience = Duration.seconds(15)

    /// Moves this process, with all its threads, into a new delegated scope of the system's manager. The scope and all
    /// cgroups below it are gone when nothing runs there any more.
    ///
    /// busctl(1) comes with systemd; what it does once in a run is no reason to link a D-Bus library.
    /// - Throws: `.unavailable` when systemd refuses.
    static func enter(named name: String) throws(LabError) {
        let deadline = MonotonicInstant.now().advanced(by: patience)
        let manager = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1"]
        let properties = ["2", "PIDs", "au", "1", "\(getpid())", "Delegate", "b", "true"]
        let output: Tool.Output
        do throws(LabError) {
            output = try Tool.run(
                "busctl",
                ["--system", "call"] + manager
                    + ["org.freedesktop.systemd1.Manager", "StartTransientUnit", "ssa(sv)a(sa(sv))"]
                    + [name, "fail"] + properties + ["0"], in: "/", deadline: deadline, limit: 1 << 16)
        } catch { throw refused(error.reason) }
        guard output.status == 0 else { throw refused(PeerCommand.lastWords(output.text.utf8)) }
        // The answer is a job, which is done when we are there.
        while !isIn(name) {
            guard MonotonicInstant.now() < deadline else { throw refused("\(name) was not entered in time") }
            usleep(1_000)
        }
    }

    private static func isIn(_ name: String) -> Bool {
        let membership = (try? Files.readText("/proc/self/cgroup")) ?? ""
        return membership.split(separator: "\n").contains { $0.hasPrefix("0::/") && $0.hasSuffix("/\(name)") }
    }

    private static func refused(_ cause: String) -> LabError {
        LabError(
            .unavailable, "systemd gave this process no cgroup of its own", cause: cause,
            remedy: "start it with systemd-run --scope -p Delegate=yes")
    }
}
