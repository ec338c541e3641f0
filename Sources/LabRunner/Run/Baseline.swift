import LabCore
import Results

/// Earlier runs that a run is compared with.
struct Baseline {
    /// As the user named it.
    let path: String
    let runs: [Figures]
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
        runs = try ComparedRuns.load([path]).map { Figures($0) }
    }

    /// The first, which the others are alike to: they are compared with each other afterwards.
    private var header: RunResult.Header { runs[0].result.header }

    /// Refuses what can be seen to be unlike before an engine is asked.
    func accept(lab: LabDefinition, environment: Environment, digests: [String: String]) throws(LabError) {
        try options.accept(
            RunResult.Header.earlyDifferences(
                old: header, lab: lab, environment: environment, digests: digests))
    }

    /// The same with all that is known before the first trial.
    func accept(_ header: RunResult.Header) throws(LabError) {
        try options.accept(header.differences(from: self.header, engines: engines))
    }

    func comparison(with new: Figures) -> ResultComparison {
        ResultComparison(old: runs, new: [new], engines: engines, threshold: threshold)
    }
}
