import LabCore

// Tests that look at one figure of a result, and at none twice.

extension RunResult {
    func summary(_ metric: Metric, _ engine: EngineID, at point: Condition = [:]) -> Summary {
        Figures(self).summary(metric, engine, at: point)
    }

    func estimate(_ metric: Metric, _ engine: EngineID, at point: Condition = [:]) -> Estimate? {
        Figures(self).estimate(metric, engine, at: point)
    }

    func ratio(_ metric: Metric, _ engine: EngineID, to other: EngineID, at point: Condition = [:])
        -> Estimate?
    {
        Figures(self).ratio(metric, engine, to: other, at: point)
    }
}

extension Claim {
    func judge(_ result: RunResult) -> [Judgement] { judge(Figures(result)) }
}

extension TableSource {
    init(_ result: RunResult, path: String) { self.init(Figures(result), path: path) }
}

extension ResultComparison {
    init(
        old: RunResult, new: RunResult, metrics: [String]? = nil, engines: [EngineID]? = nil,
        threshold: Double = defaultThreshold
    ) {
        self.init(
            old: [Figures(old)], new: [Figures(new)], metrics: metrics, engines: engines, threshold: threshold
        )
    }
}

extension Series.Varied {
    init(_ factor: Factor, _ words: [String]) { self.init(factor, words.map { [factor: $0] }) }
}
