/// The results of `lab-guest compute`, worked out a second time and without the system calls around it: the host's own
/// oracle, so that no guest's word is taken for its work.
///
/// The work is specified in Sources/Guest/Compute; Tests/Fixtures/compute.py is a third statement of it, in another
/// language.
public enum ComputeReference {
    /// The digest of `rounds` rounds as 16 hexadecimal digits; nil for an unknown kind. Takes about as long as the work.
    public static func digest(kind: String, rounds: Int) -> String? {
        guard var work = work(kind) else { return nil }
        var digest: UInt64 = 0
        for number in 0..<UInt64(rounds) {
            work.round(number) { word in digest = mix((digest &+ golden) ^ word) }
        }
        return String(digest, radix: 16).zeroPadded(to: 16)
    }

    private static func work(_ kind: String) -> (any ReferenceWork)? {
        switch kind {
        case "integer": IntegerReference()
        case "float": FloatReference()
        case "memory-bandwidth": BandwidthReference()
        case "memory-random": RandomAccessReference()
        case "syscall": SystemCallReference()
        case "context-switch": ContextSwitchReference()
        case "page-fault": PageFaultReference()
        case "fork-exec": ForkReference()
        case "file-write": FileWriteReference()
        case "file-read": FileReadReference()
        case "network-loopback": LoopbackReference()
        case "yardstick-float": RotationReference()
        case "yardstick-entry": EntryReference()
        // It comes to the same by other system calls.
        case "yardstick-switch": ContextSwitchReference()
        default: nil
        }
    }

    /// 2^64 divided by the golden ratio, made odd.
    fileprivate static let golden: UInt64 = 0x9e37_79b9_7f4a_7c15

    /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    fileprivate static func mix(_ word: UInt64) -> UInt64 {
        var x = word
        x = (x ^ (x >> 30)) &* 0xbf58_476d_1ce4_e5b9
        x = (x ^ (x >> 27)) &* 0x94d0_49bb_1331_11eb
        return x ^ (x >> 31)
    }
}

/// One kind of work: yields, round for round, the words that the digest takes in.
private protocol ReferenceWork {
    mutating func round(_ number: UInt64, _ absorb: (UInt64) -> Void)
}

private struct IntegerReference: ReferenceWork {
    private var state: UInt64 = 0x6a09_e667_f3bc_c909
    private var total: UInt64 = 0

    mutating func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        for _ in 0..<200_000 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            if state % 4 == 0 {
                total = total &* 0x5851_f42d_4c95_7f2d &+ state
            } else if state % 4 == 1 {
                total = total &+ state / (total >> 40 | 1)
            } else {
                total ^= state
                total = total << 23 | total >> 41
            }
        }
        absorb(total)
    }
}

private struct FloatReference: ReferenceWork {
    private var (x, y, z, total) = (1.0, 1.0, 1.0, 0.0)

    mutating func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        for _ in 0..<200_000 {
            let (dx, dy, dz) = (10 * (y - x), x * (28 - z) - y, x * y - 8.0 / 3.0 * z)
            x += dx / 1_024
            y += dy / 1_024
            z += dz / 1_024
            total += (x * x + y * y).squareRoot() / (1 + z * z)
        }
        for value in [x, y, z, total] { absorb(value.bitPattern) }
    }
}

private struct BandwidthReference: ReferenceWork {
    private static let words = 1 << 21
    private var arrays = (0..<3).map { array in
        (array * words..<(array + 1) * words).map { UInt64($0) &* ComputeReference.golden }
    }

    mutating func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        let turn = Int(number / 2)
        let start = Int(number % 2) * Self.words / 2
        var total: UInt64 = 0
        for place in start..<start + Self.words / 2 {
            let word = arrays[(turn + 1) % 3][place] &+ 3 &* arrays[(turn + 2) % 3][place]
            arrays[turn % 3][place] = word
            total &+= word
        }
        absorb(total)
    }
}

private struct RandomAccessReference: ReferenceWork {
    private var line: UInt64 = 0

    mutating func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        for _ in 0..<7_000 { line = (line &* 1_664_525 &+ 1_013_904_223) % (1 << 20) }
        absorb(line)
    }
}

private struct SystemCallReference: ReferenceWork {
    private var mask: UInt64 = 0

    mutating func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        var total: UInt64 = 0
        for _ in 0..<10_000 {
            total = total &* 31 &+ mask
            mask = (mask * 5 + 3) % 512
        }
        absorb(total)
    }
}

private struct ContextSwitchReference: ReferenceWork {
    private var word: UInt64 = 0

    mutating func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        for _ in 0..<200 { word = ComputeReference.mix(word) &+ 1 }
        absorb(word)
    }
}

private struct PageFaultReference: ReferenceWork {
    func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        absorb((0..<768).reduce(UInt64(0)) { $0 &+ (number << 32) &+ $1 })
    }
}

private struct ForkReference: ReferenceWork {
    func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        for child in 2 * number...2 * number + 1 { absorb(ComputeReference.mix(child) % 64) }
    }
}

private struct FileWriteReference: ReferenceWork {
    func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        for stamp in number * 512..<(number + 1) * 512 { absorb(ComputeReference.mix(stamp)) }
    }
}

private struct FileReadReference: ReferenceWork {
    func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        for _ in 0..<4 {
            for stamp in 0..<UInt64(1_024) { absorb(ComputeReference.mix(stamp)) }
        }
    }
}

private struct LoopbackReference: ReferenceWork {
    private var message = (0..<UInt64(128)).map(ComputeReference.mix)

    mutating func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        for _ in 0..<100 { message[0] = message.reduce(0) { $0 &* 31 &+ $1 } }
        absorb(message[0])
    }
}

private struct RotationReference: ReferenceWork {
    private var (x, y) = (1.0, 0.0)

    mutating func round(_ number: UInt64, _ absorb: (UInt64) -> Void) {
        for _ in 0..<100_000 { (x, y) = (0.6 * x - 0.8 * y, 0.8 * x + 0.6 * y) }
        for value in [x, y] { absorb(value.bitPattern) }
    }
}

private struct EntryReference: ReferenceWork {
    func round(_ number: UInt64, _ absorb: (UInt64) -> Void) { absorb(9_999) }
}
