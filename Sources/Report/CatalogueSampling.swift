import LabCore

extension Catalogue {
    var place: Phrase { pick("where", "条件") }
    var wanted: Phrase { pick("asked for", "要求") }
    var samplingEnd: Phrase { pick("sampling ended", "抽样结束于") }
    var sampling: Phrase { pick("How sure each figure is", "每个数值有多可靠") }

    func ended(_ end: Sampling.End) -> Phrase {
        switch end {
        case .narrow: pick("interval narrow enough", "区间足够窄")
        case .narrowWhenLookedAt: pick("narrow enough when looked at", "检查时区间足够窄")
        case .planned: pick("planned number", "计划次数")
        case .growth: pick("most samples allowed, \(strong: "still too wide")", "达到次数上限，\(strong: "区间仍过宽")")
        case .stopped: pick("\(strong: "engine stopped") after failures", "\(strong: "引擎因失败被停止")")
        case .run(.budget): .strong(pick("time budget", "时间预算用完"))
        case .run(.interrupted): .strong(pick("interrupted", "被中断"))
        case .run(.killed): .strong(pick("killed", "被强行终止"))
        case .run(.complete): pick("end of the run", "运行结束")
        }
    }

    var slopesNote: Phrase {
        pick(
            "These are the slopes of the answer, each through all samples of its engine and condition; below, the cells that they "
                + "go through.",
            "以上是结论中的斜率，各取该引擎在该条件下的全部样本；以下是斜率所经过的各单元。")
    }
    var samplesNote: Phrase {
        pick(
            "n is followed by the planned number where it differs. ± is half the interval's width over the median. Outliers have "
                + "a modified z-score above 3.5 (Iglewicz & Hoaglin); they are flagged and kept. Autocorrelation is of the "
                + "ranks, lag 1. Drift is the last third against the first, with the p-value of the Mann–Kendall test.",
            "n 与计划次数不同时，其后给出计划次数。± 是区间宽度的一半与中位数之比。离群值：修正 z 分数大于 3.5（Iglewicz 与 "
                + "Hoaglin），只标记，不剔除。自相关：秩的一阶自相关。漂移：最后三分之一与最前三分之一之比，附 Mann–Kendall 检验的 "
                + "p 值。")
    }
    /// `own`: nanoseconds of a trial of the engine that does nothing; `between`: from the end of a trial to the next.
    func harness(_ own: String?, _ between: String?) -> Phrase {
        let first = own.map { own -> Phrase in
            pick(
                "An engine that does nothing takes \(own) (median): so much the harness itself adds to a sample.",
                "什么也不做的引擎用时 \(own)（中位数）：这是测量程序自身加在每个样本上的时间。")
        }
        let second = between.map { between -> Phrase in
            pick(
                "Between two trials it takes \(between) (median), outside every mark.",
                "两次试验之间它用时 \(between)（中位数），在所有标记之外。")
        }
        return paragraph([first, second].compactMap(\.self))
    }
    func order(seed: UInt64, planned: Int, extra: Int, taken: Int, warmups: Int) -> Phrase {
        let more =
            extra == 0
            ? ""
            : pick(
                ", and up to \(extra) more where an interval is too wide",
                "，区间过宽时最多再加 \(extra) 次")
        return pick(
            "The engines took turns in an order shuffled with the seed \(seed): \(planned) trials were planned\(more); \(taken) "
                + "were made, \(warmups) of them warm-ups that are left out of every figure.",
            "各引擎按种子 \(seed) 打乱的次序交替进行：计划 \(planned) 次试验\(more)；完成 \(taken) 次，其中预热 \(warmups) 次，"
                + "不计入任何数值。")
    }
}
