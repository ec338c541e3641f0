import LabCore

// Starts under other conditions.
extension Language {

    /// Returns the condition at a point, in a few words.
    func condition(_ point: Condition) -> Phrase {
        point.isEmpty ? say("warm, one at a time") : conditions().words(point)
    }

    var conditionsNote: Phrase {
        say(
            "Median with its 95 % interval, then the ratio to the same engine warm and alone. "
                + "\(emphasis: "Each") is the time of the last "
                + "over their number: what one costs where many are started.")
    }
    func failedSamples(_ count: Int) -> Phrase { say("\(count) failed") }
    func leftOut(_ count: Int) -> [Block] { count > 0 ? [.paragraph(notShown(count))] : [] }
    func notShown(_ count: Int) -> Phrase {
        say(
            "\(count, one: "more is", other: "more are") not shown; \(code: "lab report . --format csv") "
                + "has them all."
        )
    }
}

// Phases and steps.
extension Language {
    var mean: Phrase { say("mean") }

    var phasesNote: Phrase {
        say(
            "Each figure is the mean of the span that ends with the mark above it and starts with the mark "
                + "before; – stands where "
                + "an engine has no such mark. The mean is over the samples in the middle by total time: "
                + "half of them, or so "
                + "much less that their mean total lies within 2 % of the median of all. So the parts add "
                + "up to the sum "
                + "exactly, and beside it stands how far that is from the median.")
    }
    func stepsNote(_ middle: Int, of n: Int, median: String, gap: String) -> Phrase {
        say(
            "Means over the \(middle) samples in the middle, by total time, of \(n); they add up to the "
                + "time from "
                + "\(code: "requested") to the end of the life, whose median over all samples is \(median) "
                + "(the sum is \(gap) of it "
                + "away).")
    }

    var addedNote: Phrase {
        say(
            "Mean time from the request to each mark, over the middle of the samples. The two run the same "
                + "kernel, initramfs, "
                + "machine and devices in the same QEMU; what differs is who starts it.")
    }

    func explanation(_ container: Phrase, _ process: Phrase) -> Phrase {
        say("What \(container) takes longer for than \(process)")
    }
    func explained(
        _ container: Phrase, _ difference: String, _ process: Phrase, share: String, own: String,
        grown: String?
    ) -> Phrase {
        guard let grown else {
            return say(
                "\(container) lives \(difference) longer than \(process), from the request until nothing is "
                    + "left of it. \(own) of that are steps that only one of the two has; those that both have "
                    + "take no longer in the container. Means over the middle of the samples of each.")
        }
        return say(
            "\(container) lives \(difference) longer than \(process), from the request until nothing is "
                + "left of it. "
                + "\(strong: "Named steps explain \(share) of that"): \(own) are steps that only one of "
                + "the two has, \(grown) are steps that "
                + "both have and that take longer in the container. Means over the middle of the samples "
                + "of each."
        )
    }
}

// The ablation.
extension Language {
    /// `excess` is by how much the sum exceeds the whole, as a share of it.
    func partsAlone(_ sum: String, _ share: String, excess: Double) -> Phrase {
        say("Alone, the layers cost \(sum) together, \(share) of the whole")
            + interaction(
                excess,
                more: say("they share work that each does for itself when alone"),
                less: say("some cost more beside others than alone"))
    }
    func partsLeftOut(_ sum: String, _ share: String, excess: Double) -> Phrase {
        say("Left out one at a time, they save \(sum) together, \(share) of the whole")
            + interaction(
                excess,
                more: say("some cost more beside others than alone"),
                less: say("what several need stays when one of them goes"))
    }
    /// Within a tenth, nothing is read into it.
    private func interaction(_ excess: Double, more: String, less: String) -> Phrase {
        if abs(excess) <= 0.1 { return say(": they hardly interact.") }
        return say(": \(excess > 0 ? more : less).")
    }
}
