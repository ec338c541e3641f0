/// The trials of a run in the order in which they will be made: a pure function of its inputs and the seed.
public struct Plan: Codable, Equatable, Sendable {
    public var seed: UInt64
    public var trials: [Trial]

    public struct Trial: Codable, Equatable, Sendable {
        public var index: Int
        public var engine: EngineID
        public var parameters: Condition
        public var warmup: Bool
        /// Made only if the interval of its cell is still too wide when its turn comes.
        public var extra: Bool

        public init(
            index: Int, engine: EngineID, parameters: Condition = [:], warmup: Bool, extra: Bool = false
        ) {
            self.index = index
            self.engine = engine
            self.parameters = parameters
            self.warmup = warmup
            self.extra = extra
        }

        public var cell: Cell { Cell(engine: engine, point: parameters) }
    }

    /// An engine at one point, which its trials share: the unit of every statistic.
    public struct Cell: Hashable, Sendable {
        public var engine: EngineID
        public var point: Condition
        public init(engine: EngineID, point: Condition = [:]) {
            self.engine = engine
            self.point = point
        }

        /// For messages and seeds: `container isolation=none`.
        public var text: String { point.isEmpty ? engine.rawValue : "\(engine) \(point.text)" }
    }

    /// The number of times that a cell is measured.
    public struct Quota: Sendable {
        public var cell: Cell
        public var samples: Int
        public var warmup: Int
        /// The cell may grow to so many times its samples.
        public var growth: Int
        /// The width that its interval is to have at most, see `LabDefinition.Samples`.
        public var precision: Double?

        public init(_ cell: Cell, samples: Int, warmup: Int, growth: Int = 1, precision: Double? = nil) {
            self.cell = cell
            self.samples = samples
            self.warmup = warmup
            self.growth = growth
            self.precision = precision
        }
    }

    /// Warm-ups first, then every cell's samples spread evenly over the whole run, then in the same way, round by
    /// round, the extra ones of cells that may grow.
    ///
    /// Sample `k` of a cell with `n` of them gets the place (k + u) / n with u uniform in [0, 1): a stratified
    /// order, in which a drift of the machine falls on all engines alike however much their numbers differ.
    public init(_ quotas: [Quota], seed: UInt64) {
        self.seed = seed
        var generator = SeededGenerator(seed: seed)
        var order: [(cell: Cell, warmup: Bool, extra: Bool)] = []
        for turn in 0..<(quotas.map(\.warmup).max() ?? 0) {
            order += quotas.filter { $0.warmup > turn }.map { ($0.cell, true, false) }
                .shuffled(using: &generator)
        }
        for round in 0..<(quotas.map(\.growth).max() ?? 0) {
            order += Self.spread(quotas.filter { $0.growth > round }, &generator).map {
                ($0, false, round > 0)
            }
        }
        trials = order.enumerated().map { index, trial in
            Trial(
                index: index, engine: trial.cell.engine, parameters: trial.cell.point, warmup: trial.warmup,
                extra: trial.extra)
        }
    }

    /// The samples of each cell once, spread over the whole.
    private static func spread(_ quotas: [Quota], _ generator: inout SeededGenerator) -> [Cell] {
        var placed: [(place: Double, turn: Int, cell: Cell)] = []
        for (turn, quota) in quotas.enumerated() {
            for k in 0..<quota.samples {
                let within = Double.random(in: 0..<1, using: &generator)
                placed.append(((Double(k) + within) / Double(quota.samples), turn, quota.cell))
            }
        }
        return placed.sorted { ($0.place, $0.turn) < ($1.place, $1.turn) }.map(\.cell)
    }

    /// The plan of a lab on the engines that work.
    public init(_ lab: LabDefinition, engines: [EngineID], seed: UInt64) {
        self.init(lab.quotas.filter { engines.contains($0.cell.engine) }, seed: seed)
    }
}

extension LabDefinition {
    /// The number of times that each cell is measured.
    public var quotas: [Plan.Quota] {
        series.flatMap { one in
            let samples = samples(of: one)
            return one.points.flatMap { point in
                engines(of: one).map { engine in
                    Plan.Quota(
                        Plan.Cell(engine: engine, point: point), samples: samples.count(for: engine),
                        warmup: samples.warmup, growth: samples.precision == nil ? 1 : samples.growth,
                        precision: samples.precision)
                }
            }
        }
    }
}

/// A small generator with a recorded seed: the same seed gives the same order on every machine.
/// SplitMix64, after Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64
    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
