import Glibc

/// Runs a program of the system and collects what it says. For preparation only: nothing that is timed.
public enum Tool {
    public struct Output: Sendable {
        /// Exit status, 128 + N for signal N.
        public var status: Int32
        /// Standard output and standard error, together, repaired UTF-8.
        public var text: String
    }

    /// Where a program lies: in PATH, or where administrators' programs are, which a user's PATH may lack.
    public static func find(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let directories =
            path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        return directories.lazy.map { "\($0)/\(name)" }.first {
            $0.hasPrefix("/") && !Files.isDirectory($0) && access($0, X_OK) == 0
        }
    }

    /// Runs `program` (searched in PATH) in `directory` and waits for it.
    /// - Parameters:
    ///   - variables: `NAME=value`, beside the variables of this process.
    ///   - limit: bytes that it may say.
    /// - Throws: `.unavailable` when the program is missing, `.timeout` at the deadline, `.data` when it says too much;
    ///   it is killed then.
    public static func run(
        _ program: String, _ arguments: [String], in directory: String, variables: [String] = [],
        deadline: MonotonicInstant, limit: Int = 64 << 20
    ) throws(LabError) -> Output {
        let pipe: FileDescriptor.Pipe
        do { pipe = try FileDescriptor.pipe() } catch {
            throw LabError(.output, "cannot run \(program)", cause: "\(error)")
        }
        let read = pipe.read
        let write = pipe.write
        let child = try spawn(
            variables + [program] + arguments, in: directory, output: write.rawValue)
        // Ours is closed, so that the end of the program is the end of the file.
        close(write.release())
        var bytes: [UInt8] = []
        func give(up kind: LabError.Kind, _ why: String) -> LabError {
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
            return LabError(kind, "\(program) \(arguments.joined(separator: " ")) \(why)")
        }
        while true {
            var descriptor = pollfd(fd: read.rawValue, events: Int16(POLLIN), revents: 0)
            // One that never stops talking is always ready to be read.
            if MonotonicInstant.now() >= deadline
                || poll(&descriptor, 1, deadline.pollTimeoutMilliseconds) == 0
            {
                throw give(up: .timeout, "took too long")
            }
            guard bytes.count <= limit else { throw give(up: .data, "said more than \(limit) bytes") }
            guard let chunk = try? read.read(upTo: 1 << 16), !chunk.isEmpty else { break }
            bytes += chunk
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) == -1 && errno == EINTR {}
        let signal = status & 0x7f
        return Output(
            status: signal == 0 ? status >> 8 & 0xff : 128 + signal,
            text: String(decoding: bytes, as: UTF8.self))
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
        var child: pid_t = 0
        let code = posix_spawnp(&child, "env", &actions, nil, argv, environ)
        guard code == 0 else {
            throw LabError(
                .unavailable, "cannot run \(ShellText.join(command))", cause: "\(Errno(code))")
        }
        return child
    }
}
