import ArgumentParser
import LabCore
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
        let lab = try instance.definition()
        let engines = try Words.engines(engine)
        guard engines.count == 1 else {
            throw LabError(
                .usage, "--engine names \(engines.count) engines", remedy: "explain one engine at a time")
        }
        let settings = try instance.engineSettings()
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
            try Terminal.answer(Self.commented(try engine.explain(request(lab, engine.id)), in: text))
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

    /// How the first trial has its instances made; what a lab varies is for the engines of its series alone.
    private func firstVariant(_ lab: LabDefinition, _ engine: EngineID) -> String? {
        lab.series.first { lab.engines(of: $0).contains(engine) }?.points.first?[.variant]
    }

    /// The first trial of the lab, with a nonce that is recognised as an example.
    private func request(_ lab: LabDefinition, _ engine: EngineID) -> LaunchRequest {
        let workload: Workload =
            switch lab.method {
            case .memory: .touch(mebibytes: lab.values(of: .touch).first.flatMap { Int($0) } ?? 0)
            case .compute:
                .compute(
                    kind: lab.values(of: .compute).first ?? lab.workload,
                    rounds: lab.rounds?.default ?? 1)
            case .lifecycle, .experiment:
                example(lab.workload)
            }
        return LaunchRequest(
            index: 0, workload: workload, memoryBytes: lab.memoryBytes, cpus: lab.cpus,
            deadline: MonotonicInstant.now().advanced(by: .seconds(lab.timeoutSeconds)),
            variant: variant ?? firstVariant(lab, engine))
    }

    private func example(_ name: String) -> Workload {
        switch name {
        case "hello": .hello(nonce: "NONCE")
        case "release": .release(nonce: "NONCE")
        case "tide": .tide(mebibytes: 64)
        default: Workload(name: name)
        }
    }
}
