/// A sentence with holes: the English one as a pattern, the Chinese one as what it becomes.
struct Template: Sendable {
    private enum Token: Equatable {
        case literal([UInt8])
        /// So many holes side by side. They can't be told apart: the first has all that is there.
        case gap(holes: Int)
    }
    private enum Part: Equatable {
        case text(String)
        case hole(Int)
    }

    private let english: [Token]
    private let chinese: [Part]
    /// How many bytes the pattern itself has: the more, the surer a match.
    let weight: Int
    /// Whether it is the end of a sentence rather than a whole one: its first hole is then what stands before.
    let isEnding: Bool

    /// A pattern with fewer bytes of its own matches by accident, so that its holes must be single words.
    private static let leastWeight = 8

    /// - Parameters:
    ///   - english: `{}` stands for what is filled in. When it begins as the end of a sentence does, with one of
    ///     `; , (` or a space, it is looked for at the end of a text.
    ///   - chinese: `{}` are the holes in the same order, `{2}` is the second.
    init(_ english: String, _ chinese: String) {
        // A line of a list is looked up without its line feed and indentation.
        let english = english.hasPrefix("\n") ? String(english.drop { $0.isNewline || $0 == " " }) : english
        isEnding = english.first.map { ";,( ".contains($0) } ?? false
        self.english = Self.tokens(isEnding ? "{}" + english : english)
        self.chinese = (isEnding ? [.hole(0)] : []) + Self.parts(chinese, before: isEnding ? 1 : 0)
        weight = self.english.reduce(0) { sum, token in
            if case .literal(let bytes) = token { sum + bytes.count } else { sum }
        }
    }

    var holes: Int {
        english.reduce(0) { sum, token in
            if case .gap(let holes) = token { sum + holes } else { sum }
        }
    }

    /// The holes that the Chinese sentence fills, from 0.
    var filledHoles: Set<Int> {
        Set(
            chinese.compactMap { part in
                if case .hole(let number) = part { number } else { nil }
            })
    }

    /// What fills the holes of `text`, nil when it is another sentence.
    func match(_ text: [UInt8]) -> [String]? {
        var found: [String] = []
        var place = 0
        var gap = 0
        for (number, token) in english.enumerated() {
            switch token {
            case .gap(let holes): gap = holes
            case .literal(let bytes):
                let isLast = number == english.count - 1
                guard
                    let start = Self.find(bytes, in: text, from: place, atEnd: isLast),
                    gap > 0 || start == place, !isLast || start + bytes.count == text.count
                else { return nil }
                found += Self.filling(text[place..<start], gap)
                place = start + bytes.count
                gap = 0
            }
        }
        found += Self.filling(text[place...], gap)
        // A hole may hold lines of its own, but none that began before it.
        guard found.allSatisfy({ !$0.contains("\n") || $0.hasPrefix("\n") }) else { return nil }
        guard weight >= Self.leastWeight || found.allSatisfy(Self.isWord) else { return nil }
        return found
    }

    /// The Chinese sentence with its holes filled.
    func filled(with words: [String]) -> String {
        chinese.map { part in
            switch part {
            case .text(let text): text
            case .hole(let number): words.indices.contains(number) ? words[number] : ""
            }
        }.joined()
    }

    private static func filling(_ bytes: ArraySlice<UInt8>, _ holes: Int) -> [String] {
        guard holes > 0 else { return [] }
        return [String(decoding: bytes, as: UTF8.self)] + Array(repeating: "", count: holes - 1)
    }

    /// One word, or anything in quotation marks.
    private static func isWord(_ text: String) -> Bool {
        !text.contains(" ") || (text.count > 1 && text.hasPrefix("\"") && text.hasSuffix("\""))
    }

    private static func find(_ bytes: [UInt8], in text: [UInt8], from: Int, atEnd: Bool) -> Int? {
        let last = text.count - bytes.count
        guard last >= from else { return nil }
        return (atEnd ? last...last : from...last).first { text[$0..<$0 + bytes.count].elementsEqual(bytes) }
    }

    private static func tokens(_ english: String) -> [Token] {
        var tokens: [Token] = []
        for (number, piece) in english.pieces(around: "{}").enumerated() {
            if number > 0 {
                if case .gap(let holes)? = tokens.last {
                    tokens[tokens.count - 1] = .gap(holes: holes + 1)
                } else {
                    tokens.append(.gap(holes: 1))
                }
            }
            if !piece.isEmpty { tokens.append(.literal(Array(piece.utf8))) }
        }
        return tokens
    }

    /// - Parameter before: how many holes come before those that the sentence counts.
    private static func parts(_ chinese: String, before: Int) -> [Part] {
        var parts: [Part] = []
        var next = before
        var rest = chinese[...]
        while let match = rest.firstMatch(of: /\{(\d?)\}/) {
            parts.append(.text(String(rest[..<match.range.lowerBound])))
            if let number = Int(match.1) {
                parts.append(.hole(number - 1 + before))
            } else {
                parts.append(.hole(next))
                next += 1
            }
            rest = rest[match.range.upperBound...]
        }
        return parts + [.text(String(rest))]
    }
}

extension String {
    /// The text cut at each place where `separator` stands.
    func pieces(around separator: String) -> [Substring] {
        var pieces: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            pieces.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return pieces + [rest]
    }
}
