import LabCore

/// An earlier result that a run is compared with.
struct Baseline {
    /// As the user named it.
    let path: String
    let figures: Figures
    let options: ComparisonOptions
    let threshold: Double
    /// The engines that the user chose, nil for all.
    let engines: [EngineID]?

    /// Reads the result and the options, before anything else is done.
    init(path: String, options: ComparisonOptions, engines: [EngineID]?) throws(LabError) {
        self.path = path
        self.options = options
        self.engines = engines
        threshold = try options.chosenThreshold()
        figures = Figures(try ResultStore.load(path))
    }

    /// Refuses what can be seen to be unlike before an engine is asked.
    func accept(lab: LabDefinition, environment: Environment, digests: [String: String]) throws(LabError) {
        try options.accept(
            RunResult.Header.earlyDifferences(
                old: figures.result.header, lab: lab, environment: environment, digests: digests))
    }

    /// The same with all that is known before the first trial.
    func accept(_ header: RunResult.Header) throws(LabError) {
        try options.accept(header.differences(from: figures.result.header, engines: engines))
    }

    func comparison(with new: Figures) -> ResultComparison {
        ResultComparison(old: figures, new: new, engines: engines, threshold: threshold)
    }
}
