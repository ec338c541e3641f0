import LabCore

/// The texts that stand in Swift sources: string literals, what is filled in as `{}`, `"a" + "b"` as one.
///
/// No parser of Swift: comments, brackets and literals are enough to tell what a text is part of.
struct SourceTexts {
    struct Text: Equatable {
        var text: String
        var line: Int
        /// The calls and closures that it stands in, the innermost last: `{` is a closure or a body.
        var callers: [String]
    }

    private let source: [UInt8]
    private var place = 0
    private var stack: [String] = []
    /// The last character that is no white space and no comment.
    private var before: UInt8 = 0
    private(set) var found: [Text] = []

    static func all(in source: String) -> [Text] {
        var texts = SourceTexts(source: Array(source.utf8))
        texts.scan(to: texts.source.count)
        return texts.found
    }

    private init(source: [UInt8]) { self.source = source }

    private func at(_ place: Int) -> UInt8 { place < source.count ? source[place] : 0 }
    private func starts(_ text: String, at place: Int) -> Bool {
        source[min(place, source.count)...].starts(with: text.utf8)
    }
    private static func isName(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
            || byte >= 0x80
    }

    private mutating func scan(to end: Int) {
        var name = ""
        while place < end {
            let byte = at(place)
            if skipBlank() { continue }
            if isLiteral {
                takeLiteral()
                name = ""
                continue
            }
            if Self.isName(byte) {
                let start = place
                while Self.isName(at(place)) { place += 1 }
                name = String(decoding: source[start..<place], as: UTF8.self)
                before = byte
                continue
            }
            switch byte {
            case UInt8(ascii: "("): stack.append(name)
            case UInt8(ascii: "["), UInt8(ascii: "{"): stack.append(String(UnicodeScalar(byte)))
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): _ = stack.popLast()
            default: break
            }
            name = ""
            before = byte
            place += 1
        }
    }

    /// White space or a comment; false when there is neither.
    private mutating func skipBlank() -> Bool {
        let byte = at(place)
        if byte == 0x20 || byte == 0x0a || byte == 0x09 {
            place += 1
        } else if starts("//", at: place) {
            while place < source.count && at(place) != 0x0a { place += 1 }
        } else if starts("/*", at: place) {
            while place < source.count && !starts("*/", at: place) { place += 1 }
            place += 2
        } else {
            return false
        }
        return true
    }

    private var isLiteral: Bool {
        var ahead = place
        while at(ahead) == UInt8(ascii: "#") { ahead += 1 }
        return at(ahead) == UInt8(ascii: "\"")
    }

    /// A literal and all that is added to it.
    private mutating func takeLiteral() {
        let line = 1 + source[..<place].count { $0 == 0x0a }
        let isContinued = before == UInt8(ascii: "+")
        var (text, isPlain) = literal()
        while true {
            let end = place
            while skipBlank() {}
            guard at(place) == UInt8(ascii: "+"), at(place + 1) == 0x20 || at(place + 1) == 0x0a else {
                place = end
                break
            }
            place += 1
            while skipBlank() {}
            if isLiteral {
                let more = literal()
                text += more.text
                isPlain = isPlain && more.isPlain
            } else {
                text += "{}"
                scan(to: endOfOperand())
            }
        }
        before = UInt8(ascii: "\"")
        if isPlain {
            found.append(Text(text: (isContinued ? "{}" : "") + text, line: line, callers: stack))
        }
    }

    /// One literal from its first quotation mark to behind its last; what is filled in is scanned too.
    /// - Returns: not plain when it has several lines or is raw: such texts are files and formats.
    private mutating func literal() -> (text: String, isPlain: Bool) {
        let start = place
        while at(place) == UInt8(ascii: "#") { place += 1 }
        let hashes = String(repeating: "#", count: place - start)
        let quotes = starts("\"\"\"", at: place) ? "\"\"\"" : "\""
        place += quotes.utf8.count
        var bytes: [UInt8] = []
        while place < source.count && !starts(quotes + hashes, at: place) {
            if starts("\\\(hashes)(", at: place) {
                place += 2 + hashes.utf8.count
                let outer = (stack, before)
                stack.append("\\(")
                before = UInt8(ascii: "(")
                let end = endOfGroup()
                let hole = String(decoding: source[place..<end], as: UTF8.self)
                scan(to: end)
                (stack, before) = outer
                place += 1
                bytes += "{}".utf8
                // A count with its noun: the plural is part of the sentence.
                if let noun = hole.firstMatch(of: /, other: "([^"]*)"$/)?.1 { bytes += " \(noun)".utf8 }
            } else if at(place) == UInt8(ascii: "\\") && hashes.isEmpty {
                let escaped: [UInt8: String] = [
                    UInt8(ascii: "n"): "\n", UInt8(ascii: "t"): "\t", UInt8(ascii: "\""): "\"",
                    UInt8(ascii: "\\"): "\\",
                ]
                bytes += (escaped[at(place + 1)] ?? "?").utf8
                place += 2
            } else {
                bytes.append(at(place))
                place += 1
            }
        }
        place += quotes.utf8.count + hashes.utf8.count
        return (String(decoding: bytes, as: UTF8.self), hashes.isEmpty && quotes == "\"")
    }

    /// Where the bracket that was opened before `place` is closed.
    private func endOfGroup() -> Int {
        var ahead = self
        ahead.found = []
        var depth = 1
        while ahead.place < source.count {
            if ahead.skipBlank() { continue }
            if ahead.isLiteral {
                _ = ahead.literal()
                continue
            }
            switch ahead.at(ahead.place) {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
            if depth == 0 { return ahead.place }
            ahead.place += 1
        }
        return source.count
    }

    /// Where an operand ends that begins at `place`: names, dots and groups in brackets, without white space.
    private func endOfOperand() -> Int {
        var ahead = self
        while true {
            let byte = ahead.at(ahead.place)
            if byte == UInt8(ascii: "(") || byte == UInt8(ascii: "[") {
                ahead.place += 1
                ahead.place = ahead.endOfGroup() + 1
            } else if Self.isName(byte)
                || [UInt8(ascii: "."), UInt8(ascii: "?"), UInt8(ascii: "\\")].contains(byte)
            {
                ahead.place += 1
            } else {
                return max(ahead.place, place + 1)
            }
        }
    }
}
