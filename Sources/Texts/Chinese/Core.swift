extension Chinese {
    /// The machine, files, processes and the run itself.
    static let core: Table = [
        "run lab as that user, or name a directory of root's with --output":
            "以该用户身份运行 lab，或用 --output 指定一个属于 root 的目录",
        "name a directory of yours with --output": "用 --output 指定一个属于你自己的目录",
        "cannot read whose process {} is": "无法得知进程 {} 属于谁",
        "the first round, a trial of everything, was made whole and took {} s: longer than the budget of {}":
            "第一轮（每项各试验一次）已完整做完，用时 {} 秒，超出预算 {}",
        "the budget of {} is too small": "预算 {} 太短",
        "the first round alone, a trial of everything, needs about {} s": "仅第一轮（每项各试验一次）就需要约 {} 秒",
        "the first rounds of these labs, a trial of everything, need about {} s":
            "这些实验的第一轮（每项各试验一次）共需要约 {} 秒",
        "name --budget {}s or more, or fewer engines or series": "把 --budget 设为 {}s 或更长，或者少指定一些引擎或系列",
        "name --budget {}s or more, or fewer labs or engines": "把 --budget 设为 {}s 或更长，或者少指定一些实验或引擎",
        // Environment: what disturbs.
        "the processors are held back to cool: {}": "处理器因散热被降速：{}",
        "let the machine cool down, and free its fans": "让机器冷却下来，并清理风扇",
        "the processors were throttled for heat while lab looked or measured: their counters rose by {}":
            "在 lab 查看或测量期间，处理器因过热被降频：其计数器增加了 {}",
        "let the machine cool down, and measure with fewer cores or a shorter run":
            "让机器冷却下来，用更少的核或更短的运行来测量",
        "the machine is busy: load {} on {} CPUs": "机器繁忙：{2} 个 CPU 上的负载为 {1}",
        "stop other programs, or wait a minute after a build": "停止其他程序；若刚编译完，等一分钟再测",
        "{} % of the CPU time is stolen: the host below runs something else":
            "{} % 的 CPU 时间被偷走（steal）：下层宿主机在运行别的东西",
        "measure on a machine of your own, or at a quieter hour": "在自己独占的机器上测量，或换个空闲的时段",
        "this machine is nested in emulation ({}): times are not those of hardware":
            "本机本身由软件模拟（{}）：时间不代表真实硬件",
        "compare what works rather than how fast, or measure on a machine with a processor":
            "只比较“能不能”，不比较“快不快”；或在有真实处理器的机器上测量",
        "this machine is itself virtual ({}): a VM on it is nested, and times vary more":
            "本机本身就是虚拟机（{}）：其上的虚拟机是嵌套的，时间波动更大",
        "compare ratios rather than times, or measure on bare metal": "比较比值而不是绝对时间，或在物理机上测量",
        "the CPU frequency governor is {}: a short start may end before the frequency rises":
            "CPU 调频策略（governor）是 {}：短暂的启动可能在频率升高之前就结束了",
        "`lab run --tune` as root, or sudo cpupower frequency-set -g performance":
            "以 root 运行 `lab run --tune`，或执行 sudo cpupower frequency-set -g performance",
        "turbo is on: the frequency depends on temperature and on what the other cores do":
            "睿频（turbo）开着：频率取决于温度和其他核的活动",
        "`lab run --tune` as root turns it off for the run and on again":
            "以 root 运行 `lab run --tune`，会在运行期间关闭睿频，之后再打开",
        "SMT is on: two threads that share a core slow each other down":
            "SMT（超线程）开着：共用一个核的两个线程会互相拖慢",
        "{} MiB are swapped out: a start may wait for the disk": "有 {} MiB 内存被换出：启动可能要等磁盘",
        "free memory, then swapoff -a && swapon -a": "先腾出内存，再执行 swapoff -a && swapon -a",

        // Settings of the machine.
        "cannot set {} to {}": "无法把 {} 设为 {}", "run lab as root": "以 root 运行 lab", "cannot find {}": "找不到 {}",
        "{} is not set": "{} 未改动",
        "it is a link that leads out of {}": "它是一个指向 {} 之外的链接",
        "it is not a regular file": "它不是普通文件",
        "a journal names the setting \"{}\", which lab never changes": "日志里写着设置项“{}”，而 lab 从不改动它",
        "look into the journal, then delete it": "查看该日志，然后删除它",
        "--tune cannot change the machine's settings": "--tune 无法更改机器的设置",
        "lab does not run as root": "lab 不是以 root 运行的",
        "sudo lab run … --tune, or leave --tune out": "执行 sudo lab run … --tune，或去掉 --tune",
        "--tune leaves the governor alone: this machine has no cpufreq":
            "--tune 没有改动调频策略：本机没有 cpufreq",
        "set the frequency where this machine's is set: its firmware, or the host below it":
            "到决定本机频率的地方去设置：固件，或下层的宿主机",
        "--tune leaves turbo alone: this machine has neither {} nor {}": "--tune 没有改动睿频：本机既没有 {} 也没有 {}",
        "turn turbo off in the firmware, or on the host below": "在固件里或下层宿主机上关闭睿频",
        "--tune leaves {} alone: its value can't be read": "--tune 没有改动 {}：读不出它的值",
        "--tune leaves {} alone: {}": "--tune 没有改动 {}：{}",

        // Files, journals, processes.
        "cannot read {}": "无法读取 {}", "cannot write {}": "无法写入 {}", "cannot make {}": "无法建立 {}",
        "cannot open {}": "无法打开 {}", "cannot remove {}": "无法删除 {}",
        "cannot make the directory {}": "无法建立目录 {}", "{} is larger than {} bytes": "{} 超过 {} 字节",
        "make room on the file system at {} ({})": "在挂载于 {} 的文件系统（{}）上腾出空间",
        "make room on the file system at {} ({}, {}, {} free)":
            "在挂载于 {} 的文件系统（{}，共 {}，剩余 {}）上腾出空间",
        "remove files from the file system at {} ({}): it has as many as it can hold":
            "删除挂载于 {} 的文件系统（{}）上的一些文件：它的文件数已达上限",
        "something is mounted there": "那里挂载着东西", "cannot unmount {}": "无法卸载 {}",
        "LAB_HOME is {}": "LAB_HOME 是 {}", "it must be an absolute path": "它必须是绝对路径",
        "HOME is not set": "没有设置 HOME",
        "set HOME or LAB_HOME to a directory of yours": "把 HOME 或 LAB_HOME 设为你自己的一个目录",
        "lab-guest was not found beside lab": "在 lab 旁边找不到 lab-guest",
        "build it with `swift build`, or name it with LAB_GUEST=/path/to/lab-guest":
            "用 `swift build` 编译它，或用 LAB_GUEST=/path/to/lab-guest 指定",
        "cannot write the journal {}": "无法写入日志 {}", "cannot read the journal {}": "无法读取日志 {}",
        "the {} {} can't be written down": "{} {} 无法写入日志",
        "its name is empty, too long or holds a control character": "它的名字为空、太长或含有控制字符",
        "{} can't be the id of a run": "{} 不能做运行的编号", "{} is no run's id": "{} 不是任何运行的编号",
        "the journal {} is not replayed": "日志 {} 不予回放", "its name is no run's": "它的名字不属于任何运行",
        "it is a link": "它是一个链接", "it is no regular file": "它不是普通文件",
        "it belongs to another user (uid {})": "它属于另一个用户（uid {}）",
        "others can write to it (mode {})": "别人可以写它（权限 {}）",
        "it is larger than {} bytes": "它超过 {} 字节",
        "the journal {} has a line that nobody wrote: {}": "日志 {} 里有一行不是任何程序写的：{}",
        "the journal names the {} {}, which is not this run's": "日志里的 {} {} 不属于这次运行",
        "the run {} made nothing there, or nothing of that name": "运行 {} 没有在那里建立过东西，或没有建立过叫这个名字的东西",
        "a link or a mount is on the way": "途中有链接或挂载点", "{} can't be removed": "无法删除 {}",
        "it names no entry": "它不指任何一项",
        "it grows as fast as it is removed": "它增长得和删除得一样快",
        "{} is no absolute path": "{} 不是绝对路径", "cannot walk to {}": "无法走到 {}", "{} is not used": "不使用 {}",
        "name a directory of its own below it": "在它下面指定一个单独的目录",
        "{} belongs to another user (uid {})": "{} 属于另一个用户（uid {}）",
        "run lab as that user; or, as root, name a directory of root's with LAB_HOME (sudo -H sets HOME)":
            "以那个用户运行 lab；或者以 root 运行时，用 LAB_HOME 指定一个属于 root 的目录（sudo -H 会设置 HOME）",
        "name a directory of yours with LAB_HOME": "用 LAB_HOME 指定你自己的一个目录",
        "others can write to {} (mode {})": "别人可以写 {}（权限 {}）",
        "a path of lab's holds no control character and is UTF-8": "lab 的路径不含控制字符，并且是 UTF-8",
        "{} is too long": "{} 太长",
        "it has {} bytes, and at most {} are a path of lab's": "它有 {} 字节，而 lab 的路径最多 {} 字节",
        "nothing here removes a {}": "这里没有能清除 {} 的程序", "cannot make an eventfd": "无法建立 eventfd",
        "cannot install the signal handlers": "无法安装信号处理函数",
        "stopped by a signal": "被信号中止",
        "cannot drop the page cache for a cold start": "无法为冷启动清空页缓存",
        "run as root": "以 root 运行",
        "the memory of process {} is unknown": "进程 {} 的内存用量未知",
        "no Pss in smaps_rollup": "smaps_rollup 里没有 Pss",
        "the CPU time of process {} is unknown": "进程 {} 的 CPU 时间未知",
        "it has ended": "它已经结束", "process {}": "进程 {}", "cannot start {} threads": "无法启动 {} 个线程",
        "cannot run {}": "无法运行 {}",

        // Words of the command line.
        "; did you mean \"{}\"?": "；你是不是想写“{}”？", "\"{}\" is too long": "“{}”太长了",
        "the longest is 292 years": "最长 292 年", "it is negative": "它是负数",
        "it does not begin with a number": "它不以数字开头", "\"{}\" is no {}": "“{}”不是{}", "length of time": "时长",
        "write it like `{}`": "写成 `{}` 这样", "\"{}\" has no unit": "“{}”没有单位", "add one of {}": "加上以下单位之一：{}",
        "\"{}\" has the unknown unit \"{}\"{}": "“{}”的单位“{}”无法识别{}",
        "use one of {}": "使用以下之一：{}",
        "the number is malformed, too large, or finer than one {}": "数字格式不对、太大，或比 1 {} 还细",

        // The run.
        "no engine of {} works on this machine": "实验 {} 的引擎在本机没有一个能用",
        "see `lab doctor`": "参见 `lab doctor`",
        "stopped after {} failures in a row, the last: {}": "连续失败 {} 次后停止，最后一次：{}",
        "the workload failed": "工作负载失败", "exit status {}": "退出状态 {}",
        "the guest broke the protocol": "客户程序违反了协议",
        "the guest did not do its workload": "客户程序没有完成它的工作负载",
        "expected the output {}, received [{}]": "应输出 {}，实际收到 [{}]",
        "the guest said more than {} bytes": "客户程序输出超过 {} 字节",
        "the guest sent a line of more than {} bytes: {}": "客户程序发来一行超过 {} 字节的内容：{}",
        "the guest sent what is not a record: {}": "客户程序发来的不是一条记录：{}",
        "the guest stopped in the middle of a record: {}": "客户程序在一条记录中途停住：{}",
        "an experiment was asked for outside a run": "在运行之外要求做试验",
        "there is no experiment {}": "没有名为 {} 的试验", " of {}": "（最高 {}）", "{} at {}{}": "{} 处于第 {} 级{}",
        "cannot read the directory {}": "无法读取目录 {}", "{} to {}": "从 {} 到 {}", " on {}": "，在 {} 上",
        "cannot start a thread": "无法启动线程",
        "cannot read what process {} executes": "无法得知进程 {} 执行的是什么",
        "cannot read the seccomp filter of process {}": "无法读取进程 {} 的 seccomp 过滤器",
        "cannot make the shared memory segment {}": "无法建立共享内存段 {}",
        "size": "大小", "{}: {}": "{}：{}", "{}: {}{}": "{}：{}{}", "; {}": "；{}", "{}; {}": "{}；{}",
    ]

    /// The words of strerror(3) for the errors that users meet; they stay beside the Chinese, because they are what
    /// one searches for.
    static let kernel: Table = [
        "Operation not permitted": "不允许的操作（Operation not permitted）",
        "Permission denied": "权限不够（Permission denied）",
        "No such file or directory": "没有那个文件或目录（No such file or directory）",
        "No such process": "没有那个进程（No such process）",
        "Input/output error": "输入输出错误（Input/output error）",
        "No such device or address": "没有那个设备或地址（No such device or address）",
        "Argument list too long": "参数列表过长（Argument list too long）",
        "Exec format error": "可执行文件格式错误（Exec format error）",
        "No child processes": "没有子进程（No child processes）",
        "Resource temporarily unavailable": "资源暂时不可用（Resource temporarily unavailable）",
        "Cannot allocate memory": "无法分配内存（Cannot allocate memory）",
        "Device or resource busy": "设备或资源忙（Device or resource busy）",
        "File exists": "文件已存在（File exists）",
        "Invalid cross-device link": "无效的跨设备链接（Invalid cross-device link）",
        "No such device": "没有那个设备（No such device）", "Not a directory": "不是目录（Not a directory）",
        "Is a directory": "是一个目录（Is a directory）", "Invalid argument": "无效的参数（Invalid argument）",
        "Too many open files in system": "系统中打开的文件过多（Too many open files in system）",
        "Too many open files": "打开的文件过多（Too many open files）",
        "Text file busy": "文件正在执行（Text file busy）", "File too large": "文件过大（File too large）",
        "No space left on device": "设备上没有空间（No space left on device）",
        "Read-only file system": "只读文件系统（Read-only file system）",
        "Broken pipe": "断开的管道（Broken pipe）",
        "File name too long": "文件名过长（File name too long）",
        "Function not implemented": "函数未实现（Function not implemented）",
        "Directory not empty": "目录非空（Directory not empty）",
        "Too many levels of symbolic links": "符号链接层数过多（Too many levels of symbolic links）",
        "Operation not supported": "不支持的操作（Operation not supported）",
        "Disk quota exceeded": "超出磁盘配额（Disk quota exceeded）",
        "Connection timed out": "连接超时（Connection timed out）",
        "Too many users": "用户过多（Too many users）",
        "{} has {} lines, and {} asks {} questions": "{} 有 {} 行，而 {} 只提 {} 个问题",
        "write one line for each question, in their order; an empty one leaves a question out":
            "按问题的顺序，每个问题写一行；空行表示不回答",
        "the lab {} asks for no predictions": "实验 {} 没有要预测的问题",
        "write your questions under \"predictions\" into its lab.yaml":
            "把问题写在它的 lab.yaml 的 \"predictions\" 之下",
        "an answer has {} bytes": "有一个回答长 {} 字节",
        "at most {} stand beside a figure": "与数值并列的回答最多 {} 字节",
        "say it in fewer words": "说得简短些",
        "it must be more than nothing and at most {}": "它必须大于零，且不超过 {}",
        "{} holds an instance to no memory and no processors": "{} 不限制实例的内存和处理器",
        "nothing of it has a cgroup of its own": "它没有自己的 cgroup",
        "name engines that do: container, or a VM": "指定有限额的引擎：container，或虚拟机",
        "the lab {} can't be swept over {}": "实验 {} 不能按 {} 逐值测量",
        "its experiments give their instances limits themselves": "它的实验自己给实例设限额",
        "sweep startup-latency, memory-footprint, cpu-overhead, or a lab of your own":
            "用 startup-latency、memory-footprint、cpu-overhead，或自己的实验",
        "nothing of {} can be swept": "{} 中没有可以逐值测量的部分",
        "nothing holds a bare process": "裸进程没有限额",
        "name an engine that has limits: --engine process,container":
            "指定有限额的引擎：--engine process,container",
        "the sweep has {} combinations": "一共有 {} 种组合",
        "at most {} are measured": "最多测量 {} 种",
        "name fewer values, or fewer series with --series": "少写几个值，或用 --series 少选几个系列",
    ]
}
