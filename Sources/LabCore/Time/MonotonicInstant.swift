import Glibc

/// A reading of the host's `CLOCK_MONOTONIC`, the only clock that marks are taken with. See clock_gettime(2).
public struct MonotonicInstant: Comparable, Hashable, Sendable {
    /// Nanoseconds since an unspecified start.
    public var nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// The start of the clock: what offsets count from.
    public static let zero = MonotonicInstant(nanoseconds: 0)

    /// Now. No allocation and no system call (vDSO).
    @inline(__always)
    public static func now() -> MonotonicInstant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant `duration` later; never before zero.
    public func advanced(by duration: Duration) -> MonotonicInstant {
        let delta = duration.nanoseconds
        return MonotonicInstant(
            nanoseconds: delta >= 0
                ? nanoseconds &+ delta.magnitude : nanoseconds - min(nanoseconds, delta.magnitude))
    }

    /// Nanoseconds from `earlier` to this; 0 when `earlier` is later.
    public func nanoseconds(since earlier: MonotonicInstant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }

    /// Milliseconds from now until this, rounded up, for poll(2); 0 when it has passed.
    public var pollTimeoutMilliseconds: Int32 {
        let left = nanoseconds(since: .now())
        return Int32(clamping: (left + 999_999) / 1_000_000)
    }
}

extension Duration {
    /// The whole length in nanoseconds; what is longer than 292 years is 292 years.
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isLonger) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return isTooLong || isLonger ? (seconds < 0 ? .min : .max) : sum
    }
}
