extension Chinese {
    /// The texts that every report has.
    static let report: Table = [
        "Answer": "结论", "Where the time goes": "时间花在哪里", "Distribution": "分布",
        "What was measured, and how": "测了什么，怎么测", "What ran": "实际运行的内容", "Environment": "环境",
        "Warnings": "警告", "Reproduce": "重现", "The start of {}, step by step": "{} 的启动步骤", "engine": "引擎",
        "failed": "失败", "median": "中位数", "95 % interval": "95 % 区间", "min": "最小", "max": "最大",
        "ratio to {}": "与 {} 之比", "source": "出处", "claim": "说法", "measured": "实测", "verdict": "判定",
        "why": "理由", "sum": "合计", "step": "步骤", "share of the total": "占总时间", "± (95 %)": "±(95 %)",
        "outliers": "离群值", "autocorrelation": "自相关", "drift": "漂移", "item": "项目", "value": "值", "what": "对象",
        "1 (baseline)": "1（基准）", "emulated": "软件模拟", "yes": "是", "until {}": "到 {}", "Remedy: {}": "办法：{}",
        "unavailable, because {}": "不可用，因为：{}", "{}. ": "{}。", "no sample was taken": "没有样本",
        " (95 % interval {})": "（95 % 区间 {}）", "{} has a median of {}": "{} 的中位数是 {}", "{}.": "{}。",
        "; ": "；", "confirmed": "证实", "contradicted": "不成立", "inconclusive": "无法断定",
        "not measurable here": "本机无法测量", "the whole interval is {}": "整个区间{}",
        "from {} to {}": "在 {} 至 {} 之间", "at least {}": "不低于 {}", "at most {}": "不高于 {}",
        "within no bounds": "没有界限", "{}: {}, {} of {}": "{1}：{2}，占 {4} 的 {3}", "Skip to the content": "跳到正文",
        "Sections": "章节", "Table: {}": "表格：{}", "Plot: {}": "图：{}", "Comparison": "比较",
        "Old: {}. New: {}.": "旧：{}。新：{}。", "old": "旧", "new": "新", "at": "条件", "new / old": "新 / 旧",
        "p (Holm)": "p（Holm）", "slower": "变慢", "larger": "变大", "faster": "变快", "smaller": "变小",
        "too few samples": "样本太少", "runs a side": "每侧运行次数",
        "no difference larger than {} shown": "未显示大于 {} 的差异", "undecided: {}": "未定：{}",
        "the interval is too wide": "区间太宽", "a figure is not positive": "有数值不为正",
        "one run a side, and no other engine beside it": "每侧只有一次运行，且没有其他引擎可作参照",
        "one run a side, and the others are set against this engine": "每侧只有一次运行，且其他引擎都以它为参照",
        "what was counted differs from trial to trial": "每次试验的计数不同",
        "new / old of the ratio to {}": "与 {} 之比的新 / 旧", "missing: no sample any more": "缺失：不再有样本",
        "en": "zh-CN", "below": "下文", "{} and {}": "{}和{}", " ": "",
        "What the document says, and what was measured": "文档的说法与实测",
        "every sample failed, see the warnings": "所有样本都失败了，见警告",
        "{} takes {} times as long as {}{}": "{1} 用时是 {3} 的 {2} 倍{4}",
        "{} has {} times the figure of {}{}": "{1} 的数值是 {3} 的 {2} 倍{4}",
        "{} can't be told from {} (95 % interval of the ratio {})": "{} 与 {} 无法区分（比值的 95 % 区间 {}）",
        "Nothing was measured: no sample was completed.": "没有测到任何结果：没有一个样本完成。",
        "Not measured on this machine: {}.": "本机未能测量：{}。",
        "Not installed here, to compare with: {}.": "可用作比较但本机未安装：{}。",
        "Software emulation, whose figures say nothing about hardware virtualisation: {}.":
            "以下是软件模拟，其数值不能说明硬件虚拟化：{}。",
        "This machine is nested in emulation ({}): times are not those of hardware, whatever the engine.":
            "本机本身由软件模拟（{}），一切都嵌套在模拟之中：无论哪个引擎，其时间都不代表真实硬件。",
        "the whole interval lies below {}": "整个区间都低于 {}",
        "the whole interval lies above {}": "整个区间都高于 {}",
        "only a part of the interval is {}": "只有一部分区间{}",
        "a verdict needs at least {} samples": "判定至少需要 {} 个样本",
        "no engine that could show it has samples": "能说明问题的引擎都没有样本",
        "{}, to compare with, has no samples": "作为比较对象的 {} 没有样本",
        "the whole interval lies below {}, although emulation only makes a VM slower and larger":
            "整个区间都低于 {}，而软件模拟只会让虚拟机更慢、更大",
        "there are figures from emulation only, and they can't decide this claim": "只有软件模拟的数值，不能据此判定",
        "Mean time of each phase; every bar has its own scale": "各阶段的平均时间；每个条形各有自己的比例",
        "Phases of the start and end of {}": "{} 启动到结束的各阶段",
        "{}: share of samples at or below, logarithmic axis": "{}：不超过该值的样本比例，对数坐标",
        "Empirical distribution of {} for {}": "{2} 的 {1} 经验分布",
        "Rest the pointer on a mark for its values; by keyboard, Tab to the plot and move with the arrow keys.":
            "把指针停在图形上可看数值；用键盘时，按 Tab 进入图，再用方向键移动。",
        "The results are unlike, and were compared by force: what changed may have changed for these reasons.":
            "两个结果条件不同，属强制比较：数值的变化可能由下列差异引起。",
        "No metric has a sample in either result.": "两侧结果中没有任何指标有样本。",
        "No regression beyond {} was shown.": "未显示超过 {} 的退化。",
        "Regression beyond {}, or missing: {}.": "退化超过 {}，或缺失：{}。",
        "One figure of each run is one value: intervals and p-values are Welch's, on logarithms, and know how much runs differ.":
            "每次运行的数值算作一个值：区间和 p 值用 Welch 方法对对数计算，反映各次运行之间的差别。",
        "Times are judged by their ratio to {} within each run.": "时间按同一次运行内与 {} 之比来判定。",
        "One run a side: times are compared by their ratio to {}, which assumes that whatever changed did not change {}.":
            "每侧只有一次运行：时间按与 {} 之比来比较，前提是所作的改变没有影响 {}。",
        "One run a side can't compare times: what disturbs a machine lasts as long as a run.":
            "每侧只有一次运行时无法比较时间：机器受到的干扰会持续一整次运行。",
        "Name several runs a side to compare times themselves.": "要比较时间本身，请在每侧指定多次运行。",
        "p-values are corrected after Holm for the number of rows tested, {}. A difference is shown when the corrected p is below {} and the 95 % interval excludes 1; it is a regression when the ratio exceeds the threshold too. No difference larger than X is shown where the interval reaches no farther than X, and X is within the threshold.":
            "p 值按 Holm 方法对所检验的 {} 行校正。校正后 p 小于 {} 且 95 % 区间不含 1 时判为有差异；比值同时超过阈值则为退化。区间最远不超过 X 且 X 不超过阈值时，写作“未显示大于 X 的差异”。",
        "There is 1 warning, see {}.": "有 1 条警告，见{}。",
        "There are {} warnings, see {}.": "有 {} 条警告，见{}。",
    ]
}
