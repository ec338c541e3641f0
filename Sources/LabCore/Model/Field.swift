/// An optional part of a value that is read from a word and written as one.
struct Field<Root>: Sendable {
    /// Nil where it has no value.
    let write: @Sendable (Root) -> String?
    let read: @Sendable (String, inout Root) throws(LabError) -> Void
    /// Takes over the value of another.
    let copy: @Sendable (Root, inout Root) -> Void
    /// Every word that it may be; empty where there is no end of them.
    let words: [String]

    typealias Path<Value> = any WritableKeyPath<Root, Value?> & Sendable

    init<Value>(
        _ path: Path<Value>, words: [String] = [],
        read: @escaping @Sendable (String) throws(LabError) -> Value,
        write: @escaping @Sendable (Value) -> String
    ) {
        self.words = words
        self.read = { (word, root) throws(LabError) in root[keyPath: path] = try read(word) }
        self.write = { $0[keyPath: path].map(write) }
        copy = { $1[keyPath: path] = $0[keyPath: path] }
    }

    /// One of the words of an enumeration.
    static func choice<Value: RawRepresentable & CaseIterable & Sendable>(_ path: Path<Value>) -> Field
    where Value.RawValue == String {
        let words = Value.allCases.map(\.rawValue)
        return Field(path, words: words) { (word) throws(LabError) in
            guard let value = Value(rawValue: word) else { throw none(of: words) }
            return value
        } write: {
            $0.rawValue
        }
    }

    /// A whole number.
    static func number(_ path: Path<Int>, in range: ClosedRange<Int>) -> Field {
        Field(path) { (word) throws(LabError) in
            guard let value = Int(word), range.contains(value) else {
                throw LabError(
                    .usage, "it must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        } write: {
            String($0)
        }
    }

    /// A size of memory with its unit.
    static func size(_ path: Path<UInt64>) -> Field {
        Field(path) { (word) throws(LabError) in
            let bytes = try Units.parseBytes(word)
            guard bytes > 0, bytes <= Units.mostMemory else {
                throw LabError(
                    .usage,
                    "it must be more than nothing and at most \(Units.format(bytes: Units.mostMemory))")
            }
            return bytes
        } write: {
            Units.format(bytes: $0).split(separator: " ").joined()
        }
    }

    /// A word: one of these, or any where there are none.
    static func word(_ path: Path<String>, of words: [String] = []) -> Field {
        Field(path, words: words) { (word) throws(LabError) in
            guard !word.isEmpty else { throw LabError(.usage, "it must not be empty") }
            guard words.isEmpty || words.contains(word) else { throw none(of: words) }
            return word
        } write: {
            $0
        }
    }

    private static func none(of words: [String]) -> LabError {
        LabError(.usage, "it must be one of \(words.joined(separator: ", "))")
    }
}
