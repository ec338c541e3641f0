import Glibc

/// A command as a lab or a command line names it: words, of which nothing was looked up yet.
public struct CommandDefinition: Codable, Equatable, Sendable {
    /// Where its files are: `rootfs:DIR`.
    public var image: String
    /// The command and its arguments; empty for the image's own.
    public var arguments: [String]
    /// What stands before them; nil for the image's own entrypoint.
    public var entrypoint: [String]?
    /// `NAME=value`, over the image's own.
    public var environment: [String]
    /// `USER` or `USER:GROUP`; nil for the image's own.
    public var user: String?
    /// An absolute path; nil for the image's own.
    public var directory: String?
    public var readiness: Readiness
    /// What its output yields as figures.
    public var values: [CommandValue]
    /// What it reaches beside itself; nil for nothing.
    public var network: CommandNetwork?
    /// The program of this host that drives it once it is ready, and its arguments: then the values are of that one's output.
    public var client: [String]?

    public init(
        image: String, arguments: [String] = [], entrypoint: [String]? = nil, environment: [String] = [],
        user: String? = nil, directory: String? = nil, readiness: Readiness = .exit,
        values: [CommandValue] = [], network: CommandNetwork? = nil, client: [String]? = nil
    ) {
        self.image = image
        self.arguments = arguments
        self.entrypoint = entrypoint
        self.environment = environment
        self.user = user
        self.directory = directory
        self.readiness = readiness
        self.values = values
        self.network = network
        self.client = client
    }

    /// The image that is lab-guest and nothing else, at `/lab-guest`: that of every engine without a command.
    public static let guestImage = "guest:"

    /// Reads the words of a client, as for a shell.
    /// - Throws: `.usage` where there are none.
    public static func client(_ text: String) throws(LabError) -> [String] {
        guard let words = ShellText.split(text), words.first?.isEmpty == false,
            text.utf8.count <= Readiness.longestText, !text.utf8.contains(0)
        else {
            throw LabError(
                .usage, "\(ForeignText.quoted(text)) names no client",
                cause:
                    "it must be words as for a shell, in 1 to \(Readiness.longestText) bytes, and nothing in them is expanded",
                remedy: "write it like `redis-benchmark -t get -q`, or `sh -c '…'`")
        }
        return words
    }

    /// Who is to drive it must find it, and be told when.
    package func requireReach() throws(LabError) {
        guard let client else { return }
        guard network != nil, readiness != .exit else {
            throw LabError(
                .usage, "the client \(ForeignText.quoted(client.first ?? "")) has nothing to connect to",
                cause: network == nil
                    ? "the command has no network" : "it is ready only when it has ended",
                remedy: "say --network bridge, and --ready port=N or another word for a server")
        }
    }

    /// Takes the file of an image, where it is relative, as one of a directory: a lab's own.
    public mutating func place(in directory: String) {
        let parts = image.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, (FileTree.transports + ["rootfs"]).contains(String(parts[0])),
            !parts[1].isEmpty, parts[1].first != "/"
        else { return }
        image = "\(parts[0]):\(directory)/\(parts[1])"
    }

    /// The most words, and variables, that a command may have, and bytes in all of them.
    static let mostWords = 10_000
    static let mostBytes = 1 << 20

    /// The program's name, said behind an entrypoint of the image's that is that program alone: it would be its first argument.
    /// Whoever means it says `entrypoint` as well.
    private func requireSaidOnce(by tree: FileTree) throws(LabError) {
        func name(_ word: String?) -> Substring? { word?.split(separator: "/").last }
        guard entrypoint == nil, tree.config.entrypoint.count == 1, let said = arguments.first,
            let known = name(tree.config.entrypoint.first), name(said) == known
        else { return }
        throw LabError(
            .usage, "the command says \(ForeignText.quoted(said)) a second time",
            cause:
                "the image's entrypoint is \(ForeignText.quoted(tree.config.entrypoint[0])), behind which it comes",
            remedy: "leave the word out, or the image's entrypoint: --entrypoint ''")
    }

    /// Looks everything up in the tree that it names.
    /// - Throws: one error that says what is not there, and what helps.
    public func payload(in tree: FileTree) throws(LabError) -> CommandPayload {
        try requireReach()
        // Another entrypoint takes nothing of the image's command, as in docker and podman.
        let own = entrypoint?.isEmpty ?? true ? tree.config.command : []
        let words = (entrypoint ?? tree.config.entrypoint) + (arguments.isEmpty ? own : arguments)
        guard let name = words.first, !name.isEmpty else {
            throw LabError(
                .usage, "there is no command to start", cause: "the image names none of its own",
                remedy: "say it behind --: lab run LAB --image \(tree.reference) -- COMMAND")
        }
        try requireSaidOnce(by: tree)
        let who = try (user ?? tree.config.user).flatMap { $0.isEmpty ? nil : $0 }.map {
            (word) throws(LabError) in try TreeUsers(tree).find(word)
        }
        let environment = try Self.merged(
            ["PATH=\(SearchPath.standard)", "HOME=\(who?.home ?? "/")"] + tree.config.environment
                + environment)
        try Self.requireShort(words + environment)
        let place = directory ?? tree.config.directory ?? "/"
        let lookup = TreeLookup(tree)
        guard place.hasPrefix("/"), let entry = try? lookup.find(place), entry.isDirectory else {
            throw LabError(
                .input, "there is no directory \(ForeignText.quoted(place)) in \(tree.reference)",
                remedy: "name one that is there, by its absolute path: --workdir /")
        }
        let search =
            environment.last { $0.hasPrefix("PATH=") }.map { String($0.dropFirst(5)) } ?? SearchPath.standard
        let programs = ProgramSearch(tree: tree, lookup: lookup)
        var payload = CommandPayload(
            tree: tree, arguments: words, program: try programs.find(name, in: place, search),
            environment: environment, user: who?.user, directory: place, readiness: readiness,
            network: network)
        if case .command(let words) = readiness, let name = words.first {
            payload.readyProgram = try programs.find(name, in: place, search)
        }
        return payload
    }

    /// Each variable once, with its last value.
    private static func merged(_ variables: [String]) throws(LabError) -> [String] {
        var values: [String: String] = [:]
        var order: [String] = []
        for variable in variables {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw LabError(
                    .usage, "\(ForeignText.quoted(variable)) is no variable of an environment",
                    remedy: "write it like `NAME=value`")
            }
            if values.updateValue(String(parts[1]), forKey: String(parts[0])) == nil {
                order.append(String(parts[0]))
            }
        }
        return order.map { "\($0)=\(values[$0] ?? "")" }
    }

    /// The longest word that a series may put behind a command's own, in bytes.
    private static let longestArgument = 1_024

    /// A word that a series puts behind a command's own.
    static func argument(_ word: String) throws(LabError) -> String {
        guard (1...longestArgument).contains(word.utf8.count), !word.utf8.contains(0) else {
            throw LabError(.usage, "it must have 1 to \(longestArgument) bytes, and no zero byte")
        }
        return word
    }

    private static func requireShort(_ words: [String]) throws(LabError) {
        let bytes = words.reduce(0) { $0 + $1.utf8.count }
        guard words.count <= mostWords, bytes <= mostBytes, !words.contains(where: { $0.utf8.contains(0) })
        else {
            throw LabError(
                .usage, "the command and its environment are too long, or hold a zero byte",
                cause: "at most \(mostWords) words and \(Units.format(bytes: UInt64(mostBytes)))",
                remedy: "put it into a script in the image")
        }
    }
}

/// Finds the program of a command in a tree, and proves that the kernel can execute it there: once, before any trial,
/// because each engine would say it in words of its own.
struct ProgramSearch {
    let tree: FileTree
    let lookup: TreeLookup

    /// - Parameters:
    ///   - name: a path, or a name that is looked up in the directories of `search`.
    ///   - directory: what a path is relative to.
    /// - Returns: an absolute path.
    func find(_ name: String, in directory: String, _ search: String) throws(LabError) -> String {
        let candidates =
            name.contains("/")
            ? [name.hasPrefix("/") ? name : "\(directory == "/" ? "" : directory)/\(name)"]
            : search.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
        var found: (path: String, entry: TreeLookup.Entry)?
        for path in candidates where found == nil || found?.entry.isExecutable == false {
            if let entry = try? lookup.find(path), entry.isExecutable || found == nil {
                found = (path, entry)
            }
        }
        guard let found else {
            throw LabError(
                .input, "there is no command \(ForeignText.quoted(name)) in \(tree.reference)",
                cause: name.contains("/") ? "\(Errno(ENOENT))" : "it is in none of \(search)",
                remedy: hasShell(search)
                    ? "look what is there: lab run startup-latency --image \(tree.reference) --entrypoint '' -- ls /bin"
                    : "the image has no shell either: name the program in it by its absolute path")
        }
        guard found.entry.isExecutable else {
            throw refusal(found.path, found.entry.isDirectory ? "it is a directory" : "it has no mode x")
        }
        try check(found.path, found.entry, depth: 0)
        return found.path
    }

    private func hasShell(_ search: String) -> Bool {
        search.split(separator: ":").contains { (try? lookup.find("\($0)/sh"))?.isExecutable == true }
    }

    private func check(_ path: String, _ entry: TreeLookup.Entry, depth: Int) throws(LabError) {
        let bytes: [UInt8]
        do throws(Errno) { bytes = try lookup.read(entry, upTo: ProgramFile.mostBytes) } catch {
            throw LabError(.input, "cannot read \(ForeignText.quoted(path)) of the image", cause: "\(error)")
        }
        switch ProgramFile(bytes) {
        case .elf(let machine, let loader):
            guard
                ProgramFile.native.contains(machine) || ProgramFile.native.isEmpty || ProgramFile.hasHandlers
            else {
                throw refusal(
                    path,
                    "it is for \(ProgramFile.name(machine)), and this machine is \(ProgramFile.name(ProgramFile.native[0]))",
                    remedy: "use an image for \(ProgramFile.name(ProgramFile.native[0]))")
            }
            guard let loader else { return }
            guard let entry = try? lookup.find(loader), entry.isExecutable else {
                throw refusal(
                    path, "its dynamic loader \(ForeignText.quoted(loader)) is not in the image",
                    remedy: "add it and its libraries to the image, or link the program statically")
            }
        case .script(let interpreter):
            guard let entry = try? lookup.find(interpreter), entry.isExecutable else {
                throw refusal(
                    path,
                    "it is a script, and its interpreter \(ForeignText.quoted(interpreter)) is not in the image",
                    remedy: "add the interpreter to the image, or name a program that needs none")
            }
            // The kernel follows no more than four.
            if depth < 4 { try check(interpreter, entry, depth: depth + 1) }
        case .unknown:
            guard ProgramFile.hasHandlers else {
                throw refusal(
                    path, "it is neither an ELF program nor a script that begins with #!",
                    remedy: "name its interpreter as the command, and the file as an argument")
            }
        }
    }

    private func refusal(_ path: String, _ cause: Message, remedy: Message? = nil) -> LabError {
        LabError(
            .input, "\(ForeignText.quoted(path)) of \(tree.reference) can't be executed", cause: cause,
            remedy: remedy ?? "name a program that may be executed")
    }
}
