import LabCore

/// A report on the cost of one more instance to the host: a row per engine.
struct MemoryReport: MethodReport {
    let analysis: Analysis
    let text: Language

    /// The value for the memory that the guest itself takes for used, the mean over a trial's instances.
    static let guestUsed = "guest-used-bytes"

    private var headline: Metric { analysis.headline }
    /// The metrics beside the headline that are slopes as well: other accounts of the same memory.
    private var accounts: [Metric] { lab.metrics.dropFirst().filter { $0.grown != nil } }
    /// The conditions in which the number of instances grows: idle first, then after more was touched.
    private var conditions: [Condition] { Array(analysis.conditions.prefix(Analysis.mostColumns / 2)) }

    var tables: [Block] {
        let table = table(
            [text.engine, text.say("configured"), text.say("used, says the guest")]
                + conditions.map { Phrase(text.say("host, \(text.memoryCondition($0))")) }
                + accounts.map(text.title)
        ) { estimate in
            let (figure, interval) = text.shown(estimate, headline)
            return "\(strong: "\(figure)")\(interval.map { " (\($0))" } ?? "")"
        }
        return [.paragraph(definition(of: headline, in: text))] + (table.rows.isEmpty ? [] : [.table(table)])
            + unmeasured + text.leftOut(analysis.conditions.count - conditions.count)
    }

    var note: Phrase { text.accountsNote }

    /// A row per engine; `marginal` shows a figure of the headline.
    private func table(_ titles: [Phrase], marginal: (Estimate) -> Phrase) -> Table {
        let idle = conditions.first ?? [:]
        var table = Table([.words(titles[0])] + titles.dropFirst().map(Table.Column.figures))
        for engine in analysis.engines where engine.isMeasured {
            let figures = conditions.map { point -> Cell in
                analysis.figures.estimate(headline, engine.id, at: point).map {
                    .figure($0.value, marginal($0))
                } ?? .none
            }
            // A bare process is given no amount of its own.
            let configured = engine.record.kind == .process ? nil : Double(lab.memoryBytes)
            table.add(
                [
                    .words(text.name(engine.record)), .quantity(configured, .bytes),
                    .quantity(used(engine, at: idle), .bytes),
                ] + figures
                    + accounts.map { metric in
                        analysis.figures.estimate(metric, engine.id, at: idle).map {
                            .figure($0.value, Phrase(text.shown($0, metric).figure))
                        } ?? .none
                    })
        }
        return table
    }

    private func used(_ engine: Analysis.Engine, at condition: Condition) -> Double? {
        Statistics.median(
            analysis.memorySamples(engine.id, at: condition).compactMap { $0.values[Self.guestUsed] })
    }

    var comparison: Phrase {
        guard let idle = conditions.first else { return Phrase() }
        let measured = analysis.engines.filter {
            analysis.figures.estimate(headline, $0.id, at: idle) != nil
        }
        func figure(_ engine: Analysis.Engine, at point: Condition) -> String {
            analysis.figures.estimate(headline, engine.id, at: point).map { text.shown($0, headline).figure }
                ?? Format.none
        }
        func isTold(_ engine: Analysis.Engine) -> Bool {
            analysis.figures.estimate(headline, engine.id, at: idle).map {
                Format.bound(untold: $0, headline) == nil
            } ?? false
        }
        guard !measured.isEmpty else { return text.noSlope }
        var sentences = [
            text.sentences(
                measured.map { engine in
                    text.oneMore(
                        text.name(engine.record), conditions.map { figure(engine, at: $0) },
                        conditions.map(label))
                })
        ]
        func compare(_ first: Analysis.Engine?, _ second: Analysis.Engine?) -> Phrase? {
            guard let first, let second, first.id != second.id, isTold(first), isTold(second),
                let ratio = analysis.figures.ratio(headline, first.id, to: second.id, at: idle)
            else { return nil }
            return text.compares(
                text.name(first.record), ratio, to: text.name(second.record), isTime: false)
        }
        let process = measured.first { $0.id == Analysis.baseline }
        let container = measured.first { $0.record.kind == .container && !$0.record.isNamedBuild }
        let vm = measured.first { $0.record.kind == .virtualMachine && !$0.record.isNamedBuild }
        let ratios = [compare(container, process), compare(vm, container)].compactMap(\.self)
        if !ratios.isEmpty { sentences.append(text.at(label(idle), text.sentences(ratios))) }
        return text.paragraph(sentences)
    }

    var sections: [Block] { claims + MemorySection(analysis: analysis, text: text).blocks }

    var procedure: Phrase {
        text.say(
            "Each trial starts its instances one after another with the workload "
                + "\(lab.command.map { text.words(of: $0) } ?? .code(lab.workload)), reads what memory they take while all of them live, and ends them. "
                + "The host's figure is by how much its available memory fell."
        )
    }

    func label(_ point: Condition) -> Phrase {
        let condition = text.memoryCondition(point.without(.instances))
        guard let count = point[.instances] else { return Phrase(condition) }
        return text.say("\(condition), \(count) at once")
    }

    /// Narrow: how wide the interval is stands for its ends.
    var summary: Table {
        table(
            [text.engine, text.say("configured"), text.say("guest used")]
                + conditions.map(label) + accounts.map { Phrase(text.account($0)) }
        ) { estimate in
            let (figure, interval) = text.shown(estimate, headline)
            let width = interval == nil ? nil : estimate.interval?.relativeHalfWidth(around: estimate.value)
            return "\(figure)\(width.map { " ±\(Format.percent($0))" } ?? "")"
        }
    }
}

extension Analysis {
    /// The points of a memory lab without the number of instances, in their order: idle, then touched.
    var conditions: [Condition] {
        var seen: Set<Condition> = []
        return points.map { $0.without(.instances) }.filter { seen.insert($0).inserted }
    }

    /// The samples of an engine under one condition, with whatever number of instances.
    func memorySamples(_ engine: EngineID, at condition: Condition) -> [Observation] {
        points.filter { $0.without(.instances) == condition }.flatMap { figures.samples(engine, at: $0) }
            .filter(\.outcome.isCompleted)
    }
}
