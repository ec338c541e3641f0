import CLinux
import Glibc
import LabCore
import Launch

/// The most processes and threads that a container may have, and who counts them.
enum ProcessLimit {
    /// The word for it in `linux.sysctl`: the first pid that is not given out.
    static let sysctl = "kernel.pid_max"

    /// The limit of a container unless another number is asked for: podman's default.
    static let standard = 2_048

    /// Returns true when its own PID namespace's `kernel.pid_max` holds a container to so many. It costs one write, no
    /// cgroup, and no privilege. Since Linux 6.14; before, the same write would change the whole machine's.
    static func isHeldByNamespace(
        _ number: Int, release: String = ProcessLimit.release, processors: Int? = nil
    ) -> Bool {
        number >= 300 && isEnough(number, for: processors) && Self.version(release) >= (6, 14)
    }

    /// The kernel takes no smaller number than 300, its `RESERVED_PIDS`, and eight for each processor: a smaller limit takes
    /// a cgroup.
    private static func isEnough(_ number: Int, for processors: Int?) -> Bool {
        if let processors { return number >= 8 * processors }
        // They are counted, in a file of /sys, only where more than that could have them.
        return number >= 8 * 8 * clinux_affinity_bytes()
            || number >= 8 * sysconf(Int32(_SC_NPROCESSORS_CONF))
    }

    private static func version(_ release: String) -> (major: Int, minor: Int) {
        var rest = release.utf8[...]
        func next() -> Int {
            let digits = rest.prefix { (0x30...0x39).contains($0) }.prefix(9)
            rest = rest.dropFirst(digits.count + 1)
            return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        let major = next()
        return (major, next())
    }

    /// The release of the running kernel. The corresponding C function is `uname`.
    private static let release: String = {
        var name = utsname()
        guard uname(&name) == 0 else { return "" }
        return withUnsafeBytes(of: &name.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }()
}

extension LaunchProgram {
    /// The first pid that is not given out. Once all have been, the kernel passes over the first 300.
    static func limit(processes: Int) -> Step {
        Step("limit of processes", .write("\(processes + 1)", to: "/proc/sys/kernel/pid_max"))
    }
}
