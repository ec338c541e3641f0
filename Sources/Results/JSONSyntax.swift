/// Finds the line on which a text stops being JSON (RFC 8259), which the decoder doesn't say.
struct JSONSyntax {
    private let bytes: [UInt8]
    private var place = 0
    /// The brackets that are open.
    private var open: [UInt8] = []

    private enum Expected { case value, valueOrEnd, key, keyOrEnd, colon, commaOrEnd, nothing }

    /// Nil for JSON.
    static func lineOfFlaw(in bytes: [UInt8]) -> Int? {
        var syntax = JSONSyntax(bytes: bytes)
        return syntax.isWhole() ? nil : 1 + bytes[..<syntax.place].count { $0 == 0x0a }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Goes through the text, as far as it is JSON.
    private mutating func isWhole() -> Bool {
        var expected = Expected.value
        while true {
            while place < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) { place += 1 }
            guard place < bytes.count else { return expected == .nothing }
            switch (expected, UnicodeScalar(bytes[place])) {
            case (.valueOrEnd, "]"), (.keyOrEnd, "}"): close()
            case (.commaOrEnd, "]") where open.last == UInt8(ascii: "["): close()
            case (.commaOrEnd, "}") where open.last == UInt8(ascii: "{"): close()
            case (.commaOrEnd, ","):
                place += 1
                expected = open.last == UInt8(ascii: "{") ? .key : .value
                continue
            case (.colon, ":"):
                place += 1
                expected = .value
                continue
            case (.key, "\""), (.keyOrEnd, "\""):
                guard passString() else { return false }
                expected = .colon
                continue
            case (.value, "["), (.valueOrEnd, "["), (.value, "{"), (.valueOrEnd, "{"):
                open.append(bytes[place])
                expected = bytes[place] == UInt8(ascii: "[") ? .valueOrEnd : .keyOrEnd
                place += 1
                continue
            case (.value, "\""), (.valueOrEnd, "\""): guard passString() else { return false }
            case (.value, _), (.valueOrEnd, _): guard passWord() else { return false }
            default: return false
            }
            expected = open.isEmpty ? .nothing : .commaOrEnd
        }
    }

    private mutating func close() {
        open.removeLast()
        place += 1
    }

    /// False at the end of the text and at a control character, which a string may hold only as an escape.
    private mutating func passString() -> Bool {
        place += 1
        while place < bytes.count, bytes[place] >= 0x20 {
            if bytes[place] == UInt8(ascii: "\"") {
                place += 1
                return true
            }
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        place = min(place, bytes.count)
        return false
    }

    /// A number, or one of the three words.
    private mutating func passWord() -> Bool {
        let rest = bytes[place...]
        let word = String(
            decoding: rest.prefix { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E")].contains(
                        byte)
            }, as: UTF8.self)
        let isNumber = word.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil
        guard isNumber || ["true", "false", "null"].contains(word) else { return false }
        place += word.utf8.count
        return true
    }
}
