import Glibc

/// The 95 % interval of a figure of one run, from the same figure in each of its blocks.
///
/// On a shared machine the times of a run move together: a disturbance that all engines feel lasts from milliseconds to
/// minutes. Trials of one second are therefore no independent samples of what another run would give, blocks that lie
/// apart in time nearly are: the interval is Student's for the means of the blocks (Kalibera & Jones, "Rigorous
/// benchmarking in reasonable time", ISMM 2013, section 6). Where neighbouring blocks still depend on each other, the means
/// of two or four neighbours differ by more than independent ones would: the widest of the intervals counts (Flyvbjerg &
/// Petersen, "Error estimates on averages of correlated data", J. Chem. Phys. 91, 1989).
///
/// What lasts longer than the run is in no block: on machines whose speed wanders like 1/f noise, it adds about as much in
/// each octave of time as what is seen; of two engines that are compared within the blocks, most of it cancels. Hence
/// `Figure.beyond`, which was measured twice in 40 runs one after another: with 1.6 for all, the intervals held the median
/// of all 40 in 37 and 35 (process), 35 and 33 (container), 38 and 39 (their ratio), without it in 33 and 30, 30 and 27, 28
/// and 31. With the two of now they did in 39, 36 and 39 of 40 fresh runs.
public enum BlockInterval {
    /// What the interval is of.
    public enum Figure: Sendable {
        /// Of one engine by itself, which all that disturbs the machine changes.
        case alone
        /// Of one engine relative to another in the same blocks.
        case compared

        /// By how much the interval is wider than one of independent blocks.
        var beyond: Double {
            switch self {
            case .alone: 2
            case .compared: 1.5
            }
        }
    }

    /// With fewer blocks no interval is given, so that a sampled quantity of fewer samples decides nothing.
    public static let fewest = 5

    /// Of positive figures the interval is made of their logarithms, so that it is symmetric as a factor and positive too.
    /// - Parameters:
    ///   - value: the figure of the whole run.
    ///   - blocks: the figure of each block, in the order of time.
    ///   - figure: what it is a figure of.
    /// - Returns: nil with fewer blocks than `fewest`.
    public static func interval(
        around value: Double, _ blocks: [Double], of figure: Figure = .alone
    ) -> ConfidenceInterval? {
        guard blocks.count >= fewest else { return nil }
        // Exactly, which the mean of many is not.
        if blocks.allSatisfy({ $0 == value }) { return ConfidenceInterval(lower: value, upper: value) }
        let isFactor = value > 0 && blocks.allSatisfy { $0 > 0 }
        let reach = figure.beyond * reach(isFactor ? blocks.map { log($0) } : blocks)
        return interval(around: value, reach: reach, isFactor: isFactor)
    }

    /// - Parameter isFactor: true where `reach` is one of logarithms.
    static func interval(around value: Double, reach: Double, isFactor: Bool) -> ConfidenceInterval {
        isFactor
            ? ConfidenceInterval(lower: value / exp(reach), upper: value * exp(reach))
            : ConfidenceInterval(lower: value - reach, upper: value + reach)
    }

    private static func reach(_ blocks: [Double]) -> Double {
        var reach = 0.0
        var neighbours = 1
        while blocks.count / neighbours >= fewest {
            reach = max(reach, halfWidth(means(blocks, of: neighbours)))
            neighbours *= 2
        }
        return reach
    }

    /// The means of so many neighbours each; what is left over at the end is in none.
    private static func means(_ values: [Double], of count: Int) -> [Double] {
        (0..<values.count / count).map { place in
            values[place * count..<(place + 1) * count].reduce(0, +) / Double(count)
        }
    }

    private static func halfWidth(_ values: [Double]) -> Double {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return deviate(values.count - 1)
            * (squares / (count - 1) / count).squareRoot()
    }

    /// Of Student's distribution. Those that a run without growth needs are made once.
    static func deviate(_ freedom: Int) -> Double {
        freedom <= deviates.count ? deviates[freedom - 1] : StudentT.deviate95(freedom: Double(freedom))
    }
    private static let deviates = (1..<Plan.blocks).map { StudentT.deviate95(freedom: Double($0)) }
}
