import ArgumentParser
import LabCore
import LabFile
import Report

/// `lab run`: measures, and writes a report.
struct RunCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure: start the same workload on each engine and write a report.",
        discussion: """
            Writes result.json, samples.jsonl, report.md and its plots to
            results/<UTC time>-<lab>/ and prints the table that answers the lab's
            question. An engine that does not work here is left out, with the reason
            in the report. Ctrl-C ends the run and still writes what was measured; a
            second one ends lab at once, and `lab clean` removes what is left.

            With --repeat N the same is run N times, for `lab compare`, which learns
            from it how much runs of this machine differ. Ctrl-C ends the run that
            is being made, writes it, and leaves the rest out.

            Several labs run one after another and share the time: by default at most
            13 minutes, with --quick two and a half. Then the document's table of
            twelve rows is filled in from what they yield, in results/<UTC time>-table/.
            A lab that fails does not stop the others. With --quick of each lab only
            what the table needs is measured.

            EXAMPLES
              lab run startup-latency
              lab run startup-latency --engine process,container --samples 500 --seed 7
              lab run startup-latency --engine qemu --profile q35 --memory 512MiB
              lab run startup-latency --series ablation
              lab run startup-latency --series plain --budget 1min --output /tmp/first --json
              lab run startup-latency --quick
              lab run startup-latency --repeat 5 --output new
              lab run all --quick
              lab run startup-latency,cpu-overhead --engine container --output /tmp/two
              sudo lab run startup-latency --tune
              lab run startup-latency --cpus-allowed 1

              the lab's questions first: the report shows your answers beside the figures
                lab run startup-latency --predict

              two builds of one program in one run, in turns: how a change is judged on
              a machine that is not quiet; NAME=KIND:PATH, as often as wanted
                lab run startup-latency --engine process \\
                    --engine old=crun:/usr/bin/crun,new=crun:/opt/crun/bin/crun

              at limits of memory and processors, all combinations
                lab run startup-latency --engine process,container --sweep memory=64MiB,128MiB --sweep cpus=1,2

              your own program, in a bare process, a container and the peers alike
                lab run startup-latency --image rootfs:/srv/tree -- /bin/true
                lab run startup-latency --image rootfs:/srv/redis --ready 'line=Ready to accept' \\
                    -- redis-server --port 0
                lab run startup-latency --image rootfs:/ --value 'copy:s=copied, ([0-9.]+) s' \\
                    -- dd if=/dev/zero of=/dev/null bs=1M count=1000

              in CI: fails with 1 when the start became slower by more than 10 %
                lab run startup-latency --baseline baseline --threshold 10%
            """)

    @OptionGroup(title: "Instance") var instance: InstanceOptions
    @OptionGroup(title: "Run") var options: RunOptions

    @Option(
        name: .customLong("repeat"), parsing: .unconditional,
        help: ArgumentHelp(
            "Make so many runs one after another, each with a seed of its own and a directory below one of all.",
            valueName: "N"))
    var repeats: String?

    @Option(
        help: ArgumentHelp(
            "Compare with this result afterwards, or with several in a directory; exit 1 on a regression. Refused when they can't be compared. Where the machine differs from run to run, measure both builds in one: --engine NAME=KIND:PATH.",
            valueName: "RESULT"))
    var baseline: String?

    @OptionGroup(title: "Predictions") var predictions: PredictionOptions

    @OptionGroup(title: "Baseline") var comparison: ComparisonOptions

    @Option(
        help: ArgumentHelp(
            "Directory of the results: empty, or made. Of several labs each gets its own in it.",
            valueName: "DIR"))
    var output: String?

    @Flag(help: "Print the answer as JSON.")
    var json = false

    @Flag(help: "Show no progress; warnings are still shown.")
    var quiet = false

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        let text = try speech.choice()
        let catalogue = try LabDirectory.own()
        let selection = try LabSelection.read(instance.lab, in: catalogue)
        if repeats != nil { return try runRepeatedly(selection, text) }
        if selection.isSeveral { return try runSeveral(selection.labs, seed: options.chosenSeed(), text) }
        var request = try RunRequest(selection.labs[0], instance, options, seed: options.chosenSeed())
        let baseline = try chosenBaseline(request.lab)
        request.predictions = try predictions.answers(to: request.lab, in: text)
        let session = try RunSession(
            request: request, output: output, text: text, baseline: baseline,
            shared: .init(quiet: quiet, text: text))
        try answer(session.run(), baseline, in: text)
    }

    private func answer(_ outcome: RunSession.Outcome, _ baseline: Baseline?, in text: Language) throws {
        var answer = RunAnswer(outcome)
        let changes = baseline?.comparison(with: outcome.figures)
        if let baseline, let changes {
            answer.comparison = ComparisonAnswer(changes, old: [baseline.path], new: [outcome.directory])
        }
        if json {
            try Terminal.answer(json: answer)
        } else {
            try Terminal.answer(answer.text(outcome.figures, in: text))
            if let baseline, let changes {
                try Terminal.answer(
                    "\n"
                        + Report.markdown(
                            for: changes, old: [baseline.path], new: [outcome.directory], language: text)
                )
            }
        }
        if outcome.result.ending == .interrupted { throw ExitCode(Interrupt.error.exitCode) }
        if outcome.result.hasLackingEngine { throw ExitCode.failure }
        if changes?.regressions.isEmpty == false { throw ExitCode.failure }
    }

    /// - Parameter lab: nil for several, which have none.
    func chosenBaseline(_ lab: LabDefinition?) throws(LabError) -> Baseline? {
        guard let baseline else {
            guard comparison.threshold == nil, !comparison.force else {
                throw LabError(
                    .usage, "\(comparison.force ? "--force" : "--threshold") needs a --baseline",
                    remedy: "name the result to compare with")
            }
            return nil
        }
        // Who names engines means these, and not those that the baseline has beside them.
        return try Baseline(
            path: baseline, options: comparison, engines: options.engine.isEmpty ? nil : lab?.engines)
    }
}
