import Glibc

/// The figures of a result, each made once: report, answer, table and comparison show most of them in several places. Who
/// makes or reads a result makes its figures, and hands them on.
public final class Figures {
    public let result: RunResult
    /// The points at which the run measured or was to measure, in the order of the lab's series.
    public let points: [Condition]

    private let samples: [Plan.Cell: [Observation]]
    /// The block of each trial, by its index.
    private let blocks: [Int: Plan.Trial]
    /// Those that something stopped.
    private let stopped: [Observation]
    private let watch: (String) -> Void
    private var summaries: [Key: Summary] = [:]
    private var estimates: [Key: Estimate?] = [:]

    private struct Key: Hashable {
        var metric: String
        var cell: Plan.Cell
        /// The cell that it is compared with, by ratio or by difference.
        var other: Plan.Cell?
        var isDifference = false
    }

    /// - Parameter watch: told of each interval that is made, by its name.
    public init(_ result: RunResult, watch: @escaping (String) -> Void = { _ in }) {
        self.result = result
        self.watch = watch
        samples = Dictionary(grouping: result.samples.filter { !$0.warmup }, by: \.cell)
        blocks = result.header.plan.byIndex
        stopped = result.samples.filter { !$0.warmup && $0.outcome.isCompleted && $0.stops != nil }
        points = Self.points(result, samples.keys.map(\.point))
    }

    private static func points(_ result: RunResult, _ measured: [Condition]) -> [Condition] {
        var present = Set(measured).union(result.header.plan.trials.map(\.parameters))
        var ordered: [Condition] = []
        for point in result.header.lab.series.lazy.flatMap(\.points) where present.remove(point) != nil {
            ordered.append(point)
        }
        return ordered + present.sorted { $0.text < $1.text }
    }

    /// The samples of one cell in the order in which they were taken, without warm-ups.
    public func samples(_ engine: EngineID, at point: Condition = [:]) -> [Observation] {
        samples[Plan.Cell(engine: engine, point: point)] ?? []
    }

    /// The points at which an engine was measured.
    public func points(of engine: EngineID) -> [Condition] {
        points.filter { samples[Plan.Cell(engine: engine, point: $0)] != nil }
    }

    /// The values of a metric in one cell, in the order in which they were taken.
    public func values(_ metric: Metric, _ engine: EngineID, at point: Condition = [:]) -> [Double] {
        samples(engine, at: point).compactMap { metric.value(of: $0) }
    }

    /// The summary of one metric in one cell; a slope is summarised by `estimate`.
    public func summary(_ metric: Metric, _ engine: EngineID, at point: Condition = [:]) -> Summary {
        let key = Key(metric: metric.id, cell: Plan.Cell(engine: engine, point: point))
        if let known = summaries[key] { return known }
        watch("\(metric.id) of \(engine) \(point.text)")
        let summary = Summary(
            values(metric, engine, at: point), blocks: medians(metric, key.cell).map(\.median),
            failures: samples(engine, at: point).count { !$0.outcome.isCompleted }, isExact: metric.isExact)
        summaries[key] = summary
        return summary
    }

    /// The limit of the harness that stopped a metric in one of its samples; nil where it went as far as there was to go.
    public func harnessStop(_ metric: Metric, _ engine: EngineID, at point: Condition) -> Stop? {
        guard let key = metric.key else { return nil }
        return stopped.lazy.filter { $0.engine == engine && metric.place(of: $0.parameters) == point }
            .compactMap { $0.stops?[key] }.first(where: \.isOfHarness)
    }

    /// The figure of a metric for one engine at one point: a median, or the slope that it is.
    public func estimate(_ metric: Metric, _ engine: EngineID, at point: Condition = [:]) -> Estimate? {
        if case .slope(_, let factor) = metric.source {
            return remembered(Key(metric: metric.id, cell: .init(engine: engine, point: point))) {
                slope(metric, over: factor, engine, point)
            }
        }
        let summary = summary(metric, engine, at: point)
        return summary.median.map {
            Estimate(
                value: $0, interval: summary.interval, n: summary.n,
                stop: harnessStop(metric, engine, at: point))
        }
    }

    /// The quotient of two engines' figures at one point.
    public func ratio(
        _ metric: Metric, _ engine: EngineID, to other: EngineID, at point: Condition = [:]
    ) -> Estimate? {
        ratio(metric, Plan.Cell(engine: engine, point: point), to: Plan.Cell(engine: other, point: point))
    }

    /// The quotient of the figures of two cells; nil when either has none or the other's is not positive. Of medians with
    /// an interval of its own; of slopes and of what is counted with every quotient of their intervals.
    public func ratio(_ metric: Metric, _ cell: Plan.Cell, to other: Plan.Cell) -> Estimate? {
        remembered(Key(metric: metric.id, cell: cell, other: other)) {
            if metric.isExact || metric.isSlope {
                return estimate(metric, other.engine, at: other.point).flatMap {
                    estimate(metric, cell.engine, at: cell.point)?.divided(by: $0)
                }
            }
            guard let below = summary(metric, other.engine, at: other.point).median, below > 0 else {
                return nil
            }
            return compared(metric, cell, other, .ratio)
        }
    }

    /// The difference of the medians of two cells, with its interval; nil when either has no samples.
    public func difference(_ metric: Metric, _ cell: Plan.Cell, minus other: Plan.Cell) -> Estimate? {
        remembered(Key(metric: metric.id, cell: cell, other: other, isDifference: true)) {
            compared(metric, cell, other, .difference)
        }
    }

    /// Each further build of an engine with its ratio to the first of them that has a figure, where nothing is varied.
    public func builds(of metric: Metric) -> [(first: EngineID, other: EngineID, ratio: Estimate)] {
        let records = result.header.enginesInOrder
        return records.indices.compactMap { place in
            let other = records[place]
            guard
                let first = records[..<place].first(where: {
                    $0.engine == other.engine && summary(metric, $0.id).n > 0
                }), let ratio = ratio(metric, other.id, to: first.id)
            else { return nil }
            return (first.id, other.id, ratio)
        }
    }

    private func remembered(_ key: Key, _ make: () -> Estimate?) -> Estimate? {
        if let known = estimates[key] { return known }
        let estimate = make()
        estimates[key] = .some(estimate)
        return estimate
    }

    private enum Relation: String {
        case ratio = "to"
        case difference = "minus"

        func of(_ first: Double, _ second: Double) -> Double {
            self == .ratio ? first / second : first - second
        }
    }

    /// Of what both are within each block, where a disturbance of the machine falls on both; where they share too few blocks,
    /// of their medians, which are taken as independent.
    private func compared(
        _ metric: Metric, _ cell: Plan.Cell, _ other: Plan.Cell, _ relation: Relation
    ) -> Estimate? {
        let first = summary(metric, cell.engine, at: cell.point)
        let second = summary(metric, other.engine, at: other.point)
        guard let one = first.median, let two = second.median else { return nil }
        watch("\(metric.id) of \(cell.text) \(relation.rawValue) \(other.text)")
        let n = min(first.n, second.n)
        let pairs = metric.pairs(
            of: samples(cell.engine, at: cell.point), samples(other.engine, at: other.point), in: blocks)
        if let paired = PairedBlocks(pairs, relation.of).estimate {
            return Estimate(value: paired.value, interval: paired.interval, n: n)
        }
        let value = relation.of(one, two)
        var interval: ConfidenceInterval?
        if let above = first.interval, let below = second.interval {
            let halves = ((above.upper - above.lower) / 2, (below.upper - below.lower) / 2)
            let reach =
                relation == .difference
                ? hypot(halves.0, halves.1) : abs(value) * hypot(halves.0 / one, halves.1 / two)
            interval = ConfidenceInterval(lower: value - reach, upper: value + reach)
        }
        return Estimate(value: value, interval: interval, n: n)
    }

    private func medians(_ metric: Metric, _ cell: Plan.Cell) -> [(block: Int, median: Double)] {
        metric.medians(of: samples(cell.engine, at: cell.point), in: blocks)
    }

    /// Returns the growth of a value per unit of a factor, the others being those of `point`; nil when there are
    /// not two different values of it.
    private func slope(
        _ metric: Metric, over factor: Factor, _ engine: EngineID, _ point: Condition
    ) -> Estimate? {
        var x: [Double] = []
        var y: [Double] = []
        for sample in result.measuredAnywhere(engine) {
            guard let place = sample.parameters[factor].flatMap(Double.init),
                sample.parameters.without(factor) == point,
                let value = metric.value(of: sample)
            else { continue }
            x.append(place)
            y.append(value)
        }
        // The fit looks at every pair: of more samples than this, those of even places in time stand for all.
        let step = (x.count + Self.mostFitted - 1) / Self.mostFitted
        if step > 1 {
            x = stride(from: 0, to: x.count, by: step).map { x[$0] }
            y = stride(from: 0, to: y.count, by: step).map { y[$0] }
        }
        return RobustLine(x: x, y: y).map {
            Estimate(value: $0.slope, interval: $0.slopeInterval, n: x.count)
        }
    }

    /// Points of a fit: two million pairs.
    private static let mostFitted = 2_000
}

extension Plan {
    /// Each trial by its index.
    var byIndex: [Int: Trial] { Dictionary(trials.map { ($0.index, $0) }) { first, _ in first } }
}

extension Metric {
    /// The values of each block that has any, in the order of time; what is in no plan is a block by itself.
    private func values(
        of samples: [Observation], in plan: [Int: Plan.Trial]
    ) -> [(block: Int, values: [Double])] {
        var values: [Int: [Double]] = [:]
        for sample in samples {
            guard let value = value(of: sample) else { continue }
            let planned = plan[sample.index].flatMap { $0.cell == sample.cell ? $0.block : nil }
            values[planned ?? sample.index, default: []].append(value)
        }
        return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The values of either in each block that both have.
    func pairs(
        of samples: [Observation], _ others: [Observation], in plan: [Int: Plan.Trial]
    ) -> [(first: [Double], second: [Double])] {
        let others = Dictionary(uniqueKeysWithValues: values(of: others, in: plan))
        return values(of: samples, in: plan).compactMap { block, values in
            others[block].map { (values, $0) }
        }
    }

    /// The median in each block.
    func medians(of samples: [Observation], in plan: [Int: Plan.Trial]) -> [(block: Int, median: Double)] {
        values(of: samples, in: plan).compactMap { block, values in
            Statistics.median(values).map { (block, $0) }
        }
    }
}

extension Figures: Equatable {
    /// They are a pure function of the result.
    public static func == (left: Figures, right: Figures) -> Bool { left.result == right.result }
}
