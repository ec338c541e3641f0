import ArgumentParser
import LabCore
import LabFile

/// `lab doctor`: what this machine can run.
struct DoctorCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Prove what this machine can run, by running it, and name what helps.",
        discussion: """
            PASS  it was used and worked
            WARN  it works, or something stands in for it, and figures are the poorer
            FAIL  it was tried and did not work
            SKIP  it was not tried

            Exits with 1 when anything FAILs.

            EXAMPLES
              lab doctor
              lab doctor --engine kvm,container
              lab doctor --json
              lab doctor --connect qemu+ssh://host/system
              lab doctor --script > steady.sh
            """)

    @Option(help: ArgumentHelp("Engines to try, separated by commas; by default all.", valueName: "a,b"))
    var engine: String?

    @Flag(
        help: ArgumentHelp(
            "Print a shell script that makes this machine steadier: only what applies here, each with its reason and the way back. Runs nothing."
        ))
    var script = false

    @Flag(help: "Print the checks as JSON.")
    var json = false

    @Flag(help: "Download a guest kernel with apt-get when this machine has none.")
    var fetch = false

    @Option(
        help: ArgumentHelp(
            "libvirt connection, for example qemu:///system; by default QEMU's driver runs inside lab.",
            valueName: "URI"))
    var connect: String?

    private struct Answer: Encodable {
        let version: String
        let checks: [DoctorCheck]
    }

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        let text = try speech.choice()
        if script { return try Terminal.write(SteadyScript().text(in: text)) }
        let engines =
            try engine.map { text throws(LabError) in try Words.knownEngines(text) } ?? EngineFactory.ids
        let interrupt = try Interrupt()
        try interrupt.catchSignals()
        let line = ProgressLine(quiet: json, text: text)
        let checks = try checks(engines, interrupt, line, text)
        line.clear()
        if json {
            try Terminal.answer(json: Answer(version: Version.current, checks: checks))
        } else {
            try Terminal.answer(DoctorText(text: text).table(checks))
        }
        if checks.contains(where: { $0.status == .fail }) { throw ExitCode.failure }
    }

    private var fetches: Bool { fetch || EngineSettings.fetchIsAllowed }

    private func checks(
        _ engines: [EngineID], _ interrupt: Interrupt, _ line: ProgressLine, _ text: Language
    ) throws(LabError) -> [DoctorCheck] {
        line.show(text.lookingAtTheMachine, now: true)
        let paths = try LabPaths.own(environment: Process.environment)
        // Before anything is cleaned and before the trials make the machine busy.
        var checks = HostChecks.all(paths: paths, warnings: Environment.capture().warnings)
        try interrupt.check()
        line.show(text.say("using what engines need …"), now: true)
        checks += EngineFactory.driverChecks(paths: paths, connect: connect, fetches: fetches)
        try interrupt.check()

        var labs: [LabDefinition] = []
        checks.append(
            .proving("labs", "the labs are well-formed", disables: ["lab run"]) { () throws(LabError) in
                let catalogue = try LabDirectory.own()
                for id in catalogue.ids { labs.append(try catalogue.definition(id)) }
                return "\(labs.count) labs in \(catalogue.directory)"
            })
        // Without it no engine can be tried, and the check above has said so.
        guard (try? RootFilesystem.locateGuest(environment: Process.environment)) != nil else {
            return checks
        }
        let warn = { (words: String, remedy: Message?) in line.warn(words, remedy: remedy) }
        let workspace = try Workspace.open(
            time: .now(), interrupt: interrupt, connection: connect, text: text, warn: warn)
        var leftovers = true
        defer { workspace.close(leftovers: leftovers, warn: warn) }
        let tried = try EngineFactory.make(
            engines, EngineSettings(connect: connect, fetchesKernel: fetches))
        let proved = try EngineChecks.all(tried, context: workspace.context, labs: labs) { event in
            switch event {
            case .probing(let engine), .preparing(let engine): line.show(text.trying(engine), now: true)
            case .trial(let trial, _, _): line.show(text.runningGuest(on: trial.engine), now: true)
            case .shortBudget, .unavailable, .failed, .stopped, .ended: break
            }
        }
        checks += proved
        checks.append(HostChecks.exercises(workspace.context))
        leftovers = false
        return checks
    }
}
