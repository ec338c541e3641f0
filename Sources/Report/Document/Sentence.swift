import LabCore
import Texts

/// An English sentence of the report's, which `Language.say` turns into a phrase of the reader's language: like a
/// `Message`, with marks.
struct Sentence: ExpressibleByStringInterpolation {
    /// The key that the table is asked for; where a count decides, with the plural.
    private(set) var format: String
    /// The text where the table has nothing: with the singular where the count is one.
    private var english: String
    private var arguments: [Argument] = []

    private enum Argument {
        case phrase(Phrase)
        case sentence(Sentence, mark: @Sendable (Phrase) -> Inline)
    }

    init(stringLiteral sentence: String) {
        format = sentence
        english = sentence
    }
    init(stringInterpolation: StringInterpolation) { self = stringInterpolation.sentence }

    /// One sentence, written in two literals.
    static func + (first: Sentence, second: Sentence) -> Sentence {
        var sum = first
        sum.format += second.format
        sum.english += second.english
        sum.arguments += second.arguments
        return sum
    }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sentence = Sentence(stringLiteral: "")

        init(literalCapacity: Int, interpolationCount: Int) {}

        private mutating func append(_ argument: Argument) {
            appendLiteral("{}")
            sentence.arguments.append(argument)
        }

        mutating func appendLiteral(_ text: String) {
            sentence.format += text
            sentence.english += text
        }
        mutating func appendInterpolation(_ words: Phrase) { append(.phrase(words)) }
        mutating func appendInterpolation(_ text: String) { append(.phrase(Phrase(text))) }
        mutating func appendInterpolation(_ number: some BinaryInteger) { append(.phrase("\(number)")) }
        mutating func appendInterpolation(_ count: Int, one: String, other: String) {
            append(.phrase("\(count)"))
            sentence.format += " \(other)"
            sentence.english += " \(count == 1 ? one : other)"
        }
        mutating func appendInterpolation(code: String) { append(.phrase(.code(code))) }
        mutating func appendInterpolation(strong: Sentence) { append(.sentence(strong) { .strong($0) }) }
        mutating func appendInterpolation(emphasis: Sentence) {
            append(.sentence(emphasis) { .emphasis($0) })
        }
        mutating func appendInterpolation(_ words: Sentence, to destination: Inline.Destination) {
            append(.sentence(words) { .link($0, to: destination) })
        }
        @_disfavoredOverload
        mutating func appendInterpolation(strong: Phrase) { append(.phrase(.strong(strong))) }
        @_disfavoredOverload
        mutating func appendInterpolation(emphasis: Phrase) { append(.phrase(.emphasis(emphasis))) }
        @_disfavoredOverload
        mutating func appendInterpolation(_ words: Phrase, to destination: Inline.Destination) {
            append(.phrase(Phrase([.link(words, to: destination)])))
        }
    }

    fileprivate func phrase(in language: Language) -> Phrase {
        let arguments = arguments.map { argument -> Phrase in
            switch argument {
            case .phrase(let phrase): phrase
            case .sentence(let sentence, let mark): Phrase([mark(sentence.phrase(in: language))])
            }
        }
        return Message.fill(english, language.sentence(for: format), with: arguments).joined()
    }
}

extension Language {
    /// Disfavoured, so that what could be either is a string.
    @_disfavoredOverload
    func say(_ sentence: Sentence) -> Phrase { sentence.phrase(in: self) }

    /// Items of a sentence: `a, b and c`.
    func list(_ items: [Phrase]) -> Phrase {
        guard let last = items.last, items.count > 1 else { return items.first ?? Phrase() }
        return say("\(items.dropLast().joined(separator: say(", "))) and \(last)")
    }
}
