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
        /// The round that it belongs to, from 0; that of a warm-up means nothing.
        public var round: Int
        /// The block of neighbouring rounds that it belongs to, from 0; by default one of its own.
        public var block: Int

        public init(
            index: Int, engine: EngineID, parameters: Condition = [:], warmup: Bool, extra: Bool = false,
            round: Int = 0, block: Int? = nil
        ) {
            self.index = index
            self.engine = engine
            self.parameters = parameters
            self.warmup = warmup
            self.extra = extra
            self.round = round
            self.block = block ?? index
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

    /// The number of blocks into which the rounds of a run are divided. Between them lies time, and a figure's interval
    /// rests on how much it differs from block to block: see `BlockInterval`.
    public static let blocks = 20

    /// Warm-ups first; then rounds, each of which has at most one trial of each cell in an order of its own, the first
    /// of them one of every cell; then in the same way, as often as they may grow, the extra rounds of cells that may.
    ///
    /// A cell with fewer samples than others is in every k-th round, so that a drift of the machine falls on all engines
    /// alike however much their numbers differ.
    public init(_ quotas: [Quota], seed: UInt64) {
        self.seed = seed
        var generator = SeededGenerator(seed: seed)
        trials = []
        for turn in 0..<(quotas.map(\.warmup).max() ?? 0) {
            let cells = quotas.filter { $0.warmup > turn }.map(\.cell)
            add(cells.shuffled(using: &generator)) { _ in }
        }
        var before = 0
        for growth in 0..<(quotas.map(\.growth).max() ?? 0) {
            let rounds = Self.rounds(quotas.filter { $0.growth > growth })
            for (place, cells) in rounds.enumerated() {
                add(cells.shuffled(using: &generator), warmup: false) {
                    $0.extra = growth > 0
                    $0.round = before + place
                    $0.block = Self.blocks * growth + place * Self.blocks / rounds.count
                }
            }
            before += rounds.count
        }
    }

    private mutating func add(_ cells: [Cell], warmup: Bool = true, _ place: (inout Trial) -> Void) {
        for cell in cells {
            var trial = Trial(
                index: trials.count, engine: cell.engine, parameters: cell.point, warmup: warmup)
            place(&trial)
            trials.append(trial)
        }
    }

    /// Sample k of a cell with n of them is in the middle of the k-th of n equal parts of the rounds, the first one in the
    /// first round.
    private static func rounds(_ quotas: [Quota]) -> [[Cell]] {
        let count = quotas.map(\.samples).max() ?? 0
        var rounds = [[Cell]](repeating: [], count: count)
        for quota in quotas {
            for k in 0..<quota.samples {
                let round = k == 0 ? 0 : (2 * k + 1) * count / (2 * quota.samples)
                rounds[round].append(quota.cell)
            }
        }
        return rounds
    }

    /// The plan of a lab on the engines that work.
    public init(_ lab: LabDefinition, engines: [EngineID], seed: UInt64) {
        self.init(lab.quotas.filter { engines.contains($0.cell.engine) }, seed: seed)
    }
}

extension LabDefinition {
    /// True where several instances would listen on the same port of the host: a bare process has no network of its own.
    public func sharesPort(_ engine: EngineID, at point: Condition) -> Bool {
        guard engine == .process, case .port = command?.readiness else { return false }
        return max(point.concurrency ?? 1, point.instances ?? 1) > 1
    }

    /// The number of times that each cell is measured.
    public var quotas: [Plan.Quota] {
        series.flatMap { one in
            let samples = samples(of: one)
            return one.points.flatMap { point in
                engines(of: one).filter { !sharesPort($0, at: point) }.map { engine in
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
