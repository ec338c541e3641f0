/// A flaw that makes a result impossible although it is well-formed JSON.
package struct ResultFlaw: Equatable {
    /// Place of the sample in `samples`, nil when the header is at fault.
    package var sample: Int?
    package var key: String
    package var problem: Message
}

/// A name of the file, on one line and no longer than any of ours.
private func shown(_ name: String) -> String { ForeignText.line(name, most: 60) }

extension RunResult {
    /// No run lasts longer than this: a year in nanoseconds.
    private static let longestNanoseconds: UInt64 = 366 * 86_400 * 1_000_000_000
    /// No plan has more trials than this.
    private static let mostTrials = 10_000_000

    /// The first thing that can't be true, nil when there is none.
    package var flaw: ResultFlaw? {
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

    private var headerFlaw: (String, Message)? {
        let lab = header.lab
        if let twice = firstRepeated(header.engines.map(\.id)) {
            return ("engines", "the engine \(shown(twice.rawValue)) occurs twice")
        }
        if lab.metrics.isEmpty { return ("lab.metrics", "there is no metric") }
        if let twice = firstRepeated(lab.metrics.map(\.id)) {
            return ("lab.metrics", "the metric \(shown(twice)) occurs twice")
        }
        if header.plan.trials.count > Self.mostTrials {
            return ("plan.trials", "there are more than a run can make")
        }
        let known = Set(header.engines.map(\.id))
        if let stray = header.plan.trials.first(where: { !known.contains($0.engine) }) {
            return ("plan.trials", "the engine \(shown(stray.engine.rawValue)) is not in header.engines")
        }
        if let (key, problem) = lab.countFlaw(most: Self.mostTrials) { return ("lab.\(key)", problem) }
        if let time = header.harnessNanoseconds.first(where: { $0 > Self.longestNanoseconds }) {
            return ("harnessNanoseconds", "\(time) ns is longer than a year")
        }
        let limits = lab.series.compactMap { one in one.timeoutSeconds.map { ("series.timeoutSeconds", $0) } }
        for (key, seconds) in [
            ("budgetSeconds", lab.budgetSeconds), ("spreadSeconds", lab.spreadSeconds),
            ("timeoutSeconds", lab.timeoutSeconds),
        ] + limits
        where !(seconds >= 0 && seconds.isFinite) {
            return ("lab.\(key)", "\(seconds) is no duration")
        }
        if lab.cpus < 1 { return ("lab.cpus", "\(lab.cpus) is no number of CPUs") }
        if header.environment.cpuCount < 1 {
            return ("environment.cpuCount", "\(header.environment.cpuCount) is no number of CPUs")
        }
        if let share = header.environment.stealShare, !(0...1).contains(share) {
            return ("environment.stealShare", "\(share) is no share of a whole")
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

extension LabDefinition {
    /// A number of trials or a series that no run can have.
    fileprivate func countFlaw(most: Int) -> (String, Message)? {
        if let (key, problem) = samples.flaw(most: most) { return ("samples.\(key)", problem) }
        if let (key, problem) = rounds?.flaw(in: 1...most) { return ("rounds.\(key)", problem) }
        if series.isEmpty { return ("series", "there is none") }
        var all = 0
        for (place, one) in series.enumerated() {
            if let (key, problem) = one.samples?.flaw(most: most) {
                return ("series[\(place)].samples.\(key)", problem)
            }
            var points = 1
            for varied in one.parameters {
                let (product, overflow) = points.multipliedReportingOverflow(by: varied.values.count)
                points = product
                if overflow || points > Self.mostPoints || varied.values.isEmpty {
                    return (
                        "series[\(place)].parameters",
                        "\(varied.values.count) values of \(varied.parameter.rawValue)"
                    )
                }
            }
            all += points
            if all > Self.mostPoints {
                return ("series", "all together have more than \(Self.mostPoints) combinations")
            }
        }
        return nil
    }
}

extension LabDefinition.Samples {
    fileprivate func flaw(most: Int) -> (String, Message)? {
        if !(0...most).contains(warmup) { return ("warmup", "\(warmup) is no number of samples") }
        if !(1...most).contains(growth) { return ("growth", "\(growth) is no factor") }
        if let precision, !(precision > 0 && precision.isFinite) {
            return ("precision", "\(precision) is no width")
        }
        return counts.flaw(in: 0...most)
    }
}

extension LabDefinition.PerEngine {
    fileprivate func flaw(in range: ClosedRange<Int>) -> (String, Message)? {
        let all =
            [("default", `default`)]
            + perEngine.sorted { $0.key < $1.key }.map { ($0.key.rawValue, $0.value) }
        return all.first { !range.contains($0.1) }.map { ($0.0, "\($0.1) is no such number") }
    }
}

extension Observation {
    fileprivate func flaw(steps: [EngineID: Int], longest: UInt64) -> (String, Message)? {
        guard let stepCount = steps[engine] else {
            return ("engine", "\(shown(engine.rawValue)) is not in header.engines")
        }
        if index < 0 { return ("index", "\(index) is negative") }
        if stepNanoseconds.count > stepCount {
            return (
                "stepNanoseconds",
                "\(stepNanoseconds.count) steps, but \(shown(engine.rawValue)) has \(stepCount)"
            )
        }
        for mark in timeline.nanoseconds.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            if let time = timeline[mark], time > longest {
                return ("timeline.\(mark.rawValue)", "\(time) ns is longer than a year")
            }
        }
        if let time = stepNanoseconds.first(where: { $0 > longest }) {
            return ("stepNanoseconds", "\(time) ns is longer than a year")
        }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) where !(-0x1p64...0x1p64).contains(value) {
            return ("values.\(key)", "\(value) is beyond what a counter holds")
        }
        return nil
    }
}
