import LabCore

/// The absolute figures behind the answer: time and host CPU time of a round, by kind of work and engine.
struct ComputeSection {
    let analysis: Analysis
    let text: Language

    private var lab: LabDefinition { analysis.result.header.lab }

    var blocks: [Block] {
        let metrics = lab.metrics
        var table = Table(
            [.words(text.say("kind of work")), .words(text.engine), .figures("n"), .figures(text.failed)]
                + metrics.map { .figures(text.title($0)) }
                + [.figures(text.say("throttled")), .figures(text.say("stolen"))], most: Analysis.mostRows)
        for kind in analysis.points {
            for engine in analysis.engines {
                let samples = analysis.figures.samples(engine.id, at: kind)
                guard !samples.isEmpty else { continue }
                let lost = LostTime(samples, until: lab.endOfWork)
                table.add(
                    [
                        .code(text.work(kind)), .words(text.name(engine.record)),
                        .count(analysis.figures.summary(analysis.headline, engine.id, at: kind).n),
                        .count(samples.count { !$0.outcome.isCompleted }),
                    ]
                        + metrics.map {
                            .estimate(analysis.figures.estimate($0, engine.id, at: kind), $0.unit)
                        } + [.percent(lost.throttled), .percent(lost.stolen)])
            }
        }
        let plot = RatioPlot(analysis: analysis, text: text).map { plot in
            [
                Block.figure(Figure(name: RatioPlot.name, title: text.say("Kind by kind"), svg: plot.svg)),
                .paragraph(text.lossPlotNote),
            ]
        }
        guard plot != nil || !table.rows.isEmpty else { return [] }
        let note = text.paragraph([text.lostNote] + (lostLines.isEmpty ? [] : [text.sentences(lostLines)]))
        return [.heading(2, "\(text.say("Kind by kind"))")] + (plot ?? [])
            + (table.rows.isEmpty ? [] : [.table(table), .paragraph(note)])
            + text.leftOut(table.left)
    }

    /// A part of a sentence per engine: how much of its time it was made to wait, and where most.
    private var lostLines: [Phrase] {
        analysis.engines.compactMap { engine in
            let kinds = analysis.points.compactMap { kind in
                LostTime(analysis.figures.samples(engine.id, at: kind), until: lab.endOfWork).throttled.map {
                    (kind, $0)
                }
            }
            guard let most = kinds.max(by: { $0.1 < $1.1 }) else { return nil }
            return text.say(
                "\(text.name(engine.record)) was throttled for at most "
                    + "\(Format.percent(most.1)) of a kind's time (\(.code(text.work(most.0))))")
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

    /// - Parameter end: the mark at which the work was done.
    init(_ samples: [Observation], until end: Mark) {
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
        throttled = share("throttled-ns") { $0[end] }
        stolen = share("host-steal-ns") { timeline in timeline.last.flatMap { timeline[$0] } }
    }
}
