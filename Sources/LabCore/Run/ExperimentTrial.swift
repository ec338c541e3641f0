extension TrialProcedure {
    /// Do the experiment that the condition names; what it found is the result.
    func experiment(_ trial: Plan.Trial, on engine: any PreparedEngine) throws(LabError) -> Conclusion {
        guard let context else {
            throw LabError(.software, "an experiment was asked for outside a run")
        }
        guard let experiment = experiments.first(where: { $0.id == trial.parameters.experiment }) else {
            let name = trial.parameters.experiment ?? ""
            throw LabError(.usage, "there is no experiment \(name.debugDescription)")
        }
        let bench = Bench(
            lab: lab, context: context, condition: trial.parameters, digests: digests,
            seed: UInt64(trial.index) ^ seed
        ) { [counter] in counter.next() }
        let began = MonotonicInstant.now()
        var finding = Finding()
        var failure: LabError?
        do throws(LabError) {
            finding = try experiment.perform(on: engine, bench)
        } catch {
            failure = error
        }
        let ended = MonotonicInstant.now()
        let outcome = (failure ?? bench.disposalFailure).map { Outcome.failed($0, after: nil) } ?? .completed
        func observation(_ finding: Finding, at condition: Condition) -> Observation {
            Observation(
                index: trial.index, engine: trial.engine, parameters: condition, warmup: trial.warmup,
                outcome: outcome, timeline: Timeline(), values: finding.values, facts: finding.facts,
                stops: finding.stops.isEmpty ? nil : finding.stops)
        }
        return Conclusion(
            observation: observation(finding, at: trial.parameters),
            others: finding.others.map { observation($0.value, at: $0.key) }, began: began, ended: ended,
            disposalFailure: bench.disposalFailure)
    }
}
