/// A text for a reader whose language is not known where it is made: an English sentence and what is filled into it.
///
/// Written as a string is. What is interpolated is another message, a number, or words that no language changes: names,
/// paths, the kernel's own. The sentence with `{}` for each argument is what a language's table is asked for, as it is
/// with gettext and String Catalogs; a sentence that the table has not is shown in English.
public struct Message: Hashable, Sendable {
    /// The English sentence, `{}` for each argument.
    public private(set) var format: String
    public private(set) var arguments: [Argument]

    public enum Argument: Hashable, Sendable {
        /// The same in every language.
        case verbatim(String)
        case number(Int)
        case message(Message)
        /// Messages, and the message that stands between two of them.
        case list([Message], joint: String)
    }

    /// Words that are not ours.
    public init(verbatim words: some StringProtocol) {
        format = "{}"
        arguments = [.verbatim(String(words))]
    }

    fileprivate init(format: String, arguments: [Argument]) {
        self.format = format
        self.arguments = arguments
    }

    public var isEmpty: Bool { english.isEmpty }

    /// Names, which no language changes, or that there are none.
    public static func names(_ names: [String]) -> Message {
        names.isEmpty ? "none" : "\(names.joined(separator: ", "))"
    }

    /// One sentence, written in two literals.
    public static func + (first: Message, second: Message) -> Message {
        Message(format: first.format + second.format, arguments: first.arguments + second.arguments)
    }
}

extension Message: ExpressibleByStringInterpolation {
    public init(stringLiteral sentence: String) { self.init(format: sentence, arguments: []) }
    public init(stringInterpolation: StringInterpolation) { self = stringInterpolation.message }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var message = Message(format: "", arguments: [])

        public init(literalCapacity: Int, interpolationCount: Int) {}
        public mutating func appendLiteral(_ text: String) { message.format += text }

        private mutating func append(_ argument: Argument) {
            message.format += "{}"
            message.arguments.append(argument)
        }

        /// Words that are one argument already are not wrapped again.
        public mutating func appendInterpolation(_ words: Message) {
            switch (words.format, words.arguments.first) {
            case ("", _): append(.verbatim(""))
            case ("{}", let argument?): append(argument)
            default: append(.message(words))
            }
        }
        public mutating func appendInterpolation(_ error: any Error) {
            switch error {
            case let error as LabError: append(.message(error.reason))
            case let error as Errno: append(.message(error.message))
            default: append(.verbatim("\(error)"))
            }
        }
        public mutating func appendInterpolation(_ number: Int) { append(.number(number)) }
        /// Disfavoured, so that a literal is a message of its own and not words of no language.
        @_disfavoredOverload
        public mutating func appendInterpolation(_ words: some CustomStringConvertible) {
            append(.verbatim("\(words)"))
        }
    }
}

extension DefaultStringInterpolation {
    @available(
        *, deprecated, message: "a message in a string is not translated: write a message, or say .english"
    )
    public mutating func appendInterpolation(_ message: Message) { appendLiteral(message.english) }
}

extension Optional where Wrapped: CustomStringConvertible {
    /// The words themselves, or what is said where there are none.
    public func or(_ absent: Message) -> Message { map { "\($0)" } ?? absent }
}

extension Sequence<Message> {
    /// The messages with another between each two.
    public func joined(separator: Message) -> Message {
        let messages = Array(self)
        if messages.count == 1 { return messages[0] }
        return Message(format: "{}", arguments: [.list(messages, joint: separator.format)])
    }
}

// As text.
extension Message {
    public var english: String { text { _ in nil } }

    /// The text in the language whose sentence for an English one is `sentence`: `{}` is the next argument, `{2}` the
    /// second.
    public func text(_ sentence: (String) -> String?) -> String {
        Self.fill(format, sentence(format), with: arguments.map { $0.text(sentence) }).joined()
    }

    /// The pieces of a sentence with its arguments in their places. A place without an argument stays as it is, as a
    /// result that was tampered with may have one.
    public static func fill<Piece: ExpressibleByStringLiteral>(
        _ english: String, _ translated: String?, with arguments: [Piece]
    ) -> [Piece] where Piece.StringLiteralType == String {
        var pieces: [Piece] = []
        var next = 0
        var (text, rest) = ("", (translated ?? english)[...])
        while let open = rest.firstIndex(of: "{") {
            text += rest[..<open]
            rest = rest[open...]
            let place = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            let hole = rest.prefix(place.count + 2)
            // Only a table may say which one, so that no result makes a text of one argument many times over.
            let number = place.isEmpty ? next : translated == nil ? nil : Int(place).map { $0 - 1 }
            if hole.last == "}", let number, arguments.indices.contains(number) {
                pieces += [Piece(stringLiteral: text), arguments[number]]
                text = ""
                if place.isEmpty { next += 1 }
                rest = rest[hole.endIndex...]
            } else {
                text.append(rest.removeFirst())
            }
        }
        return pieces + [Piece(stringLiteral: text + rest)]
    }
}

extension Message.Argument {
    fileprivate func text(_ sentence: (String) -> String?) -> String {
        switch self {
        case .verbatim(let words): words
        case .number(let number): "\(number)"
        case .message(let message): message.text(sentence)
        case .list(let messages, let joint):
            messages.map { $0.text(sentence) }.joined(separator: sentence(joint) ?? joint)
        }
    }
}

// Of somebody else's.
extension Message {
    /// The same with none of its texts able to act or to stand at the beginning of a line: each as `ForeignText` shows it, lines
    /// behind the first indented, and no more than so many characters of all together.
    public func foreign(most: Int) -> Message {
        var left = most
        return foreign(&left)
    }

    fileprivate func foreign(_ left: inout Int) -> Message {
        let shown = Self.foreign(format, &left)
        // As many as have a place.
        let places = shown.utf8.count { $0 == UInt8(ascii: "{") }
        var others: [Argument] = []
        for argument in arguments.prefix(places) {
            others.append(left > 0 ? argument.foreign(&left) : .verbatim("…"))
        }
        return Message(format: shown, arguments: others)
    }

    fileprivate static func foreign(_ text: String, _ left: inout Int) -> String {
        var shown: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard left > 0 || shown.isEmpty else { break }
            let words = shown.isEmpty ? String(line) : String(line.drop { $0 == " " })
            left -= shown.isEmpty ? 0 : 1
            shown.append(ForeignText.line(words, most: max(left, 0)))
            left -= words.unicodeScalars.count
        }
        return shown.joined(separator: "\n      ")
    }
}

extension Message.Argument {
    fileprivate func foreign(_ left: inout Int) -> Self {
        switch self {
        case .verbatim(let words): return .verbatim(Message.foreign(words, &left))
        case .number: return self
        case .message(let message): return .message(message.foreign(&left))
        case .list(let messages, let joint):
            let between = Message.foreign(joint, &left)
            var shown: [Message] = []
            for message in messages where left > 0 {
                left -= between.unicodeScalars.count + 1
                shown.append(message.foreign(&left))
            }
            return .list(shown, joint: between)
        }
    }
}

// In a result: a sentence without arguments is a string.
extension Message: Codable {
    fileprivate struct Fields: Codable {
        var format: String
        var arguments: [Argument]?
    }
    fileprivate var fields: Fields { Fields(format: format, arguments: arguments.isEmpty ? nil : arguments) }

    /// In `userInfo` of an encoder: messages become English text, for who reads no tables.
    public static let asText = CodingUserInfoKey(rawValue: "as text")
    /// Nothing that we write is nested deeper, so that no file exhausts a stack.
    private static let deepest = 40

    public init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if let words = try? single.decode(String.self) {
            self.init(stringLiteral: words)
            return
        }
        guard decoder.codingPath.count < Self.deepest else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "it is nested too deeply"))
        }
        let fields = try single.decode(Fields.self)
        self.init(format: fields.format, arguments: fields.arguments ?? [])
    }

    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        let isText = Self.asText.map { encoder.userInfo[$0] != nil } ?? false
        if isText { return try single.encode(english) }
        try arguments.isEmpty ? single.encode(format) : single.encode(fields)
    }
}

extension Message.Argument: Codable {
    private struct List: Codable {
        var list: [Message]
        var joint: String
    }

    public init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if let words = try? single.decode(String.self) {
            self = .verbatim(words)
        } else if let number = try? single.decode(Int.self) {
            self = .number(number)
        } else if let list = try? single.decode(List.self) {
            self = .list(list.list, joint: list.joint)
        } else {
            self = .message(try single.decode(Message.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        switch self {
        case .verbatim(let words): try single.encode(words)
        case .number(let number): try single.encode(number)
        // As a string it would be an argument's own words.
        case .message(let message): try single.encode(message.fields)
        case .list(let list, let joint): try single.encode(List(list: list, joint: joint))
        }
    }
}
