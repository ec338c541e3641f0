/// The end of one trial. A failure or a time-out is an outcome, never a duration.
public enum Outcome: Codable, Equatable, Sendable {
    case completed
    /// `after` is the last mark that was reached.
    case failed(LabError, after: Mark?)

    public var isCompleted: Bool { self == .completed }
}

/// The observation of one trial: one raw sample, kept as it was taken.
public struct Observation: Codable, Equatable, Sendable {
    /// The place in the run's shuffled order, from 0.
    public var index: Int
    public var engine: EngineID
    /// The values of the lab's parameters in this trial, empty when it has none.
    public var parameters: Condition
    /// Warm-ups are kept in the result and left out of every statistic.
    public var warmup: Bool
    public var outcome: Outcome
    public var timeline: Timeline
    /// Nanoseconds from `requested` to the end of each of the engine's steps.
    public var stepNanoseconds: [UInt64]
    /// Other quantities by name; the unit is the name's last word: `guest-uptime-ns`, `host-pss-bytes`.
    public var values: [String: Double]
    /// The observations that are no numbers, by name; nil or empty but for experiments.
    public var facts: [String: Fact]?
    /// For values and truths that grow until something stops them, what did. One that a limit of the harness stopped is
    /// at least what it is; nil or empty where nothing did.
    public var stops: [String: Stop]?

    public init(
        index: Int, engine: EngineID, parameters: Condition = [:], warmup: Bool, outcome: Outcome,
        timeline: Timeline, stepNanoseconds: [UInt64] = [], values: [String: Double] = [:],
        facts: [String: Fact]? = nil, stops: [String: Stop]? = nil
    ) {
        self.index = index
        self.engine = engine
        self.parameters = parameters
        self.warmup = warmup
        self.outcome = outcome
        self.timeline = timeline
        self.stepNanoseconds = stepNanoseconds
        self.values = values
        self.facts = facts
        self.stops = stops
    }

    public var cell: Plan.Cell { Plan.Cell(engine: engine, point: parameters) }
}
