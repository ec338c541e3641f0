/// The progress of a run, and the time it will yet take.
public struct RunProgress: Sendable {
    /// Trials made so far, and trials that are certain: an extra one counts only once it was made.
    public private(set) var done = 0
    public private(set) var total: Int
    private var remaining: [EngineID: Int]
    private var spent: [EngineID: (trials: Int, nanoseconds: UInt64)] = [:]

    public init(plan: Plan) {
        let certain = plan.trials.filter { !$0.extra }
        total = certain.count
        remaining = certain.reduce(into: [:]) { $0[$1.engine, default: 0] += 1 }
    }

    /// Counts one trial that took `nanoseconds`, the loop around it included.
    public mutating func made(_ trial: Plan.Trial, nanoseconds: UInt64) {
        if trial.extra { total += 1 } else { remaining[trial.engine, default: 0] -= 1 }
        done += 1
        let sofar = spent[trial.engine] ?? (0, 0)
        spent[trial.engine] = (sofar.trials + 1, sofar.nanoseconds + nanoseconds)
    }

    /// Counts one trial that is left out, because its engine was stopped or has been measured well enough.
    public mutating func skipped(_ trial: Plan.Trial) {
        guard !trial.extra else { return }
        done += 1
        remaining[trial.engine, default: 0] -= 1
    }

    /// The time for the trials that are left if each engine goes on at its mean pace; nil while an engine that is
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
