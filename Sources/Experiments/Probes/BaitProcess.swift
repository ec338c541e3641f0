import Glibc
import LabCore

/// A process of the host that does nothing but carry a nonce in its command line: what a workload must not find.
///
/// It reads from a pipe that only we can write to, so that it ends with us however we end.
final class BaitProcess {
    let pid: pid_t
    private let input: Int32

    init(nonce: String) throws(LabError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw LabError(.output, "cannot start a sentinel", cause: "\(Errno(errno))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        let words = ["sh", "-c", "read _ || exit 0", "lab-sentinel", nonce]
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for word in argv { free(word) } }
        var child: pid_t = 0
        let code = OwnLimits.asTheCaller { posix_spawn(&child, "/bin/sh", &actions, nil, &argv, environ) }
        guard code == 0 else {
            close(ends[1])
            throw LabError(.unavailable, "cannot start a sentinel with /bin/sh", cause: "\(Errno(code))")
        }
        pid = child
        input = ends[1]
    }

    /// True when it still waits, traced by nobody.
    var isUntouched: Bool {
        guard let status = try? HostProcess(pid: pid).status() else { return false }
        return status["State"]?.hasPrefix("S") == true && status["TracerPid"] == "0"
    }

    deinit {
        close(input)
        kill(pid, SIGKILL)
        while waitpid(pid, nil, 0) == -1 && errno == EINTR {}
    }
}
