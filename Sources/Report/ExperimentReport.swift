import LabCore

/// The findings of experiments, in figures: a table for each, engines by metrics or by settings; and in facts.
struct ExperimentReport: MethodReport {
    let analysis: Analysis
    let text: Language
    private let blocks: [ExperimentBlock]
    private var matrix: FactMatrix { FactMatrix(analysis, text) }

    init(analysis: Analysis, text: Language) {
        self.analysis = analysis
        self.text = text
        blocks = analysis.experiments.filter { !$0.metrics.isEmpty }
    }

    static func metrics(of lab: LabDefinition) -> [Metric] { lab.metrics }

    /// Those that a cell yields; what is counted is as sure with one sample as with many.
    static func sampled(_ cell: Plan.Cell, in analysis: Analysis) -> [Metric] {
        let samples = analysis.figures.samples(cell.engine, at: cell.point)
        return metrics(of: analysis.result.header.lab).filter { metric in
            !metric.isExact && metric.grown == nil && samples.contains { metric.value(of: $0) != nil }
        }
    }

    /// With more metrics than these beside each other a table is read better when they stand under each other.
    private static let mostMetrics = 3
    private static let mostTables = 40

    var tables: [Block] {
        let shown = blocks.prefix(Self.mostTables).flatMap { block -> [Block] in
            (blocks.count > 1 ? [.heading(3, .code(block.experiment))] : [])
                + (block.isPlain && block.metrics.count <= Self.mostMetrics
                    ? [.table(byEngine(block))] : byMetric(block))
        }
        let impossibilities = impossibilities
        return shown + text.leftOut(blocks.count - Self.mostTables) + unmeasured
            + (impossibilities.isEmpty
                ? [] : [.paragraph(text.say("What could not be done, and why:")), .list(impossibilities)])
    }

    var wordsComeFirst: Bool { true }

    var note: Phrase { blocks.isEmpty ? Phrase() : text.experimentNote }

    var sections: [Block] {
        let matrix = matrix
        let settings = SettingPlot.all(analysis, text).map { plot in
            Block.figure(Figure(name: plot.name, title: plot.title, svg: plot.svg))
        }
        return claims
            + FactsSection(text: text, matrix: matrix, plot: MatrixPlot(analysis, matrix, text)).blocks
            + ExecutionSection(analysis: analysis, text: text).blocks
            + (settings.isEmpty
                ? []
                : [.heading(2, text.say("Setting by setting")), .paragraph(text.settingNote)] + settings)
    }

    var procedure: Phrase { text.experimentMethod }

    /// Experiments take what they measure from wherever it is: not all of it from marks.
    var isClocked: Bool { false }

    func label(_ point: Condition) -> Phrase {
        point.isEmpty ? .none : Phrase(text.conditions(of: lab).experimentPlace(point))
    }

    func isAnswer(_ failed: Observation) -> Bool { failed.impossibility != nil }

    private func figure(_ metric: Metric, _ engine: EngineID, _ place: Condition) -> ExperimentFigure {
        ExperimentFigure(analysis: analysis, text: text, metric: metric, engine: engine, place: place)
    }

    /// A row per engine, a column per metric.
    private func byEngine(_ block: ExperimentBlock) -> Table {
        var table = Table(
            [.words(text.engine), .figures("n"), .figures(text.failed)]
                + block.metrics.map { .figures(text.title($0)) })
        for engine in block.engines {
            let samples = block.points.flatMap { analysis.figures.samples(engine.id, at: $0) }
            table.add(
                [
                    .words(text.name(engine.record)), .count(samples.count { $0.outcome.isCompleted }),
                    .count(samples.count { !$0.outcome.isCompleted }),
                ]
                    + block.metrics.map { metric in
                        block.places(of: metric).first.map {
                            figure(metric, engine.id, $0).cell(withCount: false)
                        } ?? .none
                    })
        }
        return table
    }

    /// The columns of a block whose engines have each places of their own; nil where rows can say the place.
    private func columns(_ block: ExperimentBlock) -> [ExperimentColumn]? {
        guard block.metrics.allSatisfy({ $0.grown == nil }) else { return nil }
        let cells = block.points.flatMap { point in
            block.engines.filter { !analysis.figures.samples($0.id, at: point).isEmpty }.map {
                Plan.Cell(engine: $0.id, point: point)
            }
        }
        return ExperimentColumn.perPlace(Set(cells), analysis, text)
    }

    /// A row per metric, a column per engine and place.
    private func byPlace(_ block: ExperimentBlock, _ columns: [ExperimentColumn]) -> [Block] {
        let counts = Set(
            block.metrics.flatMap { metric in
                columns.compactMap { analysis.figures.estimate(metric, $0.engine.id, at: $0.point ?? [:])?.n }
            })
        var table = Table([.words(text.what)] + columns.map { .figures($0.title(text)) })
        for metric in block.metrics {
            table.add(
                [.words(text.title(metric))]
                    + columns.map {
                        figure(metric, $0.engine.id, $0.point ?? [:]).cell(withCount: counts.count > 1)
                    })
        }
        return [.table(table)] + caption(counts)
    }

    /// Returns the number of trials that each cell has, where that is the same for all.
    private func caption(_ counts: Set<Int>) -> [Block] {
        counts.count == 1 ? counts.map { .paragraph(text.say("n = \($0) in each cell.")) } : []
    }

    /// A row per metric and setting, a column per engine.
    private func byMetric(_ block: ExperimentBlock) -> [Block] {
        if let columns = columns(block) { return byPlace(block, columns) }
        let engines = Array(block.engines.prefix(Analysis.mostColumns))
        let rows = block.metrics.flatMap { metric in block.places(of: metric).map { (metric, $0) } }
        let shown = rows.prefix(Analysis.mostRows)
        let hasMetrics = block.metrics.count > 1
        let hasPlaces = shown.contains { !text.conditions(of: lab).place($0.1).isEmpty }
        let counts = Set(
            shown.flatMap { metric, place in
                engines.compactMap { analysis.figures.estimate(metric, $0.id, at: place)?.n }
            })
        var table = Table(
            (hasMetrics ? [.words(text.what)] : []) + (hasPlaces ? [.words(placeTitle(block))] : [])
                + engines.map { .figures(text.name($0.record)) })
        for (metric, place) in shown {
            table.add(
                (hasMetrics ? [.words(text.title(metric))] : []) + (hasPlaces ? [placeName(place)] : [])
                    + engines.map { figure(metric, $0.id, place).cell(withCount: counts.count > 1) })
        }
        let title = hasMetrics ? nil : block.metrics.first.map { text.heading(text.title($0)) }
        return (title.map { [.paragraph($0)] } ?? []) + [.table(table)] + caption(counts)
            + text.leftOut(rows.count - shown.count)
    }

    private func placeTitle(_ block: ExperimentBlock) -> Phrase {
        block.points.allSatisfy { Set($0.factors).isSubset(of: [.experiment, .setting]) }
            ? text.say("setting") : text.place
    }

    private func placeName(_ place: Condition) -> Cell {
        let name = text.conditions(of: lab).place(place)
        return name.isEmpty ? .none : .words(Phrase(name))
    }

    /// The reasons why an experiment gave no answer on an engine that took part in others.
    private var impossibilities: [Phrase] {
        var lines: [Phrase] = []
        for engine in analysis.engines where engine.isMeasured {
            for block in analysis.experiments {
                let errors = block.points.flatMap { analysis.figures.samples(engine.id, at: $0) }
                    .compactMap(\.impossibility)
                var seen: Set<Message> = []
                for error in errors where seen.insert(error.reason).inserted {
                    let problem = text.problem(error)
                    lines.append("\(text.name(engine.record)), \(code: block.experiment): \(problem)")
                }
            }
        }
        let left = lines.count - Self.mostTables
        return lines.prefix(Self.mostTables) + (left > 0 ? [text.notShown(left)] : [])
    }
}

// In words.
extension ExperimentReport {
    /// More than these are not read.
    private static let mostSentences = 8

    var comparison: Phrase {
        var sentences: [Phrase] = []
        for block in blocks.prefix(Self.mostSentences) {
            guard let metric = block.metrics.first,
                let place = block.places(of: metric).max(by: { known(metric, $0) <= known(metric, $1) })
            else { continue }
            let parts = metric.unit == .truth ? truths(metric, place) : compared(metric, place)
            guard !parts.isEmpty else { continue }
            sentences.append(
                text.about(text.title(metric), text.conditions(of: lab).place(place), parts))
        }
        return text.paragraph(sentences)
    }

    /// Returns the number of engines that have a figure there.
    private func known(_ metric: Metric, _ place: Condition) -> Int {
        analysis.engines.count { analysis.figures.estimate(metric, $0.id, at: place) != nil }
    }

    private func truths(_ metric: Metric, _ place: Condition) -> [Phrase] {
        var names: [[Phrase]] = [[], [], []]
        for engine in analysis.engines {
            let (yes, n) = figure(metric, engine.id, place).truths
            guard n > 0 else { continue }
            names[yes == n ? 0 : yes == 0 ? 1 : 2].append(text.name(engine.record))
        }
        return zip(names, [text.isSo, text.isNotSo, text.isSometimesSo]).compactMap { names, words in
            names.isEmpty ? nil : words(text.list(names))
        }
    }

    /// Each container and VM against the bare process, then the first VM against the first container.
    private func compared(_ metric: Metric, _ place: Condition) -> [Phrase] {
        let measured = analysis.engines.filter {
            analysis.figures.estimate(metric, $0.id, at: place) != nil
        }
        func isTold(_ engine: Analysis.Engine) -> Bool {
            analysis.figures.estimate(metric, engine.id, at: place).map {
                $0.stop == nil && Format.bound(untold: $0, metric) == nil
            } ?? false
        }
        func compare(_ engine: Analysis.Engine, to other: Analysis.Engine) -> Phrase? {
            guard isTold(engine), isTold(other) else { return nil }
            return analysis.figures.ratio(metric, engine.id, to: other.id, at: place).map { ratio in
                if metric.isExact, ratio.interval == ConfidenceInterval(lower: 1, upper: 1) {
                    return text.say("\(text.name(engine.record)) has the same as \(text.name(other.record))")
                }
                return text.compares(
                    text.name(engine.record), ratio, to: text.name(other.record),
                    isTime: metric.unit == .nanoseconds)
            }
        }
        var parts: [Phrase] = []
        if let process = measured.first(where: { $0.id == Analysis.baseline }) {
            parts += measured.filter { $0.id != process.id }.compactMap { compare($0, to: process) }
        }
        if let vm = measured.first(where: { $0.record.kind == .virtualMachine && !$0.record.isNamedBuild }),
            let container = measured.first(where: { $0.record.kind == .container && !$0.record.isNamedBuild }
            ),
            let ratio = compare(vm, to: container)
        {
            parts.append(ratio)
        }
        // Of a few things the numbers say more than how many times as many they are.
        let isNumber = metric.isExact && (metric.unit == .count || metric.unit == .ratio)
        guard parts.isEmpty || isNumber else { return parts }
        return measured.compactMap { engine in
            analysis.figures.estimate(metric, engine.id, at: place).map {
                text.hasFigure(text.name(engine.record), text.shown($0, metric).figure)
            }
        }
    }
}

// For a terminal.
extension ExperimentReport {
    private static let mostPlainRows = 60
    /// Cells of a terminal that a row's name or an answer may fill.
    private static let nameWidth = 44
    private static let answerWidth = 24

    /// Its figures have their names in the table.
    var summaryTitle: Phrase { Phrase(text[lab.title]) }

    var summary: Table {
        let engines = analysis.engines.filter(\.isMeasured).prefix(Analysis.mostColumns)
        var table = Table(
            [.words(text.what)] + engines.map { .figures(text.name($0.record)) }, most: Self.mostPlainRows)
        for block in blocks {
            let columns = columns(block)
            for metric in block.metrics {
                // In a terminal each engine where it was measured first.
                for place in columns == nil ? block.places(of: metric) : [[:]] {
                    table.add(
                        [.words(Phrase(name(metric, place, in: block)))]
                            + engines.map { engine in
                                guard let columns else { return figure(metric, engine.id, place).narrowCell }
                                return columns.first { $0.engine.id == engine.id }.map {
                                    figure(metric, engine.id, $0.point ?? [:]).narrowCell
                                } ?? .none
                            })
                }
            }
        }
        for group in matrix.groups {
            for row in group.rows {
                table.add(
                    [.words(Phrase(fitted(row.title, at: row.place)))]
                        + engines.map { engine in
                            let place = group.columns.firstIndex { $0.engine.id == engine.id }
                            return place.flatMap { row.cells[$0] }.map {
                                .words(Phrase($0.short(text, width: Self.answerWidth)))
                            } ?? .none
                        })
            }
        }
        return table.closed(text)
    }

    private func name(_ metric: Metric, _ place: Condition, in block: ExperimentBlock) -> String {
        let isShared = blocks.count { $0.metrics.contains { $0.id == metric.id } } > 1
        var own = place
        own.experiment = block.experiment
        return fitted(
            text[metric.title],
            at: isShared
                ? text.conditions(of: lab).experimentPlace(own) : text.conditions(of: lab).place(place))
    }

    private func fitted(_ title: String, at place: String) -> String {
        text.named(title, at: place) { Columns.count(Escaping.plain($0)) <= Self.nameWidth }
    }
}

extension Format {
    /// A text of no more characters than these, with an ellipsis where something is missing.
    static func cut(_ text: String, _ most: Int) -> String {
        text.count <= most ? text : text.prefix(most - 1) + "…"
    }
}
