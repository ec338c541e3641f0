extension Chinese {
    /// The texts of a report on experiments, mechanisms and sampling.
    static let reportedExperiments: Table = [
        "{} {}": "{} 为 {}", "no": "否", "figure": "数值", "not possible": "做不到", "yes, {} of {}": "是，{}/{}",
        "no, {} of {}": "否，{}/{}", "yes in {} of {}": "{2} 次中 {1} 次为是", "{} at once": "同时 {} 个",
        "isolation {}": "隔离 {}", "made as {}": "方式 {}", ": ": "：", "{}:": "{}：", "{} ({})": "{}（{}）",
        "n = {} in each cell.": "每格 n = {}。", " ({})": "（{}）", "{}{}: {}": "{}{}：{}", "yes for {}": "{} 为是",
        "no for {}": "{} 为否", "not always the same for {}": "{} 时是时否", "{} has the same as {}": "{} 与 {} 相同",
        "What was found": "看到了什么", "Others": "其他", "answer": "回答", "who answered": "由谁回答", "evidence": "证据",
        "trials": "试验", "{} of {}": "{}/{}", "{} other answers": "另有 {} 种回答",
        "the trials disagree": "各次试验不一致", "Setting by setting": "逐项设置", "{} against {} ({})": "{}与{}的关系（{}）",
        "{} against {} for {}": "{3} 的{1}与{2}的关系", "as claimed, in every trial": "每次试验都与说法一致",
        "as claimed, in the one trial": "仅有的一次试验与说法一致", "the opposite, in the one trial": "仅有的一次试验与说法相反",
        "nothing stood in the way": "没有阻拦", "PID namespace": "PID 命名空间", "mount namespace": "挂载命名空间",
        "network namespace": "网络命名空间", "IPC namespace": "IPC 命名空间", "UTS namespace": "UTS 命名空间",
        "user namespace": "用户命名空间", "missing capability": "缺少能力（capability）",
        "cgroup controller": "cgroup 控制器", "masked path": "被屏蔽的路径", "read-only mount": "只读挂载",
        "no such device": "没有该设备", "absent from the image": "镜像中没有", "the VM's own kernel": "虚拟机自己的内核",
        "PID ns": "PID ns", "mount ns": "挂载 ns", "network ns": "网络 ns", "IPC ns": "IPC ns",
        "UTS ns": "UTS ns", "cgroup ns": "cgroup ns", "user ns": "用户 ns", "capability": "能力",
        "seccomp": "seccomp", "masked": "屏蔽", "read-only": "只读", "no device": "无设备", "absent": "没有",
        "host kernel": "宿主机内核", "where": "条件", "asked for": "要求", "sampling ended": "抽样结束于",
        "How sure each figure is": "每个数值有多可靠", "interval narrow enough": "区间足够窄",
        "narrow enough when looked at": "检查时区间足够窄", "planned number": "计划次数", "time budget": "时间预算用完",
        "interrupted": "被中断", "killed": "被强行终止", "end of the run": "运行结束", "Yes": "是",
        "most samples allowed, {}": "达到次数上限，{}", "still too wide": "区间仍过宽", "{} after failures": "{}",
        "engine stopped": "引擎因失败被停止",
        "Each trial does one experiment on one engine; what a guest says counts only where the host saw it too.":
            "每次试验在一个引擎上做一个实验；客户机所说的，只有宿主机也看到了才算数。",
        "What could not be done, and why:": "做不到的事及原因：",
        "Evidence: what the host itself read ({} rows)": "证据：宿主机自己读到的（{} 行）",
        "In each cell the answer, and under it who gave it. Where the trials of a cell disagree, every answer stands with how often it came.":
            "每格为回答，其下为由谁作答。同一格的各次试验不一致时，列出每种回答及次数。",
        "{}: what could be reached, and who stopped the rest": "{}：能触及什么，其余由谁阻止",
        "Matrix of {} things by engine: reached or stopped, and by whom, for {}":
            "{} 项对各引擎的矩阵：触及或被阻止，由谁阻止；引擎：{}",
        "stopped by a feature of the shared kernel": "被共享内核的机制阻止",
        "answered by the VM's own kernel": "由虚拟机自己的内核回答",
        "stopped, but not by isolation": "被阻止，但并非因为隔离",
        "Dots are medians, whiskers their 95 % intervals (of counted figures: from the least to the most). An axis is logarithmic where the figures span more than twentyfold.":
            "点为中位数，须线为 95 % 区间（计数的量为最小至最大）。数值相差二十倍以上时，坐标轴为对数。",
        "the opposite, in every trial": "每次试验都与说法相反",
        "the host's kernel, for everybody": "宿主机内核（对谁都如此）",
        "These are the slopes of the answer, each through all samples of its engine and condition; below, the cells that they go through.":
            "以上是结论中的斜率，各取该引擎在该条件下的全部样本；以下是斜率所经过的各单元。",
        "n is followed by the planned number where it differs. ± is half the interval's width over the figure: over the ratio to {} where that is measured too, and else over the median. Outliers have a modified z-score above 3.5 (Iglewicz & Hoaglin); they are flagged and kept. Drift is the last third against the first, with the p-value of the Mann–Kendall test.":
            "n 与计划次数不同时，其后给出计划次数。± 是区间宽度的一半与数值之比：同时测量了 {} 时为与它的比值，否则为中位数。离群值：修正 z 分数大于 3.5（Iglewicz 与 Hoaglin），只标记，不剔除。漂移：最后三分之一与最前三分之一之比，附 Mann–Kendall 检验的 p 值。",
        "An engine that does nothing takes {} (median): so much the harness itself adds to a sample.":
            "什么也不做的引擎用时 {}（中位数）：这是测量程序自身加在每个样本上的时间。",
        "Between two trials it takes {} (median), outside every mark.": "两次试验之间它用时 {}（中位数），在所有标记之外。",
        ", and up to {} more where an interval is too wide": "，区间过宽时最多再加 {} 次",
        "The engines took turns in an order shuffled with the seed {}: {} trials were planned{}; {} were made, {} of them warm-ups that are left out of every figure.":
            "各引擎按种子 {} 打乱的次序交替进行：计划 {} 次试验{}；完成 {} 次，其中预热 {} 次，不计入任何数值。",
        "In brackets the 95 % interval of the median; of what is counted and not sampled, the least and the most, where the trials differ. {} and {} stand with the number of trials that said so.":
            "括号内为中位数的 95 % 区间；对于计数而非抽样的量，在各次试验不一致时为最小与最大值。“{}”与“{}”后为如此的试验次数。",
    ]
}
