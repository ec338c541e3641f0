/// How long trials take on this machine: to know before a run whether its budget holds a first round.
///
/// What was measured counts: a run leaves the mean of each of its cells in the cache. Where nothing was, what is started
/// tells.
public struct TrialCosts: Equatable, Sendable {
    /// Seconds by lab and cell, and by engine alone for its preparation.
    package private(set) var measured: [String: Double] = [:]

    /// So many cells are remembered; where there are more, those of the last run.
    static let most = 20_000
    /// Longer takes no trial, in seconds.
    static let longest: Double = 86_400

    public init() {}

    /// Those that were known before, but for what can't be one.
    package init(measured: [String: Double]) {
        guard measured.count <= Self.most else { return }
        self.measured = measured.filter { (0...Self.longest).contains($0.value) }
    }

    /// Seconds of the preparation of those engines, of all warm-ups of a lab on them and of its first round.
    /// - Parameter hasSystem: whether there is a complete system; without one nothing is started where one is asked for.
    public func firstRound(of lab: LabDefinition, on engines: [EngineRecord], hasSystem: Bool) -> Double {
        let preparations = engines.map { measured[Self.key($0.id)] ?? 0 }
        let cells = lab.quotas.map { quota -> Double in
            guard let engine = engines.first(where: { $0.id == quota.cell.engine }) else { return 0 }
            let trials = Double(quota.warmup + min(1, quota.samples))
            return trials * seconds(of: quota.cell, in: lab, engine, hasSystem)
        }
        return (preparations + cells).reduce(0, +)
    }

    private func seconds(
        of cell: Plan.Cell, in lab: LabDefinition, _ engine: EngineRecord, _ hasSystem: Bool
    ) -> Double {
        if cell.point.system == .complete && !hasSystem { return 0 }
        return measured[Self.key(cell, in: lab)] ?? Self.guess(cell.point, lab.method, engine)
    }

    /// Of a trial that was never made here: rather too little than too much, since what is refused is not measured either.
    /// From the first round of each lab on a machine of two cores in November 2026.
    static func guess(_ point: Condition, _ method: LabDefinition.Method, _ engine: EngineRecord) -> Double {
        let isSystem = point.system == .complete
        let start: Double =
            switch engine.kind {
            case .process: 0.001
            case .container: isSystem ? 1 : engine.role == .peer ? 0.05 : 0.005
            case .virtualMachine: engine.emulates ? (isSystem ? 15 : 1) : isSystem ? 3 : 0.3
            }
        let rest: Double =
            switch method {
            case .lifecycle: 0
            case .compute, .memory, .experiment: 0.1
            }
        return start * Double(point.concurrency ?? point.instances ?? 1) + rest
    }

    static func key(_ cell: Plan.Cell, in lab: LabDefinition) -> String { "\(lab.id) \(cell.text)" }
    static func key(_ engine: EngineID) -> String { engine.rawValue }

    /// Puts the means of a run in the place of what was known of the same.
    mutating func learn(_ run: [String: (seconds: Double, count: Double)]) {
        let means = run.mapValues { min($0.seconds / $0.count, Self.longest) }
        measured.merge(means) { $1 }
        if measured.count > Self.most { measured = means.count > Self.most ? [:] : means }
    }
}

extension TrialCosts {
    /// The whole seconds to name where so many are needed: a tenth more, since no time comes again exactly.
    public static func budget(for seconds: Double) -> Int { max(1, Int((seconds * 11 / 10).rounded(.up))) }

    /// The seconds that a refusal names: what was measured meanwhile may have been dearer than what was known before.
    public static func advice(for seconds: Int) -> Int { seconds + (seconds + 1) / 2 }

    /// A budget as it is said: a part of a lab's is no round number.
    public static func words(_ budget: Double) -> String {
        Units.format(
            duration: budget < 10 ? .milliseconds(Int64((budget * 1e3).rounded())) : .seconds(Int64(budget)))
    }

    /// The error about a budget that holds no first round.
    public static func tooSmall(_ budget: Double, need: Double) -> LabError {
        let seconds = Self.budget(for: need)
        return LabError(
            .usage, "the budget of \(words(budget)) is too small",
            cause: "the first round alone, a trial of everything, needs about \(seconds) s",
            remedy: "name --budget \(advice(for: seconds))s or more, or fewer engines or series")
    }
}
