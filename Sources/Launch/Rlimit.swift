import Glibc

/// A resource limit, see getrlimit(2).
package struct Rlimit: Equatable, Sendable {
    package var name: String
    package var resource: Int32
    package var soft: UInt64
    package var hard: UInt64

    package static let unlimited = UInt64.max

    /// In the notation of strace(1).
    var text: String {
        func text(_ value: UInt64) -> String { value == Self.unlimited ? "RLIM_INFINITY" : String(value) }
        return "setrlimit(\(name), {\(text(soft)), \(text(hard))})"
    }

    /// True when it limits the same to the same.
    package func isSame(as other: Rlimit) -> Bool {
        resource == other.resource && soft == other.soft && hard == other.hard
    }

    /// As near to it as who may not raise this hard limit comes.
    package func lowered(to most: UInt64) -> Rlimit {
        var limit = self
        limit.hard = min(hard, most)
        limit.soft = min(soft, limit.hard)
        return limit
    }

    /// nil for a name, `RLIMIT_…`, that this kernel has not.
    package init?(_ name: String, soft: UInt64, hard: UInt64) {
        guard let known = Self.containerDefault.first(where: { $0.name == name }) else { return nil }
        (self.name, resource, self.soft, self.hard) = (name, known.resource, soft, hard)
    }

    private init(_ name: String, _ resource: __rlimit_resource, _ soft: UInt64, _ hard: UInt64) {
        self.init(name, Int32(resource.rawValue), soft, hard)
    }

    private init(_ name: String, _ resource: Int32, _ soft: UInt64, _ hard: UInt64) {
        (self.name, self.resource, self.soft, self.hard) = ("RLIMIT_\(name)", resource, soft, hard)
    }

    /// No core dump, also not of who raises its soft limit.
    package static let noCore = Rlimit("CORE", RLIMIT_CORE, 0, 0)

    /// Those of the kernel's first process, `INIT_RLIMITS` in include/asm-generic/resource.h of Linux 6.12, but for three:
    /// as many open files as systemd allows (`DefaultLimitNOFILE`, systemd-system.conf(5)); as many processes as there
    /// may be, because a cgroup counts them container by container and this limit all of a user; and as many queued
    /// signals as the kernel would allow on a machine of 16 GiB, where it computes them.
    ///
    /// Without privilege nothing is raised above the caller's hard limit.
    package static let containerDefault = [
        Rlimit("CPU", RLIMIT_CPU, unlimited, unlimited),
        Rlimit("FSIZE", RLIMIT_FSIZE, unlimited, unlimited),
        Rlimit("DATA", RLIMIT_DATA, unlimited, unlimited),
        Rlimit("STACK", RLIMIT_STACK, 8 << 20, unlimited),
        Rlimit("CORE", RLIMIT_CORE, 0, unlimited),
        Rlimit("RSS", __RLIMIT_RSS, unlimited, unlimited),
        Rlimit("NPROC", __RLIMIT_NPROC, unlimited, unlimited),
        Rlimit("NOFILE", RLIMIT_NOFILE, 1_024, 524_288),
        Rlimit("MEMLOCK", __RLIMIT_MEMLOCK, 8 << 20, 8 << 20),
        Rlimit("AS", RLIMIT_AS, unlimited, unlimited),
        Rlimit("LOCKS", __RLIMIT_LOCKS, unlimited, unlimited),
        Rlimit("SIGPENDING", __RLIMIT_SIGPENDING, 65_536, 65_536),
        Rlimit("MSGQUEUE", __RLIMIT_MSGQUEUE, 819_200, 819_200),
        Rlimit("NICE", __RLIMIT_NICE, 0, 0),
        Rlimit("RTPRIO", __RLIMIT_RTPRIO, 0, 0),
        Rlimit("RTTIME", __RLIMIT_RTTIME, unlimited, unlimited),
    ]
}
