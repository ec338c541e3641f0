import LabCore

/// The document's statements beside what was measured.
struct ClaimsSection {
    let report: any MethodReport

    private var analysis: Analysis { report.analysis }
    private var text: Catalogue { report.text }

    var blocks: [Block] {
        let judged = report.lab.claims.map { ($0, $0.judge(analysis.figures)) }
        return judged.isEmpty
            ? []
            : [
                .heading(2, text.say("What the document says, and what was measured")),
                .table(table(of: judged)),
            ]
    }

    /// A table of claims that were judged.
    /// - Parameter showsVerdicts: false where the figures may be seen and not judged.
    func table(of judged: [(Claim, [Judgement])], showsVerdicts: Bool = true) -> Table {
        let hasPlaces = judged.contains { $0.1.contains { !$0.point.isEmpty } }
        var table = Table(
            [.words(text.say("source")), .words(text.say("claim"))] + (hasPlaces ? [.words(text.place)] : [])
                + [.words(text.measured), .words(text.verdict), .words(text.say("why"))])
        for (claim, judgements) in judged {
            // The document's own words stand beside every translation.
            let words = [
                Cell.words(Phrase(claim.source)), .words(text.withOriginal(claim.text, gap: .lineBreak)),
            ]
            // A claim that was judged more than once stands once, above its verdicts, with their sums.
            if judgements.count != 1 {
                let sums = showsVerdicts ? Cell.words(text.tally(judgements)) : .blank
                table.add(words + (hasPlaces ? [.blank] : []) + [.blank, sums, .blank])
            }
            for judgement in judgements.prefix(Analysis.mostRows) {
                table.add(
                    (judgements.count == 1 ? words : [.blank, .blank])
                        + (hasPlaces ? [.words(report.label(judgement.point))] : [])
                        + [figure(claim, judgement)]
                        + (showsVerdicts
                            ? [.words(text.verdict(judgement, of: claim)), .words(why(claim, judgement))]
                            : [.none, .words(text.otherMachine)]))
            }
        }
        return table
    }

    private func metric(_ claim: Claim) -> Metric? {
        analysis.result.header.lab.metrics.first { $0.id == claim.rule.metric }
    }

    private func unit(_ claim: Claim) -> Metric.Unit {
        claim.rule.relativeTo != nil ? .ratio : metric(claim)?.unit ?? .count
    }

    private func figure(_ claim: Claim, _ judgement: Judgement) -> Cell {
        guard let engine = judgement.engine, let figure = judgement.figure,
            let record = analysis.record(engine)
        else { return .none }
        let name = text.name(record)
        if unit(claim) == .truth, let metric = metric(claim) {
            let truths = ExperimentFigure(
                analysis: analysis, text: text, metric: metric, engine: engine, place: judgement.point
            ).truths
            return .words("\(name): \(text.truth(truths.yes, of: truths.n))")
        }
        let isRatio = claim.rule.relativeTo != nil
        let value = metric(claim).flatMap { isRatio ? nil : Format.figure(figure, $0) }
        var shown: Phrase = "\(name): \(value ?? Format.quantity(figure, unit(claim)))"
        if let baseline = claim.rule.relativeTo { shown += " × \(code: baseline.rawValue)" }
        // Of what was counted and always the same there is no interval to show.
        let isCertain =
            metric(claim)?.isExact == true && judgement.interval?.lower == judgement.interval?.upper
        if let interval = judgement.interval, !isCertain {
            shown += " (\(Format.interval(interval, unit(claim))))"
        }
        return .words("\(shown), n = \(judgement.n)")
    }

    private func why(_ claim: Claim, _ judgement: Judgement) -> Phrase {
        if unit(claim) == .truth, let words = text.explainTruth(judgement.reason) { return words }
        func shown(_ bound: Double?) -> String? {
            bound.map { "\(Format.bound($0, unit(claim)))\(claim.rule.relativeTo == nil ? "" : " ×")" }
        }
        return text.explain(
            judgement.reason, atLeast: shown(claim.rule.atLeast), atMost: shown(claim.rule.atMost))
    }
}

extension Catalogue {
    /// A verdict, and what it is about where the claim's words leave that open.
    func verdict(_ judgement: Judgement, of claim: Claim) -> Phrase {
        let name = Phrase.strong(self.name(judgement.verdict))
        return claim.rule.scope.map { say("\(name) (\(self[$0]))") } ?? name
    }

    /// Returns the number of times that each verdict was reached: `7 confirmed, 4 inconclusive`.
    func tally(_ judgements: [Judgement]) -> Phrase {
        let counts = Verdict.allCases.compactMap { verdict -> Phrase? in
            let count = judgements.count { $0.verdict == verdict }
            return count == 0 ? nil : "\(count) \(name(verdict))"
        }
        return counts.isEmpty ? .none : counts.joined(separator: say(", "))
    }

    /// A translation with the document's words, or these alone in their own language.
    func withOriginal(_ words: LocalizedText, gap: Inline = .text(" ")) -> Phrase {
        language == .chinese
            ? "\(words[.chinese])" : "\(words[language])\(Phrase([gap]))“\(words[.chinese])”"
    }
}
