import LabCore
import Texts

/// The words of a measured cell and of a verdict.
struct CellText {
    let text: Catalogue
    /// A cell is no place for a page, and what a guest or a tool said may be long: the most characters of it.
    var longest = 1_000

    /// Returns the text of one cell on one engine, without its title.
    func content(_ content: TableCell.Content) -> Phrase {
        switch content {
        case .figure(let estimate, let unit, let baseline): figure(estimate, unit, baseline)
        case .truth(let yes, let count):
            text.truth(
                .strong(yes * 2 > count ? text.say("yes") : text.say("no")), max(yes, count - yes), of: count)
        case .fact(let fact, let count, let all): answer(fact, count, of: all)
        case .absent(let absence): self.absence(absence)
        }
    }

    private func figure(_ estimate: Estimate, _ unit: Metric.Unit, _ baseline: EngineID?) -> Phrase {
        // A value that is counted and always the same has no width, and no digits that were not.
        let isCounted = estimate.interval.map { $0.lower == $0.upper } ?? false
        let value =
            baseline.map { "\(Format.number(estimate.value)) × \(code: $0.rawValue)" as Phrase }
            ?? Phrase(
                isCounted ? Format.bound(estimate.value, unit) : Format.quantity(estimate.value, unit))
        let interval = isCounted ? nil : estimate.interval.map { Format.interval($0, unit) }
        return text.figure(.strong(value), interval, n: estimate.n)
    }

    private func answer(_ fact: Fact, _ count: Int, of all: Int) -> Phrase {
        var answer = Phrase.strong(shortened(text.say(fact.answer)))
        if let mechanism = fact.mechanism, mechanism != .none {
            answer = text.say("\(answer) by \(text.name(mechanism))")
        }
        return count == all ? answer : text.often(answer, count, of: all)
    }

    func absence(_ absence: Absence) -> Phrase {
        switch absence {
        case .notRun(nil): .emphasis(text.say("not measured: no lab stands behind this row yet"))
        case .notRun(let lab?):
            "\(emphasis: text.say("not measured"))\(text.colon)\(text.runLab(.code("lab run \(lab)")))"
        case .couldNotRun(let lab, let reason):
            text.couldNotRun(
                .emphasis(text.say("not measurable here")), .code(lab), shortened(text.say(reason)))
        case .notInRun: .emphasis(text.say("no part of this lab's run"))
        case .unavailable(let reason):
            text.absentBecause(.emphasis(text.say("unavailable")), shortened(text.say(reason)))
        case .failed(let reason):
            text.absentBecause(.emphasis(text.say("every sample failed")), shortened(text.say(reason)))
        case .notSampled: .emphasis(text.say("no sample was taken"))
        case .notFound: .emphasis(text.say("no sample has this figure"))
        }
    }

    func shortened(_ words: String) -> String {
        words.unicodeScalars.count <= longest
            ? words : String(String.UnicodeScalarView(words.unicodeScalars.prefix(longest))) + "…"
    }
}

extension CellText {
    /// The verdict on one half of a row, in few words.
    func verdict(_ judgement: SubjectJudgement) -> Phrase {
        let scopes = judgement.claims.compactMap { $0.claim.rule.scope }.reduce(into: [Phrase]()) {
            all, scope in
            let words = Phrase(text[scope])
            if !all.contains(words) { all.append(words) }
        }
        let verdict = unscoped(judgement)
        return scopes.isEmpty ? verdict : text.say("\(verdict) (\(scopes.joined(separator: text.say("; "))))")
    }

    private func unscoped(_ judgement: SubjectJudgement) -> Phrase {
        let name = Phrase.strong(text.name(judgement.verdict))
        let detail: Phrase
        switch judgement.verdict {
        case .supported: return name
        case .refuted:
            let decided = judgement.judgements.filter { $0.verdict == .contradicted }
            detail = decided.allSatisfy(\.emulated) ? text.say("even by emulated figures") : Phrase()
        case .conditional: detail = places(judgement)
        case .notMeasurable: detail = obstacles(judgement)
        }
        return detail.isEmpty ? name : text.say("\(name) (\(detail))")
    }

    /// Returns the points at which claims hold, and those at which they don't.
    private func places(_ judgement: SubjectJudgement) -> Phrase {
        let parts = [Verdict.confirmed, .contradicted].map { verdict in
            let names = judgement.claims.flatMap { judged in
                judged.judgements.filter { $0.verdict == verdict }.map {
                    place($0, judged.claim, isOnlyClaim: judgement.claims.count == 1)
                }
            }
            return text.holds(verdict == .confirmed, text.some(names))
        }
        let open = judgement.total - judgement.confirmed - judgement.contradicted
        return (parts + (open > 0 ? [text.say("\(open) undecided")] : [])).joined(separator: text.say("; "))
    }

    private func place(_ judgement: Judgement, _ claim: Claim, isOnlyClaim: Bool) -> Phrase {
        guard let each = claim.rule.each, let value = judgement.point[each] else { return .code(claim.id) }
        return .code(isOnlyClaim ? value : "\(claim.id) \(value)")
    }

    /// Returns why there is no verdict, in few words: the whole reasons stand in the row's section.
    private func obstacles(_ judgement: SubjectJudgement) -> Phrase {
        var parts: [Phrase] = []
        if judgement.confirmed > 0 && !judgement.obstacles.contains(.otherMachine) {
            parts.append(text.partly(judgement.confirmed, of: judgement.total))
        }
        for words in judgement.obstacles.map(brief) where !parts.contains(words) { parts.append(words) }
        return parts.joined(separator: text.say("; "))
    }

    private func brief(_ obstacle: SubjectJudgement.Obstacle) -> Phrase {
        switch obstacle {
        case .noClaim: return text.say("the lab makes no claim about it")
        case .otherMachine: return text.otherMachine
        case .emulated: return text.say("figures from emulation only")
        case .straddles, .tooFew: return text.say("undecided")
        case .noResult(.couldNotRun): return text.say("the lab yielded nothing")
        case .noResult: return text.say("not measured")
        case .absent(let engine, let absence):
            let name = Phrase.code(engine.rawValue)
            switch absence {
            case .unavailable: return text.say("\(name) is unavailable")
            case .failed: return text.say("\(name) failed")
            default: return text.say("\(name) has no sample")
            }
        }
    }

    /// The same in full, a sentence each.
    func sentences(_ judgement: SubjectJudgement) -> [Phrase] {
        var parts: [Phrase] = []
        if judgement.confirmed > 0 && !judgement.obstacles.contains(.otherMachine) {
            parts.append(text.partly(judgement.confirmed, of: judgement.total))
        }
        for obstacle in judgement.obstacles {
            switch obstacle {
            case .absent(let engine, let absence):
                parts.append(text.say("\(.code(engine.rawValue)): \(self.absence(absence))"))
            case .noResult(let absence): parts.append(self.absence(absence))
            case .emulated(let engine): parts.append(text.emulated(.code(engine.rawValue)))
            case .straddles: parts.append(text.say("an interval crosses a bound: undecided"))
            case .tooFew(let needed):
                parts.append(
                    text.say(
                        "there are fewer samples than the \(needed) "
                            + "that a verdict needs: undecided"))
            case .noClaim, .otherMachine: parts.append(brief(obstacle))
            }
        }
        return parts
    }
}
