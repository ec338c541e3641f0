import LabCore

/// A report on how much slower the same work runs: a row per kind of work, a column per engine.
struct ComputeReport: MethodReport {
    let analysis: Analysis
    let text: Language

    private var headline: Metric { analysis.headline }
    private var baseline: Phrase { .code(Analysis.baseline.rawValue) }

    /// The engines that are compared with the baseline.
    private var columns: [Analysis.Engine] {
        Array(
            analysis.engines.filter { $0.isMeasured && $0.id != Analysis.baseline }.prefix(
                Analysis.mostColumns))
    }

    /// What is compared. In a sweep the baseline, which nothing holds, has points that are nobody else's: it is what the others
    /// are compared with, and a row of its own would hold no figure.
    private var compared: [Condition] {
        guard analysis.isSwept else { return analysis.points }
        return analysis.points.filter { point in
            point != point.withoutLimits
                || columns.contains { !analysis.figures.samples($0.id, at: point).isEmpty }
        }
    }

    private var kinds: [Condition] { Array(compared.prefix(Analysis.mostRows)) }

    var tables: [Block] {
        var blocks: [Block] = [
            .paragraph(definition(of: headline, in: text)), .paragraph(text.lossTitle(baseline)),
            .table(table(headline, loss)),
        ]
        for metric in lab.metrics.dropFirst() where hasRatios(metric) {
            blocks += [
                .paragraph(text.say("\(strong: text.title(metric)), relative to \(baseline):")),
                .table(table(metric, ratio)),
            ]
        }
        return blocks + unmeasured + text.leftOut(compared.count - kinds.count)
    }

    var note: Phrase { text.lossNote }
    var sweepIsAnswer: Bool { false }

    private func hasRatios(_ metric: Metric) -> Bool {
        columns.contains { engine in
            kinds.contains { analysis.ratioToBaseline(metric, engine.id, at: $0) != nil }
        }
    }

    private func table(_ metric: Metric, _ shown: (Estimate) -> (figure: String, interval: String)) -> Table {
        var table = Table([.words(text.say("kind of work"))] + columns.map { .figures(text.name($0.record)) })
        for kind in kinds {
            table.add(
                [.code(text.work(kind))]
                    + columns.map { engine in
                        cell(analysis.ratioToBaseline(metric, engine.id, at: kind), shown)
                    })
        }
        if kinds.count > 1 {
            table.add(
                [.words(text.say("median of the kinds"))]
                    + columns.map { cell(medianKind(metric, $0.id), shown) })
        }
        return table
    }

    /// `+12.3 % (+11.0 … +13.1 %)`, strong where the interval shows that there is a difference.
    private func cell(
        _ ratio: Estimate?, _ shown: (Estimate) -> (figure: String, interval: String)
    ) -> Cell {
        guard let ratio else { return .none }
        let (figure, behind) = shown(ratio)
        guard let interval = ratio.interval else { return .figure(ratio.value, Phrase(figure)) }
        let words = interval.contains(1) ? Phrase(figure) : .strong(figure)
        return .figure(ratio.value, "\(words) (\(behind))")
    }

    private func loss(_ ratio: Estimate) -> (figure: String, interval: String) {
        (Format.change(ratio.value - 1), Format.changeInterval(ratio.interval))
    }

    private func ratio(_ ratio: Estimate) -> (figure: String, interval: String) {
        ("\(Format.number(ratio.value)) ×", Format.interval(ratio.interval, .ratio))
    }

    /// The middle one of the kinds of work. Not their geometric mean: the kinds are no sample of anything, and one
    /// under emulation that takes a hundred times as long would move the mean of all of them.
    private func medianKind(_ metric: Metric, _ engine: EngineID) -> Estimate? {
        let ratios = kinds.compactMap {
            analysis.ratioToBaseline(metric, engine, at: $0)?.value
        }
        return Statistics.median(ratios).map { Estimate(value: $0, interval: nil, n: ratios.count) }
    }

    var comparison: Phrase {
        let parts = columns.compactMap { engine -> Phrase? in
            let ratios = kinds.compactMap { kind in
                analysis.ratioToBaseline(headline, engine.id, at: kind).map { (kind, $0) }
            }.sorted { $0.1.value < $1.1.value }
            guard let least = ratios.first, let most = ratios.last,
                let middle = Statistics.median(sorted: ratios.map(\.1.value))
            else { return nil }
            func end(_ one: (Condition, Estimate)) -> (String, Phrase) {
                (Format.change(one.1.value - 1), .code(text.work(one.0)))
            }
            return text.loses(
                text.name(engine.record), Format.change(middle - 1), least: end(least), most: end(most),
                slower: ratios.count { ($0.1.interval?.lower ?? 0) > 1 }, of: ratios.count)
        }
        return parts.isEmpty
            ? text.say(
                "Nothing can be compared: no engine has samples of the same work "
                    + "as \(baseline).") : text.sentences(parts)
    }

    var sections: [Block] { claims + ComputeSection(analysis: analysis, text: text).blocks }

    var procedure: Phrase {
        guard let command = lab.command else { return text.computeMethod(.code(lab.workload)) }
        let words = text.words(of: command)
        return command.client == nil ? text.commandMethod(words) : text.drivenMethod(words)
    }

    func label(_ point: Condition) -> Phrase { point.isEmpty ? .none : .code(text.work(point)) }

    /// Returns warnings of the points at which an engine did not get the time that it was measured by.
    func warnings(of engine: Analysis.Engine) -> [Phrase] {
        let name = text.name(engine.record)
        let lost = analysis.points.prefix(WarningsSection.mostPoints).map { point in
            (point, LostTime(analysis.figures.samples(engine.id, at: point), until: lab.endOfWork))
        }
        func places(_ share: (LostTime) -> Double?) -> [Phrase] {
            lost.compactMap { point, lost in
                guard let value = share(lost), value >= LostTime.noticeable else { return nil }
                return "\(point.isEmpty ? Phrase() : label(point)) (\(Format.percent(value)))"
            }
        }
        let throttled = places(\.throttled)
        let stolen = places(\.stolen)
        return (throttled.isEmpty ? [] : [text.throttledWarning(name, text.some(throttled))])
            + (stolen.isEmpty
                ? []
                : [
                    text.say(
                        "While \(name) worked, a hypervisor under this host gave "
                            + "CPU time to others, in \(text.some(stolen)): there its figures may be too long. "
                            + "Remedy: run on a quiet or a physical host.")
                ])
    }

    var summaryTitle: Phrase {
        text.say("\(text[headline.title]), more than in \(Analysis.baseline.rawValue) (95 % interval)")
    }

    var summary: Table { table(headline, loss) }
}

extension Analysis {
    /// The ratio to the baseline doing the same; to the baseline as it is always made, where it knows no variants and no
    /// limits.
    func ratioToBaseline(_ metric: Metric, _ engine: EngineID, at point: Condition) -> Estimate? {
        let plain = point.without(.variant).withoutLimits
        let own = figures.samples(Self.baseline, at: point).isEmpty ? plain : point
        return figures.ratio(
            metric, Plan.Cell(engine: engine, point: point), to: Plan.Cell(engine: Self.baseline, point: own))
    }
}
