import CLinux
import Glibc

/// Runs a program of the system and collects what it says. For preparation only: nothing that is timed.
public enum Tool {
    public struct Output: Sendable {
        /// Exit status, 128 + N for signal N.
        public var status: Int32
        /// Standard output and standard error, together, repaired UTF-8.
        public var text: String
    }

    /// Returns the path of a program: in PATH, or where administrators' programs are, which a user's PATH may lack.
    public static func find(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let directories =
            path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        return directories.lazy.map { "\($0)/\(name)" }.first {
            $0.hasPrefix("/") && !Files.isDirectory($0) && access($0, X_OK) == 0
        }
    }

    /// Runs `program` (searched in PATH) in `directory` and waits for it, not for what it leaves running.
    /// - Parameters:
    ///   - variables: `NAME=value`, beside the variables of this process.
    ///   - limit: bytes that it may say.
    ///   - interrupt: ends it when raised meanwhile.
    /// - Throws: `.unavailable` when the program is missing, `.timeout` at the deadline, `.data` when it says too much,
    ///   `.interrupted` on a signal; it and what it started in its process group are ended then.
    public static func run(
        _ program: String, _ arguments: [String], in directory: String, variables: [String] = [],
        deadline: MonotonicInstant, limit: Int = 64 << 20, interrupt: Interrupt = .ofProcess
    ) throws(LabError) -> Output {
        let wait = BoundedWait(until: deadline, interrupt: interrupt)
        let pipe: FileDescriptor.Pipe
        do { pipe = try FileDescriptor.pipe() } catch {
            throw LabError(.output, "cannot run \(program)", cause: error)
        }
        let read = pipe.read
        let write = pipe.write
        let child = try spawn(
            variables + [program] + arguments, in: directory, output: write.rawValue)
        // Ours is closed, so that the end of the program is the end of the file.
        close(write.release())
        let process = Child(child)
        let what = "\(program) \(arguments.joined(separator: " "))"
        var bytes: [UInt8] = []
        var watched = [read.rawValue, process.pidfd].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        while true {
            switch wait.poll(&watched) {
            case .ready: break
            case .late:
                process.end()
                throw LabError(.timeout, "\(what) took too long")
            case .interrupted:
                process.end()
                throw Interrupt.error
            }
            if watched[0].revents != 0 {
                if let chunk = try? read.read(upTo: 1 << 16), !chunk.isEmpty {
                    bytes += chunk
                } else {
                    // It may close its output and go on.
                    watched[0].fd = -1
                }
                guard bytes.count <= limit else {
                    process.end()
                    throw LabError(.data, "\(what) said more than \(limit) bytes")
                }
            } else if watched[1].revents != 0 {
                // Between the two looks it may have said something. What inherited its output may say more, and never
                // end: that is not waited for.
                if watched[0].fd >= 0, Glibc.poll(&watched, 1, 0) > 0 { continue }
                return Output(status: process.status(), text: String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    /// A child in a process group of its own.
    private struct Child: ~Copyable {
        let pid: pid_t
        /// Readable when it has ended: pidfd_open(2).
        let pidfd: Int32

        /// The time that it may take to end when it is asked to, and when it is killed.
        private static let grace = Duration.milliseconds(300)
        private static let killLimit = Duration.seconds(2)

        init(_ pid: pid_t) {
            self.pid = pid
            pidfd = clinux_pidfd_open(pid)
        }

        deinit { if pidfd >= 0 { close(pidfd) } }

        /// Ends it and what it started: asked first, so that it may tidy up, then killed.
        func end() {
            for (signal, limit) in [(SIGTERM, Self.grace), (SIGKILL, Self.killLimit)] {
                kill(-pid, signal)
                let wait = BoundedWait(until: .now().advanced(by: limit), interrupt: .never)
                if wait.poll(pidfd) == .ready { break }
            }
            // Whoever of the group did not end with it.
            kill(-pid, SIGKILL)
            waitpid(pid, nil, WNOHANG)
        }

        /// The shell's status of one that has ended.
        func status() -> Int32 {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
            let signal = status & 0x7f
            return signal == 0 ? status >> 8 & 0xff : 128 + signal
        }
    }

    private static func spawn(
        _ command: [String], in directory: String, output: Int32
    ) throws(LabError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // env(1) changes the directory; and asks for plain English, so that what a tool says can be read by a program.
        let words = ["env", "-C", directory, "LC_ALL=C"] + command
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        defer { for word in argv { free(word) } }
        argv.append(nil)
        // In a group of its own a terminal's Ctrl-C does not reach it: it is ended from here, with all that it started.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var child: pid_t = 0
        let code = OwnLimits.asTheCaller { posix_spawnp(&child, "env", &actions, &attributes, argv, environ) }
        guard code == 0 else {
            throw LabError(.unavailable, "cannot run \(ShellText.join(command))", cause: Errno(code))
        }
        return child
    }
}
