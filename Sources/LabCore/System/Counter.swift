/// Counters of the kernel's, read as text or from a guest: what should only grow may have begun anew, and what should fit
/// may not.
extension UInt64 {
    /// Returns the growth since `earlier`; nothing when it is smaller, as a counter of another process is whose number
    /// was used again.
    public func grown(since earlier: UInt64) -> UInt64 { self > earlier ? self - earlier : 0 }

    /// This many of `factor` each; nil when that is more than fits.
    public func times(_ factor: UInt64) -> UInt64? {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}
