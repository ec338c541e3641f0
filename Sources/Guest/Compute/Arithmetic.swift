/// `integer`: xorshift64 (Marsaglia 2003) decides for each step between a multiplication, a division and a rotation.
struct IntegerWork: FixedWork {
    private static let steps = 200_000

    private var state: UInt64 = 0x6a09_e667_f3bc_c909
    private var sum: UInt64 = 0

    init(_ setting: Setting) {}

    mutating func round(_ number: UInt64, _ digest: inout Digest) {
        for _ in 0..<Self.steps {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            switch state & 3 {
            case 0: sum = sum &* 0x5851_f42d_4c95_7f2d &+ state
            case 1: sum = sum &+ state / (sum >> 40 | 1)
            default:
                sum ^= state
                sum = sum << 23 | sum >> 41
            }
        }
        digest.absorb(sum)
    }
}

/// `float`: the Lorenz system by Euler's method, and the sum of a quotient with a square root over its orbit.
///
/// Doubles, and only the operations that IEEE 754 rounds correctly (+ − × ÷ √), each rounded by itself: Swift fuses
/// none. So the bits are the same on every processor and under emulation, and the system being chaotic, one wrong
/// bit soon changes them all.
struct FloatWork: FixedWork {
    private static let steps = 200_000
    /// 8 for the derivatives, 6 for the step, 8 for the sum.
    private static let operationsPerStep = 22

    private var x = 1.0
    private var y = 1.0
    private var z = 1.0
    private var sum = 0.0

    init(_ setting: Setting) {}

    mutating func round(_ number: UInt64, _ digest: inout Digest) {
        let step = 1.0 / 1_024
        for _ in 0..<Self.steps {
            let dx = 10.0 * (y - x)
            let dy = x * (28.0 - z) - y
            let dz = x * y - (8.0 / 3.0) * z
            x += dx * step
            y += dy * step
            z += dz * step
            sum += (x * x + y * y).squareRoot() / (1.0 + z * z)
        }
        digest.absorb(x.bitPattern)
        digest.absorb(y.bitPattern)
        digest.absorb(z.bitPattern)
        digest.absorb(sum.bitPattern)
    }

    func counts(_ rounds: UInt64) -> WorkCounts {
        WorkCounts(operations: rounds * UInt64(Self.steps * Self.operationsPerStep))
    }
}
