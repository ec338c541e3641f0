/// An object whose members are strings, in their order: a dictionary is dear to make where a start takes a millisecond.
package struct StringMap: Equatable, Sendable {
    package struct Member: Equatable, Sendable {
        package var name: String
        package var value: String
    }

    package var members: [Member] = []

    init() {}

    /// - Parameter name: of its only member.
    package init(_ name: String, _ value: String) { members = [Member(name: name, value: value)] }
}

extension StringMap: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        members = elements.map { Member(name: $0, value: $1) }
    }
}

extension StringMap: Codable {
    package init(from decoder: any Decoder) throws {
        let all = try [String: String](from: decoder)
        members = all.sorted { $0.key < $1.key }.map { Member(name: $0.key, value: $0.value) }
    }

    package func encode(to encoder: any Encoder) throws {
        try Dictionary(members.map { ($0.name, $0.value) }) { _, last in last }.encode(to: encoder)
    }
}
