import LabCore

/// One experiment of a run: its points and the metrics that it yielded anywhere.
struct ExperimentBlock {
    var experiment: String
    var points: [Condition]
    var metrics: [Metric]
    /// Engines with samples in it, failed ones too.
    var engines: [Analysis.Engine]
    /// The conditions whose trials have nothing to do with a metric, by its id: a boot has no rounds.
    var silent: [String: Set<Condition>] = [:]

    /// Returns where a metric has a figure of its own: a slope goes through the points that differ in its parameter.
    func places(of metric: Metric) -> [Condition] {
        guard metric.isSlope else { return points.filter { silent[metric.id]?.contains($0) != true } }
        var seen: Set<Condition> = []
        return points.map(metric.place).filter { seen.insert($0).inserted }
    }

    /// True when every metric has one figure for each engine.
    var isPlain: Bool { metrics.allSatisfy { places(of: $0).count <= 1 } }
}

extension Analysis {
    /// The experiments of the run in the order of its points.
    var experiments: [ExperimentBlock] {
        var order: [String] = []
        var points: [String: [Condition]] = [:]
        for point in self.points {
            let name = point.experiment ?? ""
            if points[name] == nil { order.append(name) }
            points[name, default: []].append(point)
        }
        return order.map { block($0, points[$0] ?? []) }
    }

    private func block(_ experiment: String, _ points: [Condition]) -> ExperimentBlock {
        var yielded: Set<String> = []
        var present: Set<EngineID> = []
        var silent: [String: Set<Condition>] = [:]
        let metrics = result.header.lab.metrics
        for point in points {
            let samples = engines.flatMap { engine in
                let samples = figures.samples(engine.id, at: point)
                if !samples.isEmpty { present.insert(engine.id) }
                return samples
            }
            let isComplete = !samples.isEmpty && samples.allSatisfy(\.outcome.isCompleted)
            for metric in metrics {
                if samples.contains(where: { metric.value(of: $0) != nil }) {
                    yielded.insert(metric.id)
                } else if isComplete {
                    silent[metric.id, default: []].insert(point)
                }
            }
        }
        var block = ExperimentBlock(
            experiment: experiment, points: points, metrics: metrics.filter { yielded.contains($0.id) },
            engines: engines.filter { present.contains($0.id) }, silent: silent)
        // A value may be there without a line through it: at one place only, or at places that are no numbers.
        let all = block
        block.metrics = all.metrics.filter { metric in
            metric.grown == nil
                || all.places(of: metric).contains { place in
                    all.engines.contains { figures.estimate(metric, $0.id, at: place) != nil }
                }
        }
        return block
    }
}

/// A figure of an experiment as text: of one metric, one engine and one place.
struct ExperimentFigure {
    let analysis: Analysis
    let text: Language
    let metric: Metric
    let engine: EngineID
    let place: Condition

    private var samples: [Observation] {
        analysis.figures.points(of: engine).filter { metric.place(of: $0) == place }
            .flatMap { analysis.figures.samples(engine, at: $0) }
    }

    var estimate: Estimate? { analysis.figures.estimate(metric, engine, at: place) }

    /// The number of trials that said that it is so, and of all trials.
    var truths: (yes: Int, n: Int) {
        let values = samples.compactMap { metric.value(of: $0) }
        return (values.count { $0 == 1 }, values.count)
    }

    /// The figure, its interval, and how many trials failed.
    func cell(withCount: Bool) -> Cell {
        guard let estimate else { return failures.isEmpty ? .none : .words(failed) }
        var shown = Phrase.strong(figure(estimate))
        if metric.unit != .truth {
            if let interval = text.shown(estimate, metric).interval {
                shown = text.say("\(shown) (\(interval))")
            }
            if withCount { shown = text.say("\(shown), n = \(estimate.n)") }
        }
        return .figure(estimate.value, failures.isEmpty ? shown : [shown, failed].lines)
    }

    /// The same for a terminal: how wide the interval is stands for its ends.
    var narrowCell: Cell {
        guard let estimate, metric.unit != .truth else { return cell(withCount: false) }
        guard !metric.isExact, text.shown(estimate, metric).interval != nil,
            let width = estimate.interval?.relativeHalfWidth(around: estimate.value)
        else {
            return .figure(estimate.value, Phrase(figure(estimate)))
        }
        return .figure(estimate.value, "\(figure(estimate)) ±\(Format.percent(width))")
    }

    private func figure(_ estimate: Estimate) -> String {
        metric.unit == .truth ? text.truth(truths.yes, of: truths.n) : text.shown(estimate, metric).figure
    }

    private var failures: [Observation] { samples.filter { !$0.outcome.isCompleted } }

    private var failed: Phrase {
        failures.allSatisfy { $0.impossibility != nil }
            ? text.say("not possible") : text.failedSamples(failures.count)
    }
}

extension Observation {
    /// The reason why it can't be done here at all, which is an answer and no disturbance; nil for any other outcome.
    var impossibility: LabError? {
        guard case .failed(let error, _) = outcome, error.kind == .unavailable || error.kind == .usage else {
            return nil
        }
        return error
    }
}
