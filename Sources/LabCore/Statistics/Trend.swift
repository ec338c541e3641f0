import Glibc

/// The change of a quantity while the run went on: warming up, throttling, a cache that fills.
public struct Drift: Equatable, Sendable {
    /// Kendall's τ-b between the value and its place in the run, from −1 to 1.
    public var tau: Double
    /// Two-sided p-value of the Mann–Kendall test, normal approximation with correction for ties.
    public var p: Double
    /// Median of the last third over median of the first third, minus 1: the size of the change.
    public var relativeChange: Double

    /// Below this number the normal approximation is poor, and no answer is given.
    public static let fewestValues = 10

    /// The drift of values in the order in which they were taken; nil below `fewestValues`.
    /// All equal: τ 0, p 1. Sources: Mann, Econometrica 13, 1945; Kendall, "Rank correlation methods", 1975.
    public init?(_ values: [Double]) {
        let n = values.count
        guard n >= Drift.fewestValues, let first = Statistics.median(Array(values.prefix(n / 3))),
            let last = Statistics.median(Array(values.suffix(n / 3)))
        else { return nil }
        relativeChange = first == 0 ? 0 : last / first - 1

        let groups = Trend.tieGroups(values)
        let pairs = Double(n) * Double(n - 1) / 2
        let tiedPairs = groups.reduce(0) { $0 + $1 * ($1 - 1) / 2 }
        // Kendall's S: the pairs that rise less those that fall.
        let balance = pairs - tiedPairs - 2 * Double(Trend.inversions(values))
        let variance = Trend.kendallVariance(n: n, ties: groups)
        guard variance > 0 else {
            tau = 0
            p = 1
            return
        }
        tau = balance / (pairs * (pairs - tiedPairs)).squareRoot()
        p = Statistics.twoSidedP(balance / variance.squareRoot())
    }
}

/// A straight line fitted so that a few wild points don't move it.
public struct RobustLine: Equatable, Sendable {
    /// Change of y per unit of x: the Theil–Sen estimate, the median of the slopes of all pairs.
    public var slope: Double
    /// 95 % interval of the slope.
    public var slopeInterval: ConfidenceInterval
    /// median(y) − slope × median(x).
    public var intercept: Double

    /// The fit to points; nil unless at least two have different x. The interval of few points is their full range.
    /// Source: Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63, 1968, eq. 2.6.
    public init?(x: [Double], y: [Double]) {
        precondition(x.count == y.count, "each x has its y")
        var slopes: [Double] = []
        for i in x.indices {
            for j in x.indices where x[j] > x[i] { slopes.append((y[j] - y[i]) / (x[j] - x[i])) }
        }
        slopes.sort()
        guard let slope = Statistics.median(sorted: slopes), let middleX = Statistics.median(x),
            let middleY = Statistics.median(y)
        else { return nil }
        self.slope = slope
        intercept = middleY - slope * middleX
        let variance = Trend.kendallVariance(n: x.count, ties: Trend.tieGroups(x), Trend.tieGroups(y))
        let reach = Statistics.z975 * max(variance, 0).squareRoot()
        let count = Double(slopes.count)
        let lower = Int(((count - reach) / 2).rounded(.toNearestOrEven)) - 1
        let upper = Int(((count + reach) / 2).rounded(.toNearestOrEven))
        slopeInterval = ConfidenceInterval(
            lower: slopes[min(max(lower, 0), slopes.count - 1)],
            upper: slopes[min(max(upper, 0), slopes.count - 1)])
    }
}

enum Trend {
    /// Sizes of the groups of equal values, those of one value left out.
    static func tieGroups(_ values: [Double]) -> [Double] {
        var groups: [Double] = []
        var previous: Double?
        var length = 0
        for value in values.sorted() {
            if value != previous {
                if length > 1 { groups.append(Double(length)) }
                length = 0
                previous = value
            }
            length += 1
        }
        return length > 1 ? groups + [Double(length)] : groups
    }

    /// The number of pairs of which the earlier value is the larger, counted while the values are sorted by merging.
    /// Source: Knight, "A computer method for calculating Kendall's tau with ungrouped data", JASA 61, 1966.
    static func inversions(_ values: [Double]) -> Int {
        var (from, into) = (values, values)
        var count = 0
        var width = 1
        while width < values.count {
            for start in stride(from: 0, to: values.count, by: 2 * width) {
                let (middle, end) = (min(start + width, values.count), min(start + 2 * width, values.count))
                var (left, right) = (start, middle)
                for place in start..<end {
                    if left < middle, right == end || from[left] <= from[right] {
                        into[place] = from[left]
                        left += 1
                    } else {
                        // It passes all that are left of the earlier half.
                        count += middle - left
                        into[place] = from[right]
                        right += 1
                    }
                }
            }
            swap(&from, &into)
            width *= 2
        }
        return count
    }

    /// Variance of Kendall's S without association, less what ties in either variable take away.
    static func kendallVariance(n: Int, ties: [Double]...) -> Double {
        func term(_ k: Double) -> Double { k * (k - 1) * (2 * k + 5) }
        return (term(Double(n)) - ties.joined().reduce(0) { $0 + term($1) }) / 18
    }
}
