import LabCore

extension SpecPart {
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
        do {
            self = try Self(from: JSONNodeDecoder(node: try JSONNode(json), codingPath: []))
        } catch let error as DecodingError {
            throw refused("\(ForeignText.line(error.place, most: 400))")
        } catch {
            throw refused("\(ForeignText.line("\(error)", most: 400))")
        }
    }
}

extension DecodingError {
    /// The error and its place: `process.rlimits.0.soft: …`.
    package var place: String {
        func text(_ context: Context, _ missing: (any CodingKey)? = nil) -> String {
            let keys = context.codingPath + (missing.map { [$0] } ?? [])
            let path = keys.map { $0.intValue.map { String($0) } ?? $0.stringValue }.joined(separator: ".")
            // Of a number that does not fit, only this tells which.
            let reason = context.underlyingError.map { " (\($0))" } ?? ""
            return (path.isEmpty ? "" : "\(path): ") + context.debugDescription + reason
        }
        return switch self {
        case .keyNotFound(let key, let context): text(context, key)
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            text(context)
        @unknown default: "\(self)"
        }
    }
}

/// A value of JSON as it was read, RFC 8259. Foundation's decoder does no more, and a program that links it takes longer to
/// start than a container.
private enum JSONNode {
    case null
    case bool(Bool)
    /// As it stands there: not every integer of 64 bits is a floating-point number.
    case number(String)
    case text(String)
    case list([JSONNode])
    case object([(name: String, value: JSONNode)])

    /// - Throws: `DecodingError.dataCorrupted` for what is no JSON, with its line.
    init(_ bytes: [UInt8]) throws {
        self = try bytes.withUnsafeBufferPointer { bytes in
            var parser = JSONParser(bytes: bytes)
            return try parser.whole()
        }
    }

    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .object: "an object"
        }
    }
}

private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    private var depth = 0

    /// Each level takes some of this program's stack.
    private static let deepest = 256

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func whole() throws -> JSONNode {
        let value = try value()
        skipBlanks()
        guard place == bytes.count else { throw wrong("something follows its end") }
        return value
    }

    private func wrong(_ cause: String) -> DecodingError {
        let line = 1 + bytes[..<min(place, bytes.count)].count { $0 == 0x0a }
        return .dataCorrupted(.init(codingPath: [], debugDescription: "line \(line): \(cause)"))
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

    private mutating func word(_ word: StaticString, _ value: JSONNode) throws -> JSONNode {
        let end = place + word.utf8CodeUnitCount
        let isThere =
            end <= bytes.count
            && word.withUTF8Buffer { word in (0..<word.count).allSatisfy { bytes[place + $0] == word[$0] } }
        guard isThere else { throw wrong("a word that is no value") }
        place = end
        return value
    }

    private mutating func value() throws -> JSONNode {
        skipBlanks()
        switch next {
        case nil: throw wrong("it ends before its value does")
        case UInt8(ascii: "{"): return try nested { try $0.object() }
        case UInt8(ascii: "["): return try nested { try $0.list() }
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(_ read: (inout JSONParser) throws -> JSONNode) throws -> JSONNode {
        place += 1
        depth += 1
        guard depth <= Self.deepest else { throw wrong("more than \(Self.deepest) values in each other") }
        let value = try read(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws -> JSONNode {
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

    private mutating func list() throws -> JSONNode {
        var elements: [JSONNode] = []
        if take(UInt8(ascii: "]")) { return .list(elements) }
        repeat { elements.append(try value()) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw wrong("a list without its end") }
        return .list(elements)
    }

    private mutating func digits() throws {
        let start = place
        while let byte = next, (0x30...0x39).contains(byte) { place += 1 }
        guard place > start else { throw wrong("no value") }
    }

    private mutating func number() throws -> JSONNode {
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
    private mutating func text() throws -> String {
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
            case UInt8(ascii: "\""): return try unescaped.withUnsafeBufferPointer { try checked($0[...]) }
            case UInt8(ascii: "\\"): try unescape(to: &unescaped)
            case ..<0x20: throw wrong("a control character in a text")
            default: unescaped.append(byte)
            }
        }
        throw wrong("a text without its end")
    }

    private func checked(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw wrong("a text that is no UTF-8")
        }
        return text
    }

    /// Behind a backslash.
    private mutating func unescape(to text: inout [UInt8]) throws {
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
    private mutating func unit() throws -> UInt32 {
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

private struct JSONIndex: CodingKey {
    let intValue: Int?
    var stringValue: String { "\(intValue ?? 0)" }
    init(intValue: Int) { self.intValue = intValue }
    init?(stringValue: String) { nil }
}

private struct JSONNodeDecoder: Decoder {
    let node: JSONNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = node else { throw mismatch([String: String].self, "an object") }
        return KeyedDecodingContainer(Members(members, codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .list(let elements) = node else { throw mismatch([String].self, "a list") }
        return Elements(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { Alone(decoder: self) }

    fileprivate func mismatch(_ type: any Any.Type, _ wanted: String) -> DecodingError {
        let words = "it is \(node.kind), and not \(wanted)"
        let context = DecodingError.Context(codingPath: codingPath, debugDescription: words)
        if case .null = node { return .valueNotFound(type, context) }
        return .typeMismatch(type, context)
    }

    private func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        guard case .number(let text) = node else { throw mismatch(type, "a number") }
        // 1e3 and 2.0 are integers, too.
        guard let number = Number(text) ?? Double(text).flatMap({ Number(exactly: $0) }) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath,
                    debugDescription: "\(text) does not fit \(Number.min)...\(Number.max)"))
        }
        return number
    }

    private func floating() throws -> Double {
        guard case .number(let text) = node else { throw mismatch(Double.self, "a number") }
        guard let number = Double(text), number.isFinite else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: codingPath, debugDescription: "\(text) is too large a number"))
        }
        return number
    }

    private func text() throws -> String {
        guard case .text(let text) = node else { throw mismatch(String.self, "a text") }
        return text
    }

    private func bool() throws -> Bool {
        guard case .bool(let bool) = node else { throw mismatch(Bool.self, "true or false") }
        return bool
    }

    /// A value of any type. Types are compared and not cast: the first cast to a protocol costs a look at all of the program's.
    fileprivate func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
        func same<Known>(_ known: Known) -> Value {
            guard let value = known as? Value else { preconditionFailure("its type was compared") }
            return value
        }
        if type == String.self { return same(try text()) }
        if type == Bool.self { return same(try bool()) }
        if type == [String].self, case .list(let elements) = node {
            return same(
                try elements.enumerated().map { place, element in
                    if case .text(let text) = element { return text }
                    return try JSONNodeDecoder(
                        node: element, codingPath: codingPath + [JSONIndex(intValue: place)]
                    ).text()
                })
        }
        if type == UInt32.self { return same(try integer(UInt32.self)) }
        if type == UInt64.self { return same(try integer(UInt64.self)) }
        if type == Int.self { return same(try integer(Int.self)) }
        if type == Int64.self { return same(try integer(Int64.self)) }
        if type == Int32.self { return same(try integer(Int32.self)) }
        if type == UInt16.self { return same(try integer(UInt16.self)) }
        if type == UInt8.self { return same(try integer(UInt8.self)) }
        if type == UInt.self { return same(try integer(UInt.self)) }
        if type == Int16.self { return same(try integer(Int16.self)) }
        if type == Int8.self { return same(try integer(Int8.self)) }
        if type == Double.self { return same(try floating()) }
        if type == Float.self { return same(Float(try floating())) }
        return try Value(from: self)
    }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let members: [(name: String, value: JSONNode)]
    /// Their places by their names, where they are many.
    private let places: [String: Int]
    let codingPath: [any CodingKey]

    init(_ members: [(name: String, value: JSONNode)], _ codingPath: [any CodingKey]) {
        (self.members, self.codingPath) = (members, codingPath)
        places =
            members.count < 32
            ? [:] : Dictionary(members.indices.map { (members[$0].name, $0) }) { _, last in last }
    }

    private func node(_ name: String) -> JSONNode? {
        // Of a name that is there twice the last counts, as in Go.
        if places.isEmpty { return members.last { $0.name == name }?.value }
        return places[name].map { members[$0].value }
    }

    private func decoder(_ key: some CodingKey) throws -> JSONNodeDecoder {
        guard let node = node(key.stringValue) else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "it is missing"))
        }
        return JSONNodeDecoder(node: node, codingPath: codingPath + [key])
    }

    var allKeys: [Key] { members.compactMap { Key(stringValue: $0.name) } }
    func contains(_ key: Key) -> Bool { node(key.stringValue) != nil }
    func decodeNil(forKey key: Key) throws -> Bool {
        if case .null = try decoder(key).node { true } else { false }
    }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder(key).value(type)
    }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }
    func superDecoder() -> any Decoder { JSONNodeDecoder(node: .object(members), codingPath: codingPath) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct Elements: UnkeyedDecodingContainer {
    let elements: [JSONNode]
    let codingPath: [any CodingKey]
    var currentIndex = 0

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    private func decoder() throws -> JSONNodeDecoder {
        let path = codingPath + [JSONIndex(intValue: currentIndex)]
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                Any.self, .init(codingPath: path, debugDescription: "the list ends before it"))
        }
        return JSONNodeDecoder(node: elements[currentIndex], codingPath: path)
    }

    mutating func decodeNil() throws -> Bool {
        guard case .null = try decoder().node else { return false }
        currentIndex += 1
        return true
    }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try decoder().value(type)
        currentIndex += 1
        return value
    }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        let container = try decoder().container(keyedBy: type)
        currentIndex += 1
        return container
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try decoder().unkeyedContainer()
        currentIndex += 1
        return container
    }
    mutating func superDecoder() throws -> any Decoder {
        let decoder = try decoder()
        currentIndex += 1
        return decoder
    }
}

private struct Alone: SingleValueDecodingContainer {
    let decoder: JSONNodeDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { if case .null = decoder.node { true } else { false } }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.value(type) }
}
