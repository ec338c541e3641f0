import LabCore

/// Makes any value of a type that can be decoded: of each optional property half of the time, and of numbers and texts also
/// those at the edge.
struct RandomDecoder: Decoder {
    final class Source {
        var generator: SeededGenerator
        init(seed: UInt64) { generator = SeededGenerator(seed: seed) }
    }

    let source: Source
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func value<Value: Decodable>(_ type: Value.Type, seed: UInt64) throws -> Value {
        try RandomDecoder(source: Source(seed: seed)).value(type)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Keyed(decoder: self))
    }
    func unkeyedContainer() -> any UnkeyedDecodingContainer {
        Unkeyed(decoder: self, count: number(below: 3))
    }
    func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self) }

    fileprivate func number(below limit: Int) -> Int { Int.random(in: 0..<limit, using: &source.generator) }

    fileprivate func text() -> String {
        let alphabet = Array("ab \"\\\n\t\u{0}\u{7}/{}[]:,'$äж漢\u{1f600}\u{2028}")
        return String((0..<number(below: 8)).map { _ in alphabet[number(below: alphabet.count)] })
    }

    private func integer<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
        switch number(below: 4) {
        case 0: 0
        case 1: .max
        case 2: .min
        default: Number.random(in: .min ... .max, using: &source.generator)
        }
    }

    fileprivate func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let basic: Any? =
            switch type {
            case is String.Type: text()
            case is Bool.Type: number(below: 2) == 0
            case is Int.Type: integer(Int.self)
            case is Int32.Type: integer(Int32.self)
            case is Int64.Type: integer(Int64.self)
            case is UInt16.Type: integer(UInt16.self)
            case is UInt32.Type: integer(UInt32.self)
            case is UInt64.Type: integer(UInt64.self)
            default: nil
            }
        return try basic as? Value ?? Value(from: self)
    }
}

private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: RandomDecoder
    var codingPath: [any CodingKey] { [] }
    /// Asked for by dictionaries only.
    var allKeys: [Key] { (0..<decoder.number(below: 3)).compactMap { _ in Key(stringValue: decoder.text()) } }

    func contains(_ key: Key) -> Bool { decoder.number(below: 2) == 0 }
    func decodeNil(forKey key: Key) -> Bool { false }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder.value(type)
    }
    func nestedContainer<Other: CodingKey>(
        keyedBy type: Other.Type, forKey key: Key
    ) -> KeyedDecodingContainer<Other> { decoder.container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
        decoder.unkeyedContainer()
    }
    func superDecoder() -> any Decoder { decoder }
    func superDecoder(forKey key: Key) -> any Decoder { decoder }
}

private struct Unkeyed: UnkeyedDecodingContainer {
    let decoder: RandomDecoder
    let count: Int?
    var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var isAtEnd: Bool { currentIndex >= count ?? 0 }

    init(decoder: RandomDecoder, count: Int) {
        self.decoder = decoder
        self.count = count
    }

    mutating func decodeNil() -> Bool { false }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        currentIndex += 1
        return try decoder.value(type)
    }
    mutating func nestedContainer<Other: CodingKey>(keyedBy type: Other.Type) -> KeyedDecodingContainer<Other>
    {
        decoder.container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer { decoder.unkeyedContainer() }
    mutating func superDecoder() -> any Decoder { decoder }
}

private struct Single: SingleValueDecodingContainer {
    let decoder: RandomDecoder
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.value(type) }
}
