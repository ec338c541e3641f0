extension Sequence<UInt8> {
    /// FNV-1a (Fowler, Noll, Vo) of 64 bits: where nobody gains by two that are alike.
    package var fnv1a: UInt64 {
        reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

extension String {
    /// That of its bytes, as sixteen digits for a name that is too long.
    package var shortHash: String { String(utf8.fnv1a, radix: 16).zeroPadded(to: 16) }
}
