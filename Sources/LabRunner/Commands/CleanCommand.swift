import ArgumentParser
import LabCore

/// `lab clean`: removes what killed runs left.
struct CleanCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean",
        abstract: "Remove what killed runs left: domains, processes, cgroups, mounts, directories, files.",
        discussion: """
            Replays the journals of dead runs backwards, and puts back what
            `lab run --tune` had set. What belongs to a living
            run, or to nobody that lab knows of, is left alone. Exits with 1 when
            something could not be removed; its journal is kept. A journal is replayed
            only where nobody but this user can have written it, and only what a run
            of its name makes, where runs make it.

            EXAMPLES
              lab clean --dry-run
              lab clean
            """)

    @Flag(help: "Only print what would be removed.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "A libvirt connection that a run was given, so that it is opened again to remove that run's VMs.",
            valueName: "URI"))
    var connect: String?

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    private struct Answer: Encodable {
        struct Resource: Encodable {
            let kind: String
            let name: String
        }
        struct Failure: Encodable {
            let resource: Resource
            let error: LabError
        }
        let dryRun: Bool
        let runs: [String]
        let removed: [Resource]
        let failures: [Failure]
        let refused: [LabError]
        let living: [String]
    }

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        let paths = try LabPaths.own(environment: Process.environment)
        var outcome = try Removers.cleaner(paths, connection: connect).cleanAbandoned(
            in: paths, dryRun: dryRun)
        let forgotten = Cleaner.forgotten(in: paths)
        outcome.removed += dryRun ? forgotten : Cleaner.remove(forgotten: forgotten)
        let says = CleanText(text: try speech.choice())
        for failure in outcome.failures {
            Terminal.warn(says.left(failure), remedy: failure.error.remedy, in: says.text)
        }
        for error in outcome.refused {
            Terminal.warn(says.text.say(error.reason), remedy: error.remedy, in: says.text)
        }
        let living = RunJournal.living(in: paths)
        if json {
            try Terminal.answer(json: answer(outcome, living: living))
        } else {
            try Terminal.answer(text(outcome, living: living, says))
        }
        if !outcome.failures.isEmpty || !outcome.refused.isEmpty { throw ExitCode.failure }
    }

    private func answer(_ outcome: Cleaner.Outcome, living: [String]) -> Answer {
        func shown(_ resource: JournaledResource) -> Answer.Resource {
            Answer.Resource(kind: resource.kind.rawValue, name: resource.name)
        }
        return Answer(
            dryRun: dryRun, runs: outcome.runs, removed: outcome.removed.map(shown),
            failures: outcome.failures.map { Answer.Failure(resource: shown($0.resource), error: $0.error) },
            refused: outcome.refused, living: living)
    }

    private func text(_ outcome: Cleaner.Outcome, living: [String], _ says: CleanText) -> String {
        var lines = outcome.removed.map(dryRun ? says.planned : says.done)
        if outcome.runs.isEmpty && outcome.removed.isEmpty && outcome.refused.isEmpty {
            lines.append(says.nothingLeft)
        }
        lines += living.map(says.alive)
        return lines.joined(separator: "\n")
    }
}
