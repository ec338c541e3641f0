import LabCore

// Starts under other conditions.
extension Catalogue {
    var conditions: Phrase { pick("Under other conditions", "其他条件下") }

    /// What holds at a point, in a few words.
    func condition(_ point: Condition) -> Phrase {
        guard !point.isEmpty else { return pick("warm, one at a time", "热缓存，逐个启动") }
        return words(point)
    }

    func reaches(
        _ engine: Phrase, from least: String, _ fastest: Phrase, to most: String, _ slowest: Phrase
    ) -> Phrase {
        pick(
            "\(engine) takes from \(least) (\(fastest)) to \(most) (\(slowest))",
            "\(engine) 用时从 \(least)（\(fastest)）到 \(most)（\(slowest)）")
    }

    var conditionsNote: Phrase {
        pick(
            "Median with its 95 % interval, then the ratio to the same engine warm and alone. \(emphasis: "Each") is the time of the last "
                + "over their number: what one costs where many are started.",
            "中位数及 95 % 区间，其下是与同一引擎热缓存、单独启动之比。“每个”是最后一个的用时除以个数：成批启动时每个的代价。")
    }
    func each(_ time: String) -> Phrase { pick("\(time) each", "每个 \(time)") }
    func failedSamples(_ count: Int) -> Phrase { pick("\(count) failed", "\(count) 个失败") }
    func leftOut(_ count: Int) -> [Block] { count > 0 ? [.paragraph(notShown(count))] : [] }
    func notShown(_ count: Int) -> Phrase {
        pick(
            "\(count) more \(count == 1 ? "is" : "are") not shown; \(code: "lab report . --format csv") has them all.",
            "另有 \(count) 个未列出；\(code: "lab report . --format csv") 给出全部。")
    }
}

// Phases and steps.
extension Catalogue {
    var mean: Phrase { pick("mean", "均值") }
    var medianTotal: Phrase { pick("median total", "总时间中位数") }
    var difference: Phrase { pick("difference", "差") }
    var shareOfDifference: Phrase { pick("share of the difference", "占差值") }
    var noStep: Phrase { pick("in no step", "不属于任何步骤") }
    func otherSteps(_ count: Int) -> Phrase {
        pick("\(count) other step\(count == 1 ? "" : "s")", "其余 \(count) 个步骤")
    }

    var phasesNote: Phrase {
        pick(
            "Each figure is the mean of the span that ends with the mark above it and starts with the mark before; – stands where "
                + "an engine has no such mark. The mean is over the samples in the middle by total time: half of them, or so "
                + "much less that their mean total lies within 2 % of the median of all. So the parts add up to the sum "
                + "exactly, and beside it stands how far that is from the median.",
            "每个数是到该列标记为止、从前一个标记算起的时段的均值；– 表示该引擎没有这个标记。均值取自总时间居中的样本：一半，或更少，"
                + "使其平均总时间与全部样本的中位数相差不超过 2 %。因此各部分之和恰为合计，括号内是它与中位数之差。")
    }
    func stepsNote(_ middle: Int, of n: Int, median: String, gap: String) -> Phrase {
        pick(
            "Means over the \(middle) samples in the middle, by total time, of \(n); they add up to the time from "
                + "\(code: "requested") to the end of the life, whose median over all samples is \(median) (the sum is \(gap) of it "
                + "away).",
            "\(n) 个样本中总时间居中的 \(middle) 个的均值；其和是从 \(code: "requested") 到结束的时间，它在全部样本上的中位数为 \(median)"
                + "（合计与之相差 \(gap)）。")
    }

    func added(_ first: Phrase, _ second: Phrase) -> Phrase {
        pick("What libvirt adds: \(first) beside \(second)", "libvirt 增加了什么：\(first) 与 \(second)")
    }
    var mark: Phrase { pick("mark", "标记") }
    var later: Phrase { pick("later by", "晚") }
    var addedNote: Phrase {
        pick(
            "Mean time from the request to each mark, over the middle of the samples. The two run the same kernel, initramfs, "
                + "machine and devices in the same QEMU; what differs is who starts it.",
            "从请求到每个标记的平均时间（居中的样本）。两者在同一 QEMU 中运行相同的内核、initramfs、机型和设备；不同的只是由谁来启动。")
    }

    func explanation(_ container: Phrase, _ process: Phrase) -> Phrase {
        pick("What \(container) takes longer for than \(process)", "\(container) 比 \(process) 多花的时间")
    }
    func explained(
        _ container: Phrase, _ difference: String, _ process: Phrase, share: String, own: String,
        grown: String
    ) -> Phrase {
        pick(
            "\(container) lives \(difference) longer than \(process), from the request until nothing is left of it. "
                + "\(strong: "Named steps explain \(share) of that"): \(own) are steps that only one of the two has, \(grown) are steps that "
                + "both have and that take longer in the container. Means over the middle of the samples of each.",
            "从请求到清除完毕，\(container) 比 \(process) 长 \(difference)。\(strong: "其中 \(share) 由有名称的步骤解释")：\(own) 来自只有"
                + "一方才有的步骤，\(grown) 来自双方都有、但在容器里更慢的步骤。各取居中样本的均值。")
    }
}

// The ablation.
extension Catalogue {
    var layer: Phrase { pick("layer", "隔离层") }
    var costsAlone: Phrase { pick("alone, it costs", "单独加上，增加") }
    var savesLeftOut: Phrase { pick("left out, it saves", "单独去掉，节省") }
    var shareOfWhole: Phrase { pick("of the whole", "占全部") }
    var allLayers: Phrase { pick("all layers less none", "全部隔离层与无隔离之差") }
    func ablation(_ engine: Phrase) -> Phrase {
        pick("What each layer of isolation costs \(engine)", "\(engine) 每个隔离层的代价")
    }
    func ablationNote(_ metric: Phrase) -> Phrase {
        pick(
            "Differences of the medians of “\(metric)” with their 95 % intervals; one that contains 0 is no difference that "
                + "was found.",
            "“\(metric)”中位数之差及其 95 % 区间；区间包含 0 即未发现差异。")
    }
    func dependents(_ layers: Phrase, on layer: Phrase) -> Phrase {
        pick(
            "\(layers) need \(layer): alone, they are compared with \(layer) alone, and leaving \(layer) out leaves them out "
                + "too, so that they count in the sum of that column with it.",
            "\(layers) 依赖 \(layer)：单独加上时与只有 \(layer) 相比；去掉 \(layer) 也就去掉了它们，因此在该列合计中随它计入。")
    }
    /// `excess` is by how much the sum exceeds the whole, as a share of it.
    func partsAlone(_ sum: String, _ share: String, excess: Double) -> Phrase {
        pick(
            "Alone, the layers cost \(sum) together, \(share) of the whole",
            "各层单独加上共增加 \(sum)，是全部的 \(share)")
            + interaction(
                excess,
                more: pick(
                    "they share work that each does for itself when alone", "有些工作单独时各做一遍，合在一起只做一遍"),
                less: pick("some cost more beside others than alone", "有些层与其他层一起时代价更高"))
    }
    func partsLeftOut(_ sum: String, _ share: String, excess: Double) -> Phrase {
        pick(
            "Left out one at a time, they save \(sum) together, \(share) of the whole",
            "逐个去掉共节省 \(sum)，是全部的 \(share)")
            + interaction(
                excess,
                more: pick("some cost more beside others than alone", "有些层与其他层一起时代价更高"),
                less: pick(
                    "what several need stays when one of them goes", "几层共同需要的部分不会随其中一层消失"))
    }
    /// Within a tenth, nothing is read into it.
    private func interaction(_ excess: Double, more: String, less: String) -> Phrase {
        if abs(excess) <= 0.1 { return pick(": they hardly interact.", "：彼此几乎不影响。") }
        return pick(": \(excess > 0 ? more : less).", "：\(excess > 0 ? more : less)。")
    }
}
