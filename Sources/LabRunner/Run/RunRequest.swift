import Images
import LabCore

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
        return try command.payload(in: .named(command.image, paths: paths))
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
