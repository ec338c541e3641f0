import LabCore

/// Memory against the number of instances: the plot, and its figures in a table.
struct MemorySection {
    let analysis: Analysis
    let text: Catalogue
    let plot: MemoryPlot?

    var markdown: String {
        let image = plot == nil ? "" : "![\(text.growth)](\(MemoryPlot.name))\n\n\(text.growthNote)\n\n"
        let (table, left) = details
        guard !image.isEmpty || !table.isEmpty else { return "" }
        return "## \(text.growth)\n\n\(image)\(table.text)"
            + (left > 0 ? "\n\(text.notShown(left))\n" : "")
    }

    /// A row per engine, condition and number of instances; how many more there would be.
    private var details: (MarkdownTable, Int) {
        let metrics = analysis.result.header.lab.metrics
        var table = MarkdownTable(
            [
                (text.engine, .left), (text.conditionTitle, .left), (text.instances, .right), ("n", .right),
                (text.failed, .right), (text.range, .right),
            ] + metrics.map { (Escaping.markdown(text.total(of: $0)), .right) })
        var left = 0
        var rows = 0
        for engine in analysis.engines {
            for point in analysis.points {
                let samples = analysis.figures.samples(engine.id, at: point)
                guard !samples.isEmpty else { continue }
                guard rows < Analysis.mostRows else {
                    left += 1
                    continue
                }
                rows += 1
                let condition = point.filter { $0.key != .instances }
                table.add(
                    [
                        text.name(engine.record), Escaping.markdown(text.memoryCondition(condition)),
                        Escaping.markdown(point[.instances] ?? "1"), "\(samples.count)",
                        "\(samples.count { !$0.outcome.isCompleted })", range(samples),
                    ]
                        + metrics.map { metric in
                            Format.quantity(
                                Statistics.median(samples.compactMap { metric.value(of: $0) }), metric.unit)
                        })
            }
        }
        return (table, left)
    }

    /// Of the headline, from the least to the most.
    private func range(_ samples: [Observation]) -> String {
        let values = samples.compactMap { analysis.headline.value(of: $0) }
        guard let low = values.min(), let high = values.max() else { return Format.none }
        return Format.interval(ConfidenceInterval(lower: low, upper: high), analysis.headline.unit)
    }
}
