import Glibc

/// Plans the number of samples that a question needs, from a few that were taken before.
///
/// The standard error of a median is 1 / (2 f √n), where f is the density at the median; f is estimated from the
/// logarithms of the pilot values by a Gaussian kernel. A pilot that happens to be narrow would plan too few, and a
/// plan that is too small half of the time keeps no promise: so the plan rests on the upper 95 % limit of the
/// spread, whose relative standard error is about 1/√(2n) as that of any scale estimated from n values.
/// Source: Kendall & Stuart, "The advanced theory of statistics" 1, section 10.10; bandwidth: Silverman, "Density
/// estimation", 1986, eq. 3.31.
public struct SampleSizePlanner: Sendable {
    /// Standard error of the logarithm of the median, times √n, on the safe side; 0 when the pilot has no spread.
    public let spread: Double

    /// The fewest samples that are ever planned.
    public static let fewest = 10

    /// Learns from pilot values, all positive; nil with fewer than `Bootstrap.fewestValues` of them.
    public init?(pilot: [Double]) {
        guard pilot.count >= Bootstrap.fewestValues, pilot.allSatisfy({ $0 > 0 }) else { return nil }
        let logs = pilot.map { log($0) }.sorted()
        guard let middle = Statistics.median(sorted: logs),
            let low = Statistics.quantile7(sorted: logs, 0.25),
            let high = Statistics.quantile7(sorted: logs, 0.75)
        else { return nil }
        let mean = logs.reduce(0, +) / Double(logs.count)
        let squares = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let deviation = (squares / Double(logs.count - 1)).squareRoot()
        // The quartiles may coincide where values are quantised; then the deviation alone sets the width.
        let width = high > low ? min(deviation, (high - low) / 1.349) : deviation
        guard width > 0 else {
            spread = 0
            return
        }
        let bandwidth = 0.9 * width * pow(Double(logs.count), -0.2)
        let heights = logs.map { exp(-0.5 * pow(($0 - middle) / bandwidth, 2)) }
        let density = heights.reduce(0, +) / (Double(logs.count) * bandwidth * (2 * Double.pi).squareRoot())
        let caution = 1 + Statistics.z95 / (2 * Double(logs.count)).squareRoot()
        spread = caution / (2 * density)
    }

    /// Samples for a 95 % interval of the median whose half-width is `fraction` of it, for example 0.02.
    public func samples(relativeHalfWidth fraction: Double) -> Int {
        precondition(fraction > 0, "a width is positive")
        return rounded(pow(Statistics.z975 * spread / log1p(fraction), 2))
    }

    /// Samples of *each* of two sides to find a relative difference of `effect` with power 0.9 at the 5 % level.
    public func samplesPerSide(detecting effect: Double) -> Int {
        precondition(effect > 0, "an effect is positive")
        return rounded(2 * pow((Statistics.z975 + Statistics.z90) * spread / log1p(effect), 2))
    }

    private func rounded(_ count: Double) -> Int {
        // Beyond any run that could be made; the conversion of a larger one would trap.
        max(SampleSizePlanner.fewest, Int(min(count, 1e12).rounded(.up)))
    }
}
