import Glibc
import LabCore

/// An engine whose guest is a shell script: a real process over a real pipe, that can be told to misbehave.
///
/// `$1` is the workload and `$2` the nonce.
final class ScriptEngine: Engine, PreparedEngine {
    /// Does exactly what the workload `hello` asks for.
    static let obedient = #"echo init; echo ready; echo "output $2""#

    let id: EngineID
    var kind = EngineKind.process
    var emulates = false
    var availability = Availability.available
    var prepareFailure: LabError?
    var disposeFailure: LabError?
    /// How every instance at a condition of its own, a variant or a payload, fails to be made.
    var variantFailure: LabError?
    private(set) var launches = 0
    private(set) var shutDowns = 0
    private let script: String
    private var interrupt = Interrupt.never

    init(_ id: EngineID, _ script: String = ScriptEngine.obedient) {
        self.id = id
        self.script = script
    }

    var record: EngineRecord { EngineRecord(id: id, kind: kind, emulated: emulates) }

    func probe(_ context: RunContext) -> Availability { availability }

    func prepare(_ context: RunContext) throws(LabError) -> ScriptEngine {
        if let prepareFailure { throw prepareFailure }
        interrupt = context.interrupt
        return self
    }

    func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        let requested = MonotonicInstant.now()
        launches += 1
        if let variantFailure, !request.condition.isEmpty { throw variantFailure }
        let words = ["/bin/sh", "-c", script, "guest"] + request.arguments.dropFirst()
        return try ScriptInstance(words, requested: requested, interrupt, disposeFailure)
    }

    func explain(_ request: LaunchRequest) throws(LabError) -> Message { "\(script)" }

    func shutDown() { shutDowns += 1 }
}

/// One running script.
final class ScriptInstance: Instance {
    private(set) var timeline = Timeline()
    private(set) var transcript = GuestTranscript()
    let stepNanoseconds: [UInt64] = []
    private let requested: MonotonicInstant
    private let interrupt: Interrupt
    private let disposeFailure: LabError?
    private let output: FileDescriptor
    private let child: pid_t
    private var status: Int32?

    init(
        _ words: [String], requested: MonotonicInstant, _ interrupt: Interrupt, _ disposeFailure: LabError?
    ) throws(LabError) {
        self.requested = requested
        self.interrupt = interrupt
        self.disposeFailure = disposeFailure
        do {
            let pipe = try FileDescriptor.pipe()
            child = try spawn(words, output: pipe.write.rawValue)
            output = pipe.read
        } catch {
            throw LabError(.instance, "cannot start a script", cause: "\(error)")
        }
        timeline.stamp(.requested, at: requested, since: requested)
        timeline.stamp(.created, at: .now(), since: requested)
    }

    func waitUntilReady(deadline: MonotonicInstant) throws(LabError) {
        while timeline[.ready] == nil, try receive(deadline) {}
    }

    func wait(forOutputs count: Int, deadline: MonotonicInstant) throws(LabError) {
        while transcript.outputs.count < count, try receive(deadline) {}
    }

    func waitForExit(deadline: MonotonicInstant) throws(LabError) -> Int32 {
        while try receive(deadline) {}
        transcript.finish()
        let status = reap()
        timeline.stamp(.exited, at: .now(), since: requested)
        return status
    }

    func dispose() throws(LabError) {
        if status == nil {
            kill(child, SIGKILL)
            _ = reap()
        }
        if let disposeFailure { throw disposeFailure }
        timeline.stamp(.cleanedUp, at: .now(), since: requested)
    }

    /// Takes what the script said; false at its end.
    private func receive(_ deadline: MonotonicInstant) throws(LabError) -> Bool {
        var events = [
            pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: interrupt.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let ready = poll(&events, 2, deadline.pollTimeoutMilliseconds)
        if ready == 0 { throw LabError(.timeout, "the script did not answer in time") }
        if events[1].revents != 0 { throw Interrupt.error }
        guard let bytes = try? output.read(upTo: 4_096), !bytes.isEmpty else { return false }
        let now = MonotonicInstant.now()
        transcript.receive(bytes) { record in
            switch record {
            case .initStarted: timeline.stamp(.initStarted, at: now, since: requested)
            case .ready: timeline.stamp(.ready, at: now, since: requested)
            case .output: timeline.stamp(.firstOutput, at: now, since: requested)
            case .metric, .exit: break
            }
        }
        return true
    }

    private func reap() -> Int32 {
        var raw: Int32 = 0
        waitpid(child, &raw, 0)
        let code = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
        status = code
        return code
    }
}
