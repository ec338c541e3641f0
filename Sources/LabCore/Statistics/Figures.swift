/// The figures of a run by cell, each computed once: an interval costs ten thousand resamples, and a report shows most
/// figures in several places.
public final class Figures {
    private let whole: RunResult
    private let samples: [Plan.Cell: [Observation]]
    private var summaries: [Key: Summary] = [:]
    private var estimates: [Key: Estimate?] = [:]

    private struct Key: Hashable {
        var metric: String
        var cell: Plan.Cell
        /// What it is compared with, and how.
        var other: Plan.Cell?
        var isDifference = false
    }

    public init(_ result: RunResult) {
        whole = result
        samples = Dictionary(grouping: result.samples.filter { !$0.warmup }) {
            Plan.Cell(engine: $0.engine, point: $0.parameters)
        }
        points = Self.points(result, samples.keys.map(\.point))
    }

    /// The samples of one cell in the order in which they were taken, without warm-ups.
    public func samples(_ engine: EngineID, at point: Point = [:]) -> [Observation] {
        samples[Plan.Cell(engine: engine, point: point)] ?? []
    }

    /// Where the run measured or was to measure, in the order of the lab's series.
    public let points: [Point]

    /// The points at which an engine was measured.
    public func points(of engine: EngineID) -> [Point] {
        points.filter { samples[Plan.Cell(engine: engine, point: $0)] != nil }
    }

    private static func points(_ result: RunResult, _ measured: [Point]) -> [Point] {
        var present = Set(measured).union(result.header.plan.trials.map(\.parameters))
        var ordered: [Point] = []
        for point in result.header.lab.series.lazy.flatMap(\.points) where present.remove(point) != nil {
            ordered.append(point)
        }
        return ordered + present.sorted { $0.text < $1.text }
    }

    public func summary(_ metric: Metric, _ engine: EngineID, at point: Point = [:]) -> Summary {
        let cell = Plan.Cell(engine: engine, point: point)
        let key = Key(metric: metric.id, cell: cell)
        if let known = summaries[key] { return known }
        let summary = part([cell]).summary(metric, engine, at: point)
        summaries[key] = summary
        return summary
    }

    /// A median, or the slope that the metric is.
    public func estimate(_ metric: Metric, _ engine: EngineID, at point: Point = [:]) -> Estimate? {
        guard case .slope = metric.source else {
            let summary = summary(metric, engine, at: point)
            return summary.median.map { Estimate(value: $0, interval: summary.interval, n: summary.n) }
        }
        return remembered(Key(metric: metric.id, cell: .init(engine: engine, point: point))) {
            part(samples.keys.filter { $0.engine == engine }).slope(metric, engine, at: point)
        }
    }

    /// The quotient of two engines' figures at one point.
    public func ratio(
        _ metric: Metric, _ engine: EngineID, to other: EngineID, at point: Point = [:]
    ) -> Estimate? {
        let cell = Plan.Cell(engine: engine, point: point)
        let second = Plan.Cell(engine: other, point: point)
        guard case .slope = metric.source else { return ratio(metric, cell, to: second) }
        return remembered(Key(metric: metric.id, cell: cell, other: second)) {
            part(samples.keys.filter { $0.engine == engine || $0.engine == other })
                .ratio(metric, engine, to: other, at: point)
        }
    }

    public func ratio(_ metric: Metric, _ cell: Plan.Cell, to other: Plan.Cell) -> Estimate? {
        remembered(Key(metric: metric.id, cell: cell, other: other)) {
            part([cell, other]).ratio(metric, cell, to: other)
        }
    }

    public func difference(_ metric: Metric, _ cell: Plan.Cell, minus other: Plan.Cell) -> Estimate? {
        remembered(Key(metric: metric.id, cell: cell, other: other, isDifference: true)) {
            part([cell, other]).difference(metric, cell, minus: other)
        }
    }

    private func remembered(_ key: Key, _ make: () -> Estimate?) -> Estimate? {
        if let known = estimates[key] { return known }
        let estimate = make()
        estimates[key] = .some(estimate)
        return estimate
    }

    /// The run as if it had only these cells: a result looks through all its samples for each figure.
    private func part(_ cells: [Plan.Cell]) -> RunResult {
        let own = Set(cells).flatMap { samples[$0] ?? [] }.sorted { $0.index < $1.index }
        return RunResult(header: whole.header, samples: own, closing: whole.closing)
    }
}
