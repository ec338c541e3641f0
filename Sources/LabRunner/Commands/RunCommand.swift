import ArgumentParser
import LabCore

/// `lab run`: measures, and writes a report.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure: start the same workload on each engine and write a report.",
        discussion: """
            Writes result.json, samples.jsonl, report.md and its plots to
            results/<UTC time>-<lab>/ and prints the table that answers the lab's
            question. An engine that does not work here is left out, with the reason
            in the report. Ctrl-C ends the run and still writes what was measured; a
            second one ends lab at once, and `lab clean` removes what is left.

            EXAMPLES
              lab run startup-latency
              lab run startup-latency --engine process,container --samples 500 --seed 7
              lab run startup-latency --engine qemu --profile q35 --memory 512MiB
              lab run startup-latency --series ablation
              lab run startup-latency --budget 30s --output /tmp/first --json
            """)

    @OptionGroup(title: "Instance") var instance: InstanceOptions
    @OptionGroup(title: "Run") var options: RunOptions

    @Option(help: ArgumentHelp("Directory of the results: empty, or made.", valueName: "DIR"))
    var output: String?

    @Flag(help: "Print the answer as JSON.")
    var json = false

    @Flag(help: "Show no progress; warnings are still shown.")
    var quiet = false

    func run() throws {
        let lab = try options.apply(to: instance.definition())
        let seed = try options.chosenSeed()
        var settings = try instance.engineSettings()
        settings.handsCgroupsOn = lab.method == .lifecycle
        let session = RunSession(
            lab: lab, settings: settings, seed: seed,
            command: ShellText.join(["lab", "run"] + instance.words + options.words(seed: seed)),
            output: output, quiet: quiet)
        let outcome = try session.run()
        let answer = RunAnswer(outcome)
        if json {
            try Terminal.answer(json: answer)
        } else {
            try Terminal.answer(answer.text(outcome.result))
        }
        if outcome.result.ending == .interrupted { throw ExitCode(Interrupt.error.exitCode) }
        if answer.engines.contains(where: \.isLacking) { throw ExitCode.failure }
    }
}
