import ArgumentParser
import Images
import LabCore
import OCI
import Report

/// `lab image ls`.
struct ListImages: ImageSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the images.",
        discussion: """
            EXAMPLES
              lab image ls
              lab image ls --json
            """)

    @Flag(help: "Print the list as JSON.")
    var json = false
    @OptionGroup var speech: LanguageOptions

    func run(_ store: ImageStore, _ text: Language) throws {
        var images: [ImageLine] = []
        for (name, _) in try store.names() {
            do throws(LabError) {
                images.append(ImageLine(try store.image(name)))
            } catch {
                // The others are there all the same.
                Terminal.warn(text.say(error.reason), remedy: error.remedy, in: text)
            }
        }
        if json { return try Terminal.answer(json: images) }
        try Terminal.answer(
            Rows.text(
                [[text.say("NAME"), text.say("DIGEST"), text.say("LAYERS"), text.say("SIZE")]]
                    + images.map {
                        [
                            $0.name, String($0.digest.dropFirst(7).prefix(12)), "\($0.layers)",
                            Report.size($0.size),
                        ]
                    }))
    }
}

/// Rows of cells in columns.
enum Rows {
    static func text(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in
            rows.map { Columns.count($0[column]) }.max() ?? 0
        }
        return rows.map { row in
            zip(row, widths).map { Columns.padded($0, to: $1) }.joined(separator: "  ").trimmingWhitespace()
        }.joined(separator: "\n")
    }
}

/// `lab image inspect`.
struct InspectImage: ImageSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show an image: its digest, layers, what they share with others, and what it runs.",
        discussion: """
            EXAMPLES
              lab image inspect debian:12
              lab image inspect debian:12 --tree     unpack it too, and tell the tree's digest
              lab image inspect debian:12 --json
            """)

    @Argument(help: ArgumentHelp("The image.", valueName: "NAME"))
    var image: String
    @Flag(help: "Unpack the image if it is not, and tell the digest of its tree.")
    var tree = false
    @Flag(help: "Print it as JSON.")
    var json = false
    @OptionGroup var speech: LanguageOptions

    private struct Answer: Encodable {
        let image: ImageLine
        let tree: String?
        let layers: [ImageStore.LayerFacts]
        /// Bytes of the layers that other images have too.
        let sharedBytes: UInt64
        let config: ImageConfig
    }

    func run(_ store: ImageStore, _ text: Language) throws {
        let found = try store.image(image)
        let digest = tree ? try store.tree(of: image).digest : nil
        let layers = try store.layers(of: found)
        let shared = layers.reduce(0) { $0 + ($1.sharedWith.isEmpty ? 0 : UInt64(clamping: $1.size)) }
        let answer = Answer(
            image: ImageLine(found), tree: digest, layers: layers, sharedBytes: shared,
            config: found.configuration.config ?? .init())
        try json ? Terminal.answer(json: answer) : Terminal.answer(Self.lines(answer, text))
    }

    private static func lines(_ answer: Answer, _ text: Language) -> String {
        let image = answer.image
        func words(_ list: [String]?) -> String { ShellText.join(list ?? []) }
        let facts: [(Message, String?)] = [
            ("name", image.name), ("digest", image.digest), ("tree", answer.tree),
            ("platform", image.architecture), ("created", image.created),
            ("size", Units.format(bytes: image.size)),
            ("shared with other images", Units.format(bytes: answer.sharedBytes)),
            ("user", answer.config.user), ("working directory", answer.config.directory),
            ("entrypoint", words(answer.config.entrypoint)), ("command", words(answer.config.command)),
            ("environment", words(answer.config.environment)),
        ]
        let told = facts.compactMap { name, value in
            value.flatMap { $0.isEmpty ? nil : [text.say(name), ForeignText.line($0)] }
        }
        let layers = answer.layers.map { layer in
            [
                String(layer.diffID.dropFirst(7).prefix(12)),
                Units.format(bytes: UInt64(clamping: layer.size)),
                layer.isUnpacked ? text.say("yes") : text.say("no"),
                layer.sharedWith.joined(separator: ", "),
            ]
        }
        return Rows.text(told) + "\n\n"
            + Rows.text(
                [[text.say("LAYER"), text.say("SIZE"), text.say("UNPACKED"), text.say("SHARED WITH")]]
                    + layers)
    }
}

/// `lab image history`.
struct ImageHistory: ImageSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show the steps by which an image was made, the last one first.",
        discussion: """
            EXAMPLES
              lab image history debian:12
              lab image history debian:12 --json
            """)

    @Argument(help: ArgumentHelp("The image.", valueName: "NAME"))
    var image: String
    @Flag(help: "Print it as JSON.")
    var json = false
    @OptionGroup var speech: LanguageOptions

    private struct Step: Encodable {
        let created: String?
        let createdBy: String
        /// Bytes of the layer's blob; nil for a step that made none.
        let size: UInt64?
    }

    func run(_ store: ImageStore, _ text: Language) throws {
        let found = try store.image(image)
        var layers = found.manifest.layers[...]
        var steps: [Step] = (found.configuration.history ?? []).map { step in
            let layer = step.isEmpty == true ? nil : layers.popFirst()
            return Step(
                created: step.created, createdBy: step.createdBy ?? step.comment ?? "",
                size: layer.map { UInt64(clamping: $0.size) })
        }
        // A history may be missing or too short: the layers are told all the same.
        steps += layers.map { Step(created: nil, createdBy: "", size: UInt64(clamping: $0.size)) }
        steps.reverse()
        if json { return try Terminal.answer(json: steps) }
        let rows = steps.map { step in
            [
                step.created.map { ForeignText.line(String($0.prefix(19))) } ?? "-",
                step.size.map { Units.format(bytes: $0) } ?? "-",
                ForeignText.line(step.createdBy, most: 100),
            ]
        }
        try Terminal.answer(
            Rows.text([[text.say("CREATED"), text.say("SIZE"), text.say("CREATED BY")]] + rows))
    }
}

/// `lab image diff`.
struct DiffImages: ImageSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show by which files an image differs from another: A added, C changed, D deleted.",
        discussion: """
            Compares type, mode, owner, contents and extended attributes, never times.
            Unpacks both, which takes root.

            EXAMPLES
              lab image diff debian:12 mine
              lab image diff debian:12 mine --json
            """)

    @Argument(help: ArgumentHelp("The one.", valueName: "A"))
    var old: String
    @Argument(help: ArgumentHelp("The other.", valueName: "B"))
    var new: String
    @Flag(help: "Print it as JSON.")
    var json = false
    @OptionGroup var speech: LanguageOptions

    func run(_ store: ImageStore, _ text: Language) throws {
        let differences = try ImageStore.differences(try store.tree(of: old), try store.tree(of: new))
        if json { return try Terminal.answer(json: differences) }
        if !differences.isEmpty {
            try Terminal.answer(differences.map { "\($0.kind.letter) \($0.path)" }.joined(separator: "\n"))
        }
    }
}
