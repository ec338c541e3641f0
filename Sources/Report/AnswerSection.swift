import LabCore

/// Title, question, the answer in one table and in a sentence or two: the first screen of a report.
struct AnswerSection {
    let analysis: Analysis
    let text: Catalogue

    var markdown: String {
        let lab = analysis.result.header.lab
        return """
            # \(Escaping.markdown(text[lab.title]))

            **\(Escaping.markdown(text[lab.question]))**

            ## \(text.answer)

            \(definition(of: analysis.headline, in: text))

            \(EngineTable(text: text, metric: analysis.headline, engines: analysis.engines).markdown)
            \(sentences.joined(separator: text.sentenceGap))

            """
    }

    private var sentences: [String] {
        let measured = analysis.engines.filter(\.isMeasured)
        var sentences = [measured.isEmpty ? text.nothingMeasured : comparison(measured)]
        let missing = analysis.engines.filter { !$0.isMeasured }
        if !missing.isEmpty {
            sentences.append(text.notMeasured(text.list(missing.map { text.name($0.record) })))
        }
        let emulated = measured.filter(\.record.emulated)
        if !emulated.isEmpty {
            sentences.append(text.emulationNote(text.list(emulated.map { text.name($0.record) })))
        }
        let warnings = WarningsSection(analysis: analysis, text: text).warnings.count
        if warnings > 0 { sentences.append(text.seeWarnings(warnings)) }
        return sentences
    }

    private func comparison(_ measured: [Analysis.Engine]) -> String {
        var parts = measured.filter { $0.id != Analysis.baseline }.map { engine in
            guard let ratio = engine.ratio else {
                return text.hasMedian(
                    text.name(engine.record), Format.quantity(engine.summary.median, analysis.headline.unit))
            }
            return phrase(engine, ratio, to: Escaping.code(Analysis.baseline.rawValue))
        }
        // What the project is about: the VM against the container.
        if let vm = analysis.firstMeasured(.virtualMachine),
            let container = analysis.firstMeasured(.container),
            let ratio = analysis.result.ratio(analysis.headline, vm.id, to: container.id)
        {
            parts.append(phrase(vm, ratio, to: text.name(container.record)))
        }
        if parts.isEmpty, let only = measured.first {
            parts = [
                text.hasMedian(
                    text.name(only.record), Format.quantity(only.summary.median, analysis.headline.unit))
            ]
        }
        return text.sentences(parts)
    }

    private func phrase(_ engine: Analysis.Engine, _ ratio: Estimate, to other: String) -> String {
        let interval = ratio.interval.map { Format.interval($0, .ratio) }
        let name = text.name(engine.record)
        if let range = ratio.interval, let interval, range.contains(1) {
            return text.cannotBeTold(name, from: other, interval)
        }
        return text.takesTimes(
            name, Format.number(ratio.value), interval, of: other,
            isTime: analysis.headline.unit == .nanoseconds)
    }
}

/// One metric, a row per engine.
struct EngineTable {
    let text: Catalogue
    let metric: Metric
    let engines: [Analysis.Engine]

    var markdown: String {
        var table = MarkdownTable([
            (text.engine, .left), ("n", .right), (text.failed, .right), (text.median, .right),
            (text.interval, .right),
            ("p95", .right), (text.minimum, .right),
            (text.ratioTo(Escaping.code(Analysis.baseline.rawValue)), .left),
        ])
        for engine in engines {
            let summary = engine.summary
            table.add([
                text.name(engine.record), "\(summary.n)", "\(summary.failures)",
                summary.median.map { "**\(Format.quantity($0, metric.unit))**" } ?? Format.none,
                Format.interval(summary.interval, metric.unit), Format.quantity(summary.p95, metric.unit),
                Format.quantity(summary.minimum, metric.unit), lastCell(engine),
            ])
        }
        return table.text
    }

    /// The ratio, or why there is none.
    private func lastCell(_ engine: Analysis.Engine) -> String {
        if case .unavailable(let reason, let remedy) = engine.record.availability, !engine.isMeasured {
            return text.unavailable(
                because: Escaping.markdown(reason), remedy: remedy.map(Escaping.markdown))
        }
        if !engine.isMeasured { return engine.summary.failures > 0 ? text.allFailed : text.notRun }
        if engine.id == Analysis.baseline { return text.baseline }
        guard let ratio = engine.ratio else { return Format.none }
        let interval = ratio.interval.map { " (\(Format.interval($0, .ratio)))" } ?? ""
        return "\(Format.number(ratio.value)) ×\(interval)"
    }
}
