import LabCore

/// What makes the figures less sure. Each warning is one line of Markdown.
struct WarningsSection {
    let analysis: Analysis
    let text: Catalogue

    /// With fewer samples an interval is given but warned of.
    static let fewSamples = 10

    var markdown: String {
        let lines = warnings.map { "- \($0)\n" }.joined()
        return "## \(text.warnings)\n\n\(lines.isEmpty ? "\(text.noWarnings)\n" : lines)"
    }

    var warnings: [String] { runWarnings + analysis.engines.flatMap(engineWarnings) + failures }

    private var runWarnings: [String] {
        let result = analysis.result
        var warnings = result.header.environment.warnings.map { warning in
            text.problem(Escaping.markdown(warning.text), remedy: warning.remedy.map(Escaping.markdown))
        }
        if result.ending != .complete {
            let made = text.incomplete(result.samples.count, result.header.plan.trials.count)
            warnings.append(text.ending(result.ending) + text.sentenceGap + made)
        }
        return warnings
    }

    private func engineWarnings(_ engine: Analysis.Engine) -> [String] {
        guard engine.isMeasured else { return [] }
        let name = text.name(engine.record)
        let summary = engine.summary
        var warnings: [String] = []
        if engine.record.emulated { warnings.append(text.emulationNote(name)) }
        if summary.n < Self.fewSamples { warnings.append(text.few(name, summary.n)) }
        if let drift = summary.drift, summary.isDrifting {
            warnings.append(
                text.drifted(name, Format.percent(drift.relativeChange), Format.probability(drift.p)))
        }
        if let r = summary.autocorrelation, summary.isAutocorrelated {
            warnings.append(text.autocorrelated(name, Format.fixed(r, decimals: 2)))
        }
        if !summary.outliers.isEmpty {
            warnings.append(text.outlying(name, summary.outliers.count, summary.n))
        }
        return warnings
    }

    /// Failures of one sort and one place together, with the words of the first.
    private struct FailureGroup {
        var kind: LabError.Kind
        var after: Mark?
        var first: LabError
        var count: Int
    }

    private var failures: [String] {
        analysis.engines.flatMap { engine in
            groups(engine.id).map { group in
                text.failures(
                    text.name(engine.record), group.count,
                    after: group.after.map { Escaping.code($0.rawValue) },
                    example: text.problem(
                        Escaping.markdown(group.first.message),
                        cause: group.first.cause.map(Escaping.markdown),
                        remedy: group.first.remedy.map(Escaping.markdown)))
            }
        }
    }

    private func groups(_ engine: EngineID) -> [FailureGroup] {
        var groups: [FailureGroup] = []
        for sample in analysis.result.measuredAnywhere(engine) {
            guard case .failed(let error, let mark) = sample.outcome else { continue }
            if let place = groups.firstIndex(where: { $0.kind == error.kind && $0.after == mark }) {
                groups[place].count += 1
            } else {
                groups.append(FailureGroup(kind: error.kind, after: mark, first: error, count: 1))
            }
        }
        return groups
    }
}
