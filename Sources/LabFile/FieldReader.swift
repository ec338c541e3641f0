import LabCore

/// Typed access to YAML values. Each method reports what is wrong and returns nil, so that reading goes on.
struct FieldReader {
    let problems: Problems

    /// The entries of a mapping whose keys have been checked.
    struct Fields {
        let line: Int
        fileprivate let entries: [String: YAMLNode.Entry]
        subscript(key: String) -> YAMLNode? { entries[key]?.value }
        /// The line of a key, or of the mapping when it is not there.
        func line(of key: String) -> Int { entries[key]?.line ?? line }
    }

    /// A mapping that has all `required` keys and no others than these and the `optional` ones.
    func fields(
        _ node: YAMLNode, of what: Message, required: [String], optional: [String] = []
    ) -> Fields? {
        guard case .mapping(let entries) = node.content else {
            problems.add(
                node.line,
                "\(what) must be a mapping with the keys \((required.isEmpty ? optional : required).joined(separator: ", "))"
            )
            return nil
        }
        let known = required + optional
        let present = Set(entries.map(\.key))
        var meant: Set<String> = []
        for entry in entries where !known.contains(entry.key) {
            problems.add(mistyped: entry.line) {
                let absent = known.filter { !present.contains($0) }
                let suggestion = nearest(entry.key, in: absent) ?? nearest(entry.key, in: known)
                if let suggestion { meant.insert(suggestion) }
                let hint: Message =
                    suggestion.map { "; did you mean \"\($0)\"?" }
                    ?? "; \(what) has the keys \(known.joined(separator: ", "))"
                return "unknown key \(quoted(entry.key))\(hint)"
            }
        }
        // A key that was only misspelt is not reported a second time as missing.
        for key in required where !present.contains(key) && !meant.contains(key) {
            problems.add(node.line, "\(what) has no \"\(key)\"")
        }
        return Fields(
            line: node.line,
            entries: Dictionary(entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first }))
    }

    /// A list with at least one item.
    func list(_ node: YAMLNode?, of what: Message) -> [YAMLNode]? {
        guard let node else { return nil }
        guard case .list(let items) = node.content else {
            problems.add(node.line, "\(what) must be a list")
            return nil
        }
        if items.isEmpty { problems.add(node.line, "\(what) is empty") }
        return items.isEmpty ? nil : items
    }

    /// Text that is not empty, without white space at its ends.
    func text(_ node: YAMLNode?, of what: Message) -> String? { scalar(node, of: what)?.text }

    /// A word of a command: where it stands in quotation marks, with all that is between them.
    func word(_ node: YAMLNode, of what: Message) -> String? {
        if case .scalar(let text, plain: false) = node.content { return text }
        return text(node, of: what)
    }

    /// A name made of `a`–`z`, `0`–`9` and `-`: it appears in file names and on command lines.
    func identifier(_ node: YAMLNode?, of what: Message) -> String? {
        guard let node, let text = text(node, of: what) else { return nil }
        guard LabFile.isIdentifier(text) else {
            problems.add(
                node.line,
                "\(what) is \(quoted(text)); it must be lower-case letters, digits and hyphens, at most 64")
            return nil
        }
        return text
    }

    /// One of the known words.
    func choice(_ node: YAMLNode?, of what: Message, in known: [String]) -> String? {
        guard let node, let text = text(node, of: what) else { return nil }
        guard known.contains(text) else {
            problems.add(mistyped: node.line) {
                let hint: Message =
                    nearest(text, in: known).map { "; did you mean \"\($0)\"?" }
                    ?? "; known: \(known.joined(separator: ", "))"
                return "unknown \(what) \(quoted(text))\(hint)"
            }
            return nil
        }
        return text
    }

    /// A whole number within `range`, written in decimal digits.
    func integer(_ node: YAMLNode?, of what: Message, in range: ClosedRange<Int>) -> Int? {
        guard let node, let (text, plain) = scalar(node, of: what) else { return nil }
        guard plain, let value = Int(text), range.contains(value) else {
            problems.add(
                node.line,
                "\(what) is \(quoted(text)); it must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
            return nil
        }
        return value
    }

    /// A finite number that is not negative.
    func number(_ node: YAMLNode?, of what: Message) -> Double? {
        guard let node, let (text, plain) = scalar(node, of: what) else { return nil }
        guard plain, let value = Double(text), value.isFinite, value >= 0 else {
            problems.add(node.line, "\(what) is \(quoted(text)); it must be a number that is not negative")
            return nil
        }
        return value
    }

    /// A length of time with its unit, longer than nothing.
    func duration(_ node: YAMLNode?, of what: Message) -> Duration? {
        quantity(node, of: what, Units.parseDuration) { $0 > .zero }
    }

    /// A size of memory in bytes, more than nothing.
    func bytes(_ node: YAMLNode?, of what: Message) -> UInt64? {
        guard let bytes = quantity(node, of: what, Units.parseBytes, { $0 > 0 }) else { return nil }
        if bytes > Units.mostMemory, let node {
            problems.add(node.line, "\(what) is more than \(Units.format(bytes: Units.mostMemory))")
            return nil
        }
        return bytes
    }

    /// A figure in a unit: above nothing with the unit's name, or a plain number.
    func figure(_ node: YAMLNode?, of what: Message, in unit: Metric.Unit) -> Double? {
        guard let measure = unit.measure else { return number(node, of: what) }
        // Not `map(Double.init)`: the compiler takes that for `Double(bitPattern:)`.
        return quantity(node, of: what, { (text) throws(LabError) in try Units.parse(text, measure) }) {
            $0 > 0
        }
        .map { Double($0) }
    }

    private func quantity<Value>(
        _ node: YAMLNode?, of what: Message, _ parse: (String) throws(LabError) -> Value,
        _ isValid: (Value) -> Bool
    ) -> Value? {
        guard let node, let text = text(node, of: what) else { return nil }
        do {
            let value = try parse(text)
            if isValid(value) { return value }
            problems.add(node.line, "\(what) is \(quoted(text)); it must be more than 0")
        } catch {
            problems.add(node.line, "\(what): \(error)\(error.remedy.map { "; \($0)" } ?? "")")
        }
        return nil
    }

    private func scalar(_ node: YAMLNode?, of what: Message) -> (text: String, plain: Bool)? {
        guard let node else { return nil }
        guard case .scalar(let text, let plain) = node.content else {
            problems.add(node.line, "\(what) must be a single value, not a list or a mapping")
            return nil
        }
        let trimmed = text.trimmingWhitespace()
        guard !trimmed.isEmpty, !(plain && ["~", "null"].contains(trimmed)) else {
            problems.add(node.line, "\(what) is empty")
            return nil
        }
        return (trimmed, plain)
    }
}

extension Message {
    /// A key of the file, which is the same in every language.
    static func key(_ name: String) -> Message { Message(verbatim: name) }
}

/// A word of the file in quotation marks, shortened, and without what a terminal would obey.
func quoted(_ word: String) -> String { ForeignText.quoted(word) }
