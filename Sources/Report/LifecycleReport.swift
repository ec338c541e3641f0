import LabCore

/// A report on how long it takes: a row per engine, warm and alone.
struct LifecycleReport: MethodReport {
    let analysis: Analysis
    let text: Language

    private var headline: Metric { analysis.headline }

    var tables: [Block] {
        let about = Block.paragraph(definition(of: headline, in: text))
        // Where nothing was measured warm and alone, the conditions are the answer.
        if analysis.hasOnlyConditions {
            let table = answer([])
            return [about] + ConditionsSection(analysis: analysis, text: text).body
                + (table.rows.isEmpty ? [] : [.table(table)]) + unmeasured
        }
        return [about, .table(answer(analysis.engines.filter { !$0.isAbsentPeer }))]
    }

    var comparison: Phrase {
        let measured = analysis.engines.filter(\.hasBase)
        let isTime = headline.unit == .nanoseconds
        func median(_ engine: Analysis.Engine) -> Phrase {
            text.hasMedian(text.name(engine.record), Format.quantity(engine.summary.median, headline.unit))
        }
        var parts = measured.filter { $0.id != Analysis.baseline }.map { engine in
            guard let ratio = engine.ratio else { return median(engine) }
            return text.compares(
                text.name(engine.record), ratio, to: .code(Analysis.baseline.rawValue), isTime: isTime)
        }
        // The subject of the project: the VM against the container.
        parts += analysis.builds.map { text.compares($0, isTime: isTime) }
        let own = measured.filter { !$0.record.isNamedBuild }
        if let vm = own.first(where: { $0.record.kind == .virtualMachine }),
            let container = own.first(where: { $0.record.kind == .container }),
            let ratio = analysis.figures.ratio(headline, vm.id, to: container.id)
        {
            parts.append(
                text.compares(text.name(vm.record), ratio, to: text.name(container.record), isTime: isTime))
        }
        if parts.isEmpty, let only = measured.first { parts = [median(only)] }
        if parts.isEmpty { parts = ranges }
        return parts.isEmpty ? Phrase() : text.sentences(parts)
    }

    /// From the fastest condition to the slowest.
    private var ranges: [Phrase] {
        analysis.engines.compactMap { engine in
            let medians = analysis.points.compactMap { point in
                analysis.figures.summary(headline, engine.id, at: point).median.map { (point, $0) }
            }.sorted { $0.1 < $1.1 }
            guard let least = medians.first, let most = medians.last else { return nil }
            func figure(_ value: Double) -> String { Format.quantity(value, headline.unit) }
            return text.say(
                "\(text.name(engine.record)) takes from \(figure(least.1)) "
                    + "(\(text.condition(least.0))) to \(figure(most.1)) (\(text.condition(most.0)))")
        }
    }

    var sections: [Block] {
        let breakdowns = analysis.phases
        return PreparedSection(analysis: analysis, text: text).blocks
            + ConditionsSection(analysis: analysis, text: text).blocks
            + VariantsSection(analysis: analysis, text: text).blocks + claims
            + PhasesSection(analysis: analysis, text: text, breakdowns: breakdowns).blocks
            + CountsSection(analysis: analysis, text: text).blocks
            + LibvirtSection(analysis: analysis, text: text, breakdowns: breakdowns).blocks
            + (ExplanationSection(analysis: analysis, text: text)?.blocks ?? [])
            + analysis.engines.compactMap { Ablation(analysis, $0.record) }.flatMap {
                AblationSection(text: text, ablation: $0, metric: headline).blocks
            } + distribution
            + analysis.engines.compactMap(analysis.steps).flatMap {
                StepsSection(text: text, breakdown: $0).blocks
            }
    }

    private var distribution: [Block] {
        DistributionPlot(analysis: analysis, text: text).map { plot in
            [
                .heading(2, "\(text.say("Distribution"))"),
                .figure(Figure(name: DistributionPlot.name, title: text.say("Distribution"), svg: plot.svg)),
            ]
        } ?? []
    }

    var procedure: Phrase {
        if let command = lab.command {
            return text.lifeOfCommand(text.words(of: command), command.readiness)
        }
        return text.say(
            "Each trial starts one instance with the workload "
                + "\(.code(lab.workload)), waits for its end and removes everything of it."
        )
    }

    /// The tables of the other metrics where nothing is varied; those of counts have none of their own.
    var details: [Block] { tables(of: lab.metrics.dropFirst().filter { $0.unit != .count }) }

    /// What a command's user asked for belongs to the answer.
    var summaryFigures: [Block] {
        let keys = (lab.command?.values ?? []).map(\.key)
        return tables(
            of: lab.metrics.dropFirst().filter { metric in
                if case .value(let key) = metric.source { keys.contains(key) } else { false }
            })
    }

    private func tables(of metrics: [Metric]) -> [Block] {
        metrics.flatMap { metric -> [Block] in
            if isSweep {
                let table = SweepSection(report: self).table(of: metric).closed(text)
                return [.heading(3, text.title(metric)), .table(table)]
            }
            let engines = analysis.engines(for: metric).filter { !$0.isAbsentPeer }
            return [.heading(3, text.title(metric)), .table(engineTable(metric, engines))]
        }
    }

    func label(_ point: Condition) -> Phrase { text.condition(point) }

    /// A start of a variant or a system that can't be made here stands beside the others.
    func isAnswer(_ failed: Observation) -> Bool {
        (failed.obstacle(varying: .variant) ?? failed.obstacle(varying: .payload)) != nil
    }

    /// One metric where nothing is varied, a row per engine.
    /// - Parameter saysWhy: whether an engine without a figure says why it has none.
    private func engineTable(
        _ metric: Metric, _ engines: [Analysis.Engine], saysWhy: Bool = true
    ) -> Table {
        var table = Table([
            .words(text.engine), .figures("n"), .figures(text.failed), .figures(text.median),
            .figures(text.interval), .figures("p95").spare, .figures(text.say("min")).spare,
            .words(text.say("ratio to \(.code(Analysis.baseline.rawValue))")),
        ])
        for engine in engines {
            let summary = engine.summary
            var ratio = Cell.ratio(engine.ratio, text)
            if !engine.isMeasured && saysWhy {
                ratio = .words(text.absence(engine))
            } else if engine.id == Analysis.baseline && engine.hasBase {
                ratio = .figure(1, text.say("1 (baseline)"))
            }
            table.add([
                .words(text.name(engine.record)), .count(summary.n), .count(summary.failures),
                .quantity(summary.median, metric.unit).strong, .interval(summary.interval, metric.unit),
                .quantity(summary.p95, metric.unit), .quantity(summary.minimum, metric.unit), ratio,
            ])
        }
        return table
    }

    var summaryHasFailedEngines: Bool { true }

    var summary: Table {
        if analysis.hasOnlyConditions { return conditionsTable }
        // An engine that is unavailable has a line of its own under the table.
        let engines = analysis.engines.filter { $0.isMeasured || $0.record.availability == .available }
        return answer(engines, saysWhy: false)
    }

    /// The headline, and a row more for each engine that was to start a complete system: that is another thing than to start
    /// one program, and has no ratio to it.
    private func answer(_ engines: [Analysis.Engine], saysWhy: Bool = true) -> Table {
        var table = engineTable(headline, engines, saysWhy: saysWhy)
        for point in analysis.points where point.factors == [.payload] {
            for engine in analysis.engines {
                let summary = analysis.figures.summary(headline, engine.id, at: point)
                guard summary.n + summary.failures > 0 else { continue }
                let obstacle = saysWhy ? analysis.noSystem(engine, at: point) : nil
                table.add([
                    .words(
                        [text.name(engine.record), text.condition(point)].joined(separator: text.say(", "))),
                    .count(summary.n), .count(summary.failures),
                    .quantity(summary.median, headline.unit).strong,
                    .interval(summary.interval, headline.unit), .quantity(summary.p95, headline.unit),
                    .quantity(summary.minimum, headline.unit),
                    obstacle.map { .words(text.unavailable(because: $0)) } ?? .none,
                ])
            }
        }
        return table
    }

    /// A row per engine and condition, where there are only conditions.
    private var conditionsTable: Table {
        var table = Table(
            [
                .words(text.engine), .words(text.conditionTitle), .figures("n"), .figures(text.failed),
                .figures(text.median), .figures(text.interval),
            ], most: 40)
        for engine in analysis.engines where engine.isMeasured {
            for point in analysis.points {
                let summary = analysis.figures.summary(headline, engine.id, at: point)
                guard summary.median != nil else { continue }
                table.add([
                    .words(text.name(engine.record)), .words(text.condition(point)), .count(summary.n),
                    .count(summary.failures), .quantity(summary.median, headline.unit),
                    .interval(summary.interval, headline.unit),
                ])
            }
        }
        return table.closed(text)
    }
}

extension Language {
    /// One build of an engine against another.
    func compares(
        _ builds: (first: Analysis.Engine, other: Analysis.Engine, ratio: Estimate), isTime: Bool
    ) -> Phrase {
        guard builds.ratio.interval != nil else {
            let (other, first) = (name(builds.other.record), name(builds.first.record))
            return say("there are too few samples to tell \(other) from \(first)")
        }
        return compares(
            name(builds.other.record), builds.ratio, to: name(builds.first.record), isTime: isTime)
    }
}

extension Analysis {
    /// The reason why an engine started no complete system at a point; nil where it did.
    func noSystem(_ engine: Engine, at point: Condition) -> LabError? {
        figures.samples(engine.id, at: point).lazy.compactMap { $0.obstacle(varying: .payload) }.first
    }

    /// True when something was measured, and nothing of it where no parameter is varied.
    var hasOnlyConditions: Bool {
        !engines.contains(where: \.hasBase) && engines.contains(where: \.isMeasured)
    }
}
