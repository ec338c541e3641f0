extension Chinese {
    /// The course: exercises, oracles, what is handed in. Room: 房间; artefact: 作品; ticket: 凭据; oracle: 判定程序.
    static let course: Table = [
        // Rooms.
        "cannot close the directory {}": "无法收紧目录 {} 的权限", "cannot open {}/start/{}": "无法打开 {}/start/{}",
        "cannot give {} to the user {}": "无法把 {} 交给用户 {}",
        "nothing runs in a room of this machine": "这台机器的房间里什么也运行不了",
        "/bin/true ended with status {}": "/bin/true 以状态 {} 结束", "/bin/true took too long": "/bin/true 耗时过长",
        "this machine is too busy to tell late from slow": "这台机器太忙，分不清是超时还是慢",
        "a room with nothing in it took more than {} s": "一个空房间就用了 {} 秒以上",
        "check again when less is running": "等运行的东西少些再检查",
        "its standard error is empty": "没有标准错误输出",
        "its standard error ends:{}": "标准错误输出的末尾：{}",
        "a room without cgroups": "房间没有 cgroup",

        // A program that did not begin.
        "The kernel did not execute your program in the room, or sh(1) read it in place of another language.":
            "内核没有在房间里执行你的程序，或者读它的是 sh(1)，而不是另一种语言的解释器。",
        "A file is executed by what its first bytes say: `#!` and the path of an interpreter, up to the end of the line, or ELF. In the room there is only what is below /usr; what is in your home, in a virtual environment or behind a carriage return is not.":
            "一个文件怎样执行，由开头几个字节决定：`#!` 和解释器的路径（到行尾为止），或者 ELF。房间里只有 /usr 下面的东西；主目录里的、虚拟环境里的，或者路径后面多了一个回车符的，都不在。",
        "execve(2), “Interpreter scripts”; ls -l, head -n 1 FILE | od -c, file FILE, ldd FILE; then `env -i /work/FILE` as in the room":
            "execve(2) 的“Interpreter scripts”；ls -l、head -n 1 FILE | od -c、file FILE、ldd FILE；再像房间里那样试 `env -i /work/FILE`",
        "its first line does not say by #! who is to execute it, so sh(1) did":
            "它的第一行没有用 #! 说明由谁执行，于是由 sh(1) 执行了",
        "the program did not start: its first line ends with a carriage return, as editors on Windows write it":
            "程序没有启动：它的第一行以回车符结尾，Windows 上的编辑器会这样写",
        "the program did not start: its first line names {}, which is not in the room":
            "程序没有启动：它的第一行写的是 {}，房间里没有",
        "the program did not start: this machine can't execute such a file in the room":
            "程序没有启动：这台机器在房间里执行不了这样的文件",

        // The form of an explanation, and a ticket that comes late.
        "What did you see, and what brought it about: which namespace, which file, which counter?":
            "看到了什么？是什么造成的：哪个命名空间、哪个文件、哪个计数器？",
        "Why does the kernel do that, and what had your prediction assumed?":
            "内核为什么这样做？你的预测当初是怎样设想的？",
        "What would you see if it were otherwise, and how did you find out?":
            "假如不是这样，会看到什么？你是怎样弄清楚的？",
        "{}: nothing is written in {} yet, and it is left out": "{}：{} 里还什么都没有写，没有放进去",
        "The course in {} has your instructor's ticket now: check again what you made for parameters, they are new.":
            "{} 里的课程现在有了教师发的凭据：参数是新的，照参数做的东西请重新检查。",

        // Archives and artefacts.
        "there is no memory": "没有内存了",
        "an entry has no name": "有一个条目没有名字",
        "it has not a single byte": "它是空的", "it is no tar": "它不是 tar",
        "it is compressed with gzip, and a plain tar is wanted": "它用 gzip 压缩过；要的是未压缩的 tar",
        "the name {} is too long": "文件名 {} 过长",
        "the name {} is not taken: names are UTF-8, relative and without {}":
            "文件名 {} 不允许：文件名用 UTF-8，不得以 / 开头，不得含 {}",
        "{} is a hard link": "{} 是硬链接",
        "{} is neither a file, a directory, a link nor a whiteout": "{} 既不是文件、目录、链接，也不是白障",
        "its files are larger than {} bytes": "它的文件大于 {} 字节",
        "libarchive does not say why": "libarchive 没有说明原因",
        "the archive can't be read": "无法读取归档", "the archive can't be written": "无法写出归档",
        "{} of the archive can't be unpacked": "无法解开归档里的 {}",
        "an artefact without a name": "作品没有名字", "there is no {}/{}": "没有 {}/{}",
        "write it; the task says what it has to do": "把它写出来；题目说明了它要做什么",
        "the files in {} are larger than {} bytes together": "{} 里的文件合起来大于 {} 字节",
        "{} is not taken": "不接受 {}",
        "it is a link, or leads out of its directory": "它是链接，或者通向目录之外", "put the file itself there": "请放文件本身",
        "{} is too deep": "{} 嵌套太深", "{} has too many files": "{} 的文件太多",
        "{} is missing": "缺少 {}", "{} is there, and is not to be": "多出了 {}",
        "{} has other contents: {} bytes, and {} are right": "{} 的内容不对：有 {} 字节，应为 {} 字节",
        "{} is of another kind: a file for a directory, a link or the like":
            "{} 的类型不对：是文件、目录还是链接，与要求的不同",

        // A student's course.
        "there is no course in {}": "{} 里没有课程",
        "lab exercise start EXERCISE; --course names another place":
            "lab exercise start EXERCISE；别处的课程用 --course 指定",
        "{} is damaged": "{} 已损坏", "delete it and start again; the artefacts stay": "删除它，重新开始；作品会保留",
        "cannot encode the student": "无法编码学生信息", "the ticket of {} is damaged": "{} 的凭据已损坏",
        "cannot encode the journal": "无法编码日志", "there is no oracle {}": "没有判定程序 {}",
        "the exercise {} has not been started in {}": "练习 {} 还没有在 {} 里开始",
        "the course in {} is {}'s, with another ticket or name": "{} 里的课程属于 {}，凭据或名字不同",
        "make another: --course DIR": "另建一个：--course DIR", "--student is {}": "--student 是 {}",
        "a name has 1 to 64 letters, digits and the signs - _ . @ +, and begins with neither a hyphen nor a dot":
            "名字由 1 到 64 个字母、数字和 - _ . @ + 组成，不以连字符或点开头",
        "--ticket is {}": "--ticket 是 {}", "a ticket has 64 hexadecimal digits": "凭据有 64 位十六进制数字",
        "leave it out to learn by yourself": "自学时不必写它",

        // What is handed in.
        "cannot encode the manifest": "无法编码清单", "the submission is larger than {} bytes": "提交的归档大于 {} 字节",
        "hand in sources and texts, not what can be made from them": "只提交源文件和文字，不要提交由它们生成的东西",
        "it is no file": "它不是文件", "it is no manifest, or not the only one": "它不是清单，或者清单不止一份",
        "no exercise has a file of that name": "没有哪个练习有这个名字的文件", "it is there twice": "它出现了两次",
        "it is missing": "它不存在",
        "it does not fit the files": "它与文件不符", "{} of the submission is refused": "拒绝提交内容中的 {}",
        "hand in what `lab exercise submit` writes": "请提交 `lab exercise submit` 写出的归档",
        "the submission is not {}'s": "这份提交不是 {} 的", "it is {}'s": "它是 {} 的",
        "the submission of {} has a wrong seal": "{} 的提交封印不对",
        "it was made with another ticket, or changed afterwards": "它是用别的凭据做的，或者事后改过",
        "start the course with the ticket that {} was given": "用发给 {} 的凭据开始课程",
        "no exercise has anything to hand in in {}": "{} 里还没有可以提交的练习",
        "lab exercise start EXERCISE, and write what its task asks for":
            "lab exercise start EXERCISE，再写出题目要求的程序",
        "{}, {} bytes, of {}": "{}，{} 字节，提交人：{}",
        "{}: not part of the exercise, and left out: {}": "{}：不属于这个练习，没有放进去：{}",
        "left out, nothing written yet: {}": "没有放进去，因为还没有写：{}",
        "Your own checks have new parameters from now on.": "从现在起，你自己的检查换用新的参数。",

        // Files of exercises.
        "there are no exercises in {}": "{} 里没有练习", "no folder of it holds an {}": "它的文件夹里都没有 {}",
        "run `lab` from its own checkout, or set LAB_EXERCISES to the directory `exercises` of one":
            "从 `lab` 自己的代码目录运行它，或把 LAB_EXERCISES 设为某份代码的 `exercises` 目录",
        "there is no exercise {}{}": "没有练习 {}{}",
        "the folder is {}; it must be a number of two digits, a hyphen and the id":
            "文件夹叫 {}；它必须是两位数字、连字符和练习的名字",
        "files has {}; a name has lower-case letters, digits, hyphens and dots, and is none of the course's own":
            "files 里有 {}；名字由小写字母、数字、连字符和点组成，不能与课程自己的文件同名",
        "the exercise": "练习", "a hint": "提示", "the mistake {} has two hints": "错误 {} 有两条提示",
        "the mistake {} has no hint": "错误 {} 没有提示",

        // Checks and hints.
        "{} points, about {} minutes": "{} 分，约 {} 分钟", "{}: passed": "{}：通过", "{}: not passed": "{}：未通过",
        "point {} of {}: {}": "第 {} 组参数（共 {} 组）：{}", "{}: ungradable on this machine: {}": "{}：这台机器无法评判：{}",
        "a hint: lab exercise hint {}": "提示：lab exercise hint {}",
        "what your program wrote to standard error, whole: {}": "程序的标准错误输出全文：{}",
        "say in {} what surprised you": "在 {} 里写下哪些地方出乎意料",
        "then: lab exercise reveal {}; lab exercise submit": "然后：lab exercise reveal {}；lab exercise submit",
        "of the {} questions in {} {} are answered": "{2} 里有 {1} 个问题，已回答 {3} 个",
        "answer each below its number before the first check; or go on without: --no-prediction":
            "第一次检查之前，请在每个编号下面写出回答；不写也要继续：--no-prediction",
        "there is no hint before a check": "检查之前没有提示",
        "There is no hint for this mistake. The check saw: {}": "这种错误没有提示。检查看到的是：{}",
        "the last check saw no mistake": "上一次检查没有看到错误",
        "task:         {}": "题目：    {}", "predict in:   {}, before the first check": "预测：    {}（第一次检查之前填写）",
        "write:        {}": "要写的：  {}", "then:         lab exercise check {}": "然后：    lab exercise check {}",
        "not started": "未开始", "started": "已开始", "passed with lab {}": "已通过（lab {}）", "checks: {}": "检查：{}",
        "hints: {}": "提示：{}",
        "It runs in a room: root of a user namespace, the host's /usr, an empty /tmp, no network, your {}.":
            "它在一个“房间”（沙箱，sandbox）里运行：用户命名空间里的 root，宿主机的 /usr，空的 /tmp，没有网络，你的文件只有 {}。",
        "What it writes to standard error comes back to you. The parameters stay the same until you submit.":
            "它写到标准错误输出的内容会交还给你。提交之前，参数保持不变。",
        "(without an instructor's ticket this course is for yourself only; once you have one, start again with --student and --ticket: what you wrote stays)":
            "（没有教师发的凭据，这门课程只供自学；拿到以后，带上 --student 和 --ticket 再运行一次 start，写好的都会保留）",
        "changed since": "之后改过", "explanation there": "有说明", "no explanation": "没有说明",
        "predicted": "有预测", "not predicted": "没有预测", "handed in, times: {}": "提交次数：{}", "revealed": "已看讲解",
        "the exercise {} has not been passed": "练习 {} 还没有通过",
        "go on with it; or lab exercise reveal {} --give-up": "继续做；或者 lab exercise reveal {} --give-up",

        // The test of the exercises.
        "there are no solutions in {}": "{} 里没有解答",
        "name their directory: --solutions DIR": "指定解答的目录：--solutions DIR",
        "as meant": "符合预期", "WRONG": "不对", "ungradable": "无法评判", "nothing": "什么也没有",
        "another hint than its own, {}: {}": "给的不是它该有的提示，而是 {}：{}",
        "a submission is refused to who made it": "提交者自己的提交被拒绝",
        "a neighbour's submission was accepted": "别人的提交被接受了",
        "a submission of another course was accepted": "别的课程的提交被接受了",
        "a neighbour's submission was refused": "别人的提交被拒绝了",

        // unshare.
        "{}: the command never ran, {}; {}": "{}：命令始终没有运行，{}；{}",
        "the launcher ended with status {}": "启动器以状态 {} 结束",
        "the launcher ended first, with status 0: it did not wait for it": "启动器先以状态 0 结束了，没有等待命令",
        "nor did the launcher end in {} s": "启动器在 {} 秒内也没有结束",
        "the command has its own {} and shares the others": "命令有自己的 {}，其余共享",
        "{}: the command has no namespace of its own": "{}：命令没有自己的命名空间",
        "{}: the command has its own {}": "{}：命令有自己的 {}",
        "{}: the command's /proc shows another PID namespace than its own":
            "{}：命令的 /proc 显示的不是它自己的 PID 命名空间",
        "the command was killed before it ended: its PID 1 had ended before":
            "命令还没有结束就被杀死了：它的 1 号进程先结束了",
        "{}: the command has ended, and the launcher runs on": "{}：命令已经结束，启动器还在运行",
        "the command itself is PID 1 of its namespace, and nobody waits there for orphans":
            "命令自己就是命名空间的 1 号进程，那里没有谁等待孤儿进程",
        "the command's child is gone with its parent: it was to live on as an orphan":
            "命令的子进程随父进程一起消失了：它本该作为孤儿继续运行",
        "an orphan that has ended stays a zombie: its PID 1 does not wait for it":
            "孤儿进程结束后仍是僵尸：它的 1 号进程没有等待它",

        // limits.
        "the load never ran: {}; {}": "负载始终没有运行：{}；{}",
        "{}: the load never ran: {}; {}": "{}：负载始终没有运行：{}；{}",
        "the program ended with status {}": "程序以状态 {} 结束",
        "the program did not start it": "程序没有启动它",
        "the limits are set, but the load never met its own: {}": "上限设好了，但负载始终没有碰到：{}",
        "the load met its limit, and its neighbour in another cgroup does not answer any more":
            "负载碰到了上限，但另一个 cgroup 里的邻居进程没有反应了",
        "the kernel killed in the load's cgroup for want of memory (OOM kills: {}); its neighbour answers":
            "内存不足时，内核只在负载的 cgroup 里杀进程（OOM {} 次）；邻居进程有反应",
        "the kernel refused the load more processes (forks: {}); its neighbour answers":
            "内核不再给负载更多进程（拒绝 fork {} 次）；邻居进程有反应",
        "the kernel throttled the load (periods: {}); its neighbour answers": "内核对负载限流（{} 个周期）；邻居进程有反应",
        "exercises can be checked": "可以检查练习", "a room was made, and nothing is left of it": "建成了一个房间，用后没有残留",
        "the limits are set, but the load runs in a cgroup below the one given":
            "上限设好了，但负载在给定的 cgroup 下面的另一个 cgroup 里运行",
        "the limits are set, but the load runs in another cgroup": "上限设好了，但负载在另一个 cgroup 里运行",
        "the limits are set, but the load is not in the given cgroup of {}": "上限设好了，但负载不在给定的 {} cgroup 里",
        "{}: when the load ran, {}": "{}：负载开始运行时，{}", "{} has no limit": "{} 没有上限",
        "{} is {}{}, and {}{} was asked for": "{} 是 {}{}，要求的是 {}{}",
        "{}; then the load was killed, and not by the kernel": "{}；随后负载被杀死，但不是内核杀的",

        // layers.
        "a tree that is bound read-only was changed": "以只读方式绑定的目录树被改动了",
        "the program did not end; {}": "程序没有结束；{}", "the program ended with status {}; {}": "程序以状态 {} 结束；{}",
        "the archive has a file {}": "归档里有文件 {}",
        "all of the archive is below {}, which LOWER has not: its paths are to be relative to LOWER":
            "归档里的一切都在 {} 下面，而 LOWER 里没有它：路径要相对于 LOWER",
        "the whiteout {} hides nothing: LOWER has no such directory, or an opaque one hides it already":
            "白障 {} 没有遮住任何东西：LOWER 里没有这个目录，或者 opaque 目录已经把它遮住了",
        "the archive has {} files that are as they were below, among them {}": "归档里有 {} 个文件与下层的一样，其中有 {}",
        "{} has the new line in it and nothing else": "{} 里只有新加的一行",
        "{} was to be deleted, and is still seen in the mounted overlay": "{} 应当删除，但在挂载的 overlay 里仍看得到",
        "{} was to be replaced, and {} is still seen in it": "{} 应当被替换，但里面还看得到 {}",
        "the mounted overlay shows all {} changes and nothing else": "挂载的 overlay 显示全部 {} 处改动，此外没有变化",
        "in the mounted overlay {}": "在挂载的 overlay 里，{}",

        // image.
        "the blob {} has another digest than its name": "blob {} 的摘要与名字不符",
        "there is no oci-layout": "没有 oci-layout",
        "index.json names {} manifests, and not one": "index.json 里有 {} 份清单，而不是一份",
        "the manifest": "清单", "the configuration": "配置",
        "the manifest has {} layers, and the configuration {} diff_ids": "清单有 {} 层，而配置有 {} 个 diff_id",
        "a layer's diff_id is not the digest of its uncompressed tar": "某一层的 diff_id 不是未压缩 tar 的摘要",
        "there is no blob {} of {} bytes": "没有 {2} 字节的 blob {1}",
        "{} is missing, or is not as the specification has it": "{} 不存在，或不符合规范",
        "a layer has a device": "某一层里有设备文件",
        "the image {} was built twice of the same files, and has two digests": "用同样的文件把镜像 {} 构建了两次，摘要却不同",
        "image {}: {}": "镜像 {}：{}", "image {} has the secret in its file {}": "镜像 {} 的文件 {} 里有那个秘密",
        "no file of image {} has the secret, but one of its blobs has": "镜像 {} 的文件里没有那个秘密，但它的某个 blob 里有",
        "a layer's media type is {}, and its bytes are another's": "某一层的媒体类型是 {}，内容却不是这种类型",
        "the layers of image {} do not make its files: {}": "镜像 {} 的各层合起来不是它该有的文件：{}",
        "the command of image {} is {}, and is to be {}": "镜像 {} 的命令是 {}，应为 {}",
        "nobody may execute /guest in the layers of image {}": "镜像 {} 的层里，/guest 的权限是谁都不能执行",
        "the two images have a layer of the same tar, compressed to different bytes: that is two blobs":
            "两个镜像有一层的 tar 相同，压缩出来的字节却不同：这就成了两个 blob",
        "image {} does not run": "镜像 {} 运行不了",
        "the two images share {} bytes of blobs, of {} that both need": "两个镜像共有的 blob 是 {} 字节，而两者都需要的有 {} 字节",
        "both images run, their digests are right and the same each time, and no blob has the secret":
            "两个镜像都能运行，摘要正确，每次构建都相同，没有哪个 blob 里有那个秘密",

        // who.
        "the containers of the exercise did not start": "练习的容器没有启动",
        "a room whose containers were not looked at": "房间里的容器没有查看过",
        "a container of the exercise has ended": "练习的一个容器已经结束",
        "the answer is {}, and no number": "答案是 {}，不是数字",
        "the answer is 1: that number is the room's own first process": "答案是 1：这个号码是房间自己的第一个进程",
        "the answer {} is a process that has the same words, or the nonce among its own":
            "答案 {} 是另一个进程，它的命令行与之相同，或者含有那个随机串",
        "the answer {} is not the container's first process": "答案 {} 不是容器的第一个进程",
        "the process is the right one, and its start time is another: {}": "进程找对了，但启动时间不对：{}",
        "process {} is the one, by its number and its start time": "就是进程 {}，号码和启动时间都对",

        // quota.
        "the load used {} ms of CPU time in {} periods, more than its share":
            "负载在 {2} 个周期里用了 {1} 毫秒 CPU 时间，超过了它的份额",
        "the load used {} ms of CPU time in {} periods, and stands still for no longer than it may":
            "负载在 {2} 个周期里用了 {1} 毫秒 CPU 时间，停顿也不超过限度",
        "the load's cgroup has another weight than others, and no quota": "负载的 cgroup 改了权重，没有配额",
        "the load's cgroup has no quota": "负载的 cgroup 没有配额",
        "the quota is {} µs of {} µs": "配额是每 {2} 微秒 {1} 微秒", "{}, and not {} per cent": "{}，不是百分之 {}",
        "{}: the load may stand still for {} µs, more than {} µs": "{}：负载可能停顿 {} 微秒，超过 {} 微秒",
        "{}: the load stands still for {} µs at most, less than half of {} µs":
            "{}：负载最多停顿 {} 微秒，不到 {} 微秒的一半",

        // kernel.
        "this kernel lets too few settings be told apart": "在这个内核上，能分辨的设置太少",
        "in a user namespace it lets {} of {} be written": "在用户命名空间里，{2} 项中只有 {1} 项可写",
        "check on a machine with Linux 6.1 or later": "请在 Linux 6.1 或更新的机器上检查",
        "the answer has a line {}": "答案里有一行 {}", "there is no answer for {}": "没有 {} 的答案",
        "all {} settings are told apart, in the container and in the VM": "{} 项设置在容器里和虚拟机里都分辨对了",
        "of {} answers {} are wrong: {} was changed in the container, and stayed as it was outside":
            "{} 个答案里有 {} 个不对：{} 在容器里改了，外面没有变",
        "of {} answers {} are wrong: {} was changed in the VM, and stayed as it was outside":
            "{} 个答案里有 {} 个不对：{} 在虚拟机里改了，外面没有变",
        "of {} answers {} are wrong: {} can't be changed in the container, and is the same outside":
            "{} 个答案里有 {} 个不对：{} 在容器里改不了，外面的也相同",
        "no VM began in a room": "房间里没有虚拟机启动起来", "it was not up after {} s; {}": "{} 秒之后还没有启动好；{}",
        "the kernel's settings were not read in a VM": "没能在虚拟机里读到内核的设置",
        "the kernel's settings were not read in a room": "没能在房间里读到内核的设置",

        // rootfs.
        "the runtime of the room does not do {}": "房间里的运行时不处理 {}", "it is {}": "它是 {}",
        "process.args is not the command that was asked for": "process.args 不是要求的命令",
        "a probe in the container did not end; {}": "容器里的探测程序没有结束；{}",
        "a program in the container got out of its root, and read a file beside the tree":
            "容器里的一个程序逃出了它的根，读到了目录树旁边的文件",
        "a program in the container read a file beside the tree through /proc: by what a process outside has for its root, works in or has open":
            "容器里的一个程序通过 /proc 读到了目录树旁边的文件：借助外面某个进程的根、工作目录或打开的目录",
        "the container has a root of its own, nothing of the old one, and no way out was found":
            "容器有自己的根，没有旧根的任何东西，也没有找到出去的路",
        "the container's process never ran; {}": "容器的进程始终没有运行；{}",
        "the process lacks a namespace of its own of the kinds {}": "进程缺少自己的命名空间：{}",
        "the old root is mounted at {}, with all that is in it": "旧的根挂载在 {}，里面的一切都在",
        "something of the host is mounted at {} that was not asked for": "{} 处挂载了宿主机的东西，并没有要求",
        "the container's root is not mounted read-only": "容器的根不是只读挂载的",
        "the volume is not seen at {}": "在 {} 处看不到卷", "the volume at {} can't be written": "{} 处的卷不可写",
        "the container's /proc is not that of its own PID namespace": "容器的 /proc 不属于它自己的 PID 命名空间",

        // policy.
        "linux.seccomp can't be compiled": "无法编译 linux.seccomp",
        "libseccomp refuses the default action": "libseccomp 不接受默认动作",
        "a system call has six arguments": "系统调用有六个参数", "it has more than {} rules": "它有 {} 条以上的规则",
        "libseccomp refuses the rule of {}": "libseccomp 不接受 {} 的规则",
        "it is larger than the kernel takes": "它超过了内核接受的大小", "it has the action {}": "它的动作是 {}",
        "it has the comparison {}": "它的比较是 {}", "linux.seccomp is missing": "没有 linux.seccomp",
        "process.capabilities is to have {}, in the sets bounding, effective and permitted":
            "process.capabilities 的 bounding、effective 和 permitted 三个集合里应当是 {}",
        "the application does not work under the filter; {}": "在这个过滤器之下，应用不能工作；{}",
        "the application can't be executed under the filter": "在这个过滤器之下，应用无法执行",
        "the application runs without a filter": "应用在没有过滤器的情况下运行",
        "the application has other capabilities than those that were to be kept": "应用的权能与要保留的不同",
        "the application works with the capabilities {}, and the filter decides as it was to on {} calls":
            "应用在权能 {} 之下能工作，对 {} 个调用，过滤器的决定都符合要求",
        "{} with the flags 0x{}": "{}（标志 0x{}）", "the unknown call {}": "未知的调用 {}",
        "{}: {}, and not {}": "{}：{}，而不是{}",
        "refused with {}": "以 {} 拒绝", "killed, or worse than refused": "杀死进程，或比拒绝更严厉",

        // bridge.
        "this machine's kernel makes no bridge in a user namespace": "这台机器的内核不能在用户命名空间里建网桥",
        "load its modules: modprobe -a bridge veth": "加载模块：modprobe -a bridge veth",
        "`net up` did not make every namespace": "`net up` 没有建好全部命名空间", "it did not end": "它没有结束",
        "the datagrams were not sent": "数据报没有发出去", "`net down` did not succeed": "`net down` 没有成功",
        "{}: {}; {}": "{}：{}；{}",
        "there are {} network namespaces and not {}, the room's own among them":
            "连房间自己的在内，有 {} 个网络命名空间，而应有 {} 个",
        "there is no link {} where `net up` was called": "在调用 `net up` 的地方没有链路 {}",
        "of {} datagrams from {} to {}, {} arrived": "从 {2} 发往 {3} 的 {1} 个数据报，到了 {4} 个",
        "{} reached {}, which is of another network": "{} 到达了属于另一个网络的 {}",
        "the datagrams did not go through links where `net up` was called": "数据报没有经过调用 `net up` 那里的链路",
        "after `net down` there is still: {}": "`net down` 之后还留有：{}",
        "after `net down` {} still names a namespace": "`net down` 之后，{} 仍是某个命名空间的名字",
        "{} datagrams went through the bridge, none to the other network, and no link is left":
            "{} 个数据报经过了网桥，没有一个到达另一个网络，也没有留下链路",

        // registry.
        "docker-registry serves nothing": "docker-registry 没有提供服务", "it took too long": "它用时太长",
        "it ended": "它结束了",
        "cannot listen at a socket in {}": "不能在 {} 里的套接字上监听",
        "a blob of {} bytes broke off after {}; {} bytes of it were sent in all, and the program ended with status {}":
            "一个 {} 字节的 blob 传了 {} 字节后中断；它总共发出 {} 字节，程序以状态 {} 结束",
        "the tag names another image now, and the store still has the old one for it":
            "标签现在指向另一个镜像，而存储里它仍对应旧的那个",
        "of a layer that the store had, {} bytes were sent a second time": "存储里已有的一层，又发出了 {} 字节",
        "the third pull did not ask for a layer that the store has not; {}": "第三次拉取没有请求存储里缺的那一层；{}",
        "a layer came with a byte changed, and the program took the image for pulled":
            "有一层被改动了一个字节，程序却把镜像当作拉取成功",
        "the store has not the digest of the manifest in refs/{}": "存储的 refs/{} 里不是清单的摘要",
        "blobs of the image that are not in the store: {}": "镜像有 {} 个 blob 不在存储里",
        "the moved tag was followed, no layer was fetched twice, the broken transfer was resumed and the changed layer refused":
            "标签移动后跟上了，没有哪一层取了两次，中断的传输接着传完，被改动的层被拒绝",

        // engine.
        "survivors has the line {}, which is none of the table's": "survivors 里有一行 {}，不是这张表该有的",
        "survivors has not one line each for client, daemon and container":
            "survivors 里没有 client、daemon 和 container 各一行",
        "survivors says of the client or of the container what the task does not allow":
            "survivors 里 client 或 container 那一行不是题目规定的",
        "the container never ran: {}; {}": "容器始终没有运行：{}；{}",
        "the daemon ended before it was ready": "守护进程还没有就绪就结束了", "nothing ended": "没有谁结束",
        "the container ran, and the daemon had ended": "容器在运行，而守护进程已经结束",
        "the container is in the client's namespaces, or descends from it": "容器在客户端的命名空间里，或者是它的后代",
        "the container ran, and the client had ended: it was to wait": "容器在运行，而客户端已经结束：它本该等待",
        "the container has no mount namespace of its own": "容器没有自己的挂载命名空间",
        "in the container {} has the files that the client sees in {}": "容器的 {} 里是客户端在 {} 看到的文件",
        "in the container {} has not the files that the daemon sees in {}": "容器的 {} 里不是守护进程在 {} 看到的文件",
        "the {} was killed, and the {} still runs: the table says otherwise": "杀死 {} 以后，{} 还在运行：与表里写的不同",
        "the {} was killed, and the {} is gone: the table says otherwise": "杀死 {} 以后，{} 没有了：与表里写的不同",
        "the {} was killed, and left is, as the table says: {}": "杀死 {} 以后，活下来的与表里写的一样：{}",

        // measure.
        "the program wrote more than it may": "程序写出的内容超过了上限",
        "the plan is not one of the two engines on each line, and both of them":
            "计划的每一行应是两个引擎之一，而且两个都要有",
        "the plan has {} trials, of {} at most": "计划有 {} 次试验，最多只能 {} 次",
        "the answer was {}, and true is {}": "答案是 {}，真值是 {}",
        "no difference was seen where there is none": "没有差别的地方，没有看出差别",
        "the ratio {} is right; true is {}": "比值 {} 正确；真值是 {}",

        // reconcile.
        "cannot write to the FIFO {}": "无法写入 FIFO {}",
        "a replica was started with the words {}": "副本启动时的命令行是 {}",
        "two replicas have had the name {}": "有两个副本用过名字 {}",
        "the program does not read its rounds; {}": "程序没有读取轮次；{}",
        "in round {} the answer names {}, which no ready replica says": "第 {} 轮的回答里有 {}，没有哪个就绪的副本报出它",
        "round {} was not answered; {}": "第 {} 轮没有得到回答；{}",
        "the program ended in round {}, and nobody is left who looks after its replicas":
            "程序在第 {} 轮结束了，没有谁再照管它的副本",
        "in round {} there are {} replicas, and {} may be there at most": "第 {} 轮有 {} 个副本，最多只能有 {} 个",
        "in round {} {} replicas were ready, and the answer names {} of them": "第 {} 轮有 {} 个副本就绪，回答里只列出 {} 个",
        "in round {} {} of {} ready replicas were stopped, and {} were left, of {} that are wanted":
            "第 {1} 轮停掉了 {3} 个就绪副本中的 {2} 个，剩下 {4} 个，而期望 {5} 个",
        "an image that crashes was started {} times in {} rounds": "一个会崩溃的镜像，{2} 轮里启动了 {1} 次",
        "an image that crashes was started {} times, and never tried again": "一个会崩溃的镜像启动了 {} 次，此后没有再试",
        "after {} rounds {} replicas are ready, {} are wanted, and {} processes are there":
            "{} 轮之后，有 {} 个副本就绪，期望 {} 个，进程有 {} 个",
        "for {} rounds as many replicas were ready as were wanted, never fewer than {} in the rollouts, and none is left":
            "{} 轮里，就绪的副本都与期望相符，更新期间从不少于 {} 个，最后一个也没有留下",

        // vm.
        "it has an entity, or a NUL": "它有实体引用，或者有 NUL", "it is no domain": "它不是一份域描述",
        "it has an element {}": "它有元素 {}", "its emulator is not {}": "它的 emulator 不是 {}",
        "the domain XML is not taken": "不接受这份域 XML",
        "libvirt does not end a domain in a room": "libvirt 没有结束房间里的域",
        "libvirt runs no machine in a room": "libvirt 不能在房间里运行机器",
        "the machine did not come to the boot sector; {}": "机器没有运行到引导扇区；{}",
        "no QEMU runs a domain {}": "没有 QEMU 在运行域 {}",
        "the machine has {} MiB of memory, and not {}": "机器的内存是 {} MiB，不是 {}",
        "the machine came to the boot sector after {} instructions, with libvirt's defaults after {}: that is not {} per cent fewer":
            "机器执行 {} 条指令后到达引导扇区，默认配置下是 {} 条：没有少百分之 {}",
        "the machine has {} virtual processors, and not {}": "机器有 {} 个虚拟处理器，不是 {} 个",
        "the answer {} is processor 0, which has computed most; asked for was {}":
            "答案 {} 是 0 号处理器，它计算得最多；要找的是 {} 号",
        "the answer {} is not the thread of processor {}": "答案 {} 不是 {} 号处理器的线程",
        "the thread is the right one, and its start time is another: {}": "线程找对了，但启动时间不对：{}",
        "the machine has {} MiB and {} processors, and thread {} is number {} of them":
            "机器有 {} MiB 内存和 {} 个处理器，线程 {} 就是 {} 号处理器",

        // memory.
        "the machine did not come to write to its memory; {}": "机器没有运行到写内存的那一步；{}",
        "the machine has {} MiB of the host's memory, and was to have {}": "机器占用主机内存 {} MiB，应当是 {} MiB",
        "the machine says nothing any more; {}": "机器不再说话了；{}",
        "the machine had {} MiB of the host's memory, has {} when it needs no more, and was to have {}":
            "机器占用过主机内存 {} MiB，不再需要时是 {} MiB，应当是 {} MiB",
        "QEMU runs no machine in a room": "QEMU 不能在房间里运行机器",
        "a room whose machines were not looked at": "房间里的机器没有查看过",
        "the machine took {} MiB and gave back all but {}, and {} like the others fit into {}":
            "机器占用了 {1} MiB，归还后剩 {2} MiB；另外那样的机器，{4} MiB 容得下 {3} 台",
        "the answer is {}; {} machines fit into {} MiB": "答案是 {1}；{3} MiB 容得下 {2} 台机器",
    ]
}
