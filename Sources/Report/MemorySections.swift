import LabCore

/// Memory against the number of instances: the plot, and its figures in a table.
struct MemorySection {
    let analysis: Analysis
    let text: Language

    var blocks: [Block] {
        let plot = MemoryPlot(analysis: analysis, text: text).map { plot in
            [
                Block.figure(Figure(name: MemoryPlot.name, title: text.growth, svg: plot.svg)),
                .paragraph(text.growthNote),
            ]
        }
        let table = details
        guard plot != nil || !table.rows.isEmpty else { return [] }
        return [.heading(2, "\(text.growth)")] + (plot ?? []) + [.table(table)]
            + text.leftOut(table.left)
    }

    /// A row per engine, condition and number of instances.
    private var details: Table {
        let metrics = analysis.result.header.lab.metrics
        var table = Table(
            [
                .words(text.engine), .words(text.conditionTitle), .figures(text.say("instances")),
                .figures("n"),
                .figures(text.failed), .figures(text.say("min–max")),
            ] + metrics.map { .figures(Phrase(text.total(of: $0))) }, most: Analysis.mostRows)
        for engine in analysis.engines {
            for point in analysis.points {
                let samples = analysis.figures.samples(engine.id, at: point)
                guard !samples.isEmpty else { continue }
                let condition = text.memoryCondition(point.without(.instances))
                table.add(
                    [
                        .words(text.name(engine.record)), .words(Phrase(condition)),
                        .count(point.instances ?? 1),
                        .count(samples.count), .count(samples.count { !$0.outcome.isCompleted }),
                        range(samples),
                    ]
                        + metrics.map { metric in
                            total(metric, samples)
                        })
            }
        }
        return table
    }

    /// The median of a sum over the instances.
    private func total(_ metric: Metric, _ samples: [Observation]) -> Cell {
        let values = samples.compactMap { metric.value(of: $0) }
        guard let median = Statistics.median(values), let low = values.min(), let high = values.max() else {
            return .none
        }
        let noise = ConfidenceInterval(lower: low, upper: high)
        let isTold = low >= 0
        return .figure(
            median,
            Phrase(
                isTold
                    ? Format.quantity(median, metric.unit)
                    : text.cost(Estimate(value: median, interval: noise, n: values.count), metric.unit)))
    }

    /// Of the headline, from the least to the most.
    private func range(_ samples: [Observation]) -> Cell {
        let values = samples.compactMap { analysis.headline.value(of: $0) }
        guard let low = values.min(), let high = values.max() else { return .none }
        return .interval(ConfidenceInterval(lower: low, upper: high), analysis.headline.unit)
    }
}
