import Artifacts
import Images
import LabCore
import LabFile

/// The request for one run: a lab of the catalogue, what the user said of it, and the seed. It knows its own words.
struct RunRequest {
    /// The lab with what the user said.
    private(set) var lab: LabDefinition
    let settings: EngineSettings
    /// The processors that instances are held to; nil for all.
    let placement: Placement?
    let seed: UInt64
    private let instance: InstanceOptions
    private var options: RunOptions
    /// True when the user named the budget.
    let budgetIsAsked: Bool
    /// What the user answered to the lab's predictions; nil where nobody was asked.
    var predictions: [String]?

    /// - Parameter definition: as the catalogue has it.
    init(
        _ definition: LabDefinition, _ instance: InstanceOptions, _ options: RunOptions, seed: UInt64
    ) throws(LabError) {
        lab = try options.apply(to: instance.apply(to: definition))
        var settings = try instance.engineSettings()
        settings.builds = try Words.engines(options.engine).compactMap(\.build)
        self.settings = settings
        placement = try instance.placement()
        self.seed = seed
        self.instance = instance
        self.options = options
        budgetIsAsked = options.budget != nil
    }

    /// True when the machine's frequency is made steady for the run.
    var tunes: Bool { options.tune }

    /// The command that its instances run, looked up; nil for lab-guest.
    func lookUpCommand() throws(LabError) -> CommandPayload? {
        guard let command = lab.command else { return nil }
        let paths = try LabPaths.own(environment: Process.environment)
        var tree: FileTree
        if command.image == CommandDefinition.guestImage {
            let guest = try RootFilesystem.locateGuest(environment: Process.environment)
            let root = try RootFilesystem.minimal(guest: guest, paths: paths)
            tree = try .named("rootfs:\(root.directory)", paths: paths)
            tree.reference = command.image
            return try command.payload(in: tree)
        }
        do { tree = try .named(command.image, paths: paths) } catch {
            guard error.kind == .input, let recipe = try recipe(of: command) else { throw error }
            var error = error
            error.remedy = "lab image build \(ShellText.quote(recipe)) makes it, once"
            throw error
        }
        return try command.payload(in: tree)
    }

    /// The lab's folder, where the image that it names is made by the recipe in that.
    private func recipe(of command: CommandDefinition) throws(LabError) -> String? {
        let folder = try LabDirectory.own().folder(of: lab.path ?? lab.id)
        guard command.image == lab.id, Files.exists("\(folder)/\(RecipeFile.fileName)") else { return nil }
        return RelativePath.workingDirectory.map { RelativePath.of(folder, from: $0) } ?? folder
    }

    /// Gives the run another budget than its own, in whole seconds.
    mutating func limit(to seconds: Double) {
        lab.budgetSeconds = seconds
        options.budget = "\(Int(seconds))s"
    }

    /// Reproduces the run, shell-quoted.
    var command: String {
        ShellText.join(
            ["lab", "run", lab.path ?? lab.id] + instance.saidWords + instance.own.words.options
                + options.words(seed: seed) + instance.own.words.command)
    }
}
