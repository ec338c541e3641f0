import LabCore
import Yams

/// A YAML value with the line where it begins: what the readers see, and the only place where Yams is used.
struct YAMLNode {
    var line: Int
    var content: Content

    indirect enum Content {
        /// `plain` is false for a quoted or block scalar, which is text whatever it looks like.
        case scalar(String, plain: Bool)
        case list([YAMLNode])
        case mapping([Entry])
    }

    struct Entry {
        var key: String
        var line: Int
        var value: YAMLNode
    }

    /// The value of a mapping's key; nil when there is none, or it is no mapping.
    subscript(key: String) -> YAMLNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// No lab nests deeper than this; the reader recurses, so there is a limit.
    private static let deepest = 16

    /// What a reader makes of the one document in `bytes`, which need not be valid UTF-8: that is one of the errors.
    /// - Parameter name: stands for the file in messages.
    /// - Throws: `.data` with every problem of the file.
    static func read<Value>(
        _ bytes: [UInt8], name: String, by reader: (YAMLNode, Problems) -> Value?
    ) throws(LabError) -> Value {
        guard bytes.count <= LabFile.mostBytes else {
            throw LabError(.data, "\(name) is larger than \(LabFile.mostBytes) bytes")
        }
        let problems = Problems(file: name)
        guard let root = compose(bytes, problems), let value = reader(root, problems), problems.isEmpty else {
            throw problems.error
        }
        return value
    }

    /// The one document in `bytes`; nil when it is no document that a lab may be, with the reason in `problems`.
    static func compose(_ bytes: [UInt8], _ problems: Problems) -> YAMLNode? {
        if let (line, text) = HostileText.firstProblem(in: bytes) {
            problems.add(line, text)
            return nil
        }
        do {
            // UTF-8 is named because the default asks the environment and prints.
            let parser = try Parser(yaml: String(decoding: bytes, as: UTF8.self), encoding: .utf8)
            guard let root = try parser.singleRoot() else {
                problems.add(1, "the file is empty")
                return nil
            }
            return convert(root, depth: 1, problems)
        } catch let error as YamlError {
            let (line, text) = describe(error)
            problems.add(line, text)
        } catch {
            problems.add(1, "\(error)")
        }
        return nil
    }

    private static func convert(_ node: Node, depth: Int, _ problems: Problems) -> YAMLNode? {
        let line = node.mark?.line ?? 1
        guard depth <= deepest else {
            problems.add(line, "nested deeper than \(deepest) levels")
            return nil
        }
        switch node {
        case .scalar(let scalar):
            return YAMLNode(line: line, content: .scalar(scalar.string, plain: scalar.style == .plain))
        case .sequence(let sequence):
            let items = sequence.compactMap { convert($0, depth: depth + 1, problems) }
            return YAMLNode(line: line, content: .list(items))
        case .mapping(let mapping):
            let entries = mapping.compactMap { key, value -> Entry? in
                let keyLine = key.mark?.line ?? line
                guard case .scalar(let name) = key else {
                    problems.add(keyLine, "a key must be a word")
                    return nil
                }
                return convert(value, depth: depth + 1, problems).map {
                    Entry(key: name.string, line: keyLine, value: $0)
                }
            }
            return YAMLNode(line: line, content: .mapping(entries))
        case .alias:
            problems.add(line, "aliases are not allowed: write the value out")
            return nil
        }
    }

    private static func describe(_ error: YamlError) -> (Int, Message) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return (mark.line, "not valid YAML: \(problem)")
        case .reader(let problem, let offset, _, let yaml):
            let before = yaml.prefix(offset ?? 0)
            return (1 + before.count { $0.isNewline }, "not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "\"\($0)\"" }.joined(separator: ", ")
            return (context.mark.line, "key \(names) is given twice")
        default:
            return (1, "not valid YAML: \(error)")
        }
    }
}
