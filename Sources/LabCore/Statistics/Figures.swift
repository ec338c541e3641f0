/// The figures of a result, each made once: an interval costs ten thousand resamples, and report, answer, table and
/// comparison show most figures in several places. Who makes or reads a result makes its figures, and hands them on.
public final class Figures {
    public let result: RunResult
    /// The points at which the run measured or was to measure, in the order of the lab's series.
    public let points: [Condition]

    private let samples: [Plan.Cell: [Observation]]
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
        let summary = Summary(
            values(metric, engine, at: point),
            failures: samples(engine, at: point).count { !$0.outcome.isCompleted },
            isExact: metric.isExact, seed: seed("\(metric.id) of \(engine) \(point.text)"))
        summaries[key] = summary
        return summary
    }

    /// The figure of a metric for one engine at one point: a median, or the slope that it is.
    public func estimate(_ metric: Metric, _ engine: EngineID, at point: Condition = [:]) -> Estimate? {
        if case .slope(_, let factor) = metric.source {
            return remembered(Key(metric: metric.id, cell: .init(engine: engine, point: point))) {
                slope(metric, over: factor, engine, point)
            }
        }
        let summary = summary(metric, engine, at: point)
        return summary.median.map { Estimate(value: $0, interval: summary.interval, n: summary.n) }
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
            return compared(metric, cell, other, "to") { above, below in
                below > 0 ? above / below : nil
            } interval: { above, below, seed in
                Bootstrap.ratioInterval(above, to: below, seed: seed)
            }
        }
    }

    /// The difference of the medians of two cells, with its interval; nil when either has no samples.
    public func difference(_ metric: Metric, _ cell: Plan.Cell, minus other: Plan.Cell) -> Estimate? {
        remembered(Key(metric: metric.id, cell: cell, other: other, isDifference: true)) {
            compared(metric, cell, other, "minus") {
                $0 - $1
            } interval: { first, second, seed in
                Bootstrap.differenceInterval(first, minus: second, seed: seed)
            }
        }
    }

    private func remembered(_ key: Key, _ make: () -> Estimate?) -> Estimate? {
        if let known = estimates[key] { return known }
        let estimate = make()
        estimates[key] = .some(estimate)
        return estimate
    }

    private func compared(
        _ metric: Metric, _ cell: Plan.Cell, _ other: Plan.Cell, _ word: String,
        _ figure: (Double, Double) -> Double?,
        interval: ([Double], [Double], UInt64) -> ConfidenceInterval?
    ) -> Estimate? {
        let first = values(metric, cell.engine, at: cell.point)
        let second = values(metric, other.engine, at: other.point)
        guard let one = Statistics.median(first), let two = Statistics.median(second),
            let value = figure(one, two)
        else { return nil }
        let seed = seed("\(metric.id) of \(cell.text) \(word) \(other.text)")
        return Estimate(
            value: value, interval: interval(first, second, seed), n: min(first.count, second.count))
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

    /// Of one stream of random numbers: no interval is drawn without, so that it is the same wherever it is made.
    private func seed(_ purpose: String) -> UInt64 {
        watch(purpose)
        return result.header.plan.seed(of: purpose)
    }
}

extension Figures: Equatable {
    /// They are a pure function of the result.
    public static func == (left: Figures, right: Figures) -> Bool { left.result == right.result }
}

extension Plan {
    /// A seed for one purpose: the plan's, mixed with the purpose's name by FNV-1a (64 bit).
    func seed(of purpose: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
        for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
