import Glibc
import LabCore

/// Reads an image's recipe, as strictly as a lab: every problem of the file is one line of one error.
public enum RecipeFile {
    /// The name of the file in a recipe's directory.
    public static let fileName = "image.yaml"

    /// The recipe at `path`: a file, or a directory with an `image.yaml`.
    /// - Returns: the recipe, and the path of its file.
    /// - Throws: `.input` when it can't be read, `.data` when it is no valid recipe.
    public static func load(path: String) throws(LabError) -> (recipe: ImageRecipe, file: String) {
        let file = Files.isDirectory(path) ? "\(path)/\(fileName)" : path
        return (try parse(try Files.read(file, limit: LabFile.mostBytes), name: file), file)
    }

    /// The recipe in `bytes`. `name` stands for the file in messages.
    public static func parse(_ bytes: [UInt8], name: String) throws(LabError) -> ImageRecipe {
        try YAMLNode.read(bytes, name: name) { root, problems in
            RecipeReader(read: FieldReader(problems: problems)).recipe(root)
        }
    }
}

private struct RecipeReader {
    let read: FieldReader

    /// The most items of a list: no command line and no image's history takes more.
    private static let mostItems = 1_000

    func recipe(_ node: YAMLNode) -> ImageRecipe? {
        guard
            let fields = read.fields(
                node, of: "a recipe", required: [],
                optional: [
                    "packages", "suite", "files", "run", "network", "environment", "entrypoint", "command",
                    "user", "directory", "labels",
                ])
        else { return nil }
        let packages = list(fields["packages"], of: .key("packages"), packageName)
        if fields["packages"] == nil, fields["files"] == nil {
            read.problems.add(node.line, "a recipe has \"packages\", \"files\" or both")
        }
        let suite = checked(
            fields["suite"], of: .key("suite"), "it must be a release of the distribution, like bookworm"
        ) { word in word.utf8.count < 32 && word.utf8.allSatisfy { (0x61...0x7a).contains($0) } }
        if suite != nil, fields["packages"] == nil {
            read.problems.add(
                fields.line(of: "suite"), "\"suite\" is that of \"packages\", and there are none")
        }
        let run = list(fields["run"], of: .key("run")) { text($0, of: $1) }
        let network = read.choice(fields["network"], of: .key("network"), in: ["true", "false"]) == "true"
        if network, fields["run"] == nil {
            read.problems.add(
                fields.line(of: "network"), "\"network\" is that of \"run\", and there is nothing to run")
        }
        let environment = list(fields["environment"], of: .key("environment")) { node, what in
            checked(node, of: what, "write it like `NAME=value`") {
                $0.first != "=" && $0.contains("=") && !$0.utf8.contains(0)
            }
        }
        let config = ImageConfig(
            environment: environment ?? [], user: text(fields["user"], of: .key("user")),
            directory: path(fields["directory"], of: .key("directory")),
            entrypoint: list(fields["entrypoint"], of: .key("entrypoint"), word) ?? [],
            command: list(fields["command"], of: .key("command"), word) ?? [],
            labels: labels(fields["labels"]))
        return ImageRecipe(
            packages: packages, suite: suite,
            files: list(fields["files"], of: .key("files")) { node, _ in file(node) } ?? [], run: run ?? [],
            network: network, config: config)
    }

    /// A package's name as Debian's policy has it, with the version or architecture that apt-get takes behind it.
    private func packageName(_ node: YAMLNode, of what: Message) -> String? {
        checked(node, of: what, "a package's name has lower-case letters, digits and + - .") { word in
            guard let first = word.utf8.first, word.utf8.count <= 200 else { return false }
            func isLetter(_ byte: UInt8) -> Bool {
                (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
            }
            return isLetter(first) && word.utf8.allSatisfy { isLetter($0) || "+-.:=~".utf8.contains($0) }
        }
    }

    private func file(_ node: YAMLNode) -> ImageRecipe.File? {
        guard let fields = read.fields(node, of: "a file", required: ["from", "to"], optional: ["mode"])
        else {
            return nil
        }
        let source = checked(
            fields["from"], of: .key("from"), "it must be a path in the recipe's directory"
        ) { !$0.hasPrefix("/") && !$0.split(separator: "/").contains("..") && !$0.utf8.contains(0) }
        let mode = checked(
            fields["mode"], of: .key("mode"), "it must be three or four octal digits, like 0644"
        ) { (3...4).contains($0.utf8.count) && mode_t($0, radix: 8) != nil }
        guard let source, let target = path(fields["to"], of: .key("to")) else { return nil }
        return ImageRecipe.File(source: source, target: target, mode: mode.flatMap { mode_t($0, radix: 8) })
    }

    private func labels(_ node: YAMLNode?) -> [String: String] {
        guard let node else { return [:] }
        guard case .mapping(let entries) = node.content else {
            read.problems.add(node.line, "\(Message.key("labels")) must be a mapping of names to texts")
            return [:]
        }
        return Dictionary(
            entries.compactMap { entry in
                read.text(entry.value, of: .key("labels")).map { (entry.key, $0) }
            }, uniquingKeysWith: { first, _ in first })
    }

    private func path(_ node: YAMLNode?, of what: Message) -> String? {
        checked(node, of: what, "it must be an absolute path without \"..\"") {
            $0.hasPrefix("/") && $0.utf8.count < Int(PATH_MAX) && !$0.utf8.contains(0)
                && !$0.split(separator: "/").contains("..")
        }
    }

    /// A word of a command: a quoted one is what it is, and may be empty.
    private func word(_ node: YAMLNode, of what: Message) -> String? {
        if case .scalar(let word, plain: false) = node.content, !word.utf8.contains(0) { return word }
        return text(node, of: what)
    }

    private func text(_ node: YAMLNode?, of what: Message) -> String? {
        checked(node, of: what, "it holds a zero byte") { !$0.utf8.contains(0) }
    }

    private func checked(
        _ node: YAMLNode?, of what: Message, _ rule: Message, _ isValid: (String) -> Bool
    ) -> String? {
        guard let node, let word = read.text(node, of: what) else { return nil }
        if isValid(word) { return word }
        read.problems.add(node.line, "\(what) is \(quoted(word)); \(rule)")
        return nil
    }

    private func list<Item>(
        _ node: YAMLNode?, of what: Message, _ item: (YAMLNode, Message) -> Item?
    ) -> [Item]? {
        guard let items = read.list(node, of: what) else { return nil }
        guard items.count <= Self.mostItems else {
            read.problems.add(items[Self.mostItems].line, "\(what) has more than \(Self.mostItems) items")
            return nil
        }
        return items.compactMap { item($0, what) }
    }
}
