/// What makes a result impossible although it is well-formed JSON.
struct ResultFlaw: Equatable {
    /// Place of the sample in `samples`, nil when the header is at fault.
    var sample: Int?
    var key: String
    var problem: String
}

extension RunResult {
    /// No run lasts longer than this: a year in nanoseconds.
    private static let longestNanoseconds: UInt64 = 366 * 86_400 * 1_000_000_000
    /// No plan has more trials than this.
    private static let mostTrials = 10_000_000

    /// The first thing that can't be true, nil when there is none.
    var flaw: ResultFlaw? {
        if let (key, problem) = headerFlaw { return ResultFlaw(key: "header.\(key)", problem: problem) }
        let steps = Dictionary(uniqueKeysWithValues: header.engines.map { ($0.id, $0.steps.count) })
        var seen: Set<Int> = []
        for (place, sample) in samples.enumerated() {
            if let (key, problem) = sample.flaw(steps: steps, longest: Self.longestNanoseconds) {
                return ResultFlaw(sample: place, key: "samples[\(place)].\(key)", problem: problem)
            }
            if !seen.insert(sample.index).inserted {
                return ResultFlaw(
                    sample: place, key: "samples[\(place)].index",
                    problem: "another sample has \(sample.index) too")
            }
        }
        return nil
    }

    private var headerFlaw: (String, String)? {
        let lab = header.lab
        if let twice = firstRepeated(header.engines.map(\.id)) {
            return ("engines", "the engine \(twice) occurs twice")
        }
        if lab.metrics.isEmpty { return ("lab.metrics", "there is no metric") }
        if let twice = firstRepeated(lab.metrics.map(\.id)) {
            return ("lab.metrics", "the metric \(twice) occurs twice")
        }
        if header.plan.trials.count > Self.mostTrials {
            return ("plan.trials", "there are more than a run can make")
        }
        let known = Set(header.engines.map(\.id))
        if let stray = header.plan.trials.first(where: { !known.contains($0.engine) }) {
            return ("plan.trials", "the engine \(stray.engine) is not in header.engines")
        }
        let counts = [("default", lab.samples.default), ("warmup", lab.samples.warmup)]
        for (key, count) in counts
            + lab.samples.perEngine.sorted(by: { $0.key < $1.key }).map({ ($0.key.rawValue, $0.value) })
        where !(0...Self.mostTrials).contains(count) {
            return ("lab.samples.\(key)", "\(count) is no number of samples")
        }
        for (key, seconds) in [("budgetSeconds", lab.budgetSeconds), ("timeoutSeconds", lab.timeoutSeconds)]
        where !(seconds >= 0 && seconds.isFinite) {
            return ("lab.\(key)", "\(seconds) is no duration")
        }
        if lab.cpus < 1 { return ("lab.cpus", "\(lab.cpus) is no number of CPUs") }
        if header.environment.cpuCount < 1 {
            return ("environment.cpuCount", "\(header.environment.cpuCount) is no number of CPUs")
        }
        if let load = header.environment.load, !(load >= 0 && load.isFinite) {
            return ("environment.load", "\(load) is no load average")
        }
        return nil
    }

    private func firstRepeated<Element: Hashable>(_ elements: [Element]) -> Element? {
        var seen: Set<Element> = []
        return elements.first { !seen.insert($0).inserted }
    }
}

extension Observation {
    fileprivate func flaw(steps: [EngineID: Int], longest: UInt64) -> (String, String)? {
        guard let stepCount = steps[engine] else { return ("engine", "\(engine) is not in header.engines") }
        if index < 0 { return ("index", "\(index) is negative") }
        if stepNanoseconds.count > stepCount {
            return ("stepNanoseconds", "\(stepNanoseconds.count) steps, but \(engine) has \(stepCount)")
        }
        for mark in timeline.nanoseconds.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            if let time = timeline[mark], time > longest {
                return ("timeline.\(mark.rawValue)", "\(time) ns is longer than a year")
            }
        }
        if let time = stepNanoseconds.first(where: { $0 > longest }) {
            return ("stepNanoseconds", "\(time) ns is longer than a year")
        }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) where !(0...0x1p64).contains(value) {
            return ("values.\(key)", "\(value) is beyond what a counter holds")
        }
        return nil
    }
}
