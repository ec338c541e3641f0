import LabCore

/// How much slower the same work runs: a row per kind of work, a column per engine.
struct ComputeAnswer: MethodAnswer {
    let analysis: Analysis
    let text: Catalogue

    private var headline: Metric { analysis.headline }
    private var baseline: EngineID { Analysis.baseline }

    /// The engines that are compared with the baseline.
    private var columns: [Analysis.Engine] {
        Array(
            analysis.engines.filter { $0.isMeasured && $0.id != baseline }.prefix(Analysis.mostColumns))
    }

    private var kinds: [Point] { Array(analysis.points.prefix(Analysis.mostRows)) }

    var tables: String {
        var blocks = [
            definition(of: headline, in: text) + "\n",
            text.lossTitle(Escaping.code(baseline.rawValue)) + "\n", table(headline, loss).text,
        ]
        for metric in analysis.result.header.lab.metrics.dropFirst() where hasRatios(metric) {
            blocks += [
                text.relativeTitle(
                    Escaping.markdown(text[metric.title]), Escaping.code(baseline.rawValue))
                    + "\n",
                table(metric, ratio).text,
            ]
        }
        let unmeasured = analysis.engines.filter { !$0.isMeasured && !$0.isAbsentPeer }.map {
            "- \(text.name($0.record)): \(text.absence($0, escape: Escaping.markdown))\n"
        }
        if !unmeasured.isEmpty { blocks.append("\n" + unmeasured.joined()) }
        let left = analysis.points.count - kinds.count
        if left > 0 { blocks.append("\n\(text.notShown(left))\n") }
        return blocks.joined(separator: "\n")
    }

    var note: String {
        text.lossNote
    }

    private func hasRatios(_ metric: Metric) -> Bool {
        columns.contains { engine in
            kinds.contains { analysis.ratioToBaseline(metric, engine.id, at: $0) != nil }
        }
    }

    private func table(_ metric: Metric, _ cell: (Estimate, (String) -> String) -> String) -> MarkdownTable {
        var table = MarkdownTable(
            [(text.kindOfWork, .left)] + columns.map { (text.name($0.record), .right) })
        for kind in kinds {
            table.add(
                [Escaping.code(text.work(kind))]
                    + columns.map { engine in
                        analysis.ratioToBaseline(metric, engine.id, at: kind)
                            .map { cell($0, { "**\($0)**" }) } ?? Format.none
                    })
        }
        if kinds.count > 1 {
            table.add(
                [text.medianKind]
                    + columns.map { engine in
                        medianKind(metric, engine.id).map { cell($0, { $0 }) } ?? Format.none
                    })
        }
        return table
    }

    /// The middle one of the kinds of work. Not their geometric mean: the kinds are no sample of anything, and one
    /// under emulation that takes a hundred times as long would move the mean of all of them.
    private func medianKind(_ metric: Metric, _ engine: EngineID) -> Estimate? {
        let ratios = kinds.compactMap {
            analysis.ratioToBaseline(metric, engine, at: $0)?.value
        }
        return Statistics.median(ratios).map { Estimate(value: $0, interval: nil, n: ratios.count) }
    }

    /// `+12.3 % (+11.0 … +13.1 %)`, strong where the interval shows that there is a difference.
    private func loss(_ ratio: Estimate, _ strong: (String) -> String) -> String {
        let change = Format.change(ratio.value - 1)
        guard let interval = ratio.interval else { return change }
        return (interval.contains(1) ? change : strong(change)) + " (\(Format.changeInterval(interval)))"
    }

    private func ratio(_ ratio: Estimate, _ strong: (String) -> String) -> String {
        guard let interval = ratio.interval else { return text.times(ratio) }
        let value = "\(Format.number(ratio.value)) ×"
        return (interval.contains(1) ? value : strong(value)) + " (\(Format.interval(interval, .ratio)))"
    }

    var comparison: String {
        let parts = columns.compactMap { engine -> String? in
            let ratios = kinds.compactMap { kind in
                analysis.ratioToBaseline(headline, engine.id, at: kind).map { (kind, $0) }
            }.sorted { $0.1.value < $1.1.value }
            guard let least = ratios.first, let most = ratios.last,
                let middle = Statistics.median(sorted: ratios.map(\.1.value))
            else { return nil }
            let slower = ratios.count { ($0.1.interval?.lower ?? 0) > 1 }
            return text.loses(
                text.name(engine.record), Format.change(middle - 1),
                least: (Format.change(least.1.value - 1), Escaping.code(text.work(least.0))),
                most: (Format.change(most.1.value - 1), Escaping.code(text.work(most.0))), slower: slower,
                of: ratios.count)
        }
        return parts.isEmpty
            ? text.noComparison(Escaping.code(baseline.rawValue)) : text.sentences(parts)
    }

    var plainTable: [[String]] {
        var rows = [[text.kindOfWork] + columns.map { text.plainName($0.record) }]
        for kind in kinds {
            rows.append(
                [Escaping.plain(text.work(kind))]
                    + columns.map { engine in
                        analysis.ratioToBaseline(headline, engine.id, at: kind)
                            .map { loss($0, { $0 }) } ?? Format.none
                    })
        }
        if kinds.count > 1 {
            rows.append(
                [text.medianKind]
                    + columns.map { medianKind(headline, $0.id).map { loss($0, { $0 }) } ?? Format.none })
        }
        return rows
    }
}

extension Analysis {
    /// The ratio to the baseline doing the same; to the baseline as it is always made, where it knows no variants.
    func ratioToBaseline(_ metric: Metric, _ engine: EngineID, at point: Point) -> Estimate? {
        let plain = point.filter { $0.key != .variant }
        let own = figures.samples(Self.baseline, at: point).isEmpty ? plain : point
        return figures.ratio(
            metric, Plan.Cell(engine: engine, point: point), to: Plan.Cell(engine: Self.baseline, point: own))
    }
}
