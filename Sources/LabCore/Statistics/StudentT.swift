import Glibc

/// Student's t-distribution; its degrees of freedom need not be whole.
enum StudentT {
    /// The probability of a value at least as far from 0 as `t`, either way. An infinite `t` has none.
    static func twoSidedP(_ t: Double, freedom: Double) -> Double {
        incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
    }

    /// The value that is exceeded, either way, with probability 0.05: half the width of a 95 % interval in standard errors.
    static func deviate95(freedom: Double) -> Double {
        var (low, high) = (0.0, 2.0)
        while twoSidedP(high, freedom: freedom) > 0.05 { (low, high) = (high, high * 2) }
        while true {
            let middle = low + (high - low) / 2
            if middle <= low || middle >= high { return high }
            if twoSidedP(middle, freedom: freedom) > 0.05 { low = middle } else { high = middle }
        }
    }

    /// The regularised incomplete beta function I_x(a, b) for x in [0, 1], by its continued fraction.
    /// Source: NIST Digital Library of Mathematical Functions, 8.17.4 and 8.17.22.
    private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        // It converges fast below this place only; beyond, the other tail is that of 1 − x.
        x <= (a + 1) / (a + b + 2) ? tail(x, a, b) : 1 - tail(1 - x, b, a)
    }

    /// The fraction is worked out from its beginning, by Lentz's method, until a term changes nothing any more: that takes 20
    /// terms, and a bisection asks 60 times. Source: Lentz, Applied Optics 15, 1976.
    private static func tail(_ x: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 { return 0 }
        var (fraction, above, below) = (1.0, 1.0, 0.0)
        var place = 1
        while place <= mostTerms {
            let m = Double(place / 2)
            let isEven = place % 2 == 0
            let numerator = isEven ? m * (b - m) : -(a + m) * (a + b + m)
            let term = numerator * x / ((a + 2 * m) * (a + 2 * m + (isEven ? -1 : 1)))
            below = 1 / nonzero(1 + term * below)
            above = nonzero(1 + term / above)
            let step = above * below
            fraction *= step
            if abs(step - 1) < .ulpOfOne { break }
            place += 1
        }
        let scale = exp(
            a * log(x) + b * log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b))
        return scale / a / fraction
    }

    private static func nonzero(_ value: Double) -> Double { value == 0 ? .leastNormalMagnitude : value }

    /// More than any number of degrees of freedom needs that a comparison has.
    private static let mostTerms = 1_000

    /// ln Γ(x) for x > 0. `lgamma(3)` writes a global variable.
    private static func logGamma(_ x: Double) -> Double {
        var sign: Int32 = 0
        return lgamma_r(x, &sign)
    }
}
