import LabCore

/// A command line as runc has it: words of all commands, a command, its words, and what they are about. Read by hand, because a
/// parser would take longer to start than a container.
struct Words {
    /// The option words, each with whether it has a value, and the one that a short one stands for.
    struct Known {
        let values: Set<String>
        let switches: Set<String>
        var short: [String: String] = [:]
    }

    private(set) var values: [String: [String]] = [:]
    private(set) var switches: Set<String> = []
    private(set) var rest: ArraySlice<String>

    /// Reads options up to the first other word.
    init(_ words: ArraySlice<String>, _ known: Known) throws {
        rest = words
        while let word = rest.first, word.hasPrefix("-"), word != "-" {
            rest.removeFirst()
            if word == "--" { return }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            // Go's own parser takes one dash for two.
            let bare = String(parts[0].drop { $0 == "-" })
            let name = known.short[bare] ?? bare
            if known.switches.contains(name) {
                if parts.count == 1 || ["true", "1"].contains(parts[1]) { switches.insert(name) }
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
        switches: ["debug", "systemd-cgroup", "help", "version"], short: ["h": "help", "v": "version"])

    private static let creating: Set<String> = ["bundle", "console-socket", "pid-file", "preserve-fds"]

    static let commands: [String: Known] = [
        "create": Known(
            values: creating, switches: ["no-pivot", "no-new-keyring"], short: ["b": "bundle"]),
        "run": Known(
            values: creating, switches: ["no-pivot", "no-new-keyring", "detach", "keep", "no-subreaper"],
            short: ["b": "bundle", "d": "detach"]),
        "start": Known(values: [], switches: []),
        "state": Known(values: [], switches: []),
        "kill": Known(values: [], switches: ["all"], short: ["a": "all"]),
        "delete": Known(values: [], switches: ["force"], short: ["f": "force"]),
        "list": Known(values: ["format"], switches: ["quiet"], short: ["f": "format", "q": "quiet"]),
        "ps": Known(values: ["format"], switches: [], short: ["f": "format"]),
        "pause": Known(values: [], switches: []),
        "resume": Known(values: [], switches: []),
        "features": Known(values: [], switches: []),
        "spec": Known(values: ["bundle"], switches: ["rootless"], short: ["b": "bundle"]),
        "exec": Known(
            values: [
                "console-socket", "cwd", "env", "user", "additional-gids", "process", "pid-file", "cap",
                "preserve-fds",
            ], switches: ["tty", "detach", "no-new-privs", "ignore-paused"],
            short: [
                "e": "env", "t": "tty", "u": "user", "g": "additional-gids", "p": "process", "d": "detach",
                "c": "cap",
            ]),
        "update": Known(
            values: [
                "resources", "cpu-period", "cpu-quota", "cpu-share", "cpu-burst", "cpuset-cpus",
                "cpuset-mems",
                "cpu-idle", "memory", "memory-reservation", "memory-swap", "pids-limit",
            ], switches: [], short: ["r": "resources"]),
    ]

    /// Those of runc's that this runtime has not.
    static let missing = ["checkpoint", "restore", "events"]
}
