import LabCore

/// The document's statements beside what was measured.
struct ClaimsSection {
    let analysis: Analysis
    let text: Catalogue

    var markdown: String {
        let claims = analysis.result.header.lab.claims
        guard !claims.isEmpty else { return "" }
        var table = MarkdownTable([
            (text.source, .left), (text.claim, .left), (text.measured, .left), (text.verdict, .left),
            (text.why, .left),
        ])
        for claim in claims {
            for judgement in claim.judge(analysis.result) {
                table.add([
                    Escaping.markdown(claim.source), words(claim), figure(claim, judgement),
                    "**\(text.name(judgement.verdict))**", why(claim, judgement),
                ])
            }
        }
        return "## \(text.claims)\n\n\(table.text)"
    }

    /// The document's own words stand beside every translation.
    private func words(_ claim: Claim) -> String {
        let original = Escaping.markdown(claim.text.zh)
        return text.pick("\(Escaping.markdown(claim.text.en))<br>“\(original)”", original)
    }

    private func unit(_ claim: Claim) -> Metric.Unit {
        if claim.rule.relativeTo != nil { return .ratio }
        return analysis.result.header.lab.metrics.first { $0.id == claim.rule.metric }?.unit ?? .count
    }

    private func figure(_ claim: Claim, _ judgement: Judgement) -> String {
        guard let engine = judgement.engine, let figure = judgement.figure,
            let record = analysis.engines.first(where: { $0.id == engine })?.record
        else { return Format.none }
        var shown = "\(text.name(record)): \(Format.quantity(figure, unit(claim)))"
        if let baseline = claim.rule.relativeTo { shown += " × \(Escaping.code(baseline.rawValue))" }
        if let interval = judgement.interval { shown += " (\(Format.interval(interval, unit(claim))))" }
        return "\(shown), n = \(judgement.n)"
    }

    private func why(_ claim: Claim, _ judgement: Judgement) -> String {
        func shown(_ bound: Double?) -> String? {
            bound.map { "\(Format.bound($0, unit(claim)))\(claim.rule.relativeTo == nil ? "" : " ×")" }
        }
        return text.explain(
            judgement.reason, atLeast: shown(claim.rule.atLeast), atMost: shown(claim.rule.atMost))
    }
}
