import LabCore

extension Catalogue {
    var configured: Phrase { pick("configured", "配置") }
    var guestUsed: Phrase { pick("used, says the guest", "客户机自报已用") }
    var instances: Phrase { pick("instances", "实例数") }
    var conditionTitle: Phrase { pick("condition", "条件") }
    var range: Phrase { pick("min–max", "最小–最大") }
    var growth: String { pick("Memory against the number of instances", "内存与实例数的关系") }

    /// What an instance had done with its memory.
    func memoryCondition(_ point: Condition) -> String {
        var touched = Condition()
        touched.touch = point.touch ?? 0
        let rest = place(point.without(.touch))
        return place(touched) + (rest.isEmpty ? "" : pick(" (\(rest))", "（\(rest)）"))
    }
    func perInstance(_ condition: String) -> String { pick("host, \(condition)", "宿主机，\(condition)") }
    /// A slope's own column holds the sum over the instances.
    func total(of metric: Metric) -> String {
        metric.grown.map { pick("\($0), all", "\($0)，合计") } ?? self[metric.title]
    }
    /// The accounts of a memory lab for a terminal, where the lab's own titles are too long.
    func account(_ metric: Metric) -> String {
        switch metric.grown {
        case "host-pss-bytes": "PSS"
        case "cgroup-charge-bytes": "cgroup"
        default: self[metric.title]
        }
    }
    var guestUsedShort: Phrase { pick("guest used", "客户机已用") }

    func oneMore(_ engine: Phrase, _ figures: [String], _ conditions: [Phrase]) -> Phrase {
        let each = zip(figures, conditions).map { figure, condition -> Phrase in
            pick("\(figure) (\(condition))", "\(figure)（\(condition)）")
        }
        return pick("\(engine) takes \(list(each)) per instance", "\(engine) 每个实例占用 \(list(each))")
    }
    func at(_ condition: Phrase, _ sentences: Phrase) -> Phrase {
        pick("When \(condition): \(sentences)", "\(condition)时：\(sentences)")
    }
    var noSlope: Phrase {
        pick(
            "No cost per instance can be given: that takes samples with two different numbers of instances.",
            "无法给出每个实例的代价：这需要两种不同实例数的样本。")
    }
    var accountsNote: Phrase {
        pick(
            "\(emphasis: "Host") is the marginal cost: by how much less memory the host has available for each further instance, a slope "
                + "with its 95 % interval, so that what all share counts once. The accounts after it are slopes too, when "
                + "idle. What the guest says is used is its own view of what it was given.",
            "“宿主机”是边际代价：每多一个实例，宿主机可用内存减少多少（斜率及 95 % 区间），因此共享部分只计一次。其后各项也是空闲"
                + "时的斜率。客户机自报的已用内存只是它对分得内存的看法。")
    }
    func slope(_ metric: Phrase, _ key: Phrase, over parameter: Phrase) -> Phrase {
        pick(
            "\(metric) is by how much the value \(key) grows with each further one of \(parameter): the slope of a robust "
                + "line (Theil–Sen).",
            "\(metric)是 \(parameter) 每增加一，\(key) 增加多少：稳健直线（Theil–Sen）的斜率。")
    }
    func memoryMethod(_ workload: Phrase) -> Phrase {
        pick(
            "Each trial starts its instances one after another with the workload \(workload), reads what memory they take while "
                + "all of them live, and ends them. The host's figure is by how much its available memory fell.",
            "每次试验逐个启动若干实例，运行工作负载 \(workload)，在它们全部存活时读取内存占用，然后结束。宿主机的数值是其可用内存"
                + "减少的量。")
    }

    func growthTitle(_ metric: String) -> String {
        pick("\(metric) of all instances together, logarithmic axes", "全部实例合计的 \(metric)，双对数坐标")
    }
    func growthLabel(_ engines: String) -> String {
        pick("Memory against the number of instances for \(engines)", "\(engines) 的内存与实例数的关系")
    }
    func growthHover(_ engine: String, _ count: String, _ median: String, _ range: String, _ n: Int) -> String
    {
        pick(
            "\(engine), \(count) instances: median \(median), \(range), n = \(n)",
            "\(engine)，\(count) 个实例：中位数 \(median)，\(range)，n = \(n)")
    }
    var growthNote: Phrase {
        pick(
            "Dots are medians, whiskers reach from the least to the most, lines are the robust fits whose slopes the answer "
                + "gives. Both axes are logarithmic, so that engines of very different size can be seen beside each other; what "
                + "is nothing or less stands at the lower edge.",
            "点为中位数，须线从最小到最大，线为稳健拟合，其斜率见结论。两轴均为对数，以便大小悬殊的引擎能放在一起；为零或更小的"
                + "值画在下边缘。")
    }
}
