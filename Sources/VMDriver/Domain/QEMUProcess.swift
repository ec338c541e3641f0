import Glibc
import LabCore

/// The QEMU process of one domain on this host.
struct QEMUProcess: Sendable {
    let pid: pid_t

    /// Where the embedded driver below `directory` writes the pid of a domain's QEMU.
    static func pidFile(domain name: String, root directory: String) -> String {
        "\(directory)/run/qemu/\(name).pid"
    }

    /// The process of that domain, as the pid file below `directory` names it.
    init?(domain name: String, root directory: String) {
        guard let text = Files.line(Self.pidFile(domain: name, root: directory)), let pid = pid_t(text),
            Self.isQEMU(pid, of: name)
        else { return nil }
        self.pid = pid
    }

    /// Every process whose command line carries the domain's name, for when libvirt knows nothing of it.
    static func all(of name: String) -> [QEMUProcess] {
        Files.list("/proc").compactMap { pid_t($0) }.filter { isQEMU($0, of: name) }.map {
            QEMUProcess(pid: $0)
        }
    }

    private init(pid: pid_t) { self.pid = pid }

    /// libvirt passes `-name guest=NAME,debug-threads=on`: the pair is looked for, so that a pid that was used again
    /// by another program, or an editor with that name open, is left alone.
    private static func isQEMU(_ pid: pid_t, of name: String) -> Bool {
        guard let bytes = try? Files.read("/proc/\(pid)/cmdline", limit: 1 << 20) else { return false }
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        return zip(words, words.dropFirst()).contains {
            $0 == "-name" && ($1 == "guest=\(name)" || $1.hasPrefix("guest=\(name),"))
        }
    }

    /// Kills it and waits until it is gone; reaps it where it is our child. The guest's disk is RAM: nothing is lost.
    /// - Returns: false when it is still there at the deadline.
    func end(deadline: MonotonicInstant) -> Bool {
        kill(pid, SIGKILL)
        while true {
            let reaped = waitpid(pid, nil, WNOHANG)
            if reaped == pid { return true }
            // Not our child: gone, or a zombie that its parent has yet to reap.
            if reaped == -1 && (isZombie || kill(pid, 0) == -1) { return true }
            if MonotonicInstant.now() >= deadline { return false }
            // A killed QEMU needs a few milliseconds to give back its memory.
            usleep(500)
        }
    }

    /// Ended, and waiting for a parent that isn't us.
    private var isZombie: Bool {
        guard let text = Files.line("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
            return false
        }
        return text[end...].dropFirst(2).first == "Z"
    }
}
