import ArgumentParser
import LabCore

/// `lab run --repeat`.
extension RunCommand {
    func runRepeatedly(_ selection: LabSelection, _ text: Language) throws {
        guard !selection.isSeveral, let definition = selection.labs.first else {
            throw LabError(
                .usage, "--repeat repeats one lab, and several are named",
                remedy: "repeat each of them by itself")
        }
        guard baseline == nil else {
            throw LabError(
                .usage, "--baseline is compared with one run, and --repeat makes several",
                remedy: "run them, then `lab compare` the directories")
        }
        _ = try chosenBaseline(nil)
        let count = try Words.count(repeats ?? "", option: "--repeat", in: 1...RepeatedRuns.most)
        var requests: [RunRequest] = []
        for seed in RepeatedRuns.seeds(count, from: try options.chosenSeed()) {
            requests.append(try RunRequest(definition, instance, options, seed: seed))
        }
        let answers = try predictions.answers(to: requests[0].lab, in: text)
        for place in requests.indices { requests[place].predictions = answers }
        let runs = RepeatedRuns(requests: requests, output: output) { (run) throws(LabError) in
            if !json { try Terminal.answer(run.line(in: text)) }
        }
        let outcome = try runs.run(text, quiet: quiet)
        if let failure = outcome.failure { Terminal.complain(failure, in: text) }
        if json {
            try Terminal.answer(json: outcome.answer)
        } else {
            try Terminal.answer(outcome.text(in: text))
        }
        if outcome.answer.interrupted { throw ExitCode(Interrupt.error.exitCode) }
        if outcome.failure != nil || outcome.lacksEngine { throw ExitCode.failure }
    }
}
