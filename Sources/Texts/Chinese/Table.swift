extension Chinese {
    /// The texts in and around the document's table.
    static let documentTable: Table = [
        "dimension": "对比维度", "the document on VMs": "文档：虚拟机", "the document on containers": "文档：容器",
        "measured: VM (KVM)": "实测：虚拟机（KVM）", "measured: VM (emulated)": "实测：虚拟机（软件模拟）",
        "measured: container": "实测：容器", "nested in emulation": "嵌套在模拟之中", "supported": "成立",
        "conditional": "视条件而定", "refuted": "不成立", "VM": "虚拟机", "Row {}: {}": "第 {} 行：{}",
        "{}, n = {}": "{}，n = {}", "{} in {} of {}": "{1}（{3} 次中 {2} 次）",
        "{} by {}": "{}，由 {} 给出", "unavailable": "不可用", "every sample failed": "所有样本都失败",
        "{}, because {}": "{}，因为：{}", "not measured": "尚未测量", "run {}": "请运行 {}",
        "no part of this lab's run": "不在这次运行之中", "no sample has this figure": "样本中没有这一数值",
        "even by emulated figures": "软件模拟的数值已足以否定", "holds for {}": "{} 成立", "not for {}": "{} 不成立",
        "open: {}": "未定：{}", "ended by {}": "因{}而停", "not run yet": "尚未运行", "Undecided": "未定",
        "Not run yet": "尚未运行", "{} of {} supported": "{2} 项中有 {1} 项成立",
        "measured on another machine": "在另一台机器上测得", "figures from emulation only": "只有软件模拟的数值",
        "undecided": "未定", "the lab yielded nothing": "实验没有结果", "{} is unavailable": "{} 不可用",
        "{} has no sample": "{} 没有样本", "Lab {}, {}: {}": "实验 {}，{}：{}", "shown": "显示的内容", "found": "结果",
        "{} more are not shown.": "另有 {} 行未显示。", "Other results": "其他结果", "The machine": "机器",
        "Supported": "成立", "Refuted": "不成立", "Conditional": "视条件而定", "Not measurable here": "本机无法测量",
        "The document's table, measured": "文档的对比表与实测",
        "Section 3 of the document, row by row: what it says, what was measured, and whether that supports it. The first column of a row leads to its section below, with every figure's interval and number of samples, each claim's verdict and reason, and the raw data.":
            "文档第 3 节逐行对照：文档怎么说，实测是多少，实测是否支持。每行第一列通向下文相应一节，其中有每个数值的区间与样本数、每条说法的判定与理由，以及原始数据。",
        "not measured: no lab stands behind this row yet": "尚未测量：还没有对应这一行的实验",
        "{}: {} yielded nothing, because {}": "{}：{} 没有得到结果，因为：{}",
        "the lab makes no claim about it": "该实验对此没有说法",
        "the figures of {} are from emulation, which can't decide it": "{} 的数值来自软件模拟，不能据此判定",
        "an interval crosses a bound: undecided": "有的区间跨越界限：未定",
        "there are fewer samples than the {} that a verdict needs: undecided": "样本不足判定所需的 {} 个：未定",
        "Rows without a result are filled by {}.": "运行 {} 可补上没有结果的行。",
        "What the measurements say of it:": "实测的判断：",
        "Raw data: {}, run {}, started {}.": "原始数据：{}，运行 {}，开始于 {}。",
        "The lab's whole report: {}.": "该实验的完整报告：{}。",
        "These figures are of another machine than the first result's, so they get no verdict here: {}.":
            "这些数值所在的机器与第一个结果的不同，因此在此不作判定：{}。",
        "{} is {}, the table's {}": "{} 为 {}，本表为 {}",
        "{} ({}) is left out: {} is later.": "{}（{}）未采用：{} 更晚。",
        "{} ({}) stands behind no row of the table: see its own report.": "{}（{}）不对应表中任何一行：见它自己的报告。",
        "{}: every claim of the row on that side is confirmed. {}: every one is contradicted. {}: all are decided, some one way and some the other. {}: a part is open, and is named, whatever the others are. {}: this machine can't show any of it. {}: nobody has measured it. A claim's own rule is data in the lab's {}: a relation on one machine, judged by the whole 95 % interval, or by what was counted.":
            "{}：该行这一侧的每条说法都得到证实。{}：每条都与实测相反。{}：都已断定，有的得到证实，有的与之相反。{}：还有部分未定，表中指明是哪一部分，其余无论如何。{}：本机什么也看不出。{}：还没有人测过。每条说法的判定规则写在实验的 {} 里：是同一台机器上的关系，按整个 95 % 区间判定，或按计数所得判定。",
    ]
}
