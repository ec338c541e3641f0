/// A cell of the document's table: one engine in one row.
public struct TableCell: Equatable, Sendable {
    public var shown: TableRow.Shown
    /// The metric of a figure.
    public var metric: Metric?
    public var content: Content

    public enum Content: Equatable, Sendable {
        /// A median, a slope or a counted quantity; in the metric's unit, or a ratio to another engine.
        case figure(Estimate, unit: Metric.Unit, relativeTo: EngineID?)
        /// In how many samples it was so.
        case truth(yes: Int, of: Int)
        /// The most frequent answer, and in how many samples it was given.
        case fact(Fact, count: Int, of: Int)
        case absent(Absence)
    }

    public init(shown: TableRow.Shown, metric: Metric? = nil, content: Content) {
        self.shown = shown
        self.metric = metric
        self.content = content
    }
}

/// The reason why the table has no figure somewhere.
public enum Absence: Hashable, Sendable {
    /// There is no result; `lab` is the one to run, nil when none of the catalogue stands behind the row.
    case notRun(lab: String?)
    /// The lab was run and yielded nothing at all.
    case couldNotRun(lab: String, because: Message)
    /// The engine took no part in the run.
    case notInRun
    case unavailable(because: Message)
    /// Every sample failed, for this reason; of several the first three.
    case failed(because: Message)
    /// The run has no sample of it.
    case notSampled
    /// Samples were completed, but none holds it.
    case notFound

    /// True when it is only that nobody has measured it.
    var isNotRun: Bool {
        switch self {
        case .notRun, .notInRun, .notSampled: true
        case .couldNotRun, .unavailable, .failed, .notFound: false
        }
    }
}

extension Figures {
    /// Returns the cell of one engine.
    public func tableCell(_ shown: TableRow.Shown, _ engine: EngineID) -> TableCell {
        TableCell(
            shown: shown, metric: result.header.lab.metrics.first { $0.id == shown.metric },
            content: content(shown, engine))
    }

    private func content(_ shown: TableRow.Shown, _ engine: EngineID) -> TableCell.Content {
        if let fact = shown.fact {
            return mostFrequent(fact, engine, at: shown.at)
                ?? .absent(result.absence(of: engine, at: shown.at))
        }
        guard let metric = result.header.lab.metrics.first(where: { $0.id == shown.metric }) else {
            return .absent(.notFound)
        }
        if let baseline = shown.relativeTo {
            if let ratio = ratio(metric, engine, to: baseline, at: shown.at) {
                return .figure(ratio, unit: .ratio, relativeTo: baseline)
            }
            let hasOwn = estimate(metric, engine, at: shown.at) != nil
            return .absent(result.absence(of: hasOwn ? baseline : engine, at: shown.at, metric))
        }
        if metric.unit == .truth, metric.grown == nil {
            let values = values(metric, engine, at: shown.at)
            if !values.isEmpty { return .truth(yes: values.count { $0 >= 0.5 }, of: values.count) }
        } else if let estimate = estimate(metric, engine, at: shown.at) {
            return .figure(estimate, unit: metric.unit, relativeTo: nil)
        }
        return .absent(result.absence(of: engine, at: shown.at, metric))
    }

    /// The answer that most samples give; of several the one that was given first.
    private func mostFrequent(
        _ name: String, _ engine: EngineID, at point: Condition
    ) -> TableCell.Content? {
        let facts = samples(engine, at: point).filter(\.outcome.isCompleted).compactMap { $0.facts?[name] }
        var counts: [(fact: Fact, count: Int)] = []
        for fact in facts {
            let place = counts.firstIndex {
                $0.fact.answer == fact.answer && $0.fact.mechanism == fact.mechanism
            }
            if let place { counts[place].count += 1 } else { counts.append((fact, 1)) }
        }
        let most = counts.map(\.count).max()
        return counts.first { $0.count == most }.map { .fact($0.fact, count: $0.count, of: facts.count) }
    }
}

extension RunResult {
    /// Returns the reason why an engine has no figure at a point.
    /// - Parameter metric: that of the figure; over the parameter of a slope every value counts.
    public func absence(of engine: EngineID, at point: Condition, _ metric: Metric? = nil) -> Absence {
        guard let record = header.engines.first(where: { $0.id == engine }) else { return .notInRun }
        if case .unavailable(let error) = record.availability { return .unavailable(because: error.reason) }
        let samples = measuredAnywhere(engine).filter {
            metric?.place(of: $0.parameters) ?? $0.parameters == point
        }
        let failures = samples.compactMap { sample -> LabError? in
            if case .failed(let error, _) = sample.outcome { error } else { nil }
        }
        guard !samples.isEmpty else { return .notSampled }
        guard failures.count == samples.count else { return .notFound }
        let reasons = failures.reduce(into: [Message]()) { known, error in
            if known.count < 3, !known.contains(error.reason) { known.append(error.reason) }
        }
        let because = reasons.joined(separator: "; ")
        return failures.allSatisfy { $0.kind == .unavailable }
            ? .unavailable(because: because) : .failed(because: because)
    }
}
