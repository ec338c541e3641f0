import CLinux
import Glibc

/// The fields of `/proc/PID/status`, see proc_pid_status(5).
public struct ProcessStatus: Sendable {
    private let fields: [Substring: Substring]

    init(_ text: String) {
        var fields: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
        self.fields = fields
    }

    /// The value of a field without the white space around it; nil when this kernel has no such field.
    public subscript(key: String) -> String? { fields[key[...]]?.trimmingWhitespace() }

    /// Its numbers in the pid namespaces that it is in, from the reader's inwards.
    public var pids: [pid_t] {
        (self["NSpid"] ?? "").split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) }
    }
    /// True for the first process of a PID namespace within the reader's.
    public var isInit: Bool { pids.count > 1 && pids.last == 1 }
    /// Whether a signal is in a set such as `SigBlk`, `SigIgn` or `SigCgt`.
    public func has(_ signal: Int32, in key: String) -> Bool {
        (self[key].flatMap { UInt64($0, radix: 16) } ?? 0) >> UInt64(signal - 1) & 1 != 0
    }
    /// The numbers of a field such as `Uid`, `Gid` or `Groups`.
    public func ids(_ key: String) -> [UInt32] {
        (self[key] ?? "").split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
    }
    public var parent: pid_t? { self["PPid"].flatMap { pid_t($0) } }
    /// Bit N is capability N.
    public var effectiveCapabilities: UInt64? { self["CapEff"].flatMap { UInt64($0, radix: 16) } }
    /// 0 is none, 1 strict, 2 a filter.
    public var seccompMode: Int? { self["Seccomp"].flatMap { Int($0) } }
    public var hasNoNewPrivileges: Bool { self["NoNewPrivs"] == "1" }
}

/// The kernel's data on a process in `/proc/PID`, see proc(5).
extension HostProcess {
    /// - Throws: `.input` when it has ended or this user may not look.
    public func status() throws(LabError) -> ProcessStatus {
        ProcessStatus(try Files.readText("/proc/\(pid)/status"))
    }

    /// The words of its command line, none for a zombie; nil when it is gone.
    public var commandLine: [String]? {
        (try? Files.readText("/proc/\(pid)/cmdline")).map { text in
            (text.hasSuffix("\0") ? text.dropLast() : text[...])
                .split(separator: "\0", omittingEmptySubsequences: text.isEmpty).map(String.init)
        }
    }

    /// True when it still runs; a zombie does not. Its command line says nothing: that is empty while it executes, and as it
    /// likes afterwards.
    public var isRunning: Bool {
        guard let state = try? status()["State"]?.first else { return false }
        return state != "Z" && state != "X"
    }

    /// Kills it. It is held before it is asked whether it is still the one that is meant, so that no process is killed that
    /// was given the number of one which has ended.
    public func end(ifStill isMeant: (HostProcess) -> Bool) {
        let number = clinux_pidfd_open(pid)
        guard number >= 0 else { return }
        let held = FileDescriptor(owning: number)
        if isMeant(self) { _ = clinux_pidfd_send_signal(held.rawValue, SIGKILL) }
    }

    /// The name of its first thread.
    public var name: String? { Files.line("/proc/\(pid)/comm") }

    /// The lines of `/proc/PID/cgroup` as the host sees them; none when it is gone.
    public var cgroups: [Substring] {
        ((try? Files.readText("/proc/\(pid)/cgroup")) ?? "").split(separator: "\n")
    }

    /// Returns the target of one of its links there, such as `exe` or `fd/0`; nil when this user may not look.
    public func target(of link: String) -> String? { Files.target(ofLink: "/proc/\(pid)/\(link)") }

    /// All processes that the host shows.
    public static var all: [HostProcess] {
        Files.list("/proc").compactMap { pid_t($0).map(HostProcess.init(pid:)) }
    }
}
