import FoundationEssentials

/// Where a figure stands in a JSON text, RFC 6901.
public enum JSONPointer {
    /// The number to which the tokens of a pointer lead; nil where the text is no JSON or holds none there.
    public static func number(_ tokens: [String], _ text: [UInt8]) -> Double? {
        let tree = try? JSONDecoder().decode(JSONTree.self, from: Data(text))
        guard case .number(let number)? = tokens.reduce(tree, { $0?[$1] }) else { return nil }
        return number
    }
}

/// Any JSON, as far as a pointer may lead to a number in it.
private enum JSONTree: Decodable {
    case object([String: JSONTree])
    case list([JSONTree])
    case number(Double)
    case other

    init(from decoder: any Decoder) throws {
        if let object = try? [String: JSONTree](from: decoder) {
            self = .object(object)
        } else if let list = try? [JSONTree](from: decoder) {
            self = .list(list)
        } else {
            let number = try? decoder.singleValueContainer().decode(Double.self)
            self = number.map(JSONTree.number) ?? .other
        }
    }

    /// What a token of a pointer leads to.
    subscript(token: String) -> JSONTree? {
        switch self {
        case .object(let object): object[token]
        case .list(let list): Int(token).flatMap { list.indices.contains($0) ? list[$0] : nil }
        case .number, .other: nil
        }
    }
}
