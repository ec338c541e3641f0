import Glibc
import LabCore

/// Whether this user can start containers on this machine, found out by starting one.
enum ContainerProbe {
    static func run(isolation: Isolation) -> Availability {
        if isolation.contains(.limits) {
            let mounts = CgroupMounts.current()
            let found = Set(mounts.hierarchies.flatMap(\.controllers))
            let missing = CgroupMounts.Controller.allCases.filter { !found.contains($0) }
            guard missing.isEmpty else {
                return .unavailable(
                    because:
                        "the cgroup controllers \(missing.map(\.rawValue).joined(separator: ", ")) are not mounted",
                    remedy: "mount the cgroup2 file system on /sys/fs/cgroup")
            }
        }
        do {
            try namespaces(isolation.cloned)
            return .available
        } catch {
            return .unavailable(
                because: error.cause.map { "\(error.message): \($0)" } ?? error.message, remedy: error.remedy)
        }
    }

    /// Starts /bin/true's like, a child that only execs nothing: the program has no steps but an exec that fails
    /// after the namespaces were made.
    private static func namespaces(_ namespaces: Namespaces) throws(LabError) {
        let launcher = ProgramBuffer()
        let program = LaunchProgram(
            namespaces: namespaces, steps: [.init("execve", .execute("/dev/null/none"))])
        do {
            _ = try launcher.start(program, arguments: ["none"], environment: [], cgroup: -1)
        } catch {
            // ENOTDIR from execve: clone3 worked.
            if error.message.hasPrefix("clone3") { throw error }
        }
    }
}
