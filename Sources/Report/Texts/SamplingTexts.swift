import LabCore

extension Language {
    var place: Phrase { say("where") }
    var wanted: Phrase { say("asked for") }
    var sampling: Phrase { say("How sure each figure is") }

    func ended(_ end: Sampling.End) -> Phrase {
        switch end {
        case .narrow: say("interval narrow enough")
        case .narrowWhenLookedAt: say("narrow enough when looked at")
        case .planned: say("planned number")
        case .growth: say("most samples allowed, \(strong: "still too wide")")
        case .stopped: say("\(strong: "engine stopped") after failures")
        case .run(.budget): .strong(say("time budget"))
        case .run(.interrupted): .strong(say("interrupted"))
        case .run(.killed): .strong(say("killed"))
        case .run(.complete): say("end of the run")
        }
    }

    var slopesNote: Phrase {
        say(
            "These are the slopes of the answer, each through all samples of its engine and condition; below, the cells that they "
                + "go through.")
    }
    var samplesNote: Phrase {
        say(
            "n is followed by the planned number where it differs. ± is half the interval's width over the figure: over the "
                + "ratio to \(.code(Precision.baseline.rawValue)) where that is measured too, and else over the median. Outliers have "
                + "a modified z-score above 3.5 (Iglewicz & Hoaglin); they are flagged and kept. "
                + "Drift is the last third against the first, with the p-value of the Mann–Kendall test."
        )
    }
    /// `own`: nanoseconds of a trial of the engine that does nothing; `between`: from the end of a trial to the next.
    func harness(_ own: String?, _ between: String?) -> Phrase {
        let first = own.map { own -> Phrase in
            say(
                "An engine that does nothing takes \(own) (median): so much the harness itself adds to a sample."
            )
        }
        let second = between.map { between -> Phrase in
            say("Between two trials it takes \(between) (median), outside every mark.")
        }
        return paragraph([first, second].compactMap(\.self))
    }
    func order(seed: UInt64, planned: Int, extra: Int, taken: Int, warmups: Int) -> Phrase {
        let more =
            extra == 0
            ? ""
            : say(", and up to \(extra) more where an interval is too wide")
        return say(
            "The engines took turns in an order shuffled with the seed \(seed): \(planned) trials were planned\(more); \(taken) "
                + "were made, \(warmups) of them warm-ups that are left out of every figure.")
    }
}
