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
        "{} is no result": "{} 不是结果文件",
        "it is neither lab's JSON nor hyperfine's": "它既不是 lab 的 JSON，也不是 hyperfine 的",
        "name what `lab run` or `hyperfine --export-json` wrote, or a CSV of raw samples":
            "请指定 `lab run` 或 `hyperfine --export-json` 写出的文件，或原始样本的 CSV",
        "{} is on one side twice": "{} 在同一侧出现了两次", "there is not one of each time": "与各次时间不是一一对应",
        "name each run once: the unit of a comparison is the run": "每次运行只指定一次：比较以运行为单位",
        "a signal ended it": "它被信号终止",
        "there is nothing to compare": "没有可比较的内容", "neither side has a sample of {}": "两侧都没有 {} 的样本",
        "compare without --metric and --engine to see what there is": "去掉 --metric 和 --engine 再比较，看看有哪些",
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
        "the results can't be compared": "这些结果不能比较",
        "they are unlike in{}": "它们在以下方面不同：{}",
        "measure all in the same state of the same machine, two builds of a program best in one run (--engine NAME=KIND:PATH), or see the figures with --force":
            "在同一台机器的同一状态下测量所有结果；同一程序的两个版本最好在一次运行里测（--engine NAME=KIND:PATH）；或用 --force 查看数值",
        "slope of {} over {}": "{} 随 {} 的斜率", "{} in {}": "{}，单位 {}", "nothing varied": "没有改变任何参数",

        // Samples of other programs.
        "{} runs are on one side": "一侧有 {} 次运行", "name at most {}": "最多指定 {} 个",
        "it is empty or longer than {} characters": "它是空的，或超过 {} 个字符",
        "{} occurs twice": "{} 出现了两次",
        "tell the commands apart with --command-name": "用 --command-name 区分这些命令",
        "there is no time": "一个时间也没有", "{} is no length of time": "{} 不是时间长度",
        "there are more than {} samples": "样本超过 {} 个", "there are more than {} commands": "命令超过 {} 个",
        "write it again with hyperfine --export-json": "用 hyperfine --export-json 重新写出",
        "there is no heading": "没有表头", "it has {} fields, and the heading {}": "它有 {} 个字段，而表头有 {} 个",
        "there are more than {} runs": "运行超过 {} 次", "there are more than {} engines": "引擎超过 {} 个",
        "the engine's name is empty or longer than {} characters": "引擎名是空的，或超过 {} 个字符",
        "there is no sample after the heading": "表头之后没有样本",
        "the heading has no column engine": "表头里没有 engine 这一列",
        "the column {} occurs twice": "{} 列出现了两次",
        "the column {} does not end in a unit": "{} 列的名称不以单位结尾", "two columns are of {}": "有两列都是 {}",
        "{} columns hold values, and 1 to {} may": "有 {} 列数值，只允许 1 至 {} 列",
        "{} is no number from 0 on that {} may be": "{} 不是 {} 可取的非负数",
        "write a heading like `engine,startup-ms`, then a row like `container,1.42` for each sample":
            "先写 `engine,startup-ms` 这样的表头，再为每个样本写 `container,1.42` 这样的一行",
        "it has more than {} fields": "它的字段超过 {} 个",
        "a comma or the end of the line is missing": "缺少逗号或换行",
        "a quotation mark is not closed": "有引号没有闭合", "a field is longer than {} bytes": "有字段超过 {} 字节",
        "it is not UTF-8": "它不是 UTF-8", "it is no JSON": "它不是 JSON",
    ]
}
