import LabCore

/// A piece of a line. Its text is text, whatever it holds: only a renderer escapes.
enum Inline: Equatable, Sendable {
    case text(String)
    case code(String)
    case strong(Phrase)
    case emphasis(Phrase)
    case link(Phrase, to: Destination)
    case lineBreak

    /// The target of a link: nothing that could act. A report, whose words may be anybody's, leads to no other page.
    enum Destination: Equatable, Sendable {
        /// The section of this document that has this heading.
        case section(Phrase)
        /// A file, by its path.
        case file(String)
        /// A page, by its address: only of a text that is ours (`MarkdownReader`).
        case page(String)
    }
}

/// A line of words, written as a string is: what is interpolated is text, another phrase, or marked as `code`, `strong`
/// or `emphasis`.
struct Phrase: Equatable, Sendable {
    private(set) var parts: [Inline] = []

    init(_ text: String) { append(.text(text)) }
    init(_ parts: [Inline] = []) { parts.forEach { append($0) } }

    static func code(_ text: String) -> Phrase { Phrase([.code(text)]) }
    static func strong(_ words: Phrase) -> Phrase { Phrase([.strong(words)]) }
    static func strong(_ words: String) -> Phrase { .strong(Phrase(words)) }
    static func emphasis(_ words: Phrase) -> Phrase { Phrase([.emphasis(words)]) }
    /// The text where there is no figure.
    static let none = Phrase(Format.none)

    var isEmpty: Bool { parts.isEmpty }

    /// The words without their marks.
    var plain: String {
        parts.map { part in
            switch part {
            case .text(let text), .code(let text): text
            case .strong(let words), .emphasis(let words), .link(let words, _): words.plain
            case .lineBreak: ", "
            }
        }.joined()
    }

    /// Text beside text is one text, so that a renderer sees all of what it escapes.
    private mutating func append(_ part: Inline) {
        guard case .text(let text) = part else { return parts.append(part) }
        if case .text(let before) = parts.last {
            parts[parts.count - 1] = .text(before + text)
        } else if !text.isEmpty {
            parts.append(part)
        }
    }

    static func += (phrase: inout Phrase, more: Phrase) { more.parts.forEach { phrase.append($0) } }
    static func + (first: Phrase, second: Phrase) -> Phrase {
        var phrase = first
        phrase += second
        return phrase
    }
}

extension Phrase: ExpressibleByStringInterpolation {
    init(stringLiteral text: String) { self.init(text) }
    init(stringInterpolation: StringInterpolation) { self = stringInterpolation.phrase }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var phrase = Phrase()

        init(literalCapacity: Int, interpolationCount: Int) {}
        mutating func appendLiteral(_ text: String) { phrase.append(.text(text)) }
        mutating func appendInterpolation(_ words: Phrase) { phrase += words }
        mutating func appendInterpolation(_ text: String) { phrase.append(.text(text)) }
        mutating func appendInterpolation(_ number: some BinaryInteger) { phrase.append(.text("\(number)")) }
        mutating func appendInterpolation(code: String) { phrase.append(.code(code)) }
        mutating func appendInterpolation(strong: Phrase) { phrase.append(.strong(strong)) }
        mutating func appendInterpolation(emphasis: Phrase) { phrase.append(.emphasis(emphasis)) }
        mutating func appendInterpolation(_ words: Phrase, to destination: Inline.Destination) {
            phrase.append(.link(words, to: destination))
        }
    }
}

extension DefaultStringInterpolation {
    @available(*, deprecated, message: "a phrase in a string loses its marks: write a phrase, or say .plain")
    mutating func appendInterpolation(_ phrase: Phrase) { appendLiteral(phrase.plain) }
}

extension Sequence<Phrase> {
    func joined(separator: Phrase = Phrase()) -> Phrase {
        var phrase = Phrase()
        for (place, words) in enumerated() { phrase += place == 0 ? words : separator + words }
        return phrase
    }

    /// One under the other.
    var lines: Phrase { joined(separator: Phrase([.lineBreak])) }
}
