/// An engine that does nothing: what it takes is what the harness itself adds to a sample.
final class NullEngine: PreparedEngine {
    let record = EngineRecord(id: "null", kind: .process)

    func launch(_ request: LaunchRequest) -> any Instance { NullInstance(.now()) }
    func explain(_ request: LaunchRequest) -> Message { "" }
    func shutDown() {}

    /// Nanoseconds from `requested` to `cleaned-up` of trials that are made like all others.
    static func overhead(trials: Int) -> [UInt64] {
        let title = LocalizedText(en: "", zh: "")
        let lab = LabDefinition(
            id: "null", title: title, question: title, dimension: "", engines: [], workload: "noop",
            method: .lifecycle, metrics: [], samples: .init(default: trials, warmup: 0), budgetSeconds: 1,
            timeoutSeconds: 1, memoryBytes: 0, cpus: 1, claims: [])
        let engine = NullEngine()
        let procedure = TrialProcedure(lab: lab)
        return (0..<trials).compactMap { index in
            let trial = Plan.Trial(index: index, engine: engine.id, warmup: false)
            return procedure.perform(trial, on: engine).observation.timeline.span(
                from: .requested, to: .cleanedUp)
        }
    }
}

private final class NullInstance: Instance {
    private(set) var timeline = Timeline()
    let transcript = GuestTranscript()
    let stepNanoseconds: [UInt64] = []
    private let requested: MonotonicInstant

    init(_ requested: MonotonicInstant) {
        self.requested = requested
        timeline.stamp(.requested, at: requested, since: requested)
    }

    func waitUntilReady(deadline: MonotonicInstant) {}
    func wait(forOutputs count: Int, deadline: MonotonicInstant) {}
    func waitForExit(deadline: MonotonicInstant) -> Int32 { 0 }
    func dispose() { timeline.stamp(.cleanedUp, at: .now(), since: requested) }
}
