import LabCore

/// The absolute figures behind the answer: time and host CPU time of a round, by kind of work and engine.
struct ComputeSection {
    let analysis: Analysis
    let text: Catalogue
    let plot: RatioPlot?

    var markdown: String {
        let image =
            plot == nil ? "" : "![\(text.lossPlot)](\(RatioPlot.name))\n\n\(text.lossPlotNote)\n\n"
        let metrics = analysis.result.header.lab.metrics
        var table = MarkdownTable(
            [(text.kindOfWork, .left), (text.engine, .left), ("n", .right), (text.failed, .right)]
                + metrics.map { (Escaping.markdown(text[$0.title]), .right) }
                + [(text.throttled, .right), (text.stolen, .right)])
        var rows = 0
        var left = 0
        for kind in analysis.points {
            for engine in analysis.engines {
                let samples = analysis.figures.samples(engine.id, at: kind)
                guard !samples.isEmpty else { continue }
                guard rows < Analysis.mostRows else {
                    left += 1
                    continue
                }
                rows += 1
                let lost = LostTime(samples)
                table.add(
                    [
                        Escaping.code(text.work(kind)), text.name(engine.record),
                        "\(analysis.figures.summary(analysis.headline, engine.id, at: kind).n)",
                        "\(samples.count { !$0.outcome.isCompleted })",
                    ] + metrics.map { figure($0, engine.id, kind) }
                        + [Format.percent(lost.throttled), Format.percent(lost.stolen)])
            }
        }
        guard !image.isEmpty || !table.isEmpty else { return "" }
        let note = text.lostNote + (lostLines.isEmpty ? "" : text.sentenceGap + text.sentences(lostLines))
        return "## \(text.lossPlot)\n\n\(image)" + (table.isEmpty ? "" : "\(table.text)\n\(note)\n")
            + (left > 0 ? "\n\(text.notShown(left))\n" : "")
    }

    private func figure(_ metric: Metric, _ engine: EngineID, _ kind: Point) -> String {
        guard let estimate = analysis.figures.estimate(metric, engine, at: kind) else { return Format.none }
        let interval = estimate.interval.map { " (\(Format.interval($0, metric.unit)))" } ?? ""
        return Format.quantity(estimate.value, metric.unit) + interval
    }

    /// A part of a sentence per engine: how much of its time it was made to wait, and where most.
    private var lostLines: [String] {
        analysis.engines.compactMap { engine in
            let kinds = analysis.points.compactMap { kind in
                LostTime(analysis.figures.samples(engine.id, at: kind)).throttled.map { (kind, $0) }
            }
            guard let most = kinds.max(by: { $0.1 < $1.1 }) else { return nil }
            return text.throttledMost(
                text.name(engine.record), Format.percent(most.1), Escaping.code(text.work(most.0)))
        }
    }
}

/// Shares of the elapsed time that an engine did not get, all completed samples together; nil where nothing is known.
struct LostTime {
    /// For which the engine's own CPU limit made it wait.
    var throttled: Double?
    /// Which the hypervisor under this host gave to others, of all CPUs together.
    var stolen: Double?

    /// From this share on, a figure may be one of the lost time and not of the engine.
    static let noticeable = 0.01

    init(_ samples: [Observation]) {
        let completed = samples.filter(\.outcome.isCompleted)
        func share(_ key: String, until mark: (Timeline) -> UInt64?) -> Double? {
            var lost = 0.0
            var elapsed = 0.0
            for sample in completed {
                guard let value = sample.values[key], let time = mark(sample.timeline) else { continue }
                lost += value
                elapsed += Double(time)
            }
            return elapsed > 0 ? lost / elapsed : nil
        }
        throttled = share("throttled-ns") { $0[.firstOutput] }
        stolen = share("host-steal-ns") { timeline in timeline.last.flatMap { timeline[$0] } }
    }
}
