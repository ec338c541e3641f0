import Glibc

/// Times as RFC 3339 writes them.
public enum RFC3339 {
    /// The seconds since the Epoch of `2026-12-07T23:59:00Z` or `2026-12-07T23:59:00+08:00`; nil for what is no time.
    public static func seconds(of text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 20 || bytes.count == 25 else { return nil }
        func number(_ place: Int, _ digits: Int) -> Int? {
            bytes[place..<place + digits].reduce(0 as Int?) { sum, byte in
                (0x30...0x39).contains(byte) ? sum.map { 10 * $0 + Int(byte) - 0x30 } : nil
            }
        }
        func stands(_ sign: Character, at place: Int) -> Bool { bytes[place] == sign.asciiValue }
        guard stands("-", at: 4), stands("-", at: 7), stands("T", at: 10), stands(":", at: 13),
            stands(":", at: 16), let year = number(0, 4), let month = number(5, 2), let day = number(8, 2),
            let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2),
            year >= 1970, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second < 60,
            let offset = offset(bytes, number)
        else { return nil }
        var fields = tm()
        (fields.tm_year, fields.tm_mon) = (Int32(year - 1900), Int32(month - 1))
        (fields.tm_mday, fields.tm_hour) = (Int32(day), Int32(hour))
        (fields.tm_min, fields.tm_sec) = (Int32(minute), Int32(second))
        let seconds = timegm(&fields)
        // The 31st of a month that has none became another day.
        return fields.tm_mday == Int32(day) ? seconds - offset : nil
    }

    /// A time in UTC, `2026-12-07T23:59:00Z`.
    public static func text(_ seconds: Int) -> String {
        var (seconds, fields) = (time_t(seconds), tm())
        gmtime_r(&seconds, &fields)
        var buffer = [CChar](repeating: 0, count: 32)
        let length = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &fields)
        return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The same without what names of files and tags do without, `20261207T235900Z`.
    public static func compact(_ seconds: Int) -> String {
        text(seconds).filter { $0 != "-" && $0 != ":" }
    }

    /// The seconds that the time's zone is ahead of UTC.
    private static func offset(_ bytes: [UInt8], _ number: (Int, Int) -> Int?) -> Int? {
        if bytes.count == 20 { return bytes[19] == UInt8(ascii: "Z") ? 0 : nil }
        guard bytes[22] == UInt8(ascii: ":"), let hours = number(20, 2), let minutes = number(23, 2),
            hours < 24, minutes < 60
        else { return nil }
        switch bytes[19] {
        case UInt8(ascii: "+"): return 3_600 * hours + 60 * minutes
        case UInt8(ascii: "-"): return -3_600 * hours - 60 * minutes
        default: return nil
        }
    }
}
