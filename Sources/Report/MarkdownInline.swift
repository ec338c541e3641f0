/// A piece of a line of Markdown, of the subset that this project writes.
///
/// Whatever is not in the subset is text: nothing is lost, and nothing but these cases ever becomes markup.
indirect enum MarkdownInline: Equatable {
    case text(String)
    case code(String)
    case strong([MarkdownInline])
    case emphasis([MarkdownInline])
    case link([MarkdownInline], to: String)
    case image(alternative: String, name: String)
    case lineBreak

    /// What a reader would read aloud.
    var plain: String {
        switch self {
        case .text(let text), .code(let text): text
        case .strong(let parts), .emphasis(let parts), .link(let parts, _): parts.plain
        case .image(let alternative, _): alternative
        case .lineBreak: " "
        }
    }
}

extension [MarkdownInline] {
    var plain: String { map(\.plain).joined() }
}

/// Reads one line's worth of Markdown (CommonMark 6, the part that reports use): escapes, character references, code
/// spans, `**strong**`, `*emphasis*`, links, images and `<br>`.
struct MarkdownInlineParser {
    private let scalars: [Unicode.Scalar]
    private let depth: Int
    /// Searches that found nothing find nothing further on either.
    private var hopeless: Set<Search> = []

    private enum Search: Hashable { case strong, emphasis, link }

    /// Deeper nesting is text.
    private static let mostDepth = 6
    /// A link or an image is not longer than this; it bounds what a line of brackets costs.
    private static let longestLink = 2_000

    static func parse(_ text: String) -> [MarkdownInline] {
        var parser = MarkdownInlineParser(Array(text.unicodeScalars), depth: 0)
        return parser.parse()
    }

    private init(_ scalars: [Unicode.Scalar], depth: Int) {
        self.scalars = scalars
        self.depth = depth
    }

    private mutating func parse() -> [MarkdownInline] {
        var parts: [MarkdownInline] = []
        var text = ""
        func flush() {
            if !text.isEmpty { parts.append(.text(text)) }
            text = ""
        }
        var place = 0
        while place < scalars.count {
            if let (part, end) = markup(at: place) {
                flush()
                parts.append(part)
                place = end
            } else if let (character, end) = character(at: place) {
                text.unicodeScalars.append(character)
                place = end
            } else {
                // What opens nothing stands for itself, with all of its own kind behind it.
                let end = runEnd(place)
                text.unicodeScalars.append(contentsOf: scalars[place..<end])
                place = end
            }
        }
        flush()
        return parts
    }

    /// An escape or a character reference, and where it ends.
    private func character(at place: Int) -> (Unicode.Scalar, Int)? {
        if scalars[place] == "\\", place + 1 < scalars.count, Self.isPunctuation(scalars[place + 1]) {
            return (scalars[place + 1], place + 2)
        }
        guard scalars[place] == "&",
            let end = scalars[place..<min(place + 12, scalars.count)].firstIndex(of: ";")
        else { return nil }
        let name = String(String.UnicodeScalarView(scalars[(place + 1)..<end]))
        return Self.reference(name).map { ($0, end + 1) }
    }

    private static func reference(_ name: String) -> Unicode.Scalar? {
        switch name {
        case "amp": "&"
        case "lt": "<"
        case "gt": ">"
        case "quot": "\""
        case "apos": "'"
        case "nbsp": "\u{a0}"
        case _ where name.hasPrefix("#x") || name.hasPrefix("#X"):
            UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
        case _ where name.hasPrefix("#"): UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
        default: nil
        }
    }

    /// ASCII punctuation, which alone can be escaped (CommonMark 2.4).
    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e: true
        default: false
        }
    }

    private mutating func markup(at place: Int) -> (MarkdownInline, Int)? {
        switch scalars[place] {
        case "`": return codeSpan(at: place)
        case "<": return lineBreak(at: place)
        case "*": return delimited(at: place)
        case "!":
            guard place + 1 < scalars.count, scalars[place + 1] == "[" else { return nil }
            return linked(at: place + 1).map { text, destination, end in
                (.image(alternative: nested(text).plain, name: destination), end)
            }
        case "[":
            return linked(at: place).map { text, destination, end in
                (.link(nested(text), to: destination), end)
            }
        default: return nil
        }
    }

    private func nested(_ part: ArraySlice<Unicode.Scalar>) -> [MarkdownInline] {
        guard depth < Self.mostDepth else {
            return [.text(String(String.UnicodeScalarView(part)))]
        }
        var parser = MarkdownInlineParser(Array(part), depth: depth + 1)
        return parser.parse()
    }

    private func lineBreak(at place: Int) -> (MarkdownInline, Int)? {
        for tag in ["<br>", "<br/>"] where scalars[place...].starts(with: tag.unicodeScalars) {
            return (.lineBreak, place + tag.unicodeScalars.count)
        }
        return nil
    }

    /// The end of the run of one and the same scalar.
    private func runEnd(_ place: Int) -> Int {
        guard scalars[place] == "`" || scalars[place] == "*" else { return place + 1 }
        return scalars[place...].firstIndex { $0 != scalars[place] } ?? scalars.count
    }

    private func codeSpan(at place: Int) -> (MarkdownInline, Int)? {
        let start = runEnd(place)
        var next = start
        while let open = scalars[next...].firstIndex(of: "`") {
            let end = runEnd(open)
            if end - open == start - place {
                var content = scalars[start..<open]
                // One space on each side belongs to the fence.
                if content.count > 2, content.first == " ", content.last == " ",
                    content.contains(where: { $0 != " " })
                {
                    content = content.dropFirst().dropLast()
                }
                return (.code(String(String.UnicodeScalarView(content))), end)
            }
            next = end
        }
        return nil
    }

    /// `**strong**` or `*emphasis*`; neither opens before a space nor closes after one.
    private mutating func delimited(at place: Int) -> (MarkdownInline, Int)? {
        let length = runEnd(place) - place
        guard length == 1 || length == 2, depth < Self.mostDepth else { return nil }
        let search = length == 2 ? Search.strong : .emphasis
        let start = place + length
        guard start < scalars.count, !Self.isSpace(scalars[start]), !hopeless.contains(search) else {
            return nil
        }
        var next = start
        while next < scalars.count {
            if let (_, end) = character(at: next) {
                next = end
            } else if scalars[next] == "`" {
                next = codeSpan(at: next)?.1 ?? runEnd(next)
            } else if scalars[next] == "*" {
                let end = runEnd(next)
                if end - next == length, !Self.isSpace(scalars[next - 1]) {
                    let inside = nested(scalars[start..<next])
                    return (length == 2 ? .strong(inside) : .emphasis(inside), end)
                }
                next = end
            } else {
                next += 1
            }
        }
        hopeless.insert(search)
        return nil
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }

    /// `[text](destination)` whose bracket opens at `place`: its text, its destination and where it ends.
    private mutating func linked(at place: Int) -> (ArraySlice<Unicode.Scalar>, String, Int)? {
        guard !hopeless.contains(.link) else { return nil }
        let limit = min(place + Self.longestLink, scalars.count)
        var next = place + 1
        while next < limit {
            if let (_, end) = character(at: next) {
                next = end
            } else if scalars[next] == "`" {
                next = codeSpan(at: next)?.1 ?? runEnd(next)
            } else if scalars[next] == "]" {
                return destination(after: next).map { (scalars[(place + 1)..<next], $0, $1) }
            } else {
                next += 1
            }
        }
        if limit == scalars.count { hopeless.insert(.link) }
        return nil
    }

    /// What stands in brackets behind a link's text, which has neither spaces nor brackets of its own.
    private func destination(after bracket: Int) -> (String, Int)? {
        guard bracket + 1 < scalars.count, scalars[bracket + 1] == "(" else { return nil }
        let start = bracket + 2
        let limit = min(start + Self.longestLink, scalars.count)
        guard start < limit,
            let end = scalars[start..<limit].firstIndex(where: {
                $0 == ")" || $0 == "(" || Self.isSpace($0) || $0.value < 0x20
            }), scalars[end] == ")", end > start
        else { return nil }
        return (String(String.UnicodeScalarView(scalars[start..<end])), end + 1)
    }
}
