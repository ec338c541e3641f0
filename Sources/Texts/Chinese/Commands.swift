extension Chinese {
    /// The messages of the commands of `lab` on the way.
    static let commands: Table = [
        "fills the row {}": "填写{}一行", "belongs to the row {}": "属于{}一行", "LABS": "实验", "ENGINES": "引擎",
        "WORKLOADS": "工作负载", "disables: ": "因此不可用：", "PASS": "通过", "WARN": "警告", "FAIL": "失败", "SKIP": "跳过",
        ", ": "、", "harness: ": "测量开销：", "report:  ": "报告：    ", "again:   ": "再测一次：",
        "adds {} to a sample": "给每个样本增加 {}", " and ": "；", " (medians)": "（中位数）", "table:   ": "表：    ",
        "failed: ": "失败：", "lab {} of {}": "实验 {}/{}", "remedy: {}": "办法：{}",
        "looking at the machine …": "正在查看本机 …", "trying {} …": "正在试用 {} …", "probing {} …": "正在探测 {} …",
        "preparing {} …": "正在准备 {} …", "trial": "试验", " (warm-up)": "（预热）", "  {} elapsed": "  已用 {}",
        ", about {} left": "，约剩 {}", "{} s": "{} 秒", "{} min {} s": "{} 分 {} 秒", "{} was {}": "{} {}",
        "what was measured is in {}": "已测得的内容在 {}", "put back: ": "已恢复：", "gone: ": "已清除：",
        "would put back: ": "将恢复：", "would remove: ": "将清除：", "{} is left: {}": "{} 仍有残留：{}",
        "lab {} of {}, {}: ": "实验 {}/{}，{}：", "lab: warning: ": "lab：警告：", "lab: ": "lab：",
        "{} pass": "通过 {} 项", "{} warn": "警告 {} 项", "{} fail": "失败 {} 项", "{} skip": "跳过 {} 项",
        "The time budget ended the run before every planned trial was made.": "时间预算用完，没有做完计划中的全部试验。",
        "A signal ended the run; the figures are of the trials made until then.": "运行被信号中止；数值来自此前完成的试验。",
        "The run was killed; the figures are of the trials made until then.": "运行被杀死；数值来自此前完成的试验。",
        "takes {} between two trials, outside every mark": "两次试验之间用 {}，不在任何标记之内",
        "skipped: it has none of the engines of --engine": "跳过：--engine 指定的引擎它一个也没有",
        "using what engines need …": "正在试用引擎所需的各项功能 …", "running a guest on {} …": "正在 {} 上运行客户程序 …",
        "{} is unavailable and left out: {}": "{} 不可用，不参加测量：{}",
        "trial {} ({}) failed: {}": "第 {} 次试验（{}）失败：{}",
        "the run {} had died; what it left was removed": "运行 {} 已死，它留下的东西已清除",
        "unlike: {}: {} before, {} now": "不同：{}：之前 {}，现在 {}",
        "nothing is left of any dead run": "没有任何已死的运行留下东西",
        "left alone: the run {}, which is alive": "未动：运行 {}，它还活着",
    ]
}
