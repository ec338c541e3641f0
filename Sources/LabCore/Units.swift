/// Lengths of time and sizes as people write them: `30 s`, `1.5 GiB`.
///
/// A value is a decimal number, optional spaces, and a unit; it must come to a whole number of nanoseconds or bytes,
/// so that nothing is rounded on the way in. Every error is a `LabError` of kind `.usage` that names the text and the
/// units that are known.
public enum Units {
    /// A unit and how many of the smallest one are in it.
    public struct Scale: Equatable, Sendable {
        public var name: String
        public var factor: UInt64
        /// True when figures are shown in it; others are only read.
        var isShown = true
    }

    /// A quantity with units, from the smallest up.
    public struct Measure: Sendable {
        let name: Message
        let example: String
        package let scales: [Scale]
        /// True when a number without a unit counts the smallest.
        var takesPlainNumbers = false
        /// True when each unit is a power of two of the smallest.
        public var isBinary = false

        /// The names of its units, from the smallest up.
        public var scaleNames: [String] { scales.map(\.name) }

        static let time = Measure(
            name: "length of time", example: "30 s",
            scales: [
                Scale(name: "ns", factor: 1), Scale(name: "us", factor: 1_000, isShown: false),
                Scale(name: "µs", factor: 1_000), Scale(name: "ms", factor: 1_000_000),
                Scale(name: "s", factor: 1_000_000_000),
                Scale(name: "min", factor: 60_000_000_000, isShown: false),
                Scale(name: "h", factor: 3_600_000_000_000, isShown: false),
            ])
        /// Powers of 1,024 as IEC 80000-13 names them; `MB` means two things to two people, so it is not taken.
        static let size = Measure(
            name: "size", example: "256 MiB",
            scales: ["B", "KiB", "MiB", "GiB", "TiB"].enumerated().map {
                Scale(name: $0.element, factor: 1 << (10 * UInt64($0.offset)))
            }, takesPlainNumbers: true, isBinary: true)
    }

    /// The length of time that `text` names, for example `30 s`, `500ms` or `2 min`. The unit must be there.
    public static func parseDuration(_ text: String) throws(LabError) -> Duration {
        let nanoseconds = try parse(text, .time)
        guard let whole = Int64(exactly: nanoseconds) else {
            throw LabError(.usage, "\"\(text)\" is too long", cause: "the longest is 292 years")
        }
        return .nanoseconds(whole)
    }

    /// No machine has more memory: what is asked for beyond is a slip, and what is worked out from less fits.
    public static let mostMemory: UInt64 = 1 << 50

    /// The number of bytes that `text` names, for example `256 MiB`, `1GiB` or `512`, which are bytes.
    public static func parseBytes(_ text: String) throws(LabError) -> UInt64 {
        try parse(text, .size)
    }

    /// `duration` in the largest unit that divides it: `parseDuration` gives back the same value. Not negative.
    public static func format(duration: Duration) -> String {
        precondition(duration >= .zero, "a negative length of time has no text")
        return format(UInt64(duration.nanoseconds), Measure.time.scales.filter { $0.name != "us" }, zero: "s")
    }

    /// `bytes` in the largest unit that divides them: `parseBytes` gives back the same value.
    public static func format(bytes: UInt64) -> String { format(bytes, Measure.size.scales, zero: "B") }

    private static func format(_ value: UInt64, _ scales: [Scale], zero: String) -> String {
        guard value > 0, let scale = scales.last(where: { value.isMultiple(of: $0.factor) }) else {
            return "0 \(zero)"
        }
        return "\(value / scale.factor) \(scale.name)"
    }

    /// Returns the number of its smallest unit that `text` names.
    public static func parse(_ text: String, _ measure: Measure) throws(LabError) -> UInt64 {
        let (kind, example, scales) = (measure.name, measure.example, measure.scales)
        let trimmed = text.trimmingWhitespace()
        let number = trimmed.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = trimmed[number.endIndex...].trimmingWhitespace()
        let names = scales.map(\.name)
        guard !number.isEmpty else {
            let cause: Message = trimmed.hasPrefix("-") ? "it is negative" : "it does not begin with a number"
            throw LabError(
                .usage, "\"\(text)\" is no \(kind)", cause: cause, remedy: "write it like `\(example)`")
        }
        let factor: UInt64
        if unit.isEmpty {
            guard measure.takesPlainNumbers else {
                throw LabError(
                    .usage, "\"\(text)\" has no unit", remedy: "add one of \(names.joined(separator: ", "))")
            }
            factor = 1
        } else if let scale = scales.first(where: { $0.name == unit }) {
            factor = scale.factor
        } else {
            throw LabError(
                .usage, "\"\(text)\" has the unknown unit \"\(unit)\"\(didYouMean(unit, in: names))",
                remedy: "use one of \(names.joined(separator: ", "))")
        }
        guard let value = scaled(number, by: factor) else {
            throw LabError(
                .usage, "\"\(text)\" is no \(kind)",
                cause: "the number is malformed, too large, or finer than one \(names[0])",
                remedy: "write it like `\(example)`")
        }
        return value
    }

    /// A decimal number times `factor`, exactly; nil when that is no whole number or does not fit.
    private static func scaled(_ number: Substring, by factor: UInt64) -> UInt64? {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = UInt64(parts[0]) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        guard parts.count == 2 else { return product }
        // 0.d₁d₂…dₙ × factor: each digit is worth a tenth of the one before, as long as it divides.
        var fraction = parts[1]
        while fraction.last == "0" { fraction = fraction.dropLast() }
        guard !parts[1].isEmpty, fraction.count <= 18 else { return nil }
        guard !fraction.isEmpty else { return product }
        guard let numerator = UInt64(fraction) else { return nil }
        var denominator: UInt64 = 1
        for _ in fraction { denominator *= 10 }
        let scaled = numerator.multipliedFullWidth(by: factor)
        let (quotient, remainder) = denominator.dividingFullWidth(scaled)
        guard remainder == 0 else { return nil }
        let (sum, carried) = product.addingReportingOverflow(quotient)
        return carried ? nil : sum
    }
}
