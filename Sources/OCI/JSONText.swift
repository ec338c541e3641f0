import LabCore

extension SpecPart {
    /// The text of a file that holds it: sorted, so that the same value gives the same bytes.
    package func text() throws(LabError) -> String { try encoded().written() + "\n" }

    /// The same on one line, in the order of declaration.
    package func line() throws(LabError) -> String { try encoded().writtenShort() }

    private func encoded() throws(LabError) -> JSONText {
        let value = JSONText(codingPath: [])
        do {
            try encode(to: value)
        } catch {
            throw LabError(.software, "cannot write JSON", cause: "\(error)")
        }
        return value
    }
}

/// A value as it is written in JSON, RFC 8259. Foundation's encoder does no more, and a program that links it takes longer
/// to start than a container.
private final class JSONText: Encoder {
    enum Value {
        /// Whatever is no list and no object.
        case word(String)
        case list([JSONText])
        /// In the order of their declaration.
        case object([(name: String, value: JSONText)])
    }

    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]
    private(set) var value = Value.word("null")

    init(codingPath: [any CodingKey]) { self.codingPath = codingPath }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .word = value { value = .object([]) }
        return KeyedEncodingContainer(Keyed(text: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .word = value { value = .list([]) }
        return Unkeyed(text: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(text: self) }

    fileprivate func member(_ key: any CodingKey) -> JSONText {
        let member = JSONText(codingPath: codingPath + [key])
        if case .object(var members) = value {
            value = .object([])
            members.append((key.stringValue, member))
            value = .object(members)
        }
        return member
    }

    fileprivate var count: Int { if case .list(let elements) = value { elements.count } else { 0 } }

    fileprivate func element() -> JSONText {
        let element = JSONText(codingPath: codingPath)
        if case .list(var elements) = value {
            // It has one owner, so that nothing is copied.
            value = .list([])
            elements.append(element)
            value = .list(elements)
        }
        return element
    }

    fileprivate func set(_ new: some Encodable) throws {
        // Types are compared before they are cast: the first cast to a protocol costs a look at all of the program's.
        let type = Swift.type(of: new)
        if type == String.self, let text = new as? String { return value = .word(Self.quoted(text)) }
        if type == Bool.self, let bool = new as? Bool { return value = .word(bool ? "true" : "false") }
        if type == Int32.self, let number = new as? Int32 { return value = .word(number.description) }
        if type == UInt64.self, let number = new as? UInt64 { return value = .word(number.description) }
        switch new {
        case let number as any FixedWidthInteger: value = .word("\(number)")
        case let number as any BinaryFloatingPoint:
            guard Double(number).isFinite else {
                throw EncodingError.invalidValue(
                    new, .init(codingPath: codingPath, debugDescription: "\(number)"))
            }
            value = .word("\(number)")
        default: try new.encode(to: self)
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case ..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    func writtenShort() -> String {
        switch value {
        case .word(let word): return word
        case .list(let elements): return "[\(elements.map { $0.writtenShort() }.joined(separator: ","))]"
        case .object(let members):
            let all = members.map { "\(Self.quoted($0)):\($1.writtenShort())" }
            return "{\(all.joined(separator: ","))}"
        }
    }

    func written(indent: String = "") -> String {
        let inner = "\(indent)  "
        func lines(_ all: [String], _ open: String, _ close: String) -> String {
            if all.isEmpty { return open + close }
            return "\(open)\n\(all.map { inner + $0 }.joined(separator: ",\n"))\n\(indent)\(close)"
        }
        switch value {
        case .word(let word): return word
        case .list(let elements): return lines(elements.map { $0.written(indent: inner) }, "[", "]")
        case .object(let members):
            let sorted = members.sorted { $0.name < $1.name }
            return lines(sorted.map { "\(Self.quoted($0)): \($1.written(indent: inner))" }, "{", "}")
        }
    }
}

private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let text: JSONText
    var codingPath: [any CodingKey] { text.codingPath }

    func encodeNil(forKey key: Key) { _ = text.member(key) }
    func encode(_ value: some Encodable, forKey key: Key) throws { try text.member(key).set(value) }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { text.member(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        text.member(key).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { text }
    func superEncoder(forKey key: Key) -> any Encoder { text.member(key) }
}

private struct Unkeyed: UnkeyedEncodingContainer {
    let text: JSONText
    var codingPath: [any CodingKey] { text.codingPath }
    var count: Int { text.count }

    func encodeNil() { _ = text.element() }
    func encode(_ value: some Encodable) throws { try text.element().set(value) }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        text.element().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { text.element().unkeyedContainer() }
    func superEncoder() -> any Encoder { text.element() }
}

private struct Single: SingleValueEncodingContainer {
    let text: JSONText
    var codingPath: [any CodingKey] { text.codingPath }

    func encodeNil() {}
    func encode(_ value: some Encodable) throws { try text.set(value) }
}
