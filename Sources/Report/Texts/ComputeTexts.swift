import LabCore

extension Language {

    /// The kind of work of a point.
    func work(_ point: Condition) -> String {
        point.isEmpty ? say("the lab's workload") : conditions().place(point)
    }

    func lossTitle(_ baseline: Phrase) -> Phrase {
        say(
            "\(strong: "Loss of performance"): by how much longer the same work takes than in \(baseline); "
                + "+ is a loss, − a gain."
        )
    }
    var lossNote: Phrase {
        say(
            "In brackets the 95 % interval; bold where it shows a difference at all. The last row is the "
                + "middle one of the kinds "
                + "above it, not a mean: the kinds are no sample of anything.")
    }
    func loses(
        _ engine: Phrase, _ middle: String, least: (String, Phrase), most: (String, Phrase), slower: Int,
        of kinds: Int
    ) -> Phrase {
        guard kinds > 1 else {
            return say("\(engine): \(middle) for \(most.1)")
        }
        return say(
            "\(engine) loses \(middle) in the median of \(kinds) kinds of work, from \(least.0) "
                + "(\(least.1)) to \(most.0) "
                + "(\(most.1)), and is shown to be slower in \(slower) of them")
    }
    func computeMethod(_ workload: Phrase) -> Phrase {
        say(
            "Each trial starts one instance with the workload \(workload), which prepares, says "
                + "\(code: "ready"), does its rounds of work "
                + "and sends their digest; a digest that the host did not work out as well is a failure, "
                + "so that no work can be "
                + "skipped. Host CPU time covers everything the host does for the instance, VMM threads "
                + "included."
        )
    }
    var lossPlotNote: Phrase {
        say(
            "Dots are ratios of medians, whiskers their 95 % intervals; to the right of 1 × the work takes "
                + "longer."
        )
    }
    var lostNote: Phrase {
        say(
            "Medians with their 95 % intervals. \(emphasis: "Throttled") is the share of the time until "
                + "the output for which the engine's CPU "
                + "limit made it wait; \(emphasis: "stolen") is CPU time that a hypervisor under this host "
                + "gave to others, over the elapsed "
                + "time.")
    }
    func throttledWarning(_ engine: Phrase, _ kinds: Phrase) -> Phrase {
        say(
            "\(engine) was made to wait by its CPU limit in \(kinds): there the figures are of the limit "
                + "as well. Remedy: a lab "
                + "with more \(code: "cpus").")
    }
}
