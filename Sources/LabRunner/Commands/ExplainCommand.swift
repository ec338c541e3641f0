import ArgumentParser
import LabCore
import LabFile
import Texts

/// `lab explain`: what an engine would run.
struct ExplainCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Print what an engine would run: a domain XML or a launch program. Starts nothing.",
        discussion: """
            EXAMPLES
              lab explain startup-latency --engine container
              lab explain startup-latency --engine qemu --profile q35
              lab explain startup-latency --engine new=crun:/opt/crun/bin/crun
              lab explain startup-latency --engine crun --image rootfs:/srv/redis -- redis-server
              lab explain vm-tuning --engine qemu --variant machine=q35,memory=balloon
            """)

    @OptionGroup(title: "Instance") var instance: InstanceOptions

    @Option(
        help: ArgumentHelp(
            "The engine; see `lab list engines`. NAME=KIND:PATH is another build of one.", valueName: "E"))
    var engine: String

    @OptionGroup var speech: LanguageOptions

    @Option(
        help: ArgumentHelp("How the VM is made; by default as in the lab's first trial.", valueName: "WORDS"))
    var variant: String?

    func run() throws {
        let text = try speech.choice()
        let request = try RunRequest(
            LabDirectory.own().definition(instance.lab), instance, .parse([]), seed: 0)
        let variant = try variant.map { words throws(LabError) in try VMVariant(words) }
        let engines = try Words.engines([engine])
        guard engines.count == 1 else {
            throw LabError(
                .usage, "--engine names \(engines.count) engines", remedy: "explain one engine at a time")
        }
        var settings = request.settings
        settings.builds = engines.compactMap(\.build)
        let command = try request.lookUpCommand()
        let interrupt = try Interrupt()
        try interrupt.catchSignals()
        let warn = { (words: String, remedy: Message?) in Terminal.warn(words, remedy: remedy, in: text) }
        let workspace = try Workspace.open(
            time: .now(), interrupt: interrupt, placement: instance.placement(), connection: settings.connect,
            text: text, warn: warn)
        var leftovers = true
        defer { workspace.close(leftovers: leftovers, warn: warn) }
        let made = try EngineFactory.make(engines.map(\.id), settings)[0]
        var context = workspace.context
        context.command = command
        context.lookForNetwork()
        let engine = try made.prepare(context)
        defer { engine.shutDown() }
        // The first trial of a build is that of its kind.
        let first = request.lab.firstRequest(of: engines[0].kind, variant: variant, in: context)
        try Terminal.answer(text.say(try engine.explain(first)))
        leftovers = false
    }
}
