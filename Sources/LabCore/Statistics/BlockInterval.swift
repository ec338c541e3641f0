import Glibc

/// The 95 % interval of a figure of one run, from the same figure in each of its blocks.
///
/// On a shared machine the times of a run move together: a disturbance that all engines feel lasts from milliseconds to
/// minutes. Trials of one second are therefore no independent samples of what another run would give, blocks that lie
/// apart in time nearly are: the interval is Student's for the means of the blocks (Kalibera & Jones, "Rigorous
/// benchmarking in reasonable time", ISMM 2013, section 6). Where neighbouring blocks still depend on each other, the means
/// of two or four neighbours differ by more than independent ones would: the widest of the intervals counts (Flyvbjerg &
/// Petersen, "Error estimates on averages of correlated data", J. Chem. Phys. 91, 1989).
public enum BlockInterval {
    /// With fewer blocks no interval is given.
    public static let fewest = 5

    /// Of positive figures the interval is made of their logarithms, so that it is symmetric as a factor and positive too.
    /// - Parameters:
    ///   - value: the figure of the whole run.
    ///   - blocks: the figure of each block, in the order of time.
    /// - Returns: nil with fewer blocks than `fewest`.
    public static func interval(around value: Double, _ blocks: [Double]) -> ConfidenceInterval? {
        guard blocks.count >= fewest else { return nil }
        guard value > 0, blocks.allSatisfy({ $0 > 0 }) else {
            let reach = reach(blocks)
            return ConfidenceInterval(lower: value - reach, upper: value + reach)
        }
        let factor = exp(reach(blocks.map { log($0) }))
        return ConfidenceInterval(lower: value / factor, upper: value * factor)
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
        return Statistics.studentQuantile975(freedom: count - 1)
            * (squares / (count - 1) / count).squareRoot()
    }
}

extension Statistics {
    /// The quantile of probability 0.975 of Student's distribution; `freedom` is at least 1.
    ///
    /// The first terms of its expansion in 1/freedom are right to 0.1 % from 5 on; below it is interpolated between the exact
    /// ones. Source: Abramowitz & Stegun, "Handbook of mathematical functions", 26.7.5 and table 26.10.
    public static func studentQuantile975(freedom: Double) -> Double {
        precondition(freedom >= 1, "no quantile of \(freedom) degrees of freedom")
        let exact = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706]
        let below = Int(min(freedom, 5))
        if below < exact.count {
            // Linear in 1/freedom, in which the quantile is nearly straight.
            let share = (1 / Double(below) - 1 / freedom) / (1 / Double(below) - 1 / Double(below + 1))
            return exact[below - 1] + share * (exact[below] - exact[below - 1])
        }
        let z = z975
        let (z2, z4, z6) = (z * z, z * z * z * z, z * z * z * z * z * z)
        let first = z * (z2 + 1) / 4
        let second = z * (5 * z4 + 16 * z2 + 3) / 96
        let third = z * (3 * z6 + 19 * z4 + 17 * z2 - 15) / 384
        return z + first / freedom + second / (freedom * freedom) + third / (freedom * freedom * freedom)
    }
}
