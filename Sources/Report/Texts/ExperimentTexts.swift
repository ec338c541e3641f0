import LabCore

// Figures of experiments.
extension Language {
    var experimentMethod: Phrase {
        say(
            "Each trial does one experiment on one engine; what a guest says counts only where the host "
                + "saw it too."
        )
    }
    var metricTitle: Phrase { say("figure") }

    /// Returns the number of times that it was so.
    func truth(_ yes: Int, of n: Int) -> String {
        switch yes {
        case n: say("yes, \(n) of \(n)")
        case 0: say("no, \(n) of \(n)")
        default: say("yes in \(yes) of \(n)")
        }
    }

    /// Over a table.
    func heading(_ title: Phrase) -> Phrase { say("\(strong: title):") }
    /// Something at a place, plain text; where that is too long, what is cut is not the place, by which rows differ.
    func named(_ title: String, at place: String, fits: (String) -> Bool = { _ in true }) -> String {
        func named(_ title: String) -> String {
            place.isEmpty ? title : say("\(title) (\(place))")
        }
        guard !fits(named(title)) else { return named(title) }
        var cut = title
        while cut.count > 8 {
            cut.removeLast()
            if fits(named(cut + "…")) { return named(cut + "…") }
        }
        var whole = named(cut + "…")
        while !whole.isEmpty, !fits(whole + "…") { whole.removeLast() }
        return whole + "…"
    }
    var experimentNote: Phrase {
        say(
            "In brackets the 95 % interval of the median; of what is counted and not sampled, the least "
                + "and the most, where "
                + "the trials differ. \(emphasis: "Yes") and \(emphasis: "no") stand with the number of "
                + "trials that said so."
        )
    }

    // Sentences.
    func about(_ title: Phrase, _ place: String, _ sentences: [Phrase]) -> Phrase {
        let all = sentences.joined(separator: say("; "))
        let where_ = place.isEmpty ? "" : say(" (\(place))")
        return sentence(say("\(strong: title)\(where_): \(all)"))
    }
    func isSo(_ engines: Phrase) -> Phrase { say("yes for \(engines)") }
    func isNotSo(_ engines: Phrase) -> Phrase { say("no for \(engines)") }
    func isSometimesSo(_ engines: Phrase) -> Phrase { say("not always the same for \(engines)") }
    func hasFigure(_ engine: Phrase, _ figure: String) -> Phrase { say("\(engine) \(figure)") }
}

// Facts.
extension Language {
    var evidence: Phrase { say("evidence") }
    var trials: Phrase { say("trials") }
    var factsNote: Phrase {
        say(
            "In each cell the answer, and under it who gave it. Where the trials of a cell disagree, every "
                + "answer stands with "
                + "how often it came.")
    }
    func times(_ count: Int, of n: Int) -> String { say("\(count) of \(n)") }
    // The plot of them.
    var isReached: String { say("reached") }

    // The plot over settings.
    var settingNote: Phrase {
        say(
            "Dots are medians, whiskers their 95 % intervals (of counted figures: from the least to the "
                + "most). An axis is "
                + "logarithmic where the figures span more than twentyfold.")
    }
}

// Verdicts on what is or isn't so.
extension Language {
    func explainTruth(_ reason: Judgement.Reason, n: Int) -> Phrase? {
        switch reason {
        case .within: n == 1 ? say("as claimed, in the one trial") : say("as claimed, in every trial")
        case .below, .above:
            n == 1 ? say("the opposite, in the one trial") : say("the opposite, in every trial")
        case .straddles: say("the trials disagree")
        default: nil
        }
    }
}
