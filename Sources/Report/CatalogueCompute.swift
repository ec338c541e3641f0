import LabCore

extension Catalogue {
    var kindOfWork: Phrase { pick("kind of work", "工作种类") }
    var medianKind: Phrase { pick("median of the kinds", "各种类的中位数") }
    var throttled: Phrase { pick("throttled", "被限流") }
    var stolen: Phrase { pick("stolen", "被窃取") }
    var lossPlot: String { pick("Kind by kind", "逐类结果") }

    /// The kind of work of a point.
    func work(_ point: Condition) -> String {
        point.isEmpty ? pick("the lab's workload", "实验的工作负载") : place(point)
    }

    func lossTitle(_ baseline: Phrase) -> Phrase {
        pick(
            "\(strong: "Loss of performance"): by how much longer the same work takes than in \(baseline); + is a loss, − a gain.",
            "\(strong: "性能损耗")：同样的工作比在 \(baseline) 中多用多少时间；+ 为损耗，− 为增益。")
    }
    /// For a terminal.
    func lossHeading(_ metric: String, _ baseline: String) -> Phrase {
        pick(
            "\(metric), more than in \(baseline) (95 % interval)", "\(metric)，比 \(baseline) 多出（95 % 区间）")
    }
    func relativeTitle(_ metric: Phrase, _ baseline: Phrase) -> Phrase {
        pick("\(strong: metric), relative to \(baseline):", "\(strong: metric)，相对于 \(baseline)：")
    }
    var lossNote: Phrase {
        pick(
            "In brackets the 95 % interval; bold where it shows a difference at all. The last row is the middle one of the kinds "
                + "above it, not a mean: the kinds are no sample of anything.",
            "括号内为 95 % 区间；区间表明确有差异时用粗体。最后一行是以上各种类中居中的一个，不是均值：这些种类不是抽样得来的。")
    }
    func loses(
        _ engine: Phrase, _ middle: String, least: (String, Phrase), most: (String, Phrase), slower: Int,
        of kinds: Int
    ) -> Phrase {
        guard kinds > 1 else {
            return pick(
                "\(engine): \(middle) for \(most.1)", "\(engine)：\(most.1) 为 \(middle)")
        }
        return pick(
            "\(engine) loses \(middle) in the median of \(kinds) kinds of work, from \(least.0) (\(least.1)) to \(most.0) "
                + "(\(most.1)), and is shown to be slower in \(slower) of them",
            "\(engine) 在 \(kinds) 种工作上的损耗中位数为 \(middle)，从 \(least.0)（\(least.1)）到 \(most.0)（\(most.1)），其中 "
                + "\(slower) 种确证更慢")
    }
    func noComparison(_ baseline: Phrase) -> Phrase {
        pick(
            "Nothing can be compared: no engine has samples of the same work as \(baseline).",
            "无法比较：没有引擎与 \(baseline) 有相同工作的样本。")
    }
    func computeMethod(_ workload: Phrase) -> Phrase {
        pick(
            "Each trial starts one instance with the workload \(workload), which prepares, says \(code: "ready"), does its rounds of work "
                + "and sends their digest; a digest that the host did not work out as well is a failure, so that no work can be "
                + "skipped. Host CPU time covers everything the host does for the instance, VMM threads included.",
            "每次试验启动一个实例，运行工作负载 \(workload)：准备、报告 \(code: "ready")、完成各轮工作并送出摘要；摘要与宿主机自己算出的不同"
                + "即为失败，因此工作无法被跳过。宿主机 CPU 时间包括宿主机为该实例所做的一切，含 VMM 线程。")
    }

    func lossPlotTitle(_ baseline: String) -> String {
        pick(
            "Time of the same work relative to \(baseline) (1 ×), 95 % intervals, logarithmic axis",
            "同样工作相对于 \(baseline)（1 ×）的用时，95 % 区间，对数坐标")
    }
    func lossLabel(_ engines: String, _ baseline: String) -> String {
        pick(
            "Time of the same work in \(engines) relative to \(baseline)",
            "\(engines) 中同样工作相对于 \(baseline) 的用时")
    }
    var lossPlotNote: Phrase {
        pick(
            "Dots are ratios of medians, whiskers their 95 % intervals; to the right of 1 × the work takes longer.",
            "点为中位数之比，须线为 95 % 区间；1 × 右侧表示用时更长。")
    }
    var lostNote: Phrase {
        pick(
            "Medians with their 95 % intervals. \(emphasis: "Throttled") is the share of the time until the output for which the engine's CPU "
                + "limit made it wait; \(emphasis: "stolen") is CPU time that a hypervisor under this host gave to others, over the elapsed "
                + "time.",
            "中位数及 95 % 区间。“被限流”是输出之前因 CPU 限额而等待的时间比例；“被窃取”是本机之下的虚拟机管理器给予他人的 CPU "
                + "时间与经过时间之比。")
    }
    func throttledMost(_ engine: Phrase, _ share: String, _ kind: Phrase) -> Phrase {
        pick(
            "\(engine) was throttled for at most \(share) of a kind's time (\(kind))",
            "\(engine) 在单一种类中最多有 \(share) 的时间被限流（\(kind)）")
    }
    func throttledWarning(_ engine: Phrase, _ kinds: Phrase) -> Phrase {
        pick(
            "\(engine) was made to wait by its CPU limit in \(kinds): there the figures are of the limit as well. Remedy: a lab "
                + "with more \(code: "cpus").",
            "\(engine) 因 CPU 限额在 \(kinds) 中等待：这些数值也包含限额的影响。办法：在实验中增加 \(code: "cpus")。")
    }
    func stolenWarning(_ engine: Phrase, _ kinds: Phrase) -> Phrase {
        pick(
            "While \(engine) worked, a hypervisor under this host gave CPU time to others, in \(kinds): there its figures may be "
                + "too long. Remedy: run on a quiet or a physical host.",
            "\(engine) 工作期间，本机之下的虚拟机管理器把 CPU 时间给了他人（\(kinds)）：这些数值可能偏大。办法：换用空闲主机或物理机。")
    }
}
