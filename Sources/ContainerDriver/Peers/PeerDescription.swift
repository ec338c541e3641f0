import LabCore

/// A program that starts containers and isn't ours, as data: what it is called, what it can't do, and how a run of it
/// is set up. A runtime with runc's command line is one line of `all`.
struct PeerDescription: Sendable {
    private(set) var engine: EngineID
    /// The engine in a line.
    let summary: Message
    /// Name of its program, which says its version when it is asked for `--version`.
    let command: String
    /// Debian's package that holds it.
    let package: String
    /// The program that the user named; nil for the one in PATH.
    private(set) var build: EngineBuild?
    /// The processes of which one must run so that it works.
    var daemons: [String] = []
    /// The differences from the others, beside what it can't be told, without the engine's name.
    var footnotes: [Message] = []
    /// True when an instance has cgroups with limits.
    var hasCgroups = true
    /// True when all that works for an instance descends from its command and is waited for by it.
    var reapsEverything = true
    /// True when an instance can be told to enter a network namespace that is there.
    var entersNetworks = false
    /// Makes once what all starts share, written down before it is made. Throws when the tool can't work here; what was
    /// made by then is gone again.
    let prepare: @Sendable (_ run: PeerRun, _ program: String) throws(LabError) -> any PreparedPeer

    static let all: [PeerDescription] = [.runtime("runc"), .runtime("crun"), .podman, .docker(), .bubblewrap]

    /// The engine that starts it.
    var descriptor: EngineDescriptor {
        EngineDescriptor(
            engine, .container, .peer, summary, tool: command, daemons: daemons, takesBuild: true
        ) {
            _, build in PeerEngine(of(build))
        }
    }

    /// The same with the user's program.
    func of(_ build: EngineBuild?) -> PeerDescription {
        guard let build else { return self }
        var other = self
        other.engine = build.name
        other.build = build
        return other
    }

    /// The program's path.
    func find() throws(LabError) -> String {
        if let build { return build.path }
        guard let program = Tool.find(command) else {
            throw LabError(
                .unavailable, "\(command) is not installed", cause: "it is not in PATH",
                remedy: "apt-get install \(package)", detail: .notInstalled)
        }
        return program
    }
}

/// A peer that is ready to start instances of one run.
protocol PreparedPeer {
    /// Lines of the report beside the tool's version.
    var details: [EngineRecord.Detail] { get }
    /// What there is before any start, see `EngineRecord.prepared`.
    var prepared: [Message] { get }
    /// The properties of a container that it can't be told, without the engine's name.
    var footnotes: [Message] { get }
    /// Variables that its command needs, over those of `lab`'s own environment.
    var variables: [String: String] { get }

    /// The command line of one start, the program first. Pure.
    func arguments(_ name: PeerName, _ request: LaunchRequest) -> [String]
    /// Files that one start needs: names in its directory, and texts. Pure.
    func files(_ name: PeerName, _ request: LaunchRequest) throws(LabError) -> [(name: String, text: String)]
    /// True when a start needs its directory, for these files or for the command's own.
    var usesDirectory: Bool { get }
    /// A descriptor that the command finds as its number 3.
    func inherited() throws(LabError) -> FileDescriptor?
    /// Returns the words that a process of this instance carries in its command line or in the name of its cgroup.
    func markers(_ name: PeerName) -> [String]
    /// Returns true when an instance whose command has ended has left nothing. Cheap: it is asked in a measured time.
    func isGone(_ name: PeerName) -> Bool
    /// Ends an instance whose command is dead, and removes it; no error when there is none.
    func remove(_ name: PeerName) throws(LabError)
    /// As `ImageRunning.run`; nil where it pulls nothing.
    func run(
        pulling reference: String, _ name: PeerName, _ request: LaunchRequest, command: [String],
        beside: [String]
    ) throws(LabError) -> ImageRun?
    /// As `StorageGiving.makeStorage`; nil where an instance can have none.
    func storage(in directory: String) throws(LabError) -> InstanceStorage?
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
    func files(_ name: PeerName, _ request: LaunchRequest) throws(LabError) -> [(name: String, text: String)]
    { [] }
    func run(
        pulling reference: String, _ name: PeerName, _ request: LaunchRequest, command: [String],
        beside: [String]
    ) throws(LabError) -> ImageRun? { nil }
    func storage(in directory: String) throws(LabError) -> InstanceStorage? { nil }
    var usesDirectory: Bool { true }
    func inherited() throws(LabError) -> FileDescriptor? { nil }
    func markers(_ name: PeerName) -> [String] { [name.id] }
}
