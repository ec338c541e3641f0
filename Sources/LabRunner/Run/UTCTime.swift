import Glibc

/// A second of UTC.
struct UTCTime {
    private let fields: tm

    /// - Parameter seconds: since the Epoch, see time(2).
    init(secondsSinceEpoch seconds: Int) {
        var seconds = time_t(seconds)
        var fields = tm()
        gmtime_r(&seconds, &fields)
        self.fields = fields
    }

    static func now() -> UTCTime { UTCTime(secondsSinceEpoch: time(nil)) }

    /// `2026-11-24T06:49:30Z`, see RFC 3339.
    var rfc3339: String { format("%Y-%m-%dT%H:%M:%SZ") }
    /// `20261124T064930Z`, for names of files.
    var compact: String { format("%Y%m%dT%H%M%SZ") }

    private func format(_ pattern: String) -> String {
        var fields = fields
        var buffer = [CChar](repeating: 0, count: 32)
        let length = strftime(&buffer, buffer.count, pattern, &fields)
        return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
