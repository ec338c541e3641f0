import LabCore

/// How long it takes: a row per engine, warm and alone.
struct LifecycleAnswer: MethodAnswer {
    let analysis: Analysis
    let text: Catalogue

    /// Where nothing was measured warm and alone, the conditions are the answer.
    private var conditions: ConditionsSection? {
        analysis.hasOnlyConditions ? ConditionsSection(analysis: analysis, text: text) : nil
    }

    var tables: String {
        let engines = analysis.engines.filter { !$0.isAbsentPeer }
        if let conditions {
            let unmeasured = engines.filter { !$0.isMeasured }.map {
                "- \(text.name($0.record)): \(text.absence($0, escape: Escaping.markdown))\n"
            }.joined()
            return definition(of: analysis.headline, in: text) + "\n\n" + conditions.body
                + (unmeasured.isEmpty ? "" : "\n\(unmeasured)")
        }
        return definition(of: analysis.headline, in: text) + "\n\n"
            + EngineTable(text: text, metric: analysis.headline, engines: engines).markdown
    }

    var note: String { "" }

    var comparison: String {
        let metric = analysis.headline
        let measured = analysis.engines.filter(\.hasBase)
        let isTime = metric.unit == .nanoseconds
        func median(_ engine: Analysis.Engine) -> String {
            text.hasMedian(text.name(engine.record), Format.quantity(engine.summary.median, metric.unit))
        }
        var parts = measured.filter { $0.id != Analysis.baseline }.map { engine in
            guard let ratio = engine.ratio else { return median(engine) }
            return text.compares(
                text.name(engine.record), ratio, to: Escaping.code(Analysis.baseline.rawValue), isTime: isTime
            )
        }
        // What the project is about: the VM against the container.
        if let vm = measured.first(where: { $0.record.kind == .virtualMachine }),
            let container = measured.first(where: { $0.record.kind == .container }),
            let ratio = analysis.figures.ratio(metric, vm.id, to: container.id)
        {
            parts.append(
                text.compares(text.name(vm.record), ratio, to: text.name(container.record), isTime: isTime))
        }
        if parts.isEmpty, let only = measured.first { parts = [median(only)] }
        if parts.isEmpty { parts = ranges }
        return parts.isEmpty ? "" : text.sentences(parts)
    }

    /// From the fastest condition to the slowest.
    private var ranges: [String] {
        analysis.engines.compactMap { engine in
            let medians = analysis.points.compactMap { point in
                analysis.figures.summary(analysis.headline, engine.id, at: point).median.map { (point, $0) }
            }.sorted { $0.1 < $1.1 }
            guard let least = medians.first, let most = medians.last else { return nil }
            func figure(_ value: Double) -> String { Format.quantity(value, analysis.headline.unit) }
            return text.reaches(
                text.name(engine.record), from: figure(least.1), text.condition(least.0), to: figure(most.1),
                text.condition(most.0))
        }
    }

    var dispensable: [String] { [text.minimum, "p95"] }

    /// A row per engine and condition, where there are only conditions.
    private var plainConditions: [[String]] {
        let most = 40
        let rows = analysis.engines.filter(\.isMeasured).flatMap { engine in
            analysis.points.compactMap { point -> [String]? in
                let summary = analysis.figures.summary(analysis.headline, engine.id, at: point)
                guard let median = summary.median else { return nil }
                let unit = analysis.headline.unit
                return [
                    text.plainName(engine.record), text.plainCondition(point), "\(summary.n)",
                    "\(summary.failures)", Format.quantity(median, unit),
                    Format.interval(summary.interval, unit),
                ]
            }
        }
        let left = rows.count - most
        return [[text.engine, text.conditionTitle, "n", text.failed, text.median, text.interval]]
            + rows.prefix(most) + (left > 0 ? [[text.andMore(left), "", "", "", "", ""]] : [])
    }

    var plainTable: [[String]] {
        if analysis.hasOnlyConditions { return plainConditions }
        let unit = analysis.headline.unit
        let head = [
            text.engine, "n", text.failed, text.median, text.interval, "p95", text.minimum,
            text.ratioTo(Analysis.baseline.rawValue),
        ]
        // An engine that is unavailable has a line of its own under the table.
        let rows = analysis.engines.filter { $0.isMeasured || $0.record.availability == .available }
        return [head]
            + rows.map { engine in
                let summary = engine.summary
                var ratio = engine.id == Analysis.baseline && engine.hasBase ? text.baseline : Format.none
                if let value = engine.ratio { ratio = text.times(value) }
                return [
                    text.plainName(engine.record), "\(summary.n)", "\(summary.failures)",
                    Format.quantity(summary.median, unit), Format.interval(summary.interval, unit),
                    Format.quantity(summary.p95, unit), Format.quantity(summary.minimum, unit), ratio,
                ]
            }
    }
}

/// One metric where nothing is varied, a row per engine.
struct EngineTable {
    let text: Catalogue
    let metric: Metric
    let engines: [Analysis.Engine]

    var markdown: String {
        var table = MarkdownTable([
            (text.engine, .left), ("n", .right), (text.failed, .right), (text.median, .right),
            (text.interval, .right),
            ("p95", .right), (text.minimum, .right),
            (text.ratioTo(Escaping.code(Analysis.baseline.rawValue)), .left),
        ])
        for engine in engines {
            let summary = engine.summary
            table.add([
                text.name(engine.record), "\(summary.n)", "\(summary.failures)",
                summary.median.map { "**\(Format.quantity($0, metric.unit))**" } ?? Format.none,
                Format.interval(summary.interval, metric.unit), Format.quantity(summary.p95, metric.unit),
                Format.quantity(summary.minimum, metric.unit), lastCell(engine),
            ])
        }
        return table.text
    }

    /// The ratio, or why there is none.
    private func lastCell(_ engine: Analysis.Engine) -> String {
        if !engine.isMeasured { return text.absence(engine, escape: Escaping.markdown) }
        if engine.id == Analysis.baseline && engine.hasBase { return text.baseline }
        return engine.ratio.map(text.times) ?? Format.none
    }
}
