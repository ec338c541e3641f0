import LabCore

/// What experiments found, in figures: a table for each, engines by metrics or by settings.
struct ExperimentAnswer: MethodAnswer {
    let analysis: Analysis
    let text: Catalogue
    private let blocks: [ExperimentBlock]
    private let matrix: FactMatrix

    init(analysis: Analysis, text: Catalogue) {
        self.analysis = analysis
        self.text = text
        blocks = analysis.experiments.filter { !$0.metrics.isEmpty }
        matrix = FactMatrix(analysis, text)
    }

    /// With more metrics than these beside each other a table is read better when they stand under each other.
    private static let mostMetrics = 3
    private static let mostTables = 40

    var tables: String {
        var parts: [String] = []
        for block in blocks.prefix(Self.mostTables) {
            if blocks.count > 1 { parts.append("### \(Escaping.code(block.experiment))\n") }
            parts.append(
                block.isPlain && block.metrics.count <= Self.mostMetrics ? byEngine(block) : byMetric(block))
        }
        let left = blocks.count - Self.mostTables
        if left > 0 { parts.append(text.notShown(left) + "\n") }
        let unmeasured = analysis.engines.filter { !$0.isMeasured && !$0.isAbsentPeer }.map {
            "- \(text.name($0.record)): \(text.absence($0, escape: Escaping.markdown))\n"
        }
        if !unmeasured.isEmpty { parts.append(unmeasured.joined()) }
        if !impossibilities.isEmpty {
            parts.append("\(text.impossible)\n\n" + impossibilities.map { "- \($0)\n" }.joined())
        }
        return parts.joined(separator: "\n")
    }

    var wordsComeFirst: Bool { true }

    var note: String { blocks.isEmpty ? "" : text.experimentNote }

    private func figure(_ metric: Metric, _ engine: EngineID, _ place: Point) -> ExperimentFigure {
        ExperimentFigure(analysis: analysis, text: text, metric: metric, engine: engine, place: place)
    }

    /// A row per engine, a column per metric.
    private func byEngine(_ block: ExperimentBlock) -> String {
        var table = MarkdownTable(
            [(text.engine, .left), ("n", .right), (text.failed, .right)]
                + block.metrics.map { (Escaping.markdown(text[$0.title]), .right) })
        for engine in block.engines {
            let samples = block.points.flatMap { analysis.figures.samples(engine.id, at: $0) }
            table.add(
                [
                    text.name(engine.record), "\(samples.count { $0.outcome.isCompleted })",
                    "\(samples.count { !$0.outcome.isCompleted })",
                ]
                    + block.metrics.map { metric in
                        block.places(of: metric).first.map {
                            figure(metric, engine.id, $0).cell(withCount: false)
                        } ?? Format.none
                    })
        }
        return table.text
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
    private func byPlace(_ block: ExperimentBlock, _ columns: [ExperimentColumn]) -> String {
        let counts = Set(
            block.metrics.flatMap { metric in
                columns.compactMap { analysis.figures.estimate(metric, $0.engine.id, at: $0.point ?? [:])?.n }
            })
        var table = MarkdownTable([(text.what, .left)] + columns.map { ($0.title(text), .right) })
        for metric in block.metrics {
            table.add(
                [Escaping.markdown(text[metric.title])]
                    + columns.map {
                        figure(metric, $0.engine.id, $0.point ?? [:]).cell(withCount: counts.count > 1)
                    })
        }
        let caption = counts.count == 1 ? counts.first.map { "\n\(text.fromTrials($0))\n" } : nil
        return table.text + (caption ?? "")
    }

    /// A row per metric and setting, a column per engine.
    private func byMetric(_ block: ExperimentBlock) -> String {
        if let columns = columns(block) { return byPlace(block, columns) }
        let engines = Array(block.engines.prefix(Analysis.mostColumns))
        let rows = block.metrics.flatMap { metric in block.places(of: metric).map { (metric, $0) } }
        let shown = rows.prefix(Analysis.mostRows)
        let hasMetrics = block.metrics.count > 1
        let hasPlaces = shown.contains { !text.place($0.1).isEmpty }
        let counts = Set(
            shown.flatMap { metric, place in
                engines.compactMap { analysis.figures.estimate(metric, $0.id, at: place)?.n }
            })
        var table = MarkdownTable(
            (hasMetrics ? [(text.what, .left)] : [])
                + (hasPlaces ? [(placeTitle(block), .left)] : [])
                + engines.map { (text.name($0.record), .right) })
        for (metric, place) in shown {
            table.add(
                (hasMetrics ? [Escaping.markdown(text[metric.title])] : [])
                    + (hasPlaces ? [placeName(place)] : [])
                    + engines.map { figure(metric, $0.id, place).cell(withCount: counts.count > 1) })
        }
        let title =
            hasMetrics
            ? nil : block.metrics.first.map { text.heading(Escaping.markdown(text[$0.title])) + "\n" }
        let caption = counts.count == 1 ? counts.first.map { text.fromTrials($0) + "\n" } : nil
        let left = rows.count - shown.count
        return [title, table.text, caption, left > 0 ? text.notShown(left) + "\n" : nil]
            .compactMap(\.self).joined(separator: "\n")
    }

    private func placeTitle(_ block: ExperimentBlock) -> String {
        block.points.allSatisfy { Set($0.keys).isSubset(of: [.experiment, .setting]) }
            ? text.setting : text.place
    }

    private func placeName(_ place: Point) -> String {
        let name = text.place(place)
        return name.isEmpty ? Format.none : Escaping.markdown(name)
    }

    /// Why an experiment gave no answer on an engine that took part in others.
    private var impossibilities: [String] {
        var lines: [String] = []
        for engine in analysis.engines where engine.isMeasured {
            for block in analysis.experiments {
                let errors = block.points.flatMap { analysis.figures.samples(engine.id, at: $0) }
                    .compactMap { sample -> LabError? in
                        guard case .failed(let error, _) = sample.outcome, error.isImpossibility else {
                            return nil
                        }
                        return error
                    }
                var seen: Set<String> = []
                for error in errors where seen.insert(error.message).inserted {
                    let problem = text.problem(
                        Escaping.markdown(error.message), cause: error.cause.map(Escaping.markdown),
                        remedy: error.remedy.map(Escaping.markdown))
                    lines.append(
                        "\(text.name(engine.record)), \(Escaping.code(block.experiment)): \(problem)")
                }
            }
        }
        let left = lines.count - Self.mostTables
        return lines.prefix(Self.mostTables) + (left > 0 ? [text.notShown(left)] : [])
    }
}

// In words.
extension ExperimentAnswer {
    /// More than these are not read.
    private static let mostSentences = 8

    var comparison: String {
        var sentences: [String] = []
        for block in blocks.prefix(Self.mostSentences) {
            guard let metric = block.metrics.first,
                let place = block.places(of: metric).max(by: { known(metric, $0) <= known(metric, $1) })
            else { continue }
            let parts = metric.unit == .truth ? truths(metric, place) : compared(metric, place)
            guard !parts.isEmpty else { continue }
            sentences.append(
                text.about(
                    Escaping.markdown(text[metric.title]), Escaping.markdown(text.place(place)), parts))
        }
        return sentences.joined(separator: text.sentenceGap)
    }

    /// How many engines have a figure there.
    private func known(_ metric: Metric, _ place: Point) -> Int {
        analysis.engines.count { analysis.figures.estimate(metric, $0.id, at: place) != nil }
    }

    private func truths(_ metric: Metric, _ place: Point) -> [String] {
        var names: [[String]] = [[], [], []]
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
    private func compared(_ metric: Metric, _ place: Point) -> [String] {
        let measured = analysis.engines.filter {
            analysis.figures.estimate(metric, $0.id, at: place) != nil
        }
        func compare(_ engine: Analysis.Engine, to other: Analysis.Engine) -> String? {
            analysis.figures.ratio(metric, engine.id, to: other.id, at: place).map { ratio in
                if metric.isExact, ratio.interval == ConfidenceInterval(lower: 1, upper: 1) {
                    return text.isTheSame(text.name(engine.record), as: text.name(other.record))
                }
                return text.compares(
                    text.name(engine.record), ratio, to: text.name(other.record),
                    isTime: metric.unit == .nanoseconds)
            }
        }
        var parts: [String] = []
        if let process = measured.first(where: { $0.id == Analysis.baseline }) {
            parts += measured.filter { $0.id != process.id }.compactMap { compare($0, to: process) }
        }
        if let vm = measured.first(where: { $0.record.kind == .virtualMachine }),
            let container = measured.first(where: { $0.record.kind == .container }),
            let ratio = compare(vm, to: container)
        {
            parts.append(ratio)
        }
        // Of a few things the numbers say more than how many times as many they are.
        let isNumber = metric.isExact && (metric.unit == .count || metric.unit == .ratio)
        guard parts.isEmpty || isNumber else { return parts }
        return measured.map { engine in
            text.hasFigure(
                text.name(engine.record),
                Format.figure(analysis.figures.estimate(metric, engine.id, at: place)?.value, metric))
        }
    }
}

// For a terminal.
extension ExperimentAnswer {
    private static let mostPlainRows = 60
    /// Cells of a terminal that a row's name or an answer may fill.
    private static let nameWidth = 44
    private static let answerWidth = 24

    var plainTable: [[String]] {
        let engines = analysis.engines.filter(\.isMeasured).prefix(Analysis.mostColumns)
        var rows: [[String]] = []
        for block in blocks {
            if let columns = columns(block) {
                // In a terminal each engine where it was measured first.
                for metric in block.metrics {
                    rows.append(
                        [name(metric, [:], in: block)]
                            + engines.map { engine in
                                columns.first { $0.engine.id == engine.id }.map {
                                    plain(metric, engine.id, $0.point ?? [:])
                                } ?? Format.none
                            })
                }
                continue
            }
            for metric in block.metrics {
                for place in block.places(of: metric) {
                    rows.append(
                        [name(metric, place, in: block)] + engines.map { plain(metric, $0.id, place) })
                }
            }
        }
        for group in matrix.groups {
            for row in group.rows {
                rows.append(
                    [fitted(row.title, at: row.place)]
                        + engines.map { engine in
                            let place = group.columns.firstIndex { $0.engine.id == engine.id }
                            return place.flatMap { row.cells[$0] }?.plain(text, width: Self.answerWidth)
                                ?? Format.none
                        })
            }
        }
        let left = rows.count - Self.mostPlainRows
        return [[text.what] + engines.map { text.plainName($0.record) }] + rows.prefix(Self.mostPlainRows)
            + (left > 0 ? [[text.andMore(left)] + engines.map { _ in "" }] : [])
    }

    private func plain(_ metric: Metric, _ engine: EngineID, _ place: Point) -> String {
        figure(metric, engine, place).plain.replacing("<br>", with: ", ")
    }

    private func name(_ metric: Metric, _ place: Point, in block: ExperimentBlock) -> String {
        let title = Escaping.plain(text[metric.title])
        let isShared = blocks.count { $0.metrics.contains { $0.id == metric.id } } > 1
        let own = place.merging([.experiment: block.experiment]) { $1 }
        let words = isShared ? text.experimentPlace(own) : text.place(place)
        return fitted(title, at: words)
    }

    private func fitted(_ title: String, at place: String) -> String {
        text.named(title, at: place) { Columns.count($0) <= Self.nameWidth }
    }
}

extension Format {
    /// A text of no more characters than these, with an ellipsis where something is missing.
    static func cut(_ text: String, _ most: Int) -> String {
        text.count <= most ? text : text.prefix(most - 1) + "…"
    }
}
