extension Chinese {
    /// Builds of a program as engines, and the processors of a run.
    static let builds: Table = [
        // NAME=KIND:PATH
        "--engine {} names no engine": "--engine {} 不是一个引擎",
        "it is not written NAME=KIND:PATH": "它没有写成 NAME=KIND:PATH",
        "write it like new=crun:/opt/crun/bin/crun": "写成 new=crun:/opt/crun/bin/crun 这样",
        "its name must be 1 to {} lower-case letters, digits and hyphens, with no hyphen at an end, and no number of six digits behind the last":
            "它的名字必须由 1 到 {} 个小写字母、数字和连字符组成，首尾不能是连字符，最后一个连字符之后也不能是六位以上的数",
        "its path does not begin at the root": "它的路径不是从根开始的", "write the whole path": "写出完整的路径",
        "its path holds a comma, an equals sign, a control character or what is no UTF-8":
            "它的路径含有逗号、等号、控制字符或不是 UTF-8 的字节",
        "make a symbolic link to the program and name that": "给该程序建一个符号链接，然后写链接的路径",
        "{} is a directory": "{} 是一个目录",
        "name the program by the path at which it lies": "写出该程序所在的路径", "name the program in it": "写出其中的那个程序",
        "{} is not executable": "{} 不可执行",
        "{} does not work as {}": "{} 不能当作 {} 来用",
        "{} was replaced or removed during the run: {} is a mixture of two programs":
            "{} 在运行期间被替换或删除：{} 是两个程序的混合",
        "run it again, and leave the program alone until the run has ended": "请重新运行，并在运行结束之前不要动这个程序",
        "of itself it says: {}; name a build of {}": "其版本信息为：{}；请指定 {} 的一个版本",
        "container is a part of lab: it has no program of its own": "container 是 lab 的一部分，没有自己的程序",
        "run each build of lab several times and give the results to lab compare":
            "用 lab 的每个版本各运行几次，再把结果交给 lab compare",
        "{} has no program of its own": "{} 没有自己的程序", "name a build of one of {}": "指定以下之一的某个版本：{}",
        "{} is the name of another engine": "{} 是另一个引擎的名字", "give the build a name of its own": "给这个版本另起一个名字",
        "the name of its file does not begin with qemu": "它的文件名不是以 qemu 开头",
        "name an emulator such as /opt/qemu/bin/qemu-system-x86_64":
            "指定一个模拟器，例如 /opt/qemu/bin/qemu-system-x86_64",
        "name each engine once, and each build of one by a name of its own": "每个引擎只写一次，同一引擎的各个版本各用一个名字",
        "{} (a build of {})": "{}（{} 的一个版本）", "build of": "所属引擎", "program": "程序",
        "program, SHA-256": "程序，SHA-256",

        // --cpus-allowed
        "--cpus-allowed is {}": "--cpus-allowed 是 {}",
        "it is no list of processors in the kernel's words": "它不是内核写法的处理器列表",
        "write numbers and ranges with commas between them, for example 0,2-3": "写编号和范围，用逗号分开，例如 0,2-3",
        "offline: {}": "已离线：{}", "this machine has no processor {}": "本机没有处理器 {}",
        "a cpuset leaves lab only {}": "某个 cpuset 只让 lab 使用 {}",
        "start lab in another cgroup, or choose from those": "在另一个 cgroup 里启动 lab，或从这些处理器里选",
        "cannot run on the processors {}": "无法在处理器 {} 上运行",
        "choose others for --cpus-allowed": "为 --cpus-allowed 选别的处理器",
        "--cpus-allowed can't hold these VMs to processors of this machine":
            "--cpus-allowed 无法把这些虚拟机限定在本机的处理器上",
        "Xen's processors are not those that this kernel numbers": "Xen 的处理器不是本内核所编号的那些",
        "they run on another host": "它们在另一台宿主机上运行",
        "leave the engine or --cpus-allowed out": "去掉该引擎，或去掉 --cpus-allowed",
        "CPUs of what is measured": "被测对象的 CPU", "CPUs of the harness": "测量程序的 CPU", "processors": "处理器",
        "what is measured may run on processors of {} kinds ({}): each takes its own time":
            "被测对象可能在 {} 种不同的处理器上运行（{}）：各自快慢不同",
        "processors of --cpus-allowed share a core ({}): they slow each other down":
            "--cpus-allowed 中有处理器共用一个核（{}）：它们会互相拖慢",
        "processors are offline: {}": "有处理器处于离线状态：{}",
        "compare only with runs in which they were so too, or bring each back, as in echo 1 | sudo tee /sys/devices/system/cpu/cpu{}/online":
            "只与同样离线时的运行比较；或逐个恢复在线，例如 echo 1 | sudo tee /sys/devices/system/cpu/cpu{}/online",
        "lab itself runs on the processors that it measures on: there is no other":
            "lab 自己也在被测的处理器上运行：没有别的处理器了",
        "leave one out of --cpus-allowed": "从 --cpus-allowed 里留出一个",

        // lab doctor --script
        "What makes this machine steadier for a measurement. Read it, then run it as root.":
            "让本机在测量时更稳定的命令。先读一遍，再以 root 运行。",
        "There is nothing to change here: governors, turbo, threads of a core, merged pages, NUMA balancing, watchdog and timers are steady, or there are none.":
            "这里没有什么需要改动：调频策略、睿频、核的线程、页合并、NUMA 均衡、看门狗和定时器都已稳定，或者本机没有。",
        "and back:": "改回来：",
        "the governor raises the frequency only when a start is half over": "调频策略要等启动过了一半才升高频率",
        "with turbo the frequency depends on heat and on what other cores do": "开着睿频时，频率取决于温度和其他核的活动",
        "two threads of a core slow each other down": "同一个核的两个线程会互相拖慢",
        "the kernel looks for pages that are alike and merges them, on any processor and at any time":
            "内核会寻找相同的页并合并它们，随时都可能，在哪个处理器上都可能",
        "the kernel takes pages away for a moment to see from which node they are used":
            "内核会暂时收走一些页，以查看它们是从哪个节点被使用的",
        "the watchdog interrupts each processor and holds a counter of it": "看门狗会中断每个处理器，并占用它的一个计数器",
        "timers start programs at hours of their own": "定时器会在它们自己的时刻启动程序",
        "transparent huge pages stay as they are ({}): they are a part of what is measured":
            "透明大页保持原样（{}）：它们属于被测内容",
    ]
}
