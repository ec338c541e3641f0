/// The columns of a terminal that texts fill: two for a wide character, as Chinese ones are, one for others (UAX #11).
public enum Columns {
    /// Returns the number of columns that `text` fills.
    public static func count(_ text: some StringProtocol) -> Int {
        text.unicodeScalars.reduce(0) { $0 + columns(of: $1) }
    }

    /// As much of `text` as fits into so many columns.
    public static func prefix(_ text: String, _ most: Int) -> String {
        var left = most
        let end = text.indices.first { place in
            left -= count(text[place...place])
            return left < 0
        }
        return String(text[..<(end ?? text.endIndex)])
    }

    /// `text` with spaces behind it until it fills so many columns.
    public static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - count(text)))
    }

    private static func columns(of scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        let isWide =
            (0x1100...0x115f).contains(value) || (0x2e80...0xa4cf).contains(value)
            || (0xac00...0xd7a3).contains(value) || (0xf900...0xfaff).contains(value)
            || (0xfe30...0xfe6f).contains(value) || (0xff00...0xff60).contains(value)
            || (0x1f300...0x1faff).contains(value)
        return isWide ? 2 : 1
    }
}
