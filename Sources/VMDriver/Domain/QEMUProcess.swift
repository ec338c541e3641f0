import CLinux
import Glibc
import LabCore

/// The QEMU process of one domain on this host.
struct QEMUProcess: Sendable {
    let pid: pid_t
    /// The domain by whose name it was found; nil for a child.
    private let name: String?

    /// Returns the file below `directory` to which the embedded driver writes the pid of a domain's QEMU.
    static func pidFile(domain name: String, root directory: String) -> String {
        "\(directory)/run/qemu/\(name).pid"
    }

    /// The process of that domain, as the pid file below `directory` names it.
    init?(domain name: String, root directory: String) {
        guard let text = Files.line(Self.pidFile(domain: name, root: directory)), let pid = pid_t(text),
            Self.isQEMU(HostProcess(pid: pid), of: name)
        else { return nil }
        self.pid = pid
        self.name = name
    }

    /// Every process whose command line carries the domain's name, for when libvirt knows nothing of it.
    static func all(of name: String) -> [QEMUProcess] {
        HostProcess.all.filter { isQEMU($0, of: name) }.map { QEMUProcess(pid: $0.pid, found: name) }
    }

    /// A child of ours: until it is reaped nobody else has its pid.
    init(pid: pid_t) {
        self.pid = pid
        name = nil
    }

    private init(pid: pid_t, found name: String) {
        self.pid = pid
        self.name = name
    }

    /// Those that the embedded driver below `directory` has started to ask them what they can do, which detach
    /// themselves: their monitors are in directories of that name.
    static func asked(below directory: String) -> [HostProcess] {
        HostProcess.all.filter { process in
            process.commandLine?.contains { $0.contains("\(directory)/lib/qemu/qmp-") } == true
        }
    }

    /// libvirt passes `-name guest=NAME,debug-threads=on`: the pair is looked for, so that a pid that was used again
    /// by another program, or an editor with that name open, is left alone. So is what only says so: it must be QEMU's
    /// program.
    private static func isQEMU(_ process: HostProcess, of name: String) -> Bool {
        guard process.program?.hasPrefix("qemu") == true, let words = process.commandLine else {
            return false
        }
        return zip(words, words.dropFirst()).contains {
            $0 == "-name" && ($1 == "guest=\(name)" || $1.hasPrefix("guest=\(name),"))
        }
    }

    struct End {
        /// False when it is still there.
        var isGone: Bool
        /// Nanoseconds of CPU time in its whole life, user and system; nil when nobody can say any more.
        var cpuNanoseconds: UInt64?
    }

    /// Copies of its sockets, for the caller to close: nobody on their other ends notices its end before.
    ///
    /// Empty where this user may not take them, ptrace(2) says when.
    func holdSockets() -> [Int32] {
        let number = clinux_pidfd_open(pid)
        guard number >= 0 else { return [] }
        let process = FileDescriptor(owning: number)
        let directory = "/proc/\(pid)/fd"
        return Files.list(directory).compactMap { Int32($0) }.filter { entry in
            var status = stat()
            return stat("\(directory)/\(entry)", &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
        }.map { clinux_pidfd_getfd(process.rawValue, $0) }.filter { $0 >= 0 }
    }

    /// Kills it and waits until it is gone; reaps it where it is our child. The guest's disk is RAM: nothing is lost.
    func end(deadline: MonotonicInstant) -> End {
        let number = clinux_pidfd_open(pid)
        guard number >= 0 else { return End(isGone: true) }
        let process = FileDescriptor(owning: number)
        // Who was found by name may have ended since, and its pid be another's. From here on the descriptor says who. One
        // that has ended shows no program any more, but a child of ours keeps its pid until it is reaped, as libvirt waits
        // for it to be.
        if let name, !Self.isQEMU(HostProcess(pid: pid), of: name),
            (try? HostProcess(pid: pid).status())?.parent != getpid()
        {
            return End(isGone: true)
        }
        // For a QEMU whose parent is somebody else.
        let before = try? HostProcess(pid: pid).cpuNanoseconds()
        _ = clinux_pidfd_send_signal(process.rawValue, SIGKILL)
        var ended = pollfd(fd: process.rawValue, events: Int16(POLLIN), revents: 0)
        while poll(&ended, 1, deadline.pollTimeoutMilliseconds) <= 0 {
            if MonotonicInstant.now() >= deadline { return End(isGone: false) }
        }
        var status: Int32 = 0
        var total: UInt64 = 0
        let isOurs = clinux_wait_pidfd(process.rawValue, WNOHANG, &status, &total) == 0
        return End(isGone: true, cpuNanoseconds: isOurs ? total : before)
    }
}
