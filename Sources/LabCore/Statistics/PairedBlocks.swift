import Glibc

/// What one engine's samples are in relation to another's of the same blocks, their quotients or differences, and the figure
/// that follows: the median of what every sample of the one is to every sample of the other in its block (Hodges & Lehmann,
/// "Estimates of location based on rank tests", Ann. Math. Statist. 34, 1963).
///
/// Medians of each engine would do where their samples have one hump. A start through crun has two, at 10 and at 20 ms here, by
/// whether the kernel has to wait until no processor reads the old list of a cgroup; their medians lie in the valley and
/// differ by 6 % between runs of 150 samples, where this differs by 2 %.
///
/// The interval comes from what the figure is without each of up to 20 parts of the run, one after another (jackknife;
/// Miller, "The jackknife – a review", Biometrika 61, 1974), and is `beyond` times as wide: see `BlockInterval`. With it
/// 38 of 40 runs held the ratio of all (container to process, ± 3.6 %), and with 450 samples a side 28 of 28 runs that of a
/// build to itself; one that sleeps 0.5 ms was told from crun in 24 of 28.
struct PairedBlocks {
    /// Those of each block, in the order of time.
    private let blocks: [[Double]]
    /// The samples of either engine, of that which has fewer.
    private let samples: Int

    /// Of more samples in a block than these their quantiles stand for them.
    private static let most = 25
    /// Parts of a run, and samples of either engine in each, with fewer of which its parts say too little.
    private static let (fewestParts, fewestSamples) = (10, 5)
    private static let mostParts = 20
    private static let beyond = 1.75

    /// - Parameters:
    ///   - pairs: the values of either engine in each block that both have, in the order of time.
    ///   - relation: their quotient or difference.
    init(_ pairs: [(first: [Double], second: [Double])], _ relation: (Double, Double) -> Double) {
        blocks = pairs.map { pair in
            let (first, second) = (Self.thinned(pair.first), Self.thinned(pair.second))
            return first.flatMap { one in second.map { relation(one, $0) } }.filter(\.isFinite)
        }.filter { !$0.isEmpty }
        samples = min(pairs.map(\.first.count).reduce(0, +), pairs.map(\.second.count).reduce(0, +))
    }

    private static func thinned(_ values: [Double]) -> [Double] {
        guard values.count > most else { return values }
        let sorted = values.sorted()
        return (0..<most).map { Statistics.quantile7(sorted: sorted, (Double($0) + 0.5) / Double(most)) ?? 0 }
    }

    /// The figure with its interval; nil with fewer blocks than `BlockInterval.fewest`.
    var estimate: (value: Double, interval: ConfidenceInterval?)? {
        guard blocks.count >= BlockInterval.fewest else { return nil }
        let parts = min(Self.mostParts, blocks.count, samples / Self.fewestSamples)
        let isPositive = blocks.allSatisfy { $0.allSatisfy { $0 > 0 } }
        // On logarithms of what is positive, so that the interval is symmetric as a factor.
        let entries = blocks.enumerated().flatMap { place, values in
            values.map { (part: place * max(parts, 1) / blocks.count, value: isPositive ? log($0) : $0) }
        }.sorted { $0.value < $1.value }
        guard let middle = Self.median(entries, without: nil) else { return nil }
        let value = isPositive ? exp(middle) : middle
        guard parts >= Self.fewestParts else {
            return (
                value,
                BlockInterval.interval(
                    around: value, blocks.compactMap { Statistics.median($0) }, of: .compared)
            )
        }
        if entries.first?.value == entries.last?.value {
            return (value, ConfidenceInterval(lower: value, upper: value))
        }
        let rest = (0..<parts).compactMap { Self.median(entries, without: $0) }
        let mean = rest.reduce(0, +) / Double(parts)
        let squares = rest.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let reach =
            Self.beyond * BlockInterval.deviate(parts - 1)
            * (squares * Double(parts - 1) / Double(parts)).squareRoot()
        return (value, BlockInterval.interval(around: value, reach: reach, isFactor: isPositive))
    }

    /// Of sorted entries, those of one part left out.
    private static func median(_ entries: [(part: Int, value: Double)], without part: Int?) -> Double? {
        let count = part.map { left in entries.count { $0.part != left } } ?? entries.count
        guard count > 0 else { return nil }
        var (place, below) = (0, 0.0)
        for entry in entries where entry.part != part {
            if place == count / 2 { return count % 2 == 1 ? entry.value : (below + entry.value) / 2 }
            below = entry.value
            place += 1
        }
        return nil
    }
}
