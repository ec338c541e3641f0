import LabCore
import Texts

/// The words of a measured cell and of a verdict.
struct CellText {
    let text: Language
    /// The lab that the row is of.
    var lab: LabDefinition?
    /// A cell is no place for a page, and what a guest or a tool said may be long: the most characters of it.
    var longest = 1_000

    /// Returns the text of one cell on one engine, without its title.
    func words(_ cell: TableCell) -> Phrase {
        switch cell.content {
        case .figure(let estimate, let unit, let baseline): figure(estimate, unit, baseline, cell.metric)
        case .truth(let yes, let count):
            text.truth(
                .strong(yes * 2 > count ? text.say("yes") : text.say("no")), max(yes, count - yes), of: count)
        case .fact(let fact, let count, let all): answer(fact, count, of: all)
        case .absent(let absence): self.absence(absence)
        }
    }

    /// The title of what is shown: its own, else that of the lab's metric or fact.
    func title(of shown: TableRow.Shown) -> Phrase {
        let title =
            shown.title ?? lab?.metrics.first { $0.id == shown.metric }?.title
            ?? lab?.facts?.first { $0.id == shown.fact }?.title
        return title.map { Phrase(text[$0]) } ?? .none
    }

    private func figure(
        _ estimate: Estimate, _ unit: Metric.Unit, _ baseline: EngineID?, _ metric: Metric?
    ) -> Phrase {
        let isCounted = metric.map { $0.isExact && !$0.isSlope } ?? false
        if let baseline {
            let isCertain = isCounted && estimate.interval?.lower == estimate.interval?.upper
            return text.figure(
                .strong("\(Format.number(estimate.value)) × \(code: baseline.rawValue)"),
                isCertain ? nil : estimate.interval.map { Format.interval($0, unit) }, n: estimate.n,
                isCounted: isCounted)
        }
        let (figure, interval) =
            metric.map { text.shown(estimate, $0) }
            ?? (Format.quantity(estimate.value, unit), estimate.interval.map { Format.interval($0, unit) })
        return text.figure(.strong("\(figure)"), interval, n: estimate.n, isCounted: isCounted)
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
        case .open where judgement.claims.isEmpty: detail = obstacles(judgement)
        case .open:
            detail = [text.open(open(judgement)), places(judgement)].filter { !$0.isEmpty }
                .joined(separator: text.say("; "))
        case .notMeasurable, .notRun: detail = obstacles(judgement)
        }
        return detail.isEmpty ? name : text.say("\(name) (\(detail))")
    }

    /// Returns the points at which claims hold, and those at which they don't.
    private func places(_ judgement: SubjectJudgement) -> Phrase {
        [Verdict.confirmed, .contradicted].compactMap { verdict -> Phrase? in
            let names = names(judgement) { $0.verdict == verdict }
            return names.isEmpty ? nil : text.holds(verdict == .confirmed, text.some(names))
        }.joined(separator: text.say("; "))
    }

    /// Returns the parts that are undecided.
    func open(_ judgement: SubjectJudgement) -> Phrase {
        let never = judgement.claims.filter(\.judgements.isEmpty).map { Phrase.code($0.claim.id) }
        return text.some(names(judgement) { ![.confirmed, .contradicted].contains($0.verdict) } + never)
    }

    private func names(_ judgement: SubjectJudgement, _ isMeant: (Judgement) -> Bool) -> [Phrase] {
        judgement.claims.flatMap { judged in
            judged.judgements.filter(isMeant).map {
                place($0, judged.claim, isOnlyClaim: judgement.claims.count == 1)
            }
        }
    }

    private func place(_ judgement: Judgement, _ claim: Claim, isOnlyClaim: Bool) -> Phrase {
        guard let each = claim.rule.each, let value = judgement.point[each] else { return .code(claim.id) }
        let place =
            each == .setting || each == .instances
            ? text.conditions(of: lab).words(each, of: judgement.point) : .code(value)
        return isOnlyClaim ? place : "\(code: claim.id) \(place)"
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
        case .straddles, .tooFew, .untold: return text.say("undecided")
        case .stopped(let stop): return text.say("ended by \(text.name(stop))")
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
            case .stopped(let stop):
                parts.append(text.say("\(text.name(stop)) ended the trials before they could show it"))
            case .untold(let engine):
                parts.append(
                    text.say(
                        "the figure of \(code: engine.rawValue), to compare with, can't be told from nothing")
                )
            case .noClaim, .otherMachine: parts.append(brief(obstacle))
            }
        }
        return parts
    }
}
