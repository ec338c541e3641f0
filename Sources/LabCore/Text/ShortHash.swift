extension String {
    /// Sixteen digits for a name that is too long, FNV-1a (Fowler, Noll, Vo) of 64 bits: where nobody gains by two that are
    /// alike.
    package var shortHash: String {
        let hash = utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16).zeroPadded(to: 16)
    }
}
