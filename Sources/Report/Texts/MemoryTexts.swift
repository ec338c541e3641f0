import LabCore

extension Language {
    var conditionTitle: Phrase { say("condition") }
    var growth: String { say("Memory against the number of instances") }

    /// Returns what an instance had done with its memory, in words.
    func memoryCondition(_ point: Condition) -> String {
        var touched = Condition()
        touched.touch = point.touch ?? 0
        let rest = conditions().place(point.without(.touch))
        return conditions().place(touched) + (rest.isEmpty ? "" : say(" (\(rest))"))
    }
    /// A slope's own column holds the sum over the instances.
    func total(of metric: Metric) -> String {
        metric.grown.map { say("\($0), all") } ?? self[metric.title]
    }
    /// The accounts of a memory lab for a terminal, where the lab's own titles are too long.
    func account(_ metric: Metric) -> String {
        switch metric.grown {
        case "host-pss-bytes": "PSS"
        case "cgroup-charge-bytes": "cgroup"
        default: self[metric.title]
        }
    }

    func oneMore(_ engine: Phrase, _ figures: [String], _ conditions: [Phrase]) -> Phrase {
        let each = zip(figures, conditions).map { figure, condition -> Phrase in
            say("\(figure) (\(condition))")
        }
        return say("\(engine) takes \(list(each)) per instance")
    }
    func at(_ condition: Phrase, _ sentences: Phrase) -> Phrase { say("When \(condition): \(sentences)") }
    var noSlope: Phrase {
        say("No cost per instance can be given: that takes samples with two different numbers of instances.")
    }
    var accountsNote: Phrase {
        say(
            "\(emphasis: "Host") is the marginal cost: by how much less memory the host has available for "
                + "each further instance, a slope "
                + "with its 95 % interval, so that what all share counts once. The accounts after it are "
                + "slopes too, when "
                + "idle. What the guest says is used is its own view of what it was given.")
    }
    func slope(_ metric: Phrase, _ key: Phrase, over parameter: Phrase) -> Phrase {
        say(
            "\(metric) is by how much the value \(key) grows with each further one of \(parameter): the "
                + "slope of a robust "
                + "line (Theil–Sen).")
    }

    var growthNote: Phrase {
        say(
            "Dots are medians, whiskers reach from the least to the most, lines are the robust fits whose "
                + "slopes the answer "
                + "gives. Both axes are logarithmic, so that engines of very different size can be seen "
                + "beside each other; what "
                + "is nothing or less stands at the lower edge.")
    }
}
