import Glibc
import LabCore

/// A second of UTC.
struct UTCTime {
    private let seconds: Int

    /// - Parameter seconds: since the Epoch, see time(2).
    init(secondsSinceEpoch seconds: Int) { self.seconds = seconds }

    static func now() -> UTCTime { UTCTime(secondsSinceEpoch: time(nil)) }

    /// `2026-11-24T06:49:30Z`, see RFC 3339.
    var rfc3339: String { RFC3339.text(seconds) }
    /// `20261124T064930Z`, for names of files.
    var compact: String { RFC3339.compact(seconds) }
}
