extension Chinese {
    /// Result files, their flaws, and comparisons.
    static let results: Table = [
        "for cgroups=handed-on: the cgroups of a container that has ended":
            "cgroups=handed-on 时：一个已结束的容器留下的控制组（cgroup）",
        "for start=restore: a VM that was booted and saved": "start=restore 时：一台启动后保存下来的虚拟机",
        "there is no result at {}": "{} 处没有结果",
        "name a directory below results/, a {} or a {}": "指定 results/ 下的一个目录、一个 {} 或一个 {}",
        "the directory {} holds no result": "目录 {} 里没有结果",
        "there is neither {} nor {} in it": "其中既没有 {} 也没有 {}",
        "name a directory that `lab run` wrote": "指定 `lab run` 写出的目录",
        "{} holds no samples": "{} 里没有样本",
        "its first line is missing or incomplete": "它的第一行缺失或不完整",
        "the run ended before its first trial: run the lab again": "那次运行在第一次试验之前就结束了：重新运行该实验",
        "follows the run's ending in line {}": "它出现在第 {} 行的运行结尾之后",
        "{} has the schema {}": "{} 的格式版本是 {}",
        "all together have more than {} combinations": "所有系列的组合加起来超过 {} 个",
        "this version of lab reads {}": "这个版本的 lab 读取 {}",
        "read it with the version of lab that wrote it, or run the lab again":
            "用写出它的那个版本的 lab 来读，或重新运行该实验",
        "{} is malformed": "{} 格式有误", "{} is malformed at {}": "{} 在 {} 处格式有误",
        "results are not edited by hand: restore the file, or run the lab again":
            "结果文件不能手工编辑：恢复该文件，或重新运行该实验",
        "cannot write a result as JSON": "无法把结果写成 JSON", "the key is missing": "缺少这个键",
        "cannot write the samples to {}": "无法把样本写入 {}",
        "choose another directory with --output": "用 --output 另选一个目录",
        "cannot write a sample to {}": "无法把一个样本写入 {}",
        "free space on that file system; `lab report {}` reports on the samples before this one":
            "在那个文件系统上腾出空间；`lab report {}` 可对此前的样本出报告",

        "another sample has {} too": "另一个样本也是 {}", "the engine {} occurs twice": "引擎 {} 出现了两次",
        "there is no metric": "没有任何指标", "the metric {} occurs twice": "指标 {} 出现了两次",
        "there are more than a run can make": "数量超过一次运行所能做的",
        "the engine {} is not in header.engines": "引擎 {} 不在 header.engines 里",
        "{} ns is longer than a year": "{} ns 比一年还长", "{} is no duration": "{} 不是时长",
        "{} is no number of CPUs": "{} 不是 CPU 个数", "{} is no share of a whole": "{} 不是占整体的份额",
        "{} is no load average": "{} 不是平均负载", "there is none": "一个也没有", "{} values of {}": "{2} 有 {1} 个值",
        "{} is no number of samples": "{} 不是样本数", "{} is no factor": "{} 不是倍数", "{} is no width": "{} 不是宽度",
        "{} is no such number": "{} 不是这样的数",
        "{} is not in header.engines": "{} 不在 header.engines 里",
        "{} is negative": "{} 是负数", "{} steps, but {} has {}": "有 {} 步，而 {} 有 {} 步",
        "{} is beyond what a counter holds": "{} 超出计数器的范围",

        "\n  {}: {} before, {} now": "\n  {}：之前 {}，现在 {}",
        "the two results can't be compared": "这两个结果不能比较",
        "they are unlike in{}": "它们在以下方面不同：{}",
        "measure both in the same state of the same machine, two builds of a program best in one run (--engine NAME=KIND:PATH), or see the figures with --force":
            "在同一台机器的同一状态下测量两者；同一程序的两个版本最好在一次运行里测（--engine NAME=KIND:PATH）；或用 --force 查看数值",
        "slope of {} over {}": "{} 随 {} 的斜率", "{} in {}": "{}，单位 {}", "nothing varied": "没有改变任何参数",
    ]
}
