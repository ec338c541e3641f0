import LabCore

/// A program that starts containers and isn't ours: how it is found and what it needs. One file a tool.
protocol PeerTool: Sendable {
    var engine: EngineID { get }
    /// Name of its program.
    var command: String { get }
    /// Debian's package that holds it.
    var package: String { get }

    /// Makes once what all starts share, written down before it is made.
    /// - Throws: when the tool can't work here; what was made by then is gone again.
    func prepare(_ run: PeerRun, program: String) throws(LabError) -> any PreparedPeer
}

/// A peer that is ready to start instances of one run.
protocol PreparedPeer {
    /// Lines of the report beside the tool's version.
    var details: [EngineRecord.Detail] { get }
    /// What it can't do equally to the others, without the engine's name.
    var footnotes: [Message] { get }
    /// Variables that its command needs, over those of `lab`'s own environment.
    var variables: [String: String] { get }
    /// Whether an instance has cgroups with limits.
    var hasCgroups: Bool { get }
    /// Whether all that works for an instance descends from its command and is waited for by it.
    var reapsEverything: Bool { get }

    /// The command line of one start, the program first. Pure.
    func arguments(_ name: PeerName, _ request: LaunchRequest) -> [String]
    /// Files that one start needs: names in its directory, and texts. Pure.
    func files(_ name: PeerName, _ request: LaunchRequest) throws(LabError) -> [(name: String, text: String)]
    /// A descriptor that the command finds as its number 3.
    func inherited() throws(LabError) -> FileDescriptor?
    /// What a process of this instance carries in its command line or in the name of its cgroup.
    func markers(_ name: PeerName) -> [String]
    /// Whether an instance whose command has ended has left nothing behind. Cheap: it is asked in a measured time.
    func isGone(_ name: PeerName) -> Bool
    /// Ends an instance whose command is dead, and removes it; no error when there is none.
    func remove(_ name: PeerName) throws(LabError)
    /// Gives back what `prepare` made.
    func shutDown()
}

extension PreparedPeer {
    /// Itself, once `make` has made what it needs; undone when that fails.
    func made(by make: (Self) throws(LabError) -> Void) throws(LabError) -> Self {
        do {
            try make(self)
        } catch {
            shutDown()
            throw error
        }
        return self
    }

    var variables: [String: String] { [:] }
    var hasCgroups: Bool { true }
    var reapsEverything: Bool { true }
    func files(_ name: PeerName, _ request: LaunchRequest) throws(LabError) -> [(name: String, text: String)]
    { [] }
    func inherited() throws(LabError) -> FileDescriptor? { nil }
    func markers(_ name: PeerName) -> [String] { [name.id] }
}

extension PeerTool {
    /// The program's path.
    func find() throws(LabError) -> String {
        guard let program = Tool.find(command) else {
            throw LabError(
                .unavailable, "\(command) is not installed", cause: "it is not in PATH",
                remedy: "apt-get install \(package)", detail: .notInstalled)
        }
        return program
    }

    /// The first line of what it says of its version.
    func version(_ program: String) -> Message {
        let output = try? Tool.run(
            program, ["--version"], in: "/", deadline: .now().advanced(by: .seconds(10)))
        guard let output, output.status == 0 else { return "unknown" }
        return output.text.split(separator: "\n").first.map { "\(ForeignText.line(String($0), most: 200))" }
            ?? "unknown"
    }

    /// Throws when the caller isn't root.
    func requireRoot(_ isRoot: Bool) throws(LabError) {
        guard isRoot else {
            throw LabError(
                .permission, "\(command) can't set the same limits without root", remedy: "run lab as root")
        }
    }
}

/// Runs a peer's program apart from the measured starts.
enum PeerCommand {
    /// The longest that a tool may take to import an image or to remove a container.
    private static let patience = Duration.seconds(60)

    /// What it said, with its status.
    static func run(_ words: [String], _ variables: [String: String] = [:]) throws(LabError) -> Tool.Output {
        guard let program = words.first else { throw LabError(.software, "a peer's command is empty") }
        return try Tool.run(
            program, Array(words.dropFirst()), in: "/", variables: variables.map { "\($0.key)=\($0.value)" },
            deadline: .now().advanced(by: patience))
    }

    /// What it said.
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

    /// The end of what a tool said, on one line and safe on any terminal.
    static func lastWords(_ bytes: some Sequence<UInt8>) -> String {
        let line = bytes.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }.suffix(400)
        return GuestTranscript.printable(line).trimmingWhitespace()
    }

    /// The command line of the shared flags that say what an instance may use.
    static func limits(_ request: LaunchRequest) -> [String] {
        let limits = ResourceLimits(memoryBytes: request.memoryBytes, cpus: request.cpus)
        return [
            "--memory", "\(limits.memoryBytes)", "--memory-swap", "\(limits.memoryBytes)", "--cpus",
            "\(limits.cpus)", "--pids-limit", "\(limits.pids)",
        ]
    }
}

/// What helps against what a tool complains of, where we have met it.
enum PeerRemedy {
    static func of(_ words: String) -> Message? {
        guard words.contains("hybrid mode") else { return nil }
        // crun runs on hybrid cgroups only while the unified hierarchy has no controller. A controller that is mounted
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
