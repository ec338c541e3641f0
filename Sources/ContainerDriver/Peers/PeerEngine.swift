import Glibc
import LabCore

/// Runs workloads with a container program that isn't ours, as a user would from a shell: its command is started
/// for each instance, with the same root, limits, capabilities and filter as far as it knows them.
public final class PeerEngine: Engine {
    public let id: EngineID
    public let kind = EngineKind.container
    public private(set) var record: EngineRecord
    private let tool: any PeerTool
    private let context: RunContext
    private var prepared: Prepared?
    private var availability: Availability?

    private struct Prepared {
        let run: PeerRun
        let launcher: ChildLauncher
        let peer: any PreparedPeer
        let environment: [String]
    }

    /// The number of the descriptor that a command may inherit.
    static let inheritedNumber: Int32 = 3
    /// What the probe's guest may take: the first start of an engine reads its program from disk.
    private static let probeLimit = Duration.seconds(30)

    /// The engine of this name; nil when no tool of this driver has it.
    /// - Parameter context: of the run that will be served; its journal knows what even a probe makes.
    /// - Parameter known: what a probe found earlier in this process; it is not asked again.
    public convenience init?(_ id: EngineID, context: RunContext, known: Availability? = nil) {
        let tools: [any PeerTool] = [OCIRuntime.runc, OCIRuntime.crun, Podman(), Docker(), Bubblewrap()]
        guard let tool = tools.first(where: { $0.engine == id }) else { return nil }
        self.init(tool, context: context)
        availability = known
    }

    init(_ tool: any PeerTool, context: RunContext) {
        self.tool = tool
        self.context = context
        id = tool.engine
        record = EngineRecord(id: tool.engine, kind: .container)
    }

    /// Prepares, and runs one guest in the way of every later start.
    public func probe() -> Availability {
        if let availability { return availability }
        let answer: Availability
        do throws(LabError) {
            try prepare(context)
            try answerOnce()
            answer = .available
        } catch {
            shutDown()
            answer = .unavailable(because: error.reason, remedy: error.remedy)
        }
        availability = answer
        return answer
    }

    private func answerOnce() throws(LabError) {
        let nonce = "probe-\(MonotonicInstant.now().nanoseconds)"
        let deadline = MonotonicInstant.now().advanced(by: Self.probeLimit)
        let request = LaunchRequest(
            index: Self.probeIndex, workload: .hello(nonce: nonce), memoryBytes: 64 << 20, cpus: 1,
            deadline: deadline)
        let instance = try launch(request)
        let end = Result { () throws(LabError) in try instance.waitForExit(deadline: deadline) }
        try instance.dispose()
        let status = try end.get()
        guard status == 0, instance.transcript.outputs == [nonce] else {
            throw LabError(
                .instance, "\(id) did not run the guest that was to prove it", cause: "exit status \(status)")
        }
    }

    /// No run has so many trials.
    private static let probeIndex = 999_999_999

    public func prepare(_ context: RunContext) throws(LabError) {
        guard prepared == nil else { return }
        let program = try tool.find()
        let run = try PeerRun(engine: id, context: context)
        let launcher = try ChildLauncher()
        try Files.makeDirectory(run.directory, mode: 0o700)
        let peer: any PreparedPeer
        do {
            peer = try tool.prepare(run, program: program)
        } catch {
            try? Files.removeTree(run.directory)
            throw error
        }
        prepared = Prepared(
            run: run, launcher: launcher, peer: peer,
            environment: PeerEnvironment.inherited(setting: peer.variables))
        record.details = [EngineRecord.Detail("version", tool.version(program))] + peer.details
        record.footnotes =
            peer.footnotes.map { "\(id): \($0)" } + [
                "\(id): created is when its command runs, not when the container exists"
            ]
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        guard let prepared else { throw LabError(.software, "the engine \(id) was not prepared") }
        guard request.condition.isolation == nil else {
            throw LabError(.unavailable, "\(id) can't leave out layers of its isolation")
        }
        try request.refuseVariant(of: id)
        let name = prepared.run.instance(request.index)
        let peer = prepared.peer
        do {
            try Files.makeDirectory(name.directory, mode: 0o700)
            for file in try peer.files(name, request) {
                try Files.write(file.text, to: "\(name.directory)/\(file.name)")
            }
            // A bundle is there before its runtime is asked: to write it is no part of the start.
            let requested = MonotonicInstant.now()
            let inherited = try peer.inherited()
            // `if let` would consume the descriptor, and close it before the child has its copy.
            let number: Int32? =
                switch inherited {
                case .some(let file): file.rawValue
                case .none: nil
                }
            let arguments = peer.arguments(name, request)
            let removal = PeerInstance.Removal()
            let program = LaunchProgram.peer(
                program: arguments[0], parent: prepared.launcher.parent.rawValue, inherits: number != nil)
            let child = try prepared.launcher.start(
                ProgramBuffer(program, environment: prepared.environment), arguments: arguments,
                inherited: number ?? -1, requested: requested, timesSteps: false,
                interrupt: context.interrupt,
                cleanUp: { _ throws(LabError) in try PeerInstance.remove(name, of: peer, removal) })
            withExtendedLifetime(inherited) {}
            return PeerInstance(child: child, name: name, peer: peer, command: tool.command, removal: removal)
        } catch {
            try? Files.removeTree(name.directory)
            throw error
        }
    }

    /// The command line, and the files that it reads.
    public func explain(_ request: LaunchRequest) throws(LabError) -> String {
        guard let prepared else { throw LabError(.software, "the engine \(id) was not prepared") }
        try request.refuseVariant(of: id)
        let name = prepared.run.instance(request.index)
        var text = ""
        for (key, value) in prepared.peer.variables.sorted(by: { $0.key < $1.key }) {
            text += "\(key)=\(ShellText.quote(value)) "
        }
        text += ShellText.join(prepared.peer.arguments(name, request)) + "\n"
        for file in try prepared.peer.files(name, request) {
            text += "\n# \(name.directory)/\(file.name)\n\(file.text)"
        }
        return text
    }

    public func shutDown() {
        guard let prepared else { return }
        self.prepared = nil
        prepared.peer.shutDown()
    }
}
