import LabCore

/// The samples in the middle by their total time: means over them add up exactly, which medians do not, and the mean of
/// their totals is within 2 % of the median of all.
///
/// It is the middle half; where a heavy tail draws even that away from the median, half of it, and so on: the innermost
/// one or two samples are the median themselves.
struct MiddleSamples {
    var samples: [Observation]
    /// Mean over these samples and median over all, in nanoseconds.
    var mean: Double
    var median: Double

    /// Nil when no sample has a total.
    init?(_ all: [Observation], total: (Observation) -> Double?) {
        let byTotal = all.compactMap { sample in total(sample).map { (sample: sample, total: $0) } }
            .sorted { ($0.total, $0.sample.index) < ($1.total, $1.sample.index) }
        guard let median = Statistics.median(byTotal.map(\.total)) else { return nil }
        self.median = median
        var left = byTotal.count / 4
        while true {
            let middle = byTotal[left..<(byTotal.count - left)]
            samples = middle.map(\.sample)
            mean = middle.reduce(0) { $0 + $1.total } / Double(middle.count)
            let innermost = (byTotal.count - 1) / 2
            if left >= innermost || abs(mean - median) <= Self.tolerance * median { return }
            left += (innermost - left + 1) / 2
        }
    }

    /// The most by which the mean may differ from the median, as a share of it.
    static let tolerance = 0.02

    /// The mean of a quantity over the samples.
    func mean(_ quantity: (Observation) -> Double) -> Double {
        samples.reduce(0) { $0 + quantity($1) } / Double(samples.count)
    }
}

/// The time of one engine, taken apart: the spans between the marks that every one of its samples reached.
struct PhaseBreakdown {
    struct Phase {
        /// The mark at its end; it starts where the one before ended, the first at `requested`.
        var end: Mark
        /// Mean over the middle of the samples, in nanoseconds.
        var mean: Double
    }

    var engine: EngineID
    var phases: [Phase]
    /// Mean time from the request to each mark, in nanoseconds, in the order in which they happened.
    var reached: [(mark: Mark, mean: Double)]
    /// The time from `requested` to the last mark, in nanoseconds: mean over the middle, and median of all.
    var total: Double
    var median: Double
    /// All samples, and those in the middle.
    var n: Int
    var middle: Int

    var sum: Double { phases.reduce(0) { $0 + $1.mean } }

    /// Nil when the engine has no completed sample with two marks.
    init?(_ samples: [Observation], _ engine: EngineID) {
        let completed = samples.filter(\.outcome.isCompleted)
        let reached = Mark.inOrder.filter { mark in completed.allSatisfy { $0.timeline[mark] != nil } }
        guard reached.count >= 2 else { return nil }
        func time(_ sample: Observation, _ mark: Mark) -> Double { Double(sample.timeline[mark] ?? 0) }
        // Signed, so that the phases of one sample add up to its total even where two marks changed places.
        func span(_ sample: Observation, _ from: Mark, _ to: Mark) -> Double {
            time(sample, to) - time(sample, from)
        }
        guard
            let middle = MiddleSamples(
                completed, total: { span($0, reached[0], reached[reached.count - 1]) })
        else { return nil }
        // By time and not by name: a VM's first console byte may come before the call that made it returns.
        let times = reached.enumerated().map { place, mark in
            (mark: mark, mean: middle.mean { time($0, mark) }, place: place)
        }.sorted { ($0.mean, $0.place) < ($1.mean, $1.place) }
        let ordered = times.map(\.mark)
        self.reached = times.map { ($0.mark, $0.mean) }
        self.engine = engine
        phases = zip(ordered, ordered.dropFirst()).map { start, end in
            Phase(end: end, mean: middle.mean { span($0, start, end) })
        }
        total = middle.mean { span($0, ordered[0], ordered[ordered.count - 1]) }
        median = middle.median
        n = completed.count
        self.middle = middle.samples.count
    }
}

/// The steps of an engine that times them, from the request to the end of the life.
struct StepBreakdown {
    var engine: EngineID
    /// Name and mean duration over the middle of the samples in nanoseconds, in order.
    var steps: [(name: Message, mean: Double)]
    /// The time that no step covers: from the end of the last to `cleaned-up`, in nanoseconds.
    var rest: Double
    /// The time from `requested` to `cleaned-up`, or where a sample has no such mark to the end of the last step.
    var total: Double
    var median: Double
    var n: Int
    var middle: Int

    init?(_ samples: [Observation], _ record: EngineRecord) {
        let timed = samples.filter {
            $0.outcome.isCompleted && $0.stepNanoseconds.count == record.steps.count && !record.steps.isEmpty
        }
        func last(_ sample: Observation) -> Double { Double(sample.stepNanoseconds.last ?? 0) }
        let isWhole = timed.allSatisfy { sample in
            sample.timeline[.cleanedUp].map { Double($0) >= last(sample) } ?? false
        }
        func total(_ sample: Observation) -> Double {
            isWhole ? Double(sample.timeline[.cleanedUp] ?? 0) : last(sample)
        }
        guard let middle = MiddleSamples(timed, total: total), middle.mean > 0 else { return nil }
        engine = record.id
        steps = record.steps.enumerated().map { place, name in
            (
                name,
                middle.mean { sample in
                    let end = Double(sample.stepNanoseconds[place])
                    return place == 0 ? end : end - Double(sample.stepNanoseconds[place - 1])
                }
            )
        }
        self.total = middle.mean
        rest = middle.mean { total($0) - last($0) }
        median = middle.median
        n = timed.count
        self.middle = middle.samples.count
    }
}

/// The steps that make a container's life longer than that of a bare process, by the names of the steps of both.
struct Explanation {
    /// A step of either, several of one name together.
    struct Part {
        var name: Message
        /// Mean durations in nanoseconds, nil where the engine has no such step.
        var container: Double?
        var process: Double?
        var difference: Double { (container ?? 0) - (process ?? 0) }
    }

    var parts: [Part]
    var container: StepBreakdown
    var process: StepBreakdown
    /// Difference of the totals in nanoseconds.
    var difference: Double { container.total - process.total }
    /// The shares of it that steps make which only one of the two has, and the growth of steps that both have.
    var own: Double { share { $0.container == nil || $0.process == nil } }
    var grown: Double { share { $0.container != nil && $0.process != nil } }
    /// The share of it that steps make at all: the rest lies after the last step of either.
    var explained: Double { own + grown }

    /// Nil when the container takes no longer than the process: there is nothing to explain.
    init?(container: StepBreakdown, process: StepBreakdown) {
        guard container.total > process.total else { return nil }
        self.container = container
        self.process = process
        var parts: [Part] = []
        var places: [Message: Int] = [:]
        func add(_ steps: [(name: Message, mean: Double)], to keyPath: WritableKeyPath<Part, Double?>) {
            for step in steps {
                let place = places[step.name] ?? parts.count
                if place == parts.count { parts.append(Part(name: step.name)) }
                places[step.name] = place
                parts[place][keyPath: keyPath] = (parts[place][keyPath: keyPath] ?? 0) + step.mean
            }
        }
        add(container.steps, to: \.container)
        add(process.steps, to: \.process)
        self.parts = parts
    }

    private func share(_ isCounted: (Part) -> Bool) -> Double {
        parts.filter(isCounted).reduce(0) { $0 + $1.difference } / difference
    }
}
