/// The trials of a run in the order in which they will be made: a pure function of its inputs and the seed.
public struct Plan: Codable, Equatable, Sendable {
    public var seed: UInt64
    public var trials: [Trial]

    public struct Trial: Codable, Equatable, Sendable {
        public var index: Int
        public var engine: EngineID
        public var warmup: Bool
        public init(index: Int, engine: EngineID, warmup: Bool) {
            self.index = index
            self.engine = engine
            self.warmup = warmup
        }
    }

    /// Warm-ups first, then every engine's samples spread evenly over the whole run.
    ///
    /// Sample `k` of an engine with `n` of them gets the place (k + u) / n with u uniform in [0, 1): a stratified
    /// order, in which a drift of the machine falls on all engines alike however much their numbers differ.
    public init(engines: [(id: EngineID, samples: Int)], warmup: Int, seed: UInt64) {
        self.seed = seed
        var generator = SeededGenerator(seed: seed)
        var warmups: [EngineID] = []
        for _ in 0..<warmup { warmups += engines.map(\.id).shuffled(using: &generator) }
        var placed: [(place: Double, engine: EngineID)] = []
        for (id, samples) in engines {
            for k in 0..<samples {
                placed.append(
                    ((Double(k) + Double.random(in: 0..<1, using: &generator)) / Double(samples), id))
            }
        }
        placed.sort { ($0.place, $0.engine) < ($1.place, $1.engine) }
        let order = warmups.map { ($0, true) } + placed.map { ($0.engine, false) }
        trials = order.enumerated().map {
            Trial(index: $0.offset, engine: $0.element.0, warmup: $0.element.1)
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
