import LabCore

/// A part of a specification that is read member by member.
package protocol JSONReadable {
    init()
    /// The members that must be there.
    static var required: [String] { get }
    /// Takes a member that is not null; one that nobody knows is passed over.
    mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem)
}

extension JSONReadable {
    package static var required: [String] { [] }

    package init(_ node: JSONNode) throws(JSONProblem) {
        guard case .object(let members) = node else { throw node.mismatch("an object") }
        self.init()
        // Of a name that is there twice the last counts, as in Go.
        for (name, value) in members {
            if case .null = value { continue }
            do { try take(name, value) } catch { throw error.under(name) }
        }
        for name in Self.required {
            let isThere = members.contains { if case .null = $0.value { false } else { $0.name == name } }
            guard isThere else { throw JSONProblem(cause: "it is missing", place: [name]) }
        }
    }

    /// The most of a file that is read: podman's are 20 KB.
    private static var most: Int { 4 << 20 }

    /// Reads a `config.json`, or a part of one.
    /// - Parameter path: what errors call it.
    /// - Throws: `.data` for what is no JSON or no specification, saying where in it.
    package init(json: [UInt8], of path: String) throws(LabError) {
        func refused(_ cause: Message) -> LabError {
            LabError(
                .data, "cannot read \(ForeignText.line(path, most: 400))",
                cause: cause,
                remedy: "write it as the OCI runtime specification has it, config.md")
        }
        guard json.count <= Self.most else { throw refused("it is larger than 4 MiB") }
        do throws(JSONProblem) { self = try Self(try JSONNode(json)) } catch {
            throw refused(error.text)
        }
    }
}

/// What is wrong with a text that should be JSON, or should be another.
package struct JSONProblem: Error {
    var cause: Message
    /// The names on the way to it, the innermost first.
    var place: [String] = []

    func under(_ name: String) -> JSONProblem { JSONProblem(cause: cause, place: place + [name]) }

    /// `process.rlimits.0.soft: …`
    var text: Message {
        let names = ForeignText.line(place.reversed().joined(separator: "."), most: 400)
        return place.isEmpty ? cause : "\(names): \(cause)"
    }
}

/// A value of JSON as it was read, RFC 8259. Foundation's decoder does no more, and a program that links it takes longer to
/// start than a container.
package enum JSONNode {
    case null
    case bool(Bool)
    /// As it stands there: not every integer of 64 bits is a floating-point number.
    case number(String)
    case text(String)
    case list([JSONNode])
    case object([(name: String, value: JSONNode)])

    init(_ bytes: [UInt8]) throws(JSONProblem) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(JSONProblem) in
            var parser = JSONParser(bytes: bytes)
            return try parser.whole()
        }
    }

    private var kind: Message {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .object: "an object"
        }
    }

    func mismatch(_ wanted: Message) -> JSONProblem { JSONProblem(cause: "it is \(kind), and not \(wanted)") }
}

// MARK: what a value is taken for

extension JSONNode {
    package func string() throws(JSONProblem) -> String {
        guard case .text(let text) = self else { throw mismatch("a text") }
        return text
    }

    package func flag() throws(JSONProblem) -> Bool {
        guard case .bool(let bool) = self else { throw mismatch("true or false") }
        return bool
    }

    package func integer<Number: FixedWidthInteger>() throws(JSONProblem) -> Number {
        guard case .number(let text) = self else { throw mismatch("a number") }
        // 1e3 and 2.0 are integers, too.
        guard let number = Number(text) ?? Double(text).flatMap({ Number(exactly: $0) }) else {
            throw JSONProblem(
                cause:
                    "\(ForeignText.line(text, most: 60)) is not from \("\(Number.min)") to \("\(Number.max)")"
            )
        }
        return number
    }

    package func part<Part: JSONReadable>() throws(JSONProblem) -> Part { try Part(self) }

    package func array<Part: JSONReadable>() throws(JSONProblem) -> [Part] {
        try elements { element throws(JSONProblem) in try Part(element) }
    }

    package func texts() throws(JSONProblem) -> [String] {
        try elements { element throws(JSONProblem) in try element.string() }
    }

    package func integers<Number: FixedWidthInteger>() throws(JSONProblem) -> [Number] {
        try elements { element throws(JSONProblem) in try element.integer() }
    }

    package func parts<Part: JSONReadable>() throws(JSONProblem) -> [String: Part] {
        try dictionary { value throws(JSONProblem) in try Part(value) }
    }

    package func dictionary() throws(JSONProblem) -> [String: String] {
        try dictionary { value throws(JSONProblem) in try value.string() }
    }

    package func stringMap() throws(JSONProblem) -> StringMap {
        let all = try dictionary().sorted { $0.key < $1.key }
        var map = StringMap()
        map.members = all.map { StringMap.Member(name: $0.key, value: $0.value) }
        return map
    }

    /// The value as it is.
    package func json() throws(JSONProblem) -> JSON {
        switch self {
        case .null: return .null
        case .bool(let bool): return .bool(bool)
        case .number(let text):
            guard let number = Double(text), number.isFinite else {
                throw JSONProblem(cause: "\(ForeignText.line(text, most: 60)) is too large a number")
            }
            return .number(number)
        case .text(let text): return .text(text)
        case .list: return .list(try elements { element throws(JSONProblem) in try element.json() })
        case .object: return .object(try dictionary { value throws(JSONProblem) in try value.json() })
        }
    }

    private func elements<Value>(
        _ read: (JSONNode) throws(JSONProblem) -> Value
    ) throws(JSONProblem) -> [Value] {
        guard case .list(let elements) = self else { throw mismatch("a list") }
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for (place, element) in elements.enumerated() {
            do throws(JSONProblem) { values.append(try read(element)) } catch {
                throw error.under("\(place)")
            }
        }
        return values
    }

    private func dictionary<Value>(
        _ read: (JSONNode) throws(JSONProblem) -> Value
    ) throws(JSONProblem) -> [String: Value] {
        guard case .object(let members) = self else { throw mismatch("an object") }
        var values: [String: Value] = [:]
        for (name, value) in members {
            do throws(JSONProblem) { values[name] = try read(value) } catch { throw error.under(name) }
        }
        return values
    }
}

private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    private var depth = 0

    /// Each level takes some of this program's stack.
    private static let deepest = 256

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func whole() throws(JSONProblem) -> JSONNode {
        let value = try value()
        skipBlanks()
        guard place == bytes.count else { throw wrong("something follows its end") }
        return value
    }

    private func wrong(_ cause: Message) -> JSONProblem {
        let line = 1 + bytes[..<min(place, bytes.count)].count { $0 == 0x0a }
        return JSONProblem(cause: "line \(line): \(cause)")
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { place += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard next == byte else { return false }
        place += 1
        return true
    }

    private mutating func word(_ word: StaticString, _ value: JSONNode) throws(JSONProblem) -> JSONNode {
        let end = place + word.utf8CodeUnitCount
        let isThere =
            end <= bytes.count
            && word.withUTF8Buffer { word in (0..<word.count).allSatisfy { bytes[place + $0] == word[$0] } }
        guard isThere else { throw wrong("a word that is no value") }
        place = end
        return value
    }

    private mutating func value() throws(JSONProblem) -> JSONNode {
        skipBlanks()
        switch next {
        case nil: throw wrong("it ends before its value does")
        case UInt8(ascii: "{"), UInt8(ascii: "["): return try nested()
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested() throws(JSONProblem) -> JSONNode {
        let isObject = next == UInt8(ascii: "{")
        place += 1
        depth += 1
        guard depth <= Self.deepest else { throw wrong("more than \(Self.deepest) values in each other") }
        let value = isObject ? try object() : try list()
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONProblem) -> JSONNode {
        var members: [(name: String, value: JSONNode)] = []
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw wrong("a member without a name") }
            let name = try text()
            guard take(UInt8(ascii: ":")) else { throw wrong("a member without a value") }
            members.append((name, try value()))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw wrong("an object without its end") }
        return .object(members)
    }

    private mutating func list() throws(JSONProblem) -> JSONNode {
        var elements: [JSONNode] = []
        if take(UInt8(ascii: "]")) { return .list(elements) }
        repeat { elements.append(try value()) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw wrong("a list without its end") }
        return .list(elements)
    }

    private mutating func digits() throws(JSONProblem) {
        let start = place
        while let byte = next, (0x30...0x39).contains(byte) { place += 1 }
        guard place > start else { throw wrong("no value") }
    }

    private mutating func number() throws(JSONProblem) -> JSONNode {
        let start = place
        if next == UInt8(ascii: "-") { place += 1 }
        let isZero = next == UInt8(ascii: "0")
        let first = place
        try digits()
        guard !isZero || place == first + 1 else { throw wrong("a number that begins with 0") }
        if next == UInt8(ascii: ".") {
            place += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            place += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { place += 1 }
            try digits()
        }
        return .number(String(decoding: bytes[start..<place], as: UTF8.self))
    }

    /// At a quotation mark.
    private mutating func text() throws(JSONProblem) -> String {
        place += 1
        let start = place
        while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            place += 1
        }
        if next == UInt8(ascii: "\"") {
            defer { place += 1 }
            return try checked(bytes[start..<place])
        }
        var unescaped = Array(bytes[start..<place])
        while let byte = next {
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return try checked(unescaped)
            case UInt8(ascii: "\\"): try unescape(to: &unescaped)
            case ..<0x20: throw wrong("a control character in a text")
            default: unescaped.append(byte)
            }
        }
        throw wrong("a text without its end")
    }

    private func checked(_ bytes: some Sequence<UInt8>) throws(JSONProblem) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw wrong("a text that is no UTF-8")
        }
        return text
    }

    /// Behind a backslash.
    private mutating func unescape(to text: inout [UInt8]) throws(JSONProblem) {
        guard let byte = next else { throw wrong("a text without its end") }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try unit()
            if (0xd800..<0xdc00).contains(code), place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
                bytes[place + 1] == UInt8(ascii: "u")
            {
                place += 2
                let low = try unit()
                guard (0xdc00..<0xe000).contains(low) else { throw wrong("half a character") }
                code = 0x1_0000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw wrong("half a character") }
            text += Array(String(scalar).utf8)
        default: throw wrong("a backslash before what it does not change")
        }
    }

    /// Four hexadecimal digits.
    private mutating func unit() throws(JSONProblem) -> UInt32 {
        guard place + 4 <= bytes.count else { throw wrong("a text without its end") }
        var code: UInt32 = 0
        for byte in bytes[place..<place + 4] {
            switch byte {
            case 0x30...0x39: code = code << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: code = code << 4 | UInt32(byte - 0x37)
            case 0x61...0x66: code = code << 4 | UInt32(byte - 0x57)
            default: throw wrong("\\u without four digits")
            }
        }
        place += 4
        return code
    }
}
