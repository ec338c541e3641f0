import FoundationEssentials
import Glibc
import LabCore

/// The built program `lab`, run as a user runs it, with a home and a current directory of its own.
final class LabProgram {
    /// How a run of it ended.
    struct Finished {
        /// The exit status, 128 + N for signal N.
        let status: Int32
        let output: String
        let errors: String

        /// Standard output as JSON.
        func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try JSONDecoder().decode(type, from: Data(output.utf8))
        }
    }

    /// Beside the test bundle; nil when only the tests were built.
    static let path: String? = {
        guard let guest = try? RootFilesystem.locateGuest(environment: [:]),
            let slash = guest.lastIndex(of: "/")
        else { return nil }
        let program = guest[..<slash] + "/lab"
        return access(String(program), X_OK) == 0 ? String(program) : nil
    }()
    static let isBuilt = path != nil

    let directory: TemporaryDirectory
    var paths: LabPaths {
        LabPaths(cache: "\(directory.path)/home/cache", state: "\(directory.path)/home/state")
    }
    private var starts = 0

    init() throws { directory = try TemporaryDirectory() }

    /// Runs it to its end.
    func run(_ arguments: [String], environment: [String: String] = [:], output: String? = nil) throws
        -> Finished
    {
        try start(arguments, environment: environment, output: output).wait()
    }

    /// Starts it, or another program in its stead. `output` is where standard output goes instead of a file that is
    /// read back.
    func start(
        _ arguments: [String], program: String? = path, environment: [String: String] = [:],
        output: String? = nil
    ) throws -> Running {
        guard let program else { throw Errno(ENOENT) }
        starts += 1
        let outputPath = output ?? "\(directory.path)/stdout-\(starts)"
        let errorPath = "\(directory.path)/stderr-\(starts)"
        let outputFile = try FileDescriptor.open(outputPath, O_WRONLY | O_CREAT)
        let errorFile = try FileDescriptor.open(errorPath, O_WRONLY | O_CREAT)
        var variables = [
            "LAB_HOME": "\(directory.path)/home", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
        ]
        variables.merge(environment) { $1 }
        let child = try spawn(
            ["/bin/sh", "-c", #"cd "$1" && shift && exec "$@""#, "sh", directory.path, program]
                + Self.hurried(arguments),
            environment: variables.map { "\($0.key)=\($0.value)" }, output: outputFile.rawValue,
            errors: errorFile.rawValue)
        return Running(pid: child, outputPath: outputPath, errorPath: errorPath)
    }

    /// Few samples are taken at once, which a user's run spreads over a quarter of a minute.
    private static func hurried(_ arguments: [String]) -> [String] {
        guard arguments.first == "run", arguments.contains("--samples"), !arguments.contains("--spread")
        else {
            return arguments
        }
        return arguments[..<2] + ["--spread", "10ms"] + arguments[2...]
    }

    /// A run of it that goes on.
    struct Running {
        let pid: pid_t
        let outputPath: String
        let errorPath: String

        func signal(_ number: Int32) { kill(pid, number) }

        /// Waits for its end.
        /// - Throws: `.timeout` when that takes longer, with what it said; then it and its children are killed.
        func wait(within limit: Duration = .seconds(600)) throws -> Finished {
            var raw: Int32 = 0
            let isOver = try waitUntil(limit) { try checked { waitpid(pid, &raw, WNOHANG) } == pid }
            guard isOver else {
                Self.end(HostProcess(pid: pid))
                waitpid(pid, nil, 0)
                throw LabError(
                    .timeout, "the program went on for longer than \(limit.components.seconds) s",
                    cause: Message(verbatim: try Files.readText(errorPath)))
            }
            let status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
            let output = outputPath.hasPrefix("/dev/") ? "" : try Files.readText(outputPath)
            return Finished(status: status, output: output, errors: try Files.readText(errorPath))
        }

        private static func end(_ process: HostProcess) {
            let children = process.children
            Glibc.kill(process.pid, SIGKILL)
            for child in children { end(child) }
        }
    }

    /// The samples.jsonl of the only run below `results`, once it has `lines` lines; nil when that takes too long.
    func samples(lines: Int, within limit: Duration = .seconds(60)) -> String? {
        let deadline = MonotonicInstant.now().advanced(by: limit)
        let results = "\(directory.path)/results"
        while MonotonicInstant.now() < deadline {
            if let name = Files.list(results).first,
                let text = try? Files.readText("\(results)/\(name)/samples.jsonl"),
                text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) >= lines
            {
                return "\(results)/\(name)/samples.jsonl"
            }
            usleep(10_000)
        }
        return nil
    }

    /// Whether a run has made its journal and its directory, waited for.
    func hasBegun(within limit: Duration = .seconds(60)) -> Bool {
        let deadline = MonotonicInstant.now().advanced(by: limit)
        while MonotonicInstant.now() < deadline {
            if leftovers.count >= 2 { return true }
            usleep(1_000)
        }
        return false
    }

    /// What runs keep below the state directory: empty when nothing is left of any.
    var leftovers: [String] { Files.list(paths.journals) + Files.list("\(paths.state)/runs") }
}
