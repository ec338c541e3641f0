import ArgumentParser
import LabCore

/// The options of a command of the user's own, and the command itself.
struct CommandOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Measure a command of these files instead of the lab's workload: an image by its name or digest (lab image ls); docker-archive:FILE, oci-archive:FILE or oci:DIR[:NAME], which is imported on the way; or rootfs:DIR, a directory with a root file system; rootfs:/ is this host's own.",
            valueName: "IMAGE"))
    var image: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How the command is known to be ready, up to where its start is timed: exit (default), first-output, line=TEXT, port=N, or command=WORDS, which is run beside it until it exits with 0. Unless it is exit, the command is then asked to end, with SIGTERM.",
            valueName: "HOW"))
    var ready: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A figure of the command's output: NAME=PATTERN with one group, as for grep -E, or NAME=/JSON/POINTER. NAME:ms=… says its unit, NAME:more=… that more is better. Again and again.",
            valueName: "NAME=PATTERN"))
    var value: [String] = []

    @Option(
        help: ArgumentHelp(
            "Its network beside the loopback interface: none (default), or bridge: an interface on a bridge that lab makes for the run, where this host reaches it, and which leads nowhere else. A port is then looked for from the host.",
            valueName: "none|bridge"))
    var network: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --network bridge: a command of this host, in words as for a shell, that drives it once it is ready; LAB_ADDRESS in its environment says where it is. The figures of --value are then of its output, and the command is asked to end when it has ended.",
            valueName: "WORDS"))
    var client: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Set a variable of its environment. Again and again.", valueName: "NAME=VALUE"))
    var env: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Its user, by name or number of the image.", valueName: "USER[:GROUP]"))
    var user: String?

    @Option(help: ArgumentHelp("Its working directory in the image.", valueName: "DIR"))
    var workdir: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What stands before it instead of the image's entrypoint; empty for nothing.", valueName: "WORD"))
    var entrypoint: String?

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "Behind --: the command with its arguments; by default the image's own.", valueName: "COMMAND"))
    var command: [String] = []

    /// The command that was asked for; nil for the lab's workload.
    /// - Parameter lab: the lab's own command, over which all is said here.
    func definition(over lab: CommandDefinition?) throws(LabError) -> CommandDefinition? {
        guard let image = image ?? lab?.image else {
            guard saidWords.isEmpty, command.isEmpty else {
                throw LabError(
                    .usage, "there is a command, and no --image says where its files are",
                    remedy: "name an image, or this host's own root: --image rootfs:/")
            }
            return nil
        }
        let values = try value.map { (word) throws(LabError) in try CommandValue(word) }
        for (place, one) in values.enumerated()
        where values[..<place].contains(where: { $0.name == one.name }) {
            throw LabError(
                .usage, "--value names \(one.name) twice", remedy: "give each figure a name of its own")
        }
        var definition = lab ?? CommandDefinition(image: image)
        definition.image = image
        if !command.isEmpty { definition.arguments = command }
        if let entrypoint { definition.entrypoint = entrypoint.isEmpty ? [] : [entrypoint] }
        definition.environment += env
        definition.user = user ?? definition.user
        definition.directory = workdir ?? definition.directory
        if let ready { definition.readiness = try Readiness(ready) }
        if !values.isEmpty { definition.values = values }
        if let network { definition.network = try CommandNetwork.named(network) }
        if let client { definition.client = try CommandDefinition.client(client) }
        try definition.requireReach()
        return definition
    }

    /// The words that say the same again; the command stands last.
    var words: (options: [String], command: [String]) {
        (saidWords, command.isEmpty ? [] : ["--"] + command)
    }
}
