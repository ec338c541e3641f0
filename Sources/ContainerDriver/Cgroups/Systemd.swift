import CLinux
import Glibc
import LabCore

/// Requests to systemd, by the tools that come with it: what is done once in a run is no reason to link a D-Bus
/// library.
enum Systemd {
    /// Emulated machines take their time.
    private static let patience = Duration.seconds(15)

    /// True when it manages this machine; the directory is the one that sd_booted(3) looks at.
    static var isRunning: Bool { Files.isDirectory("/run/systemd/system") }

    /// Returns true when it has delegated the cgroup of a unit.
    ///
    /// The system's manager marks it with two extended attributes (version 251), of which root reads one and everybody
    /// the other. A user's manager marks nothing, so it is asked about those of its units that belong to this user.
    static func hasDelegated(_ directory: String) -> Bool {
        isMarked(directory, "user.delegate") || isMarked(directory, "trusted.delegate")
            || usersManagerHasDelegated(directory)
    }

    private static func isMarked(_ directory: String, _ name: String) -> Bool {
        var value = [UInt8](repeating: 0, count: 2)
        return clinux_get_attribute(directory, name, &value, value.count) == 1
            && value[0] == UInt8(ascii: "1")
    }

    private static func usersManagerHasDelegated(_ directory: String) -> Bool {
        var status = stat()
        guard let unit = unitOfUser(geteuid(), at: directory), stat(directory, &status) == 0,
            status.st_uid == geteuid()
        else { return false }
        let output = try? Tool.run(
            "systemctl", ["--user", "show", "--property=Delegate", "--value", "--", unit], in: "/",
            deadline: .now().advanced(by: patience), limit: 1 << 16)
        return output?.status == 0 && output?.text.trimmingWhitespace() == "yes"
    }

    /// The unit of a user's manager whose cgroup a directory is, below that of the manager's own service.
    static func unitOfUser(_ user: uid_t, at directory: String) -> String? {
        let names = directory.split(separator: "/")
        guard let last = names.last, names.dropLast().contains("user@\(user).service"),
            CgroupDelegation.isUnit(String(last))
        else { return nil }
        return String(last)
    }

    /// Moves this process, with all its threads, into a new delegated scope of the system's manager: a unit for processes
    /// that systemd did not start, see systemd.scope(5) and org.freedesktop.systemd1(5), `StartTransientUnit`. The scope
    /// and all cgroups below it are gone when nothing runs there any more.
    /// - Throws: `.unavailable` when systemd refuses.
    static func enterScope(named name: String) throws(LabError) {
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
        guard output.status == 0 else { throw refused("\(PeerCommand.lastWords(output.text.utf8))") }
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

    private static func refused(_ cause: Message) -> LabError {
        LabError(
            .unavailable, "systemd gave this process no cgroup of its own", cause: cause,
            remedy: "start it with systemd-run --scope -p Delegate=yes")
    }
}
