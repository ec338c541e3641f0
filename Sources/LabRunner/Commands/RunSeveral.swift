import ArgumentParser
import LabCore
import Report

/// `lab run` of several labs.
extension RunCommand {
    func runSeveral(_ definitions: [LabDefinition], seed: UInt64, _ text: Language) throws {
        try refuseWhatIsForOne()
        var own = options
        own.budget = nil
        // Asked before anything runs, so that a wrong word is no lab's failure.
        var requests: [(lab: String, request: RunRequest?)] = []
        for definition in definitions {
            let request = try own.narrowed(to: definition).map { options throws(LabError) in
                try RunRequest(definition, instance, options, seed: seed)
            }
            requests.append((definition.id, request))
        }
        let asked = try options.budget.map { text throws(LabError) in
            try Words.seconds(text, option: "--budget")
        }
        let runs = SeveralRuns(
            requests: requests,
            budget: SharedBudget(
                own: requests.map { $0.request?.lab.budgetSeconds ?? 0 }, asked: asked, quick: options.quick),
            output: output, catalogue: TableFiles.labs(),
            report: { (progress) throws(LabError) in try self.report(progress, in: text) })
        let outcome = try runs.run(text, quiet: quiet)
        if json {
            try Terminal.answer(json: SeveralAnswer(outcome))
        } else {
            try Terminal.answer("\n" + outcome.text(in: text))
        }
        if outcome.interrupted { throw ExitCode(Interrupt.error.exitCode) }
        if outcome.hasFailed { throw ExitCode.failure }
    }

    private func refuseWhatIsForOne() throws(LabError) {
        guard baseline == nil else {
            throw LabError(
                .usage, "--baseline is the result of one lab, and several are named",
                remedy: "run each of them by itself")
        }
        guard !predictions.isAsked else {
            throw LabError(
                .usage, "predictions are of one lab, and several are named",
                remedy: "run each of them by itself")
        }
        _ = try chosenBaseline(nil)
    }

    /// Tells of each lab as it ends: on standard output, unless that is to be JSON.
    private func report(_ progress: SeveralRuns.Progress, in text: Language) throws(LabError) {
        if case .failed(let error) = progress.end {
            Terminal.complain(error, in: text)
        }
        if !json { try Terminal.answer(progress.line(in: text)) }
    }
}
