import ArgumentParser
import LabCore
import Report

/// `lab run` of several labs.
extension RunCommand {
    func runSeveral(_ definitions: [LabDefinition], seed: UInt64, _ text: Catalogue) throws {
        try refuseWhatIsForOne()
        var labs: [LabDefinition] = []
        for definition in definitions {
            labs.append(try options.applyAsOne(to: instance.apply(to: definition)))
        }
        let asked = try options.budget.map { text throws(LabError) in
            try Words.seconds(text, option: "--budget")
        }
        // Asked once before anything runs, so that a wrong word is no lab's failure.
        let settings = try instance.engineSettings()
        let runs = SeveralRuns(
            labs: labs,
            budget: SharedBudget(
                own: try ownBudgets(of: definitions), asked: asked, quick: options.quick),
            session: { lab, budget in
                let known = definitions.first { $0.id == lab.id }
                return session(
                    lab, options.asOne(lab, of: known, budget: budget), settings, seed: seed, budget: budget,
                    in: text)
            },
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
        _ = try chosenBaseline(nil)
    }

    /// The budgets that the labs have without `--budget`, `--quick` counted.
    private func ownBudgets(of definitions: [LabDefinition]) throws(LabError) -> [Double] {
        var options = options
        options.budget = nil
        var budgets: [Double] = []
        for definition in definitions { budgets.append(try options.apply(to: definition).budgetSeconds) }
        return budgets
    }

    /// What is told of each lab as it ends: on standard output, unless that is to be JSON.
    private func report(_ progress: SeveralRuns.Progress, in text: Catalogue) throws(LabError) {
        if case .failed(let error) = progress.end {
            Terminal.complain(error, in: text)
        }
        if !json { try Terminal.answer(progress.line(in: text)) }
    }
}
