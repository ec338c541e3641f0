import LabCore

/// The document's statements beside what was measured.
struct ClaimsSection {
    let report: any MethodReport

    private var analysis: Analysis { report.analysis }
    private var text: Language { report.text }

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
            // The document's own words stand beside every translation; one that is read in several ways says in which.
            let isRead = judged.count { $0.0.source == claim.source && $0.0.text == claim.text } > 1
            let said = text.withOriginal(claim.text, gap: .lineBreak)
            let words = [
                Cell.words(Phrase(claim.source)),
                .words(isRead ? [said, text.reading(claim, metric(claim), in: report.lab)].lines : said),
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
            return .words("\(name)\(text.colon)\(text.truth(truths.yes, of: truths.n))")
        }
        // A quotient is no metric of the lab's; it is counted when both of its parts are.
        let isRatio = claim.rule.relativeTo != nil
        let stop =
            isRatio
            ? nil
            : metric(claim).flatMap { analysis.figures.harnessStop($0, engine, at: judgement.point) }
        let estimate = Estimate(value: figure, interval: judgement.interval, n: judgement.n, stop: stop)
        var (value, interval) =
            metric(claim).flatMap { isRatio ? nil : text.shown(estimate, $0) }
            ?? (
                Format.quantity(figure, unit(claim)),
                estimate.interval.map { Format.interval($0, unit(claim)) }
            )
        if isRatio, judgement.isCounted, judgement.interval?.lower == judgement.interval?.upper {
            interval = nil
        }
        let shown: Phrase = "\(name)\(text.colon)\(value)"
        let ratio = claim.rule.relativeTo.map { "\(shown) × \(code: $0.rawValue)" as Phrase }
        return .words(
            text.figure(ratio ?? shown, interval, n: judgement.n, isCounted: judgement.isCounted))
    }

    private func why(_ claim: Claim, _ judgement: Judgement) -> Phrase {
        if unit(claim) == .truth, let words = text.explainTruth(judgement.reason, n: judgement.n) {
            return words
        }
        func shown(_ bound: Double?) -> String? {
            bound.map { "\(Format.bound($0, unit(claim)))\(claim.rule.relativeTo == nil ? "" : " ×")" }
        }
        return text.explain(
            judgement.reason, isCounted: judgement.isCounted, atLeast: shown(claim.rule.atLeast),
            atMost: shown(claim.rule.atMost))
    }
}

extension Language {
    /// A verdict, and what it is about where the claim's words leave that open.
    func verdict(_ judgement: Judgement, of claim: Claim) -> Phrase {
        let name = Phrase.strong(self.name(judgement))
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

    /// The figure by which a claim is judged, and whose it is.
    func reading(_ claim: Claim, _ metric: Metric?, in lab: LabDefinition) -> Phrase {
        let title = metric.map(self.title) ?? Phrase.none
        let engines = list(claim.rule.engines.map { .code($0.rawValue) })
        let place = conditions(of: lab).experimentPlace(claim.rule.at)
        let whole: Phrase = place.isEmpty ? title : say("\(title) (\(place))")
        return claim.rule.relativeTo.map { say("read as: \(whole), \(engines) against \(code: $0.rawValue)") }
            ?? say("read as: \(whole), \(engines)")
    }

    /// A translation with the document's words, or these alone in their own language.
    func withOriginal(_ words: LocalizedText, gap: Inline = .text(" ")) -> Phrase {
        self == .chinese ? "\(self[words])" : "\(self[words])\(Phrase([gap]))“\(words[.chinese])”"
    }
}
