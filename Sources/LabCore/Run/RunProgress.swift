/// How far a run is and how long it will yet take.
public struct RunProgress: Sendable {
    /// Trials made so far, and trials planned.
    public private(set) var done = 0
    public let total: Int
    private var remaining: [EngineID: Int]
    private var spent: [EngineID: (trials: Int, nanoseconds: UInt64)] = [:]

    public init(plan: Plan) {
        total = plan.trials.count
        remaining = plan.trials.reduce(into: [:]) { $0[$1.engine, default: 0] += 1 }
    }

    /// Counts one trial that took `nanoseconds`, the loop around it included.
    public mutating func made(_ engine: EngineID, nanoseconds: UInt64) {
        done += 1
        remaining[engine, default: 0] -= 1
        let sofar = spent[engine] ?? (0, 0)
        spent[engine] = (sofar.trials + 1, sofar.nanoseconds + nanoseconds)
    }

    /// Counts one trial that is left out, because its engine was stopped.
    public mutating func skipped(_ engine: EngineID) {
        done += 1
        remaining[engine, default: 0] -= 1
    }

    /// What the trials that are left will take if each engine goes on at its mean pace; nil while an engine that is
    /// yet to run has not run once.
    public var remainingNanoseconds: UInt64? {
        var sum: UInt64 = 0
        for (engine, trials) in remaining where trials > 0 {
            guard let sofar = spent[engine] else { return nil }
            sum += sofar.nanoseconds / UInt64(sofar.trials) * UInt64(trials)
        }
        return sum
    }

}
