import LabCore

/// The headline at each limit of memory and processors that instances were given, `lab run --sweep`.
struct SweepSection {
    let report: any MethodReport

    private var analysis: Analysis { report.analysis }
    private var text: Language { report.text }
    private var headline: Metric { report.analysis.headline }

    /// Its own section, where it is not the answer.
    var blocks: [Block] {
        guard analysis.isSwept, !report.sweepIsAnswer else { return [] }
        return [.heading(2, text.say("At each limit"))] + body
    }

    /// The table, what can't be had, and a plot of each limit.
    var body: [Block] {
        [.table(table(of: headline).closed(text))] + .list(unlimited + refusals)
            + SettingPlot.sweeps(analysis, text).map { plot in
                .figure(Figure(name: plot.name, title: plot.title, svg: plot.svg))
            }
    }

    /// A row for each combination, a column for each engine.
    func table(of metric: Metric) -> Table {
        let engines = analysis.engines.filter { $0.isMeasured || $0.hasFailed }.prefix(Analysis.mostColumns)
        var table = Table(
            [.words(text.conditionTitle)] + engines.map { .figures(text.name($0.record)) },
            most: Analysis.mostRows)
        for place in analysis.places(of: metric) {
            table.add([.words(name(place))] + engines.map { cell(metric, $0.id, at: place) })
        }
        return table
    }

    private func name(_ place: Condition) -> Phrase {
        place.isEmpty ? text.say("as the lab has it") : text.conditions(of: report.lab).words(place)
    }

    private func cell(_ metric: Metric, _ engine: EngineID, at place: Condition) -> Cell {
        if let estimate = analysis.figures.estimate(metric, engine, at: place) {
            let (figure, interval) = text.shown(estimate, metric)
            return .figure(
                estimate.value, "\(strong: Phrase(figure))\(interval.map { " (\($0))" } ?? "")")
        }
        let samples = analysis.samples(engine, of: metric, at: place)
        if samples.contains(where: { $0.refusedLimit != nil }) { return .words(text.say("not possible")) }
        let failures = samples.count { !$0.outcome.isCompleted }
        return failures > 0 ? .words(text.failedSamples(failures)) : .none
    }

    /// From the least to the most, a sentence's part for each engine.
    var words: Phrase {
        let ranges = analysis.engines.compactMap { engine -> Phrase? in
            let figures = analysis.places(of: headline).compactMap { place in
                analysis.figures.estimate(headline, engine.id, at: place).map { (place, $0) }
            }.sorted { $0.1.value < $1.1.value }
            guard figures.count > 1, let least = figures.first, let most = figures.last else { return nil }
            func figure(_ one: Estimate) -> String { text.shown(one, headline).figure }
            return text.say(
                "\(text.name(engine.record)) ranges from \(figure(least.1)) "
                    + "(\(name(least.0))) to \(figure(most.1)) (\(name(most.0)))")
        }
        return ranges.isEmpty ? Phrase() : text.sentences(ranges)
    }

    /// That nothing holds the baseline.
    private var unlimited: [Phrase] {
        analysis.engines.filter { engine in
            engine.isMeasured
                && analysis.points.allSatisfy { point in
                    point == point.withoutLimits || analysis.figures.samples(engine.id, at: point).isEmpty
                }
        }.map {
            "\(text.name($0.record))\(text.colon)\(text.say("nothing holds it to any limit, so that it was measured without"))"
        }
    }

    /// Why an engine has no figure at a limit; reasons that are alike share a line.
    private var refusals: [Phrase] {
        var known: [(engine: Phrase, why: String, places: [Phrase])] = []
        for engine in analysis.engines {
            for place in analysis.places(of: headline)
            where analysis.figures.estimate(headline, engine.id, at: place) == nil {
                let error = analysis.samples(engine.id, of: headline, at: place).lazy.compactMap {
                    sample -> LabError? in
                    if case .failed(let error, _) = sample.outcome { error } else { nil }
                }.first
                guard let error else { continue }
                let name = text.name(engine.record)
                let why = ForeignText.line(text.say(error.reason), most: 300)
                if let at = known.firstIndex(where: { $0.engine == name && $0.why == why }) {
                    known[at].places.append(self.name(place))
                } else {
                    known.append((name, why, [self.name(place)]))
                }
            }
        }
        return known.map {
            "\($0.engine)\(text.colon)\($0.places.joined(separator: text.say("; ")))\(text.colon)\($0.why)"
        }
    }
}

extension Analysis {
    /// True when instances were given limits of several sizes.
    var isSwept: Bool { points.contains { $0 != $0.withoutLimits } }

    /// Where a metric has a figure of its own, in the order of the points.
    func places(of metric: Metric) -> [Condition] {
        var seen: Set<Condition> = []
        return points.map(metric.place).filter { seen.insert($0).inserted }
    }

    /// The samples behind a figure at a place.
    func samples(_ engine: EngineID, of metric: Metric, at place: Condition) -> [Observation] {
        points.filter { metric.place(of: $0) == place }.flatMap { figures.samples(engine, at: $0) }
    }
}
