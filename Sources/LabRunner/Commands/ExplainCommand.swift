import ArgumentParser
import LabCore
import LabFile
import Translations

/// `lab explain`: what an engine would run.
struct ExplainCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Print what an engine would run: a domain XML or a launch program. Starts nothing.",
        discussion: """
            EXAMPLES
              lab explain startup-latency --engine container
              lab explain startup-latency --engine qemu --profile q35
              lab explain vm-tuning --engine qemu --variant machine=q35,memory=balloon
            """)

    @OptionGroup(title: "Instance") var instance: InstanceOptions

    @Option(help: ArgumentHelp("The engine; see `lab list engines`.", valueName: "E"))
    var engine: String

    @OptionGroup var speech: LanguageOptions

    @Option(
        help: ArgumentHelp("How the VM is made; by default as in the lab's first trial.", valueName: "WORDS"))
    var variant: String?

    func run() throws {
        let text = try speech.catalogue()
        let lab = try instance.apply(
            to: LabCatalogue.locate(environment: Process.environment).definition(instance.lab))
        let variant = try variant.map { words throws(LabError) in try VMVariant(words) }
        let engines = try Words.engines(engine)
        guard engines.count == 1 else {
            throw LabError(
                .usage, "--engine names \(engines.count) engines", remedy: "explain one engine at a time")
        }
        let settings = try instance.engineSettings(for: lab)
        let interrupt = try Interrupt()
        try interrupt.catchSignals()
        let warn = { (words: String, remedy: String?) in Terminal.warn(words, remedy: remedy, in: text) }
        let workspace = try Workspace.open(
            time: .now(), interrupt: interrupt, connection: settings.connect, text: text, warn: warn)
        var leftovers = true
        defer { workspace.close(leftovers: leftovers, warn: warn) }
        for engine in EngineFactory.make(engines, settings, context: workspace.context) {
            defer { engine.shutDown() }
            try engine.prepare(workspace.context)
            try Terminal.answer(
                Self.commented(
                    try engine.explain(lab.firstRequest(of: engine.id, variant: variant)), in: text))
        }
        leftovers = false
    }

    /// The same calls, the remarks behind them in the catalogue's language.
    private static func commented(_ program: String, in text: Catalogue) -> String {
        let mark = "  // "
        return program.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard let range = line.firstRange(of: mark) else { return String(line) }
            return line[..<range.upperBound] + text.translated(String(line[range.upperBound...]))
        }.joined(separator: "\n")
    }
}
