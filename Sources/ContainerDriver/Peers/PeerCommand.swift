import Glibc
import LabCore

/// Runs a peer's program apart from the measured starts.
enum PeerCommand {
    /// The longest that a tool may take to import an image or to remove a container.
    private static let patience = Duration.seconds(60)

    /// Runs a command; returns its output, with its status.
    static func run(_ words: [String], _ variables: [String: String] = [:]) throws(LabError) -> Tool.Output {
        guard let program = words.first else { throw LabError(.software, "a peer's command is empty") }
        return try Tool.run(
            program, Array(words.dropFirst()), in: "/", variables: variables.map { "\($0.key)=\($0.value)" },
            deadline: .now().advanced(by: patience))
    }

    /// Runs a command that is to end well; returns its output.
    /// - Parameter what: what is done, for the error.
    /// - Throws: `.unavailable` unless it ended well.
    @discardableResult
    static func check(
        _ what: Message, _ words: [String], _ variables: [String: String] = [:]
    ) throws(LabError) -> String {
        let output = try run(words, variables)
        guard output.status == 0 else {
            throw LabError(
                .unavailable, "cannot \(what)",
                cause: "exit status \(output.status): \(lastWords(output.text.utf8))",
                remedy: PeerRemedy.of(output.text))
        }
        return output.text
    }

    /// Throws when the caller isn't root.
    static func requireRoot(_ command: String) throws(LabError) {
        guard geteuid() == 0 else {
            throw LabError(
                .permission, "\(command) can't set the same limits without root", remedy: "run lab as root")
        }
    }

    /// The end of what a tool said, on one line and safe on any terminal.
    static func lastWords(_ bytes: some Sequence<UInt8>) -> String {
        let line = bytes.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }.suffix(400)
        return GuestTranscript.printable(line).trimmingWhitespace()
    }
}

/// The remedies against what a tool complains of, where we have met it.
enum PeerRemedy {
    static func of(_ words: String) -> Message? {
        guard words.contains("hybrid mode") else { return nil }
        // A runtime that says so runs on hybrid cgroups only while the unified hierarchy has no controller. A controller that is mounted
        // as version 1 leaves it.
        let unified = MountTable.current().entries.first { $0.type == "cgroup2" }?.mountPoint
        let controllers = unified.flatMap { Files.line("\($0)/cgroup.controllers") } ?? ""
        let moves = controllers.split(separator: " ").map {
            "mkdir -p /sys/fs/cgroup/\($0) && mount -t cgroup -o \($0) cgroup /sys/fs/cgroup/\($0)"
        }
        return moves.isEmpty
            ? "boot with cgroup version 2 alone: systemd.unified_cgroup_hierarchy=1"
            : "\(moves.joined(separator: " && "))"
    }
}
