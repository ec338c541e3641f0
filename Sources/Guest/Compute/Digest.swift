/// A chain over 64-bit words: each step is a bijection of the value before and of the word, so that no word can change
/// alone without changing the end.
struct Digest {
    private(set) var value: UInt64 = 0

    mutating func absorb(_ word: UInt64) { value = mix((value &+ golden) ^ word) }
}

/// 2^64 divided by the golden ratio, made odd.
let golden: UInt64 = 0x9e37_79b9_7f4a_7c15

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the argument reaches every bit of the result.
func mix(_ word: UInt64) -> UInt64 {
    var x = word
    x = (x ^ (x >> 30)) &* 0xbf58_476d_1ce4_e5b9
    x = (x ^ (x >> 27)) &* 0x94d0_49bb_1331_11eb
    return x ^ (x >> 31)
}
