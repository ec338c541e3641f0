extension Chinese {
    /// The texts that the commands of `lab` make and keep as data: errors, checks, lists.
    static let labCommand: Table = [
        "cannot tell the current directory": "无法确定当前目录",
        "it is a link that leads nowhere": "它是一个没有目标的链接",
        // Command line.
        "--json and --format {} say two things": "--json 与 --format {} 说的不是一回事",
        "give one of them": "只写其中一个",
        "--engine names {} engines": "--engine 写了 {} 个引擎",
        "explain one engine at a time": "一次只解释一个引擎",
        "--output takes one RESULT, and {} are named": "--output 只接受一个 RESULT，而这里写了 {} 个",
        "write each to a directory of its own": "把每个结果写到各自的目录",
        "--output writes report.md": "--output 写的是 report.md",
        "send {} to a file with `>`": "用 `>` 把 {} 写到文件", "{} needs a --baseline": "{} 需要同时给出 --baseline",
        "name the result to compare with": "指定要与之比较的结果", "{} is {}": "{} 是 {}", "{} is {}{}": "{} 是 {}{}",
        "it must be a whole number": "它必须是整数", "give a number from {} to {}": "给出 {} 到 {} 的数",
        "it must be from {} to {}": "它必须在 {} 到 {} 之间", "--seed is {}": "--seed 是 {}",
        "it must be a whole number from 0 to {}": "它必须是 0 到 {} 的整数",
        "it must be longer than nothing": "它必须大于零", "it must be at most {}": "它最多是 {}",
        "it must be at least {}": "它至少是 {}", "there is no engine {}{}": "没有名为 {} 的引擎{}",
        "choose from {}": "从以下各项中选：{}", "--engine names {} twice": "--engine 两次写到 {}",
        "the result has no metric {}{}": "该结果没有指标 {}{}", "the results have no engine {}{}": "这些结果没有引擎 {}{}",
        "one result is named, and none to compare it with": "只写了一个结果，没有可与之比较的结果",
        "{} results are named, and not which are new": "写了 {} 个结果，却没有说明哪些是新的",
        "name one old and one new, or the new ones behind --with": "指定一旧一新，或把新的写在 --with 之后",
        "--repeat repeats one lab, and several are named": "--repeat 只重复一个实验，而这里写了多个",
        "repeat each of them by itself": "分别重复每一个",
        "--baseline is compared with one run, and --repeat makes several":
            "--baseline 只与一次运行比较，而 --repeat 会进行多次",
        "run them, then `lab compare` the directories": "先运行，再对这些目录执行 `lab compare`",
        "it must be a percentage from 0% to 10000%": "它必须是 0% 到 10000% 的百分数",
        "write it like `5%`": "写成 `5%` 这样", "cannot write the results to {}": "无法把结果写入 {}",
        "it is not empty": "它不是空的", "it is closed": "它是关闭的",
        "name a directory that is empty or does not exist": "指定一个空的或不存在的目录",
        "name another place with --output": "用 --output 指定别的位置",
        "cannot find a free name for the results below {}": "在 {} 下找不到可用的结果目录名",
        "cannot encode the answer": "无法编码输出内容", "cannot write to standard output": "无法写到标准输出",

        // A new lab.
        "{} is no name of a lab": "{} 不能作实验的名字",
        "give the folder one of lower-case letters, digits and hyphens, at most 64":
            "给文件夹起一个由小写字母、数字和连字符组成的名字，最多 64 个字符",
        "cannot make the lab {}": "无法建立实验 {}", "it holds a {} already": "其中已有 {}",
        "name another folder": "指定别的文件夹",
        "{} is there; measure it with: lab run {}": "已写好 {}；用以下命令测量：lab run {}",
        "A lab of your own. Each key is explained in SPECIFICATION.md, \"The lab file\".":
            "自己的实验。每个键的说明见 SPECIFICATION.md 的“The lab file”一节。",
        "Its files: an image by its name or digest, docker-archive:FILE, oci-archive:FILE, oci:DIR[:NAME], or rootfs:DIR, a directory with a root file system; rootfs:/ is this host's own, of which no VM can be made.":
            "命令的文件：用名字或摘要指定的镜像，docker-archive:FILE、oci-archive:FILE、oci:DIR[:NAME]，或者 rootfs:DIR，即一个根文件系统所在的目录；rootfs:/ 是本机自己的根，不能用它来启动虚拟机。",
        "The command and its arguments; without them the image's own.": "命令及其参数；不写则用镜像自己的命令。",
        "The command once for each word, which is put behind it:": "每个词各运行一次命令，词加在命令后面：",
        "With compute a command's work is timed instead of its start: from when it is ready until it ends, over its value \"operations\".":
            "用 compute 时，计时的是命令的工作而不是启动：从就绪到结束的时间，除以它的数值 \"operations\"。",
        "When it is ready: exit (it has ended), first-output, line=TEXT, port=N, command=WORDS (that exits with 0).":
            "何时算就绪：exit（已结束）、first-output（首次输出）、line=文字、port=N、command=命令（它以 0 退出）。",
        "Figures of its output: a pattern with one group, as for grep -E, or a JSON pointer; unit {}, or none for a plain number; less or more is better.":
            "从输出中读取的数值：按 grep -E 写法、含一个分组的模式，或 JSON 指针；单位可以是 {}，不带单位的数则不写；越小越好（less）或越大越好（more）。",
        "What holds unless it is said:": "不写时的取值：",

        // Runs.
        "another run was alive when this one began ({}): each disturbs the other":
            "本次运行开始时另有运行在进行（{}）：两者会互相干扰",
        "wait until it has ended, then measure again": "等它结束后再测量",

        // Doctor.
        "the labs are well-formed": "实验定义格式正确", "{} labs in {}": "{2} 中有 {1} 个实验", "{} on {}": "{2} 上的 {1}",
        "{} runs a guest": "{} 能运行客户程序", "it was not tried": "没有试过", "answered after {} ms": "{} ms 后应答",
        ", by emulation: its times are not those of hardware": "，靠软件模拟：其时间不代表硬件",
        " (after the mark {})": "（在标记 {} 之后）", "lab-guest is there": "lab-guest 在位", "every engine": "所有引擎",
        "results can be written": "可以写入结果",
        "lab run without --output": "不带 --output 的 lab run",
        "results/ can be made here": "可以在此处建立 results/", "results/ can be written to": "可以写入 results/",
        "disk space": "磁盘空间", "{} has {} MiB": "{} 剩余 {} MiB", "free space until there are {}": "腾出空间，直到有 {}",
        "{} MiB free": "剩余 {} MiB",
        "set LAB_HOME to a directory of yours": "把 LAB_HOME 设为你自己的一个目录",
        "cannot look at the file system of {}": "无法查看 {} 所在的文件系统",
        "what killed runs left": "被杀死的运行留下的东西", "{} things of {}": "{2} 留下的 {1} 项", "other runs": "其他运行",
        "alive now: {}": "正在运行：{}",
        "wait until they end before you measure": "等它们结束后再测量",
        "quiet machine": "机器安静", "nothing disturbs": "没有干扰",

        // Lists.
        "says ready and exits": "报告就绪，然后退出",
        "says ready, then sends back a nonce that the host invented": "报告就绪，然后送回宿主机临时想出的随机串",
        "says ready and waits to be killed": "报告就绪，然后等着被杀死",
        "writes to so many MiB of memory, says ready and keeps them": "写满指定 MiB 的内存，报告就绪，并一直占着",
        "says ready, does rounds of fixed work of one kind and sends a digest of the results: {}":
            "报告就绪，做若干轮同一种固定的计算，并送回结果的摘要：{}",
        "a bare process: the baseline of every ratio": "裸进程：所有比值的基准",
        "lab's own container: namespaces, cgroup, overlay root, seccomp, capabilities":
            "lab 自己的容器：命名空间、控制组（cgroup）、overlay 根、seccomp、能力（capability）",
        "a libvirt domain on KVM: the hypervisor in the kernel": "KVM 上的 libvirt 虚拟机：虚拟机监控程序在内核里",
        "a libvirt domain on QEMU's TCG: emulation in user space, never presented as hardware":
            "QEMU TCG 上的 libvirt 虚拟机：用户态软件模拟，绝不冒充硬件虚拟化",
        "{}, started by hand on an OCI bundle": "{}，直接在 OCI bundle 上启动",
        "podman run: a container engine without a daemon": "podman run：没有守护进程的容器引擎",
        "docker run: a container engine with a daemon": "docker run：有守护进程的容器引擎",
        "bubblewrap: namespaces and mounts, no cgroup": "bubblewrap：有命名空间和挂载，没有控制组（cgroup）",
        "the same QEMU started without libvirt: the difference is libvirt's own cost":
            "同一个 QEMU，不经 libvirt 启动：差别就是 libvirt 自身的开销",
        "LAB names {} twice": "LAB 两次写到 {}",
        "{} is about one lab, and several are named": "{} 只针对一个实验，而这里写了多个",
        "--predict asks for what --predictions brings": "--predict 要问的，--predictions 已经给出",
        "nobody can be asked for predictions": "没有人可以询问预测",
        "standard input is no terminal": "标准输入不是终端",
        "write the answers into a file, one line for each question, and name it with --predictions FILE":
            "把回答写进文件，每个问题一行，再用 --predictions FILE 指定它",
        "predictions are of one lab, and several are named": "预测只针对一个实验，而这里写了多个",
        "--sweep is {}": "--sweep 是 {}",
        "write it like `memory=64MiB,128MiB` or `cpus=1,2`":
            "写成 `memory=64MiB,128MiB` 或 `cpus=1,2` 这样",
        "--sweep names {} twice": "--sweep 两次写到 {}",
        "name all its values behind one --sweep": "把它的所有值写在同一个 --sweep 之后",
        "--sweep has {} twice": "--sweep 里有两个 {}",
        "name each value once": "每个值只写一次",
        "after: {}": "先做：{}",
    ]
}
