import LabCore

/// The counts of a life beside its marks, a row per quantity: the exits of a guest under a hypervisor.
struct CountsSection {
    let analysis: Analysis
    let text: Language

    private var metrics: [Metric] {
        analysis.result.header.lab.metrics.filter { $0.unit == .count }
    }

    var blocks: [Block] {
        let tables = analysis.points.compactMap(table)
        return tables.isEmpty ? [] : [.heading(2, text.say("What was counted"))] + tables.map(Block.table)
    }

    /// Nil where nothing of it was counted.
    private func table(at point: Condition) -> Table? {
        func summary(_ metric: Metric, _ engine: Analysis.Engine) -> Summary {
            analysis.figures.summary(metric, engine.id, at: point)
        }
        let metrics = metrics.filter { metric in analysis.engines.contains { summary(metric, $0).n > 0 } }
        let engines = analysis.engines.filter { engine in metrics.contains { summary($0, engine).n > 0 } }
        guard !metrics.isEmpty else { return nil }
        var table = Table(
            [.words(point.isEmpty ? text.metricTitle : text.condition(point))]
                + engines.map { .figures(text.name($0.record)) })
        for metric in metrics {
            table.add(
                [.words(text.title(metric))]
                    + engines.map { engine in
                        let summary = summary(metric, engine)
                        let interval =
                            summary.interval.map { "\(Format.interval($0, metric.unit)), " } ?? ""
                        let median = Format.quantity(summary.median, metric.unit)
                        return .figure(
                            summary.median ?? 0,
                            "\(strong: "\(median)") (\(interval)n = \(summary.n))")
                    })
        }
        return table
    }
}

extension Language {
}
