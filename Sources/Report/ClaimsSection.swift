import LabCore

/// The document's statements beside what was measured.
struct ClaimsSection {
    let analysis: Analysis
    let text: Catalogue

    var markdown: String {
        let judged = analysis.result.header.lab.claims.map { ($0, $0.judge(analysis.result)) }
        return judged.isEmpty ? "" : "## \(text.claims)\n\n\(table(of: judged))"
    }

    /// A table of claims that were judged.
    /// - Parameter showsVerdicts: false where the figures may be seen and not judged.
    func table(of judged: [(Claim, [Judgement])], showsVerdicts: Bool = true) -> String {
        let places = judged.contains { $0.1.contains { !$0.point.isEmpty } }
        var table = MarkdownTable(
            [(text.source, .left), (text.claim, .left)] + (places ? [(text.place, .left)] : [])
                + [(text.measured, .left), (text.verdict, .left), (text.why, .left)])
        for (claim, judgements) in judged {
            if judgements.count != 1 { table.add(heading(claim, judgements, places, showsVerdicts)) }
            for judgement in judgements.prefix(Analysis.mostRows) {
                let words =
                    judgements.count == 1 ? [Escaping.markdown(claim.source), words(claim)] : ["", ""]
                let place = places ? [text.label(judgement.point, analysis.method)] : []
                let verdict = [
                    "**\(text.name(judgement.verdict))**", why(claim, judgement),
                ]
                table.add(
                    words + place + [figure(claim, judgement)]
                        + (showsVerdicts ? verdict : [Format.none, text.otherMachine]))
            }
        }
        return table.text
    }

    /// The claim once, above its verdicts, with their sums.
    private func heading(
        _ claim: Claim, _ judgements: [Judgement], _ places: Bool, _ showsVerdicts: Bool
    ) -> [String] {
        [Escaping.markdown(claim.source), words(claim)] + (places ? [""] : [])
            + ["", showsVerdicts ? tally(judgements, in: text) : "", ""]
    }

    /// The document's own words stand beside every translation.
    private func words(_ claim: Claim) -> String {
        let original = Escaping.markdown(claim.text.zh)
        return text.pick("\(Escaping.markdown(claim.text.en))<br>“\(original)”", original)
    }

    private func metric(_ claim: Claim) -> Metric? {
        analysis.result.header.lab.metrics.first { $0.id == claim.rule.metric }
    }

    private func unit(_ claim: Claim) -> Metric.Unit {
        claim.rule.relativeTo != nil ? .ratio : metric(claim)?.unit ?? .count
    }

    private func figure(_ claim: Claim, _ judgement: Judgement) -> String {
        guard let engine = judgement.engine, let figure = judgement.figure,
            let record = analysis.record(engine)
        else { return Format.none }
        if unit(claim) == .truth, let metric = metric(claim) {
            let truths = ExperimentFigure(
                analysis: analysis, text: text, metric: metric, engine: engine, place: judgement.point
            ).truths
            return "\(text.name(record)): \(text.truth(truths.yes, of: truths.n))"
        }
        let isRatio = claim.rule.relativeTo != nil
        let value = metric(claim).flatMap { isRatio ? nil : Format.figure(figure, $0) }
        var shown = "\(text.name(record)): \(value ?? Format.quantity(figure, unit(claim)))"
        if let baseline = claim.rule.relativeTo { shown += " × \(Escaping.code(baseline.rawValue))" }
        // Of what was counted and always the same there is no interval to show.
        let isCertain =
            metric(claim)?.isExact == true && judgement.interval?.lower == judgement.interval?.upper
        if let interval = judgement.interval, !isCertain {
            shown += " (\(Format.interval(interval, unit(claim))))"
        }
        return "\(shown), n = \(judgement.n)"
    }

    private func why(_ claim: Claim, _ judgement: Judgement) -> String {
        if unit(claim) == .truth, let words = text.explainTruth(judgement.reason) { return words }
        func shown(_ bound: Double?) -> String? {
            bound.map { "\(Format.bound($0, unit(claim)))\(claim.rule.relativeTo == nil ? "" : " ×")" }
        }
        return text.explain(
            judgement.reason, atLeast: shown(claim.rule.atLeast), atMost: shown(claim.rule.atMost))
    }
}

/// How often each verdict was reached: `7 confirmed, 4 inconclusive`.
func tally(_ judgements: [Judgement], in text: Catalogue) -> String {
    let counts = Verdict.allCases.compactMap { verdict -> String? in
        let count = judgements.count { $0.verdict == verdict }
        return count == 0 ? nil : "\(count) \(text.name(verdict))"
    }
    return counts.isEmpty ? Format.none : counts.joined(separator: text.pick(", ", "，"))
}

extension Analysis {
    var method: LabDefinition.Method { result.header.lab.method }
}

extension Catalogue {
    /// What a point stands for, as Markdown.
    func label(_ point: Point, _ method: LabDefinition.Method) -> String {
        switch method {
        case .lifecycle: return condition(point)
        case .compute: return point.isEmpty ? Format.none : Escaping.code(work(point))
        case .experiment:
            return point.isEmpty ? Format.none : Escaping.markdown(experimentPlace(point))
        case .memory:
            guard let count = point[.instances] else { return Escaping.markdown(memoryCondition(point)) }
            let condition = Escaping.markdown(memoryCondition(point.filter { $0.key != .instances }))
            return pick(
                "\(condition), \(Escaping.markdown(count)) at once",
                "\(condition)，同时 \(Escaping.markdown(count)) 个")
        }
    }
}
