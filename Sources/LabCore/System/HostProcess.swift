import Glibc

/// A process as the host knows it: its memory, its CPU time and its children.
public struct HostProcess: Hashable, Sendable {
    public let pid: pid_t

    public init(pid: pid_t) { self.pid = pid }

    /// Proportional set size in bytes: its memory, with shared pages divided among their users. See proc(5),
    /// smaps_rollup.
    /// - Throws: `.instance` when it has ended, or `.input` when this user may not look.
    public func proportionalBytes() throws(LabError) -> UInt64 {
        var tries = 1
        while true {
            do { return try readProportionalBytes() } catch {
                // ESRCH also where it executed a program between the opening and the reading: that memory is gone, and not it.
                guard tries < 10, kill(pid, 0) == 0 else { throw error }
                tries += 1
            }
        }
    }

    private func readProportionalBytes() throws(LabError) -> UInt64 {
        let text = try Files.readText("/proc/\(pid)/smaps_rollup")
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            if let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) }) {
                return kibibytes.times(1_024) ?? .max
            }
        }
        throw LabError(.instance, "the memory of process \(pid) is unknown", cause: "no Pss in smaps_rollup")
    }

    /// Nanoseconds of CPU time of all its threads, the dead ones too, without its children. The corresponding C
    /// function is `clock_getcpuclockid`.
    public func cpuNanoseconds() throws(LabError) -> UInt64 {
        var clock = clockid_t()
        var time = timespec()
        let code = clock_getcpuclockid(pid, &clock)
        guard code == 0, clock_gettime(clock, &time) == 0 else {
            throw LabError(.instance, "the CPU time of process \(pid) is unknown", cause: "it has ended")
        }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Nanoseconds of CPU time of those children that it has waited for, and of theirs, in ticks of the clock; 0 when it
    /// has ended. See proc_pid_stat(5), `cutime` and `cstime`.
    public var reapedNanoseconds: UInt64 {
        let fields = statFields
        let tick = 1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        guard fields.count > 14, let user = UInt64(fields[13])?.times(tick),
            let system = UInt64(fields[14])?.times(tick),
            case (let sum, false) = user.addingReportingOverflow(system)
        else { return 0 }
        return sum
    }

    /// The fields of `/proc/PID/stat` from the third on, see proc_pid_stat(5): the second is the name in parentheses, which may
    /// have anything in it. Empty when it has ended.
    package var statFields: [Substring] {
        guard let text = try? Files.readText("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
            return []
        }
        return text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
    }

    /// The name of the file that it executes, without its directory; nil when it has ended, or this user may not look.
    public var program: String? {
        target(of: "exe")?.split(separator: "/").last.map(String.init)
    }

    /// Its children now, by every thread of it. See proc(5), `/proc/PID/task/TID/children`.
    public var children: [HostProcess] {
        Files.list("/proc/\(pid)/task").flatMap { Self.children(ofThread: "/proc/\(pid)/task/\($0)") }
    }

    /// Those of one thread, by its directory: a process is the child of the thread that made it.
    public static func children(ofThread directory: String) -> [HostProcess] {
        (Files.line("\(directory)/children") ?? "").split(separator: " ").compactMap {
            pid_t($0).map(HostProcess.init(pid:))
        }
    }

    /// Itself and all that descends from it now.
    public var family: [HostProcess] { [self] + children.flatMap(\.family) }
}
