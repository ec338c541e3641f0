import Glibc
import LabCore

/// Numbers as text, without locale: three significant digits and a unit that fits.
enum Format {
    /// The text where there is no figure.
    static let none = "–"

    /// A quantity, for example `412 µs`, `1.21 s` or `256 MiB`.
    static func quantity(_ value: Double?, _ unit: Metric.Unit) -> String {
        guard let value else { return none }
        let scale = unit.scale(fitting: value)
        return join(number(value / scale), scale)
    }

    /// A figure of a metric. What is counted has no digits that were not: `1`, `4 KiB`.
    static func figure(_ value: Double?, _ metric: Metric) -> String {
        guard let value, metric.isExact else { return quantity(value, metric.unit) }
        return bound(value, metric.unit)
    }

    /// A bound that somebody wrote, without digits that were not: `60 s`, `1.05`.
    static func bound(_ value: Double, _ unit: Metric.Unit) -> String {
        let scale = unit.scale(fitting: value)
        var text = number(value / scale)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return join(text, scale)
    }

    /// An interval in one unit, for example `1.18–1.24 ms`.
    static func interval(_ interval: ConfidenceInterval?, _ unit: Metric.Unit) -> String {
        guard let interval else { return none }
        let scale = unit.scale(fitting: max(abs(interval.lower), abs(interval.upper)))
        return join(
            "\(number(interval.lower / scale))–\(number(interval.upper / scale))", scale)
    }

    /// A difference with its sign: `+12.3 µs`, `−4.00 MiB`.
    static func signed(_ value: Double?, _ unit: Metric.Unit) -> String {
        guard let value else { return none }
        return plus(value, quantity(value, unit))
    }

    /// An interval of a difference; dots, since a dash between signs could be one of them: `−1.20 … +34.0 µs`.
    static func signedInterval(_ interval: ConfidenceInterval?, _ unit: Metric.Unit) -> String {
        guard let interval else { return none }
        let scale = unit.scale(fitting: max(abs(interval.lower), abs(interval.upper)))
        func end(_ value: Double) -> String { plus(value, number(value / scale)) }
        return join("\(end(interval.lower)) … \(end(interval.upper))", scale)
    }

    /// A difference and its interval: `+12.3 µs (+10.1 … +14.0 µs)`.
    static func difference(_ difference: Estimate, _ unit: Metric.Unit) -> String {
        let interval = difference.interval.map { " (\(signedInterval($0, unit)))" } ?? ""
        return signed(difference.value, unit) + interval
    }

    /// A change as a percentage with its sign: `+12.3 %`.
    static func change(_ share: Double?) -> String {
        guard let share else { return none }
        return plus(share, percent(share))
    }

    /// The interval of a ratio as that of a change: `−1.2 … +0.8 %`.
    static func changeInterval(_ ratio: ConfidenceInterval?) -> String {
        guard let ratio else { return none }
        return "\(change(ratio.lower - 1).dropLast(2)) … \(change(ratio.upper - 1))"
    }

    private static func plus(_ value: Double, _ text: String) -> String {
        // A value that was rounded to nothing has no sign.
        value > 0 && text.contains { ("1"..."9").contains($0) } ? "+\(text)" : text
    }

    /// A number with the name of its unit.
    static func join(_ text: String, _ scale: Units.Scale) -> String {
        scale.name.isEmpty ? text : "\(text) \(scale.name)"
    }

    /// A nanosecond span.
    static func duration(_ nanoseconds: Double?) -> String { quantity(nanoseconds, .nanoseconds) }

    static func bytes(_ count: UInt64?) -> String { quantity(count.map { Double($0) }, .bytes) }

    /// A share as a percentage with at most three significant digits and one decimal: `12.3 %`.
    static func percent(_ share: Double?) -> String {
        guard let share, share.isFinite else { return none }
        let tenths = (share * 1_000).rounded()
        return abs(tenths) >= 1_000 ? "\(number(share * 100)) %" : "\(fixed(share * 100, decimals: 1)) %"
    }

    /// Three significant digits; whole numbers beyond are kept whole and grouped by comma: `0.412`, `12.3`, `4,630`.
    static func number(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return value == 0 ? "0" : none }
        let size = Int(floor(log10(abs(value)) + log10(1.0005)))
        return fixed(value, decimals: min(max(2 - size, 0), 12))
    }

    /// A number with so many decimals, rounded half away from zero, whole part grouped.
    static func fixed(_ value: Double, decimals: Int) -> String {
        let power = pow(10, Double(decimals))
        let scaled = (abs(value) * power).rounded()
        // Beyond 2^63 no digit after the first sixteen means anything.
        guard scaled < 0x1p62 else { return "\(value)" }
        let whole = UInt64(scaled) / UInt64(power)
        let fraction = UInt64(scaled) % UInt64(power)
        var text = value < 0 && scaled > 0 ? "−" : ""
        text += grouped(whole)
        if decimals > 0 {
            text += "." + String(fraction).zeroPadded(to: decimals)
        }
        return text
    }

    /// A number of things, without decimals.
    static func count(_ value: Double) -> String { fixed(value, decimals: 0) }

    /// A whole number with a comma between groups of three digits.
    static func grouped(_ number: UInt64) -> String {
        var text = ""
        let digits = String(number)
        for (place, digit) in digits.enumerated() {
            if place > 0 && (digits.count - place).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }
}

/// A figure in a scale.
func / (value: Double, scale: Units.Scale) -> Double { value / Double(scale.factor) }

extension Report {
    /// A size for people, rounded to three digits: `161 MiB`.
    public static func size(_ bytes: UInt64) -> String { Format.bytes(bytes) }
}
