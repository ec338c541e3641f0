extension Chinese {
    /// The texts of a report on one method.
    static let methods: Table = [
        "kind of work": "工作种类", "median of the kinds": "各种类的中位数", "throttled": "被限流", "stolen": "被窃取",
        "Kind by kind": "逐类结果", "the lab's workload": "实验的工作负载", "{}, {}": "{}，{}",
        "{}, relative to {}:": "{}，相对于 {}：", "{}: {} for {}": "{1}：{3} 为 {2}", "bare process": "普通进程",
        "container": "容器", "virtual machine": "虚拟机", "boundary": "边界", "CPU": "处理器", "CPUs": "处理器数",
        "microcode": "微码", "memory": "内存", "swap": "交换空间", "distribution": "发行版",
        "itself virtual, under": "本机自身是虚拟机，位于", "frequency governor": "调频策略", "turbo": "睿频", "SMT": "超线程",
        "load at the start": "开始时负载", "mitigations": "漏洞缓解措施", "None.": "无。", "{} at {}": "{2} 处 {1}",
        "{} more": "另外 {} 处", " after {}": "，在 {} 之后", "Under other conditions": "其他条件下",
        "warm, one at a time": "热缓存，逐个启动", "cold page cache": "冷页缓存", "exits counted": "统计退出次数",
        "cgroups handed on": "沿用控制组（cgroup）", "Prepared before the first mark": "第一个标记之前已准备好的",
        "made once, shared by its trials": "只做一次，各次试验共用",
        "Whatever else an instance needs is made after {} and gone before {}, in every engine.":
            "实例所需的其他一切，在每个引擎里都是 {} 之后才建立，{} 之前就已消失。",
        "{} each": "每个 {}", "{} failed": "失败：{}", "mean": "均值", "median total": "总时间中位数", "difference": "差",
        "share of the difference": "占差值", "in no step": "不属于任何步骤", "{} other steps": "其余 {} 个步骤",
        "mark": "标记", "later by": "晚", "layer": "隔离层", "alone, it costs": "单独加上，增加",
        "left out, it saves": "单独去掉，节省", "of the whole": "占全部", "all layers less none": "全部隔离层与无隔离之差",
        ": they hardly interact.": "：彼此几乎不影响。", ": {}.": "：{}。", "configured": "配置",
        "used, says the guest": "客户机自报已用", "instances": "实例数", "condition": "条件", "min–max": "最小–最大",
        "idle": "空闲", "{} MiB touched": "写过 {} MiB", "host, {}": "宿主机，{}", "{}, all": "{}，合计",
        "guest used": "客户机已用", "{} takes {} per instance": "{} 每个实例占用 {}", "When {}: {}": "{}时：{}",
        "What was counted": "数出来的量", "guest instruction": "客户机指令", "floating-point operation": "浮点运算",
        "system call": "系统调用", "context switch": "上下文切换", "event": "事件", "yardstick": "标尺",
        "its gap per round": "它每轮的差额", "of them in a round": "每轮的次数", "price of one": "单价",
        "The price of one event": "一个事件的价格", "gap": "差额", "not explained": "未解释", "explained": "解释了",
        "there is no gap": "没有差额", "What the events explain": "这些事件解释了多少", "{}, {} at once": "{}，同时 {} 个",
        "Made in other ways": "换一种方式制作", "variant": "变体", "by default": "默认", "Loss of performance": "性能损耗",
        "Throttled": "被限流", "Each": "每个", "Host": "宿主机",
        "{}, more than in {} (95 % interval)": "{}，比 {} 多出（95 % 区间）",
        "In brackets the 95 % interval; bold where it shows a difference at all. The last row is the middle one of the kinds above it, not a mean: the kinds are no sample of anything.":
            "括号内为 95 % 区间；区间表明确有差异时用粗体。最后一行是以上各种类中居中的一个，不是均值：这些种类不是抽样得来的。",
        "{} loses {} in the median of {} kinds of work, from {} ({}) to {} ({}), and is shown to be slower in {} of them":
            "{1} 在 {3} 种工作上的损耗中位数为 {2}，从 {4}（{5}）到 {6}（{7}），其中 {8} 种确证更慢",
        "Nothing can be compared: no engine has samples of the same work as {}.": "无法比较：没有引擎与 {} 有相同工作的样本。",
        "Each trial starts one instance with the workload {}, which prepares, says {}, does its rounds of work and sends their digest; a digest that the host did not work out as well is a failure, so that no work can be skipped. Host CPU time covers everything the host does for the instance, VMM threads included.":
            "每次试验启动一个实例，运行工作负载 {}：准备、报告 {}、完成各轮工作并送出摘要；摘要与宿主机自己算出的不同即为失败，因此工作无法被跳过。宿主机 CPU 时间包括宿主机为该实例所做的一切，含 VMM 线程。",
        "Time of the same work relative to {} (1 ×), 95 % intervals, logarithmic axis":
            "同样工作相对于 {}（1 ×）的用时，95 % 区间，对数坐标",
        "Time of the same work in {} relative to {}": "{} 中同样工作相对于 {} 的用时",
        "Dots are ratios of medians, whiskers their 95 % intervals; to the right of 1 × the work takes longer.":
            "点为中位数之比，须线为 95 % 区间；1 × 右侧表示用时更长。",
        "{} was throttled for at most {} of a kind's time ({})": "{} 在单一种类中最多有 {} 的时间被限流（{}）",
        "{} was made to wait by its CPU limit in {}: there the figures are of the limit as well. Remedy: a lab with more {}.":
            "{} 因 CPU 限额在 {} 中等待：这些数值也包含限额的影响。办法：在实验中增加 {}。",
        "While {} worked, a hypervisor under this host gave CPU time to others, in {}: there its figures may be too long. Remedy: run on a quiet or a physical host.":
            "{} 工作期间，本机之下的虚拟机监控程序把 CPU 时间给了他人（{}）：这些数值可能偏大。办法：换用空闲主机或物理机。",
        "Each trial starts one instance with the workload {}, waits for its end and removes everything of it.":
            "每次试验启动一个实例，运行工作负载 {}，等待结束，并清除其全部痕迹。",
        "{} is the time from {} to {}.": "{}是从 {} 到 {} 的时间。",
        "{} is the value {} of each sample.": "{}是每个样本的 {} 值。",
        "Marks are host {}, taken when the host receives the byte that the guest sent: no two clocks are compared.":
            "所有标记都取自宿主机的 {}，在宿主机收到客户机发出的字节时记录：不比较两个时钟。",
        "Medians, with 95 % intervals that rest on how much they differ between blocks of neighbouring rounds, so that they cover what another run here would give; a ratio is the median of all quotients within the blocks; quantiles of type 7. Failures and time-outs are counted, never turned into durations.":
            "中位数及 95 % 区间；区间依据各块（相邻的若干轮）之间的差异，因而涵盖在本机再运行一次会得到的结果；比值是各块内部所有商的中位数；分位数为第 7 类。失败与超时只计数，从不当作时间。",
        "The run ended when every planned trial had been made.": "所有计划的试验完成后结束。",
        "The run ended with its time budget.": "时间预算用完后结束。",
        "The run was interrupted by a signal.": "运行被信号中断。",
        "The run was killed; this is what it had written down.": "运行被强行终止；以下是它已记录的内容。",
        "{} is a bare fork and exec of the same program: what it takes is the harness's own share too.":
            "{} 只是对同一程序的 fork 与 exec：其用时也包含测量程序自身的开销。",
        "The same bytes ran in every engine:": "所有引擎运行的是相同的字节：",
        "What differs between the engines": "引擎之间的差异",
        "Run {}, started {}, lab {}.": "运行 {}，开始于 {}，lab {}。",
        "Few samples, {} in the least case ({}): those intervals are rough. Remedy: {}.":
            "样本很少，最少的只有 {} 个（{}）：区间粗略。办法：{}。",
        "Figures drifted while the run went on ({}): the machine was not in a steady state.":
            "运行期间数值有漂移（{}）：机器未处于稳定状态。",
        "{}: {} of {}": "{1}：{3} 个中 {2} 个",
        "Samples flagged as outliers and kept ({}); the median hardly feels them.":
            "标出的离群值均予保留（{}）；中位数几乎不受影响。",
        "below {}": "低于 {}",
        "What all layers cost together can't be told here: it is {}.": "各层合计的代价在此测不出：{}。",
        "What the layers cost alone can't be told: {} in all.": "各层单独的代价测不出：合计{}。",
        "What leaving out one layer at a time saves can't be told: {} in all.": "逐层去掉省下的时间测不出：合计{}。",
        "By its whole life {} can't be told from {}: the difference is {}, and so are its parts.":
            "从整个生命周期看，{} 与 {} 无法区分：差值{}，各部分也是如此。",
        "{} lives {} longer than {}, from the request until nothing is left of it. {} of that are steps that only one of the two has; those that both have take no longer in the container. Means over the middle of the samples of each.":
            "从请求到清除完毕，{1} 比 {3} 长 {2}，其中 {4} 来自只有一方才有的步骤；双方都有的步骤在容器里并不更慢。各取居中样本的均值。",
        "{}: {} samples failed{}: {}": "{}：{} 个样本失败{}：{}",
        "Only {} of {} planned trials were made.": "计划的 {2} 次试验只完成了 {1} 次。",
        "The run, on a machine with the same state:": "在状态相同的机器上重新运行：",
        "This report, byte for byte, in this directory:": "在本目录中逐字节重新生成本报告：",
        "{} at once, the last of them": "同时 {} 个，最后一个",
        "{} takes from {} ({}) to {} ({})": "{} 用时从 {}（{}）到 {}（{}）",
        "Each figure is the mean of the span that ends with the mark above it and starts with the mark before; – stands where an engine has no such mark. The mean is over the samples in the middle by total time: half of them, or so much less that their mean total lies within 2 % of the median of all. So the parts add up to the sum exactly, and beside it stands how far that is from the median.":
            "每个数是到该列标记为止、从前一个标记算起的时段的均值；– 表示该引擎没有这个标记。均值取自总时间居中的样本：一半，或更少，使其平均总时间与全部样本的中位数相差不超过 2 %。因此各部分之和恰为合计，括号内是它与中位数之差。",
        "Means over the {} samples in the middle, by total time, of {}; they add up to the time from {} to the end of the life, whose median over all samples is {} (the sum is {} of it away).":
            "{2} 个样本中总时间居中的 {1} 个的均值；其和是从 {3} 到结束的时间，它在全部样本上的中位数为 {4}（合计与之相差 {5}）。",
        "What libvirt adds: {} beside {}": "libvirt 增加了什么：{} 与 {}",
        "Mean time from the request to each mark, over the middle of the samples. The two run the same kernel, initramfs, machine and devices in the same QEMU; what differs is who starts it.":
            "从请求到每个标记的平均时间（居中的样本）。两者在同一 QEMU 中运行相同的内核、initramfs、机型和设备；不同的只是由谁来启动。",
        "What {} takes longer for than {}": "{} 比 {} 多花的时间",
        "What each layer of isolation costs {}": "{} 每个隔离层的代价",
        "Differences of the medians of “{}” with their 95 % intervals; of one that contains 0 only the bound can be told.":
            "“{}”中位数之差及其 95 % 区间；区间包含 0 的，只能给出上界。",
        "{} need {}: alone, they are compared with {} alone, and leaving {} out leaves them out too, so that they count in the sum of that column with it.":
            "{} 依赖 {}：单独加上时与只有 {} 相比；去掉 {} 也就去掉了它们，因此在该列合计中随它计入。",
        "Alone, the layers cost {} together, {} of the whole": "各层单独加上共增加 {}，是全部的 {}",
        "they share work that each does for itself when alone": "有些工作单独时各做一遍，合在一起只做一遍",
        "some cost more beside others than alone": "有些层与其他层一起时代价更高",
        "Left out one at a time, they save {} together, {} of the whole": "逐个去掉共节省 {}，是全部的 {}",
        "what several need stays when one of them goes": "几层共同需要的部分不会随其中一层消失",
        "Memory against the number of instances": "内存与实例数的关系",
        "No cost per instance can be given: that takes samples with two different numbers of instances.":
            "无法给出每个实例的代价：这需要两种不同实例数的样本。",
        "{} is by how much the value {} grows with each further one of {}: the slope of a robust line (Theil–Sen).":
            "{1}是 {3} 每增加一，{2} 增加多少：稳健直线（Theil–Sen）的斜率。",
        "Each trial starts its instances one after another with the workload {}, reads what memory they take while all of them live, and ends them. The host's figure is by how much its available memory fell.":
            "每次试验逐个启动若干实例，运行工作负载 {}，在它们全部存活时读取内存占用，然后结束。宿主机的数值是其可用内存减少的量。",
        "{} of all instances together, logarithmic axes": "全部实例合计的 {}，双对数坐标",
        "Memory against the number of instances for {}": "{} 的内存与实例数的关系",
        "{}, {} instances: median {}, {}, n = {}": "{}，{} 个实例：中位数 {}，{}，n = {}",
        "Dots are medians, whiskers reach from the least to the most, lines are the robust fits whose slopes the answer gives. Both axes are logarithmic, so that engines of very different size can be seen beside each other; what is nothing or less stands at the lower edge.":
            "点为中位数，须线从最小到最大，线为稳健拟合，其斜率见结论。两轴均为对数，以便大小悬殊的引擎能放在一起；为零或更小的值画在下边缘。",
        "none: the yardstick shows no price": "没有：标尺没有给出价格",
        "What pays for the emulation, in counted events": "软件模拟的代价，用数得出来的事件解释",
        "Host CPU time per round; medians. The gap between two engines is taken apart into counted events, each times the price of one. The prices come from yardsticks, which are work of another kind; no gap that is explained below has a part in them. {} prices an instruction; from the other yardsticks' gaps the instructions, and what else is priced already, are taken off before the rest is shared out.":
            "每轮的宿主机 CPU 时间，取中位数。两个引擎之间的差额拆成数得出来的事件：次数乘以单价。单价来自标尺，标尺是另外的工作；下面要解释的差额，没有一个参与定价。{} 给出一条指令的价格；其他标尺的差额先扣掉指令和已经定价的部分，余下的才摊到每个事件上。",
        "More than the gap counts as unexplained, like less than it: a minus sign stands before what is explained too much. In brackets the 95 % interval, where every kind has five samples. Not counted, and so never explained: loads and stores, each of which the emulator translates by itself, and its misses.":
            "解释得过头和不足一样，都算未解释：过头的部分前面是负号。括号里是 95 % 区间，每种工作都有五个样本时才给出。没有数、因而也解释不了的：一次次访存（模拟器逐个翻译地址）和其中的未命中。",
        "{}: the events {} have no price, because {} was not measured or shows none.":
            "{}：事件{}没有价格，因为 {} 没有测，或者没有给出价格。",
        "Median of “{}” with its 95 % interval, then how much that is more than by default, and the ratio to it. A difference whose interval contains 0 is none that was found; one without an interval comes from few samples, and {} takes more.":
            "“{}”的中位数及 95 % 区间，其下是与默认方式之差及其比值。区间包含 0 即未发现差异；没有区间的差出自少数样本，可用 {} 多取一些。",
        "{}: by how much longer the same work takes than in {}; + is a loss, − a gain.":
            "{}：同样的工作比在 {} 中多用多少时间；+ 为损耗，− 为增益。",
        "Medians with their 95 % intervals. {} is the share of the time until the output for which the engine's CPU limit made it wait; {} is CPU time that a hypervisor under this host gave to others, over the elapsed time.":
            "中位数及 95 % 区间。“{}”是输出之前因 CPU 限额而等待的时间比例；“{}”是本机之下的虚拟机监控程序给予他人的 CPU 时间与经过时间之比。",
        "Each instance had {} of memory and {} CPUs where the engine limits them, at most {} to get ready; the run had a budget of {}.":
            "在引擎施加限制之处，每个实例有 {} 内存和 {} 个 CPU，最多 {} 就绪；整个运行的时间预算为 {}。",
        "Median with its 95 % interval, then the ratio to the same engine warm and alone. {} is the time of the last over their number: what one costs where many are started.":
            "中位数及 95 % 区间，其下是与同一引擎热缓存、单独启动之比。“{}”是最后一个的用时除以个数：成批启动时每个的代价。",
        "{} more are not shown; {} has them all.": "另有 {} 个未列出；{} 给出全部。",
        "{} lives {} longer than {}, from the request until nothing is left of it. {}: {} are steps that only one of the two has, {} are steps that both have and that take longer in the container. Means over the middle of the samples of each.":
            "从请求到清除完毕，{1} 比 {3} 长 {2}。{4}：{5} 来自只有一方才有的步骤，{6} 来自双方都有、但在容器里更慢的步骤。各取居中样本的均值。",
        "Named steps explain {} of that": "其中 {} 由有名称的步骤解释",
        "{} is the marginal cost: by how much less memory the host has available for each further instance, a slope with its 95 % interval, so that what all share counts once. The accounts after it are slopes too, when idle. What the guest says is used is its own view of what it was given.":
            "“{}”是边际代价：每多一个实例，宿主机可用内存减少多少（斜率及 95 % 区间），因此共享部分只计一次。其后各项也是空闲时的斜率。客户机自报的已用内存只是它对分得内存的看法。",
    ]
}
