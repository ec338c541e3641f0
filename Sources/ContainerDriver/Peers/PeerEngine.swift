import Glibc
import LabCore
import Launch

/// Runs workloads with a container program that isn't ours, as a user would from a shell: its command is started
/// for each instance, with the same root, limits, capabilities and filter as far as it knows them.
public final class PeerEngine: Engine {
    public let record: EngineRecord
    private let description: PeerDescription
    private var availability: Availability?

    /// The time that the probe's guest may take: the first start of an engine reads its program from disk.
    private static let probeLimit = Duration.seconds(30)
    /// No run has so many trials.
    private static let probeIndex = 999_999_999

    init(_ description: PeerDescription) {
        self.description = description
        record = EngineRecord(
            id: description.engine, kind: .container, role: .peer, build: description.build)
    }

    /// Prepares, and runs one guest in the way of every later start.
    public func probe(_ context: RunContext) -> Availability {
        if let availability { return availability }
        let answer: Availability
        do throws(LabError) {
            let prepared = try prepare(context.withoutCommand)
            defer { prepared.shutDown() }
            try prepared.prove(index: Self.probeIndex, memoryBytes: 64 << 20, within: Self.probeLimit)
            answer = .available
        } catch {
            answer = .unavailable(description.build.map { $0.failure(error) } ?? error)
        }
        availability = answer
        return answer
    }

    public func prepare(_ context: RunContext) throws(LabError) -> PreparedPeerEngine {
        try PreparedPeerEngine(record, description, context)
    }
}

/// Starts a peer's command for each instance of a run.
public final class PreparedPeerEngine: PreparedEngine {
    public let record: EngineRecord
    private let description: PeerDescription
    private let run: PeerRun
    private let launcher: ChildLauncher
    private let peer: any PreparedPeer
    private let environment: [String]

    /// The number of the descriptor that a command may inherit.
    static let inheritedNumber: Int32 = 3

    fileprivate init(
        _ record: EngineRecord, _ description: PeerDescription, _ context: RunContext
    ) throws(LabError) {
        if case .command = context.command?.readiness {
            throw LabError(
                .unavailable, "\(description.engine) can't run a command beside another",
                cause: "lab enters no container of another program's",
                remedy: "say --ready line=TEXT or port=N, or name other engines")
        }
        guard context.command?.network == nil || description.entersNetworks else {
            throw LabError(
                .unavailable, "\(description.engine) can't be linked to lab's bridge",
                cause: "it takes no network namespace that is there already, or makes its network otherwise",
                remedy: "name the engines container, runc, crun, or one that is a VM")
        }
        try context.requireNetwork()
        if case .port = context.command?.readiness { try description.requireReach() }
        let program = try description.find()
        let run = try PeerRun(engine: description.engine, context: context)
        launcher = try ChildLauncher()
        try Files.makeDirectory(run.directory, mode: 0o700)
        do {
            peer = try description.prepare(run, program)
        } catch {
            try? Files.removeTree(run.directory)
            throw error
        }
        self.description = description
        self.run = run
        environment = PeerEnvironment.inherited(setting: peer.variables)
        var record = record
        let name = record.id
        record.details =
            [EngineRecord.Detail("version", description.build?.version ?? EngineBuild.version(of: program))]
            + peer.details
        record.prepared = peer.prepared + (context.command?.network == nil ? [] : [HostNetwork.prepared])
        record.footnotes =
            (description.footnotes + peer.footnotes).map { "\(name): \($0)" as Message } + [
                "\(name): created is when its command runs, not when the container exists"
            ]
        self.record = record
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        guard request.condition.isolation == nil, request.condition.cgroups == nil else {
            throw LabError(.unavailable, "\(id) makes its containers in one way only")
        }
        try request.refuseSystem(in: id)
        if !description.hasCgroups { try request.refuseLimits(of: id) }
        let output = try request.commandOutput()
        let name = run.instance(request.index)
        let peer = peer
        // To compose texts is no part of the start; to write them down is.
        var (arguments, files) = (peer.arguments(name, request), try peer.files(name, request))
        let requested = request.begin()
        let link = try run.context.network(of: request)?.makeNamespace(of: request.index)
        do {
            if let link {
                var linked = request
                linked.networkNamespace = link.namespacePath
                (arguments, files) = (peer.arguments(name, linked), try peer.files(name, linked))
            }
            if peer.usesDirectory { try Files.makeDirectory(name.directory, mode: 0o700) }
            for file in files { try Files.write(file.text, to: "\(name.directory)/\(file.name)") }
            let inherited = try peer.inherited()
            // `if let` would consume the descriptor, and close it before the child has its copy.
            let number: Int32? =
                switch inherited {
                case .some(let file): file.rawValue
                case .none: nil
                }
            let removal = PeerInstance.Removal()
            let program = LaunchProgram.peer(
                program: arguments[0], parent: launcher.parent.rawValue, inherits: number != nil
            ).held(to: run.context.placement?.measured)
            let child = try launcher.start(
                ProgramBuffer(program, environment: environment), arguments: arguments,
                command: output, inherited: number ?? -1, requested: requested,
                interrupt: run.context.interrupt,
                cleanUp: { _ throws(LabError) in
                    try PeerInstance.remove(name, of: peer, removal)
                    try link?.remove()
                })
            withExtendedLifetime(inherited) {}
            return PeerInstance(child: child, name: name, peer: peer, of: description, removal: removal)
        } catch {
            try? link?.remove()
            try? Files.removeTree(name.directory)
            throw error
        }
    }

    /// The command line, and the files that it reads.
    public func explain(_ request: LaunchRequest) throws(LabError) -> Message {
        try request.refuseSystem(in: id)
        let name = run.instance(request.index)
        var text = ""
        for (key, value) in peer.variables.sorted(by: { $0.key < $1.key }) {
            text += "\(key)=\(ShellText.quote(value)) "
        }
        text += ShellText.join(peer.arguments(name, request)) + "\n"
        for file in try peer.files(name, request) {
            text += "\n# \(name.directory)/\(file.name)\n\(file.text)"
        }
        return Message(verbatim: text)
    }

    public func shutDown() { peer.shutDown() }
}

extension PreparedPeerEngine: ImageRunning {
    public func run(
        pulling reference: String, _ request: LaunchRequest, command: [String], beside: [String]
    ) throws(LabError) -> ImageRun {
        let name = run.instance(request.index)
        guard
            let made = try peer.run(
                pulling: reference, name, request, command: command, beside: beside)
        else {
            throw LabError(
                .unavailable, "\(id) pulls no image from a registry of lab's",
                remedy: "name the engines container, podman, or one that is a VM")
        }
        return made
    }
}

extension PreparedPeerEngine: StorageGiving {
    public func makeStorage(
        in directory: String, bytes: UInt64, at condition: Condition
    ) throws(LabError) -> InstanceStorage {
        guard let storage = try peer.storage(in: directory) else {
            throw LabError(
                .unavailable, "\(id) is told of no directory of the host's to write to",
                remedy: "name the engines container, runc, crun or podman")
        }
        return storage
    }
}

extension PeerDescription {
    /// - Throws: `.unavailable` where a command's processes are nobody's child of ours: its sockets can't be found.
    fileprivate func requireReach() throws(LabError) {
        guard !reapsEverything else { return }
        throw LabError(
            .unavailable, "\(engine) does not show which ports a command listens on",
            cause: "its processes do not descend from the command \(command)",
            remedy: "say --ready line=TEXT, or name other engines")
    }
}
