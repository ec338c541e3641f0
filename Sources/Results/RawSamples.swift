import LabCore

/// Samples that another program took, as a run of a lab without a machine: figures and comparisons are made of them as
/// of lab's own.
struct RawSamples {
    /// The program or format that they come from.
    var origin: String
    var metrics: [Metric]
    /// In the order in which they were taken.
    private(set) var samples: [Observation] = []
    private var engines: [EngineID] = []

    /// The drift of more values than this costs more than it tells: it looks at every pair.
    static let mostSamples = 100_000
    static let mostEngines = 100
    static let mostMetrics = 100
    static let mostRuns = 1_000
    /// The largest file that is read, in bytes.
    static let largestFile = 64 << 20
    /// Larger figures are slips; the unit is the metric's.
    static let range = 0.0...0x1p64

    init(origin: String, metrics: [Metric]) { (self.origin, self.metrics) = (origin, metrics) }

    /// A metric that is a value of that name.
    static func metric(_ id: String, _ unit: Metric.Unit) -> Metric {
        Metric(id: id, title: LocalizedText(en: id, zh: id), unit: unit, source: .value(id))
    }

    /// - Returns: false when there are more engines than are taken.
    mutating func add(
        _ engine: EngineID, _ values: [String: Double], _ outcome: Outcome = .completed
    ) -> Bool {
        if !engines.contains(engine) {
            guard engines.count < Self.mostEngines else { return false }
            engines.append(engine)
        }
        samples.append(
            Observation(
                index: samples.count, engine: engine, warmup: false, outcome: outcome,
                timeline: Timeline(), values: values))
        return true
    }

    /// Whether a run is made of such samples, and not one of lab's.
    static func made(_ run: RunResult) -> Bool { run.header.version.isEmpty }

    /// The engine of runs that are all made of samples of that one.
    static func onlyEngine(of runs: [RunResult]) -> EngineID? {
        guard runs.allSatisfy({ made($0) && $0.header.engines.count == 1 }) else { return nil }
        let engines = Set(runs.flatMap(\.header.engines).map(\.id))
        return engines.count == 1 ? engines.first : nil
    }

    /// The same samples, of an engine by another name.
    static func named(_ run: RunResult, _ engine: EngineID) -> RunResult {
        var samples = RawSamples(origin: run.header.lab.id, metrics: run.header.lab.metrics)
        for sample in run.samples { _ = samples.add(engine, sample.values, sample.outcome) }
        return samples.result
    }

    var result: RunResult {
        let lab = LabDefinition(
            id: origin, title: LocalizedText(en: origin, zh: origin),
            question: LocalizedText(en: origin, zh: origin), dimension: "", engines: engines, workload: "",
            method: .lifecycle, metrics: metrics, samples: .init(default: 0, warmup: 0), budgetSeconds: 0,
            timeoutSeconds: 0, memoryBytes: 0, cpus: 1, claims: [])
        var plan = Plan([], seed: 0)
        plan.trials = samples.map { Plan.Trial(index: $0.index, engine: $0.engine, warmup: false) }
        let header = RunResult.Header(
            version: "", runID: origin, startedAt: "", lab: lab, command: "", plan: plan,
            environment: Environment(), engines: engines.map { EngineRecord(id: $0, kind: .process) },
            digests: [:])
        return RunResult(header: header, samples: samples, closing: .init(.complete))
    }
}
