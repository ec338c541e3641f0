import LabCore

/// Reads lab definitions: `labs/<id>/lab.yaml` → `LabDefinition`.
///
/// Reading is strict. Every problem of a file is one line `file:line: what is wrong`, and one `LabError` of kind
/// `.data` carries them all, so that an author mends a file in one go.
public enum LabFile {
    /// The most bytes that a definition may have.
    public static let mostBytes = 1 << 20
    /// A lab has fewer keys: in more nothing is looked for.
    private static let mostKeys = 100
    /// The name of the file in a lab's folder.
    public static let fileName = "lab.yaml"

    /// True for lower-case letters, digits and hyphens, at most 64, of which no hyphen is the first.
    public static func isIdentifier(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
        } && text.first != "-" && (1...64).contains(text.utf8.count)
    }

    /// The definition in the file at `path`, whose folder must have the lab's id as its name. The files of a command's image
    /// are looked for from that folder.
    /// - Parameter engines: those that a lab may name.
    /// - Throws: `.input` when the file can't be read, `.data` when it is no valid definition.
    public static func load(path: String, engines: [EngineID]) throws(LabError) -> LabDefinition {
        let bytes = try Files.read(path, limit: mostBytes)
        let folders = path.split(separator: "/").dropLast()
        var lab = try parse(bytes, name: path, folder: folders.last.map(String.init), engines: engines)
        lab.command?.place(in: String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        return lab
    }

    /// The definition in `bytes`, which need not be valid UTF-8: that is one of the errors. `name` stands for the file in
    /// messages.
    /// - Parameters:
    ///   - folder: what the lab's id must be, nil when any will do.
    ///   - engines: those that a lab may name.
    /// - Throws: `.data` when it is no valid definition.
    public static func parse(
        _ bytes: [UInt8], name: String, folder: String? = nil, engines: [EngineID]
    ) throws(LabError) -> LabDefinition {
        try YAMLNode.read(bytes, name: name) { root, problems in
            DefinitionReader(
                problems: problems, folder: folder, engineNames: engines.map(\.rawValue),
                hasCommand: root["command"] != nil || root["workload"] == nil && namesCommand(root)
            ).definition(root)
        }
    }

    /// True when a key is most likely a misspelt `command`: then all else is read as beside one.
    private static func namesCommand(_ root: YAMLNode) -> Bool {
        guard case .mapping(let entries) = root.content else { return false }
        let kinds = ["command", "workload"]
        return entries.count <= mostKeys && entries.contains { nearest($0.key, in: kinds) == kinds[0] }
    }
}

/// The problems of a file, collected while it is read.
final class Problems {
    private let file: String
    private var found: [(line: Int, text: Message)] = []
    private var mistyped = 0
    /// More than these help nobody: the first ones cause the rest.
    private static let most = 20

    init(file: String) { self.file = file }

    var isEmpty: Bool { found.isEmpty }

    func add(_ line: Int, _ text: Message) { found.append((line, text)) }

    /// A word that is not known. What was meant is looked for, which takes its time, for as many as are shown; the others
    /// are counted.
    func add(mistyped line: Int, _ text: () -> Message) {
        mistyped += 1
        if mistyped <= Self.most { add(line, text()) }
    }

    /// All of them in one error, in the order of the lines.
    var error: LabError {
        let sorted = found.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
        var lines = sorted.prefix(Self.most).map {
            "\(file):\($0.element.line): \($0.element.text)" as Message
        }
        let more = sorted.count + max(0, mistyped - Self.most) - lines.count
        if more > 0 { lines.append("\(file): and \(more) more problems") }
        return LabError(.data, lines.joined(separator: "\n"))
    }
}
