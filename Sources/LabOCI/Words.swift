import Glibc
import LabCore

/// A command line as runc has it: words of all commands, a command, its words, and what they are about. Read by hand, because a
/// parser would take longer to start than a container.
struct Words {
    /// The option words, each with whether it has a value, and the one that a short one stands for.
    struct Known {
        let values: [String]
        let switches: [String]
        var short: KeyValuePairs<String, String> = [:]

        init(values: [String], switches: [String], short: KeyValuePairs<String, String> = [:]) {
            (self.values, self.switches, self.short) = (values, switches, short)
        }
    }

    /// The words that this program was called with, its name first. Swift would look for them in its stack.
    static func ofThisProgram() throws -> [String] {
        let bytes = try Files.read("/proc/self/cmdline", step: 1 << 12)
        // Each ends with a zero byte.
        return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private(set) var values: [String: [String]] = [:]
    private(set) var switches: [String] = []
    private(set) var rest: ArraySlice<String>

    /// Reads options up to the first other word, or wherever they are.
    init(_ words: ArraySlice<String>, _ known: Known, isMixed: Bool = false) throws {
        rest = words
        var others: [String] = []
        defer { rest = others[...] + rest }
        while let word = rest.first {
            guard word.hasPrefix("-"), word != "-" else {
                guard isMixed else { return }
                others.append(word)
                rest.removeFirst()
                continue
            }
            rest.removeFirst()
            if word == "--" { return }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            // Go's own parser takes one dash for two.
            let bare = String(parts[0].drop { $0 == "-" })
            let name = known.short.first { $0.key == bare }?.value ?? (bare == "h" ? "help" : bare)
            if known.switches.contains(name) || name == "help" {
                if parts.count == 1 || ["true", "1"].contains(parts[1]) { switches.append(name) }
            } else if known.values.contains(name) {
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                    throw Failure("flag needs an argument: \(ForeignText.line(word, most: 100))")
                }
                values[name, default: []].append(value)
            } else {
                throw Failure("flag provided but not defined: \(ForeignText.line(word, most: 100))")
            }
        }
    }

    /// A file that the caller names, which may be a pipe of a shell's.
    static func contents(of path: String) throws -> [UInt8] {
        let number = path == "-" ? dup(STDIN_FILENO) : Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard number >= 0 else { throw Failure("open \(ForeignText.line(path, most: 400))", Errno(errno)) }
        let file = FileDescriptor(owning: number)
        do { return Array(try Kernel.text(file).utf8) } catch {
            throw Failure("read \(ForeignText.line(path, most: 400))", error)
        }
    }

    func has(_ name: String) -> Bool { switches.contains(name) }

    /// The last of a word that is there more than once.
    subscript(_ name: String) -> String? { values[name]?.last }

    func number(_ name: String) throws -> Int64? {
        guard let text = self[name] else { return nil }
        guard let number = Int64(text) else {
            throw Failure("invalid value \"\(ForeignText.line(text, most: 100))\" for flag -\(name)")
        }
        return number
    }

    /// - Parameter command: whose the argument is.
    func only(_ command: String) throws -> String {
        guard rest.count == 1, let id = rest.first else {
            throw Failure("\"\(command)\" requires exactly 1 argument(s)")
        }
        return id
    }

    static let global = Known(
        values: ["log", "log-format", "root", "criu", "rootless", "cgroup-manager"],
        switches: ["debug", "systemd-cgroup", "version"], short: ["v": "version"])

    private static let creating = [
        "bundle", "config", "console-socket", "pid-file", "pidfd-socket", "preserve-fds",
    ]

    /// nil for a command that there is not.
    static func known(_ command: String) -> Known? {
        switch command {
        case "create":
            Known(values: creating, switches: ["no-pivot", "no-new-keyring"], short: ["b": "bundle"])
        case "run":
            Known(
                values: creating,
                switches: ["no-pivot", "no-new-keyring", "detach", "keep", "no-subreaper"],
                short: ["b": "bundle", "d": "detach"])
        case "start", "state", "pause", "resume", "features": Known(values: [], switches: [])
        case "kill": Known(values: [], switches: ["all"], short: ["a": "all"])
        case "delete":
            Known(values: [], switches: ["force", "regex"], short: ["f": "force", "r": "regex"])
        case "list": Known(values: ["format"], switches: ["quiet"], short: ["f": "format", "q": "quiet"])
        case "ps": Known(values: ["format"], switches: [], short: ["f": "format"])
        case "spec": Known(values: ["bundle"], switches: ["rootless"], short: ["b": "bundle"])
        case "events": Known(values: ["interval"], switches: ["stats"])
        case "exec":
            Known(
                values: [
                    "console-socket", "cwd", "env", "user", "additional-gids", "process", "pid-file", "cap",
                    "preserve-fds", "apparmor", "process-label", "cgroup", "pidfd-socket",
                ], switches: ["tty", "detach", "no-new-privs", "ignore-paused"],
                short: [
                    "e": "env", "t": "tty", "u": "user", "g": "additional-gids", "p": "process",
                    "d": "detach", "c": "cap",
                ])
        case "update":
            Known(
                values: [
                    "resources", "cpu-period", "cpu-quota", "cpu-share", "cpu-burst", "cpuset-cpus",
                    "cpuset-mems", "cpu-idle", "memory", "memory-reservation", "memory-swap", "pids-limit",
                    "blkio-weight",
                ], switches: [], short: ["r": "resources"])
        default: nil
        }
    }

    /// Those of runc's that this runtime has not.
    static let missing = ["checkpoint", "restore"]
}
