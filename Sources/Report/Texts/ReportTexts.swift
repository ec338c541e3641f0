import LabCore

/// Every sentence that a report shows.
extension Language {
    // Headings.
    var answer: Phrase { say("Answer") }
    var method: Phrase { say("What was measured, and how") }
    var warnings: Phrase { say("Warnings") }
    func steps(_ engine: Phrase) -> Phrase { say("The start of \(engine), step by step") }

    // Columns.
    var engine: Phrase { say("engine") }
    var failed: Phrase { say("failed") }
    var median: Phrase { say("median") }
    var interval: Phrase { say("95 % interval") }
    var maximum: Phrase { say("max") }
    var measured: Phrase { say("measured") }
    var verdict: Phrase { say("verdict") }
    var sum: Phrase { say("sum") }
    var share: Phrase { say("share of the total") }
    var precision: Phrase { say("± (95 %)") }
    var outliers: Phrase { say("outliers") }
    var drift: Phrase { say("drift") }
    var value: Phrase { say("value") }
    var what: Phrase { say("what") }

    // Words.
    var emulated: Phrase { say("emulated") }
    func until(_ mark: Phrase) -> Phrase { say("until \(mark)") }
    private func remedy(_ text: String) -> Phrase { say("Remedy: \(text)") }
    func unavailable(because error: LabError) -> Phrase {
        let reason = say(error.reason)
        return problem(say("unavailable, because \(reason)"), remedy: error.remedy)
    }
    func problem(_ error: LabError) -> Phrase { problem(Phrase(say(error.reason)), remedy: error.remedy) }
    /// An error on one line; a text that has its end gets no second.
    func problem(_ problem: Phrase, remedy: Message?) -> Phrase {
        guard let remedy else { return problem }
        let ends = ".?!…。？！"
        let isEnded = problem.plain.last.map(ends.contains) ?? false
        return (isEnded ? problem + Phrase(sentenceGap) : say("\(problem). "))
            + self.remedy(say(remedy))
    }
    var notRun: Phrase { say("no sample was taken") }
    var allFailed: Phrase { say("every sample failed, see the warnings") }
}

// The answer in sentences.
extension Language {
    func takesTimes(_ engine: Phrase, _ ratio: String, _ interval: String?, of other: Phrase, isTime: Bool)
        -> Phrase
    {
        let range = interval.map { say(" (95 % interval \($0))") } ?? ""
        return isTime
            ? say("\(engine) takes \(ratio) times as long as \(other)\(range)")
            : say("\(engine) has \(ratio) times the figure of \(other)\(range)")
    }

    func cannotBeTold(_ engine: Phrase, from other: Phrase, _ interval: String) -> Phrase {
        say("\(engine) can't be told from \(other) (95 % interval of the ratio \(interval))")
    }

    func hasMedian(_ engine: Phrase, _ median: String) -> Phrase {
        say("\(engine) has a median of \(median)")
    }

    func notInstalled(_ engines: Phrase) -> Phrase { say("Not installed here, to compare with: \(engines).") }
    /// A ratio with its interval.
    func times(_ ratio: Estimate) -> String {
        let interval = ratio.interval.map { " (\(Format.interval($0, .ratio)))" } ?? ""
        return "\(Format.number(ratio.value)) ×\(interval)"
    }
    func emulationNote(_ engines: Phrase) -> Phrase {
        say("Software emulation, whose figures say nothing about hardware virtualisation: \(engines).")
    }
    func nestedInEmulation(_ emulator: String) -> Phrase {
        say(
            "This machine is nested in emulation (\(emulator)): times are not those of hardware, whatever "
                + "the engine."
        )
    }
    func seeWarnings(_ count: Int) -> Phrase {
        count == 1
            ? say("There is 1 warning, see \("below", to: .section(warnings)).")
            : say("There are \(count) warnings, see \("below", to: .section(warnings)).")
    }
    /// One sentence after another.
    func paragraph(_ sentences: [Phrase]) -> Phrase {
        sentences.filter { !$0.isEmpty }.joined(separator: Phrase(sentenceGap))
    }
    func sentence(_ text: Phrase) -> Phrase { say("\(text).") }
    func sentences(_ parts: [Phrase]) -> Phrase { sentence(parts.joined(separator: say("; "))) }
}

// Verdicts.
extension Language {
    func name(_ verdict: Verdict) -> Phrase {
        switch verdict {
        case .confirmed: say("confirmed")
        case .contradicted: say("contradicted")
        case .inconclusive: say("inconclusive")
        case .notMeasurable: say("not measurable here")
        }
    }

    /// The verdict; of what the run did not measure, that it was not run.
    func name(_ judgement: Judgement) -> Phrase {
        judgement.isNotRun ? say("not run yet") : name(judgement.verdict)
    }

    /// Returns a verdict's reason. The bounds of the rule are text already; the one that a reason speaks of exists.
    func explain(
        _ reason: Judgement.Reason, isCounted: Bool = false, atLeast: String?, atMost: String?
    ) -> Phrase {
        let low = atLeast ?? Format.none
        let high = atMost ?? Format.none
        let bounds = bounds(atLeast: atLeast, atMost: atMost)
        return switch reason {
        case .within where isCounted: say("counted: \(bounds)")
        case .below where isCounted: say("counted: below \(low)")
        case .above where isCounted: say("counted: above \(high)")
        case .straddles where isCounted: say("the counts differ: not all are \(bounds)")
        case .within: say("the whole interval is \(bounds)")
        case .below: say("the whole interval lies below \(low)")
        case .above: say("the whole interval lies above \(high)")
        case .straddles: say("only a part of the interval is \(bounds)")
        case .tooFew(let needed): say("a verdict needs at least \(needed) samples")
        case .noSamples: say("no engine that could show it has samples")
        case .noBaseline(let engine): say("\(engine.rawValue), to compare with, has no samples")
        case .belowThoughEmulated:
            say("the whole interval lies below \(low), although emulation only makes a VM slower and larger")
        case .emulatedOnly: say("there are figures from emulation only, and they can't decide this claim")
        case .stopped(let stop): say("\(name(stop)) ended the trials before they could show it")
        case .baselineUntold(let engine):
            say("the figure of \(code: engine.rawValue), to compare with, can't be told from nothing")
        }
    }

    /// A limit that ended trials.
    func name(_ stop: Stop) -> String {
        switch stop {
        case .subject: say("what the experiment is about")
        case .openFiles: say("the limit of open files")
        case .processes: say("the limit of processes")
        case .memory: say("the host's memory, beside the experiment's budget,")
        case .disk: say("the room on the disk")
        case .diskSpeed: say("the pace of the disk")
        case .namespaces: say("the limit of namespaces")
        case .deadline: say("a deadline")
        case .cap: say("the lab's own cap")
        }
    }

    private func bounds(atLeast: String?, atMost: String?) -> Phrase {
        switch (atLeast, atMost) {
        case (let low?, let high?): say("from \(low) to \(high)")
        case (let low?, nil): say("at least \(low)")
        case (nil, let high?): say("at most \(high)")
        case (nil, nil): say("within no bounds")
        }
    }
}

// Plots and the prose around them.
extension Language {
    func ofTotal(_ phase: String, _ time: String, _ share: String, _ total: String) -> String {
        say("\(phase): \(time), \(share) of \(total)")
    }
}
