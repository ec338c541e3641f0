import ArgumentParser
import Glibc
import Images
import LabCore
import LabFile
import Texts

/// `lab new`: the folder of a lab of the user's own.
struct NewCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a lab of your own: a folder with a commented lab.yaml.",
        discussion: """
            The folder's name is the lab's. It measures a command of an image, by
            default this host's own true(1), which no VM can start; of another image
            its own command. What else can be said stands in the file as comments.

            EXAMPLES
              lab new redis && lab run ./redis
              lab new redis --image rootfs:/srv/redis -- redis-server --port 0
              lab new zip --image sevenzip
            """)

    @Argument(help: ArgumentHelp("The folder to make, or an empty one.", valueName: "DIR"))
    var directory: String

    @Option(
        help: ArgumentHelp(
            "The command's files, as for lab run: an image by its name or digest (lab image ls), docker-archive:FILE, oci-archive:FILE, oci:DIR[:NAME], or rootfs:DIR, a directory with a root file system; rootfs:/ is this host's own, of which no VM can be made.",
            valueName: "IMAGE"))
    var image = "rootfs:/"

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("Behind --: the command with its arguments.", valueName: "COMMAND"))
    var command: [String] = []

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        let text = try speech.choice()
        let path = directory.hasSuffix("/") && directory != "/" ? String(directory.dropLast()) : directory
        let id = String(path.split(separator: "/").last ?? "")
        guard LabFile.isIdentifier(id) else {
            throw LabError(
                .usage, "\(ForeignText.quoted(id)) is no name of a lab",
                remedy: "give the folder one of lower-case letters, digits and hyphens, at most 64")
        }
        // An image has a command of its own, and a directory has none.
        let own = image.hasPrefix("rootfs:") ? ["true"] : []
        var definition = CommandDefinition(image: image, arguments: command.isEmpty ? own : command)
        // What is said here is said from here, and the file is read from its folder.
        if let here = RelativePath.workingDirectory { definition.place(in: here) }
        let file = "\(path)/\(LabFile.fileName)"
        guard !Files.exists(file) else {
            throw Self.error(path, "it holds a \(LabFile.fileName) already", remedy: "name another folder")
        }
        do throws(LabError) {
            try OutputDirectory.own(path, making: 0o755)
            try Files.write(
                NewLab(
                    id: id, command: definition, engines: EngineFactory.all.map(\.id)
                ).yaml(in: text), to: file)
        } catch {
            throw Self.error(path, error.cause ?? error.message, remedy: error.remedy)
        }
        do throws(LabError) {
            try FileTree.look(for: image, paths: .own(environment: Process.environment))
        } catch {
            // It may be made later.
            Terminal.warn(text.say(error.reason), remedy: error.remedy, in: text)
        }
        let name = path.contains("/") ? path : "./\(path)"
        try Terminal.answer(text.say("\(file) is there; measure it with: lab run \(ShellText.quote(name))"))
    }

    private static func error(_ path: String, _ cause: Message, remedy: Message?) -> LabError {
        LabError(.output, "cannot make the lab \(path)", cause: cause, remedy: remedy)
    }
}

/// The text of a new lab's definition. What is commented out is what holds without it, or an example.
struct NewLab {
    let id: String
    let command: CommandDefinition
    /// Those that there are.
    let engines: [EngineID]

    func yaml(in text: Language) -> String {
        let given = LabDefinition.own(id, command, engines: engines)
        let units = CommandValue.units.joined(separator: ", ")
        let counts = [EngineID.kvm, .qemu].map { ($0.rawValue, "\(given.samples.count(for: $0))") }
        let samples =
            [("default", "\(given.samples.counts.default)")] + counts + [
                ("warmup", "\(given.samples.warmup)"), ("precision", "\(given.samples.precision ?? 0)"),
                ("growth", "\(given.samples.growth)"),
            ]
        let lines = [
            note("A lab of your own. Each key is explained in SPECIFICATION.md, \"The lab file\"."),
            entry("id", id),
            unsaid("title", id),
            "",
            "command:",
            indented(
                note(
                    "Its files: an image by its name or digest, docker-archive:FILE, oci-archive:FILE, oci:DIR[:NAME], or rootfs:DIR, a directory with a root file system; rootfs:/ is this host's own, of which no VM can be made."
                )),
            indented(entry("image", quoted(command.image))),
            indented(note("The command and its arguments; without them the image's own.")),
            indented(
                command.arguments.isEmpty
                    ? unsaid("run", list(["program", "argument"]))
                    : entry("run", list(command.arguments.map(quoted)))),
            indented(
                note(
                    "When it is ready: exit (it has ended), first-output, line=TEXT, port=N, command=WORDS (that exits with 0)."
                )),
            indented(entry("ready", command.readiness.word)),
            indented(
                note(
                    "An interface on a bridge of the run's own, and a command of this host that drives the command over it: LAB_ADDRESS in its environment."
                )),
            indented(command.network.map { entry("network", $0.rawValue) } ?? unsaid("network", "bridge")),
            indented(
                command.client.map { entry("client", list($0.map(quoted))) }
                    ?? unsaid("client", list(["sh", "-c", "'redis-benchmark -h $LAB_ADDRESS -q'"]))),
            indented(unsaid("environment", list(["NAME=value"]))),
            indented(unsaid("user", "nobody")),
            indented(unsaid("directory", "/tmp")),
            indented(
                note(
                    "Figures of its output: a pattern with one group, as for grep -E, or a JSON pointer; unit \(units), or none for a plain number; less or more is better."
                )),
            indented(
                unsaid(
                    "values",
                    list([
                        "{name: rate, at: 'requests per second: ([0-9.]+)', better: more}",
                        "{name: p99, at: /latency/p99, unit: ms}",
                    ]))),
            "",
            note("The command once for each word, which is put behind it:"),
            "#series: [{id: words, parameters: {argument: [get, set]}}]",
            note(
                "With compute a command's work is timed instead of its start: from when it is ready until it ends, over its value \"operations\"."
            ),
            unsaid("method", given.method.rawValue),
            note("What holds unless it is said:"),
            unsaid("engines", list(given.engines.map(\.rawValue))),
            unsaid("samples", "{" + samples.map { "\($0): \($1)" }.joined(separator: ", ") + "}"),
            unsaid("budget", Units.format(duration: .seconds(given.budgetSeconds))),
            unsaid("timeout", Units.format(duration: .seconds(given.timeoutSeconds))),
            unsaid("memory", Units.format(bytes: given.memoryBytes)),
            unsaid("cpus", "\(given.cpus)"),
        ]
        func note(_ message: Message) -> String { "# " + text.say(message) }
        func entry(_ key: String, _ value: String) -> String { "\(key): \(value)" }
        func unsaid(_ key: String, _ value: String) -> String { "# \(entry(key, value))" }
        func indented(_ line: String) -> String { "  " + line }
        func list(_ words: [String]) -> String { "[" + words.joined(separator: ", ") + "]" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A word that YAML reads as it is, whatever is in it. Its double quotation marks know the escapes of JSON.
    private func quoted(_ word: String) -> String {
        let escaped = word.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                "\\x" + String(scalar.value + 0x100, radix: 16).dropFirst()
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
