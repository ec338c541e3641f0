import Glibc

/// A figure that a command's output yields: where it stands, its unit, and whether more of it is better.
public struct CommandValue: Codable, Equatable, Sendable {
    public var name: String
    /// The unit that is written in the output: `ms`, `MiB`; nil for a plain number.
    public var unit: String?
    /// True for a throughput, false for a time.
    public var moreIsBetter: Bool
    /// An extended regular expression with one group, regex(7), or a JSON pointer, RFC 6901, which begins with `/`.
    public var place: String

    /// The longest place, and the longest line that a pattern is held against; what is behind that is not looked at.
    static let longestPlace = 1_000
    static let longestLine = 4_096
    /// The names of the metrics that every command has.
    static let reserved = ["ready", "first-output", "teardown", "whole", "cpu"]

    /// The key of the value that says how many operations a command did.
    static let operations = "output-operations"

    /// The key of `Observation.values`.
    public var key: String { "output-\(name)" }
    private var isPointer: Bool { place.hasPrefix("/") }

    /// - Throws: `.usage` for what can't be one.
    public init(name: String, unit: String? = nil, moreIsBetter: Bool = false, place: String) throws(LabError)
    {
        self.name = name
        self.unit = unit
        self.moreIsBetter = moreIsBetter
        self.place = place
        try check()
    }

    /// Reads a word of the command line: `NAME[:UNIT][:more|:less]=PLACE`.
    public init(_ word: String) throws(LabError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let words = parts[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let direction = words.count > 1 ? words.last.flatMap { ["more": true, "less": false][$0] } : nil
        let units = words.dropFirst().dropLast(direction == nil ? 0 : 1)
        guard parts.count == 2, units.count <= 1 else {
            throw LabError(
                .usage, "\(ForeignText.quoted(word)) says of no figure where it is in the output",
                remedy:
                    "write NAME=PATTERN, with its unit NAME:ms=PATTERN, and NAME:more=PATTERN where more is better"
            )
        }
        try self.init(
            name: words[0], unit: units.first, moreIsBetter: direction ?? false, place: String(parts[1]))
    }

    /// The word that says it again.
    public var word: String {
        "\(name)\(unit.map { ":\($0)" } ?? "")\(moreIsBetter ? ":more" : "")=\(place)"
    }

    private func check() throws(LabError) {
        let letters = name.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d
        }
        guard letters, (1...40).contains(name.utf8.count), !Self.reserved.contains(name) else {
            throw LabError(
                .usage, "\(ForeignText.quoted(name)) is no name for a figure of the output",
                cause:
                    "it must have 1 to 40 letters a–z, digits and hyphens, and be none of \(Self.reserved.joined(separator: ", "))"
            )
        }
        guard unit == nil || scale != nil else {
            throw LabError(
                .usage,
                "\(ForeignText.quoted(unit ?? "")) is no unit\(didYouMean(unit ?? "", in: Self.units))",
                remedy: "use one of \(Self.units.joined(separator: ", ")), or leave it out for a plain number"
            )
        }
        guard !place.isEmpty, place.utf8.count <= Self.longestPlace, !place.utf8.contains(0) else {
            throw LabError(
                .usage, "the pattern of \(name) is empty, too long or holds a zero byte",
                cause: "it may have \(Self.longestPlace) bytes")
        }
        if !isPointer { _ = try Pattern(place) }
    }

    private static var scales: [(scale: Units.Scale, unit: Metric.Unit)] {
        Units.Measure.time.scales.map { ($0, .nanoseconds) } + Units.Measure.size.scales.map { ($0, .bytes) }
    }
    /// The names of the units that may be written in the output.
    public static var units: [String] { scales.map(\.scale.name) }
    private var scale: (scale: Units.Scale, unit: Metric.Unit)? {
        Self.scales.first { $0.scale.name == unit }
    }

    /// The metric that it is in a report.
    public var metric: Metric {
        let title =
            moreIsBetter
            ? LocalizedText(en: "\(name) (more is better)", zh: "\(name)（越大越好）")
            : LocalizedText(en: "\(name) (less is better)", zh: "\(name)（越小越好）")
        var metric = Metric(id: name, title: title, unit: scale?.unit ?? .count, source: .value(key))
        if moreIsBetter { metric.moreIsBetter = true }
        return metric
    }

    /// Its value in an output, in nanoseconds or bytes where it has a unit of time or size. A pattern is held against each
    /// line of standard output, and of standard error where none matches there; the last line that matches counts, because
    /// a summary comes last.
    /// - Parameter pointed: follows a pointer; a program that measures nothing does without JSON.
    /// - Throws: `.instance` where the output does not hold it.
    public func value(in output: CommandOutput, pointed: PointedNumber) throws(LabError) -> Double {
        let text =
            try isPointer ? number(in: output.contents(of: .output), pointed) : matched(in: output)
        guard let number = Double(text.replacing(",", with: "")), number.isFinite else {
            throw LabError(
                .instance, "\(name) is no number in the command's output",
                cause: "\(ForeignText.quoted(text))",
                remedy: "let the pattern's group hold digits alone: ([0-9.]+)")
        }
        return number * Double(scale?.scale.factor ?? 1)
    }

    private func matched(in output: CommandOutput) throws(LabError) -> String {
        let pattern = try Pattern(place)
        for stream in CommandOutput.Stream.allCases {
            for line in output.contents(of: stream).split(whereSeparator: { $0 == 0x0a || $0 == 0x0d })
                .reversed()
            {
                if let text = pattern.group(in: line.prefix(Self.longestLine)) { return text }
            }
        }
        throw LabError(
            .instance, "the command's output holds no \(name)",
            cause: "no line matches \(ForeignText.quoted(place))",
            remedy: "look at the output beside the samples, and change the pattern")
    }

    private func number(in bytes: [UInt8], _ pointed: PointedNumber) throws(LabError) -> String {
        let tokens = place.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
        guard let number = pointed(tokens, bytes) else {
            throw LabError(
                .instance, "the command's output holds no \(name)",
                cause: "it is no JSON with a number at \(ForeignText.quoted(place))",
                remedy: "look at the output beside the samples, and change the pointer")
        }
        return "\(number)"
    }
}

/// The number to which the tokens of a JSON pointer lead in a text; nil where there is none.
public typealias PointedNumber = @Sendable (_ tokens: [String], _ text: [UInt8]) -> Double?

/// A compiled extended regular expression with one group. The corresponding C functions are `regcomp` and `regexec`.
private final class Pattern {
    private var compiled = regex_t()

    init(_ text: String) throws(LabError) {
        let code = regcomp(&compiled, text, REG_EXTENDED)
        guard code == 0 else {
            var words = [CChar](repeating: 0, count: 200)
            regerror(code, &compiled, &words, words.count)
            throw LabError(
                .usage, "\(ForeignText.quoted(text)) is no regular expression",
                cause: "\(ForeignText.line(words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }))",
                remedy: "write it as for grep -E: 'requests per second: ([0-9.]+)'")
        }
        guard compiled.re_nsub == 1 else {
            let groups = Int(compiled.re_nsub)
            regfree(&compiled)
            throw LabError(
                .usage, "\(ForeignText.quoted(text)) has \(groups) groups",
                cause: "the number is what one group in parentheses matches",
                remedy: "write it as for grep -E: 'requests per second: ([0-9.]+)'")
        }
    }

    deinit { regfree(&compiled) }

    /// The text of the group, nil where the line does not match.
    func group(in line: some Collection<UInt8>) -> String? {
        let text = line.map { CChar(bitPattern: $0 == 0 ? 0x20 : $0) } + [0]
        var matches = [regmatch_t](repeating: regmatch_t(), count: 2)
        guard regexec(&compiled, text, 2, &matches, 0) == 0, matches[1].rm_so >= 0 else { return nil }
        let group = text[Int(matches[1].rm_so)..<Int(matches[1].rm_eo)]
        return String(decoding: group.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
