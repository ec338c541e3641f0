import Glibc
import LabCore
import Launch

/// The most processes and threads that a container may have, and who counts them.
enum ProcessLimit {
    /// The word for it in `linux.sysctl`: the first pid that is not given out.
    static let sysctl = "kernel.pid_max"

    /// The limit of a container unless another number is asked for: podman's default.
    static let standard = 2_048

    /// The kernel takes no smaller number, for `RESERVED_PIDS` and eight for each processor: a smaller limit takes a cgroup.
    private static func least(_ processors: Int) -> Int { max(300, 8 * processors) }

    /// Returns true when its own PID namespace's `kernel.pid_max` holds a container to so many. It costs one write, no
    /// cgroup, and no privilege. Since Linux 6.14; before, the same write would change the whole machine's.
    static func isHeldByNamespace(
        _ number: Int, release: String = ProcessLimit.release, processors: Int = ProcessLimit.processors
    ) -> Bool {
        let version = release.split(separator: ".", maxSplits: 2).prefix(2).map {
            Int($0.prefix(while: \.isNumber)) ?? 0
        }
        guard version.count == 2, number >= least(processors) else { return false }
        return (version[0], version[1]) >= (6, 14)
    }

    /// The release of the running kernel. The corresponding C function is `uname`.
    private static let release: String = {
        var name = utsname()
        guard uname(&name) == 0 else { return "" }
        return withUnsafeBytes(of: &name.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }()
    private static let processors = sysconf(Int32(_SC_NPROCESSORS_CONF))
}

extension LaunchProgram {
    /// The first pid that is not given out. Once all have been, the kernel passes over the first 300.
    static func limit(processes: Int) -> Step {
        Step("limit of processes", .write("\(processes + 1)", to: "/proc/sys/kernel/pid_max"))
    }
}
