extension Chinese {
    /// Commands of images: the user's own programs.
    static let ownPrograms: Table = [
        "working directory": "工作目录", "lower layer {}": "下层 {}",
        "read-only lower layer {}": "只读的下层 {}",
        "process.cwd that is relative": "相对路径的 process.cwd",
        "the host's own, with nothing around it": "宿主机自己的根，外面什么也没有",
        "end what it left": "结束其遗留进程",
        "chroot into the tree, an overlay in memory above it: a mount namespace and nothing else":
            "chroot 进入该目录树，其上是内存中的 overlay：只有挂载命名空间，别无其他",
        "a bare process can't enter {} without root": "没有 root 权限，裸进程无法进入 {}",
        "chroot(2) needs CAP_SYS_CHROOT": "chroot(2) 需要 CAP_SYS_CHROOT",
        "run as root, or name the host's own: --image rootfs:/":
            "以 root 运行，或使用宿主机自己的根：--image rootfs:/",
        "bwrap can't start a command as user {}": "bwrap 无法以用户 {} 启动命令",
        "it has no other user than its caller's outside a user namespace":
            "在用户命名空间之外，它只有调用者这一个用户",
        "say --user 0, whatever the image says, or name other engines":
            "无论镜像怎么写，用 --user 0，或换用其他引擎",
        "name a file by what wrote it: docker-archive:{} or oci-archive:{}":
            "按写出它的工具来写：docker-archive:{} 或 oci-archive:{}",
        "an image layout is named oci:{}": "镜像布局写作 oci:{}",
        "a directory with a root file system is named rootfs:{}": "含有根文件系统的目录写作 rootfs:{}",
        "name a file or directory that is there": "指定一个存在的文件或目录",
        "the one in this directory is ./{}": "当前目录里的那个是 ./{}",
        "; what it said is in {}": "；它的输出在 {} 里",
        "docker can't start from the host's own root": "docker 无法从宿主机自己的根启动",
        "it would have to import all of it": "它必须先把整个根导入",
        "name a directory with a root file system: --image rootfs:DIR":
            "指定一个含有根文件系统的目录：--image rootfs:DIR",
        "{} does not show which ports a command listens on": "{} 看不出命令在监听哪些端口",
        "its processes do not descend from the command {}": "它的进程不是命令 {} 的后代",
        "say --ready line=TEXT, or name other engines": "改用 --ready line=TEXT，或换用其他引擎",
        "the method {} runs no command of an image": "测量方法 {} 不运行镜像里的命令",
        "it must have 1 to {} bytes, and no zero byte": "必须是 1 到 {} 字节，且不含零字节",
        "its work is what it does from when it is ready until it ends": "它的工作指从就绪到结束所做的一切",
        "say how it is known to be ready: --ready line=TEXT": "请说明怎样算就绪：--ready line=TEXT",
        "the command did no operation": "命令没有完成任何操作",
        "the work of a command begins when it is ready: \"ready\" must say when":
            "命令的工作从就绪开始：必须用 \"ready\" 说明何时就绪",
        "a command says itself how much work it did": "做了多少工作由命令自己报告",
        "lab image build {} makes it, once": "lab image build {} 可以构建它，只需一次",
        "Each trial starts one instance with the command {} and the word that the row names, which prepares, is {}, does its work and ends: from there to its end is the time, over the operations that it says it did. Host CPU time covers everything the host does for the instance, VMM threads included.":
            "每次试验启动一个实例，运行命令 {} 并附上该行所写的词：准备、到达 {}、工作、结束；从那一刻到结束的时间除以它报告的操作次数即为结果。宿主机 CPU 时间包括宿主机为该实例所做的一切，含 VMM 线程。",
        "the command ended before it was ready": "命令还没有就绪就结束了",
        "the command ended before it was ready, or went into the background": "命令还没有就绪就结束了，或转入了后台",
        "the command went into the background before it was ready": "命令还没有就绪就转入了后台",
        "{}; it left {}, which was ended": "{}；它留下了 {}，已将其结束",
        "keep it in the foreground, as under docker: nginx -g 'daemon off;', redis-server --daemonize no, sshd -D":
            "让它留在前台，和在 docker 下一样：nginx -g 'daemon off;'、redis-server --daemonize no、sshd -D",
        "{}; where its end is what you time, say --ready exit": "{}；若要计时的就是它的结束，请用 --ready exit",
        "{}; and say how it is ready: --ready first-output": "{}；并说明怎样算就绪：--ready first-output",
        "the command did not end in time": "命令没有按时结束",
        "raise --timeout; for a server say how it is known to be ready: --ready first-output":
            "调大 --timeout；若是服务，请说明怎样算就绪：--ready first-output",
        "the command was not ready in time": "命令没有按时就绪",
        "waited for {}": "等待的是 {}",
        "raise --timeout, or say with --ready what really shows it":
            "调大 --timeout，或用 --ready 说明真正的就绪标志",
        "processes of the command are left": "命令的进程没有清理干净", "end them by hand": "手动结束它们",
        "the command left processes behind, which were ended": "命令留下了进程，已将其结束",
        "there is no command to start": "没有要启动的命令",
        "the image names none of its own": "镜像自己没有指定命令",
        "say it behind --: lab run LAB --image {} -- COMMAND": "写在 -- 之后：lab run LAB --image {} -- COMMAND",
        "there is no directory {} in {}": "{2} 里没有目录 {1}",
        "name one that is there, by its absolute path: --workdir /": "用绝对路径指定一个存在的目录：--workdir /",
        "{} is no variable of an environment": "{} 不是环境变量",
        "write it like `NAME=value`": "写成 `NAME=value` 的形式",
        "the command and its environment are too long, or hold a zero byte":
            "命令及其环境变量太长，或含有零字节",
        "at most {} words and {}": "最多 {} 个词、{}",
        "put it into a script in the image": "把它写成镜像里的脚本",
        "there is no command {} in {}": "{2} 里没有命令 {1}",
        "look what is there: lab run startup-latency --image {} --entrypoint '' -- ls /bin":
            "看看里面有什么：lab run startup-latency --image {} --entrypoint '' -- ls /bin",
        "the image has no shell either: name the program in it by its absolute path":
            "镜像里也没有 shell：用绝对路径指定其中的程序",
        "it has no mode x": "它没有执行权限（x）", "cannot read {} of the image": "无法读取镜像里的 {}",
        "it is for {}, and this machine is {}": "它是为 {} 编译的，而本机是 {}",
        "use an image for {}": "换用面向 {} 的镜像",
        "its dynamic loader {} is not in the image": "镜像里没有它的动态加载器 {}",
        "add it and its libraries to the image, or link the program statically":
            "把它和所需的库加进镜像，或静态链接该程序",
        "it is a script, and its interpreter {} is not in the image": "它是脚本，而镜像里没有它的解释器 {}",
        "add the interpreter to the image, or name a program that needs none":
            "把解释器加进镜像，或换用不需要解释器的程序",
        "it is neither an ELF program nor a script that begins with #!":
            "它既不是 ELF 程序，也不是以 #! 开头的脚本",
        "name its interpreter as the command, and the file as an argument":
            "以它的解释器为命令，把该文件作为参数",
        "{} of {} can't be executed": "无法执行 {2} 里的 {1}",
        "name a program that may be executed": "换用可以执行的程序",
        "{} does not run this command of an image": "{} 不运行镜像里的这条命令",
        "it measures the work of a command that ends": "它测量的是会结束的命令所做的工作",
        "leave --ready out": "去掉 --ready",
        "it measures instances that live at the same time, and nothing of their output":
            "它测量的是同时存活的实例，不看它们的输出",
        "say how the command is ready, --ready first-output, and leave --value out":
            "说明怎样算就绪（--ready first-output），并去掉 --value",
        "it needs what only lab-guest tells": "它需要只有 lab-guest 才能给出的信息",
        "use startup-latency, cpu-overhead, memory-footprint or density":
            "使用 startup-latency、cpu-overhead、memory-footprint 或 density",
        "cannot keep the command's output{}": "无法保存命令的输出{}", " in {}": "（{}）",
        "cannot keep the command's output": "无法保存命令的输出",
        "let it write less: what it writes to its root is kept in memory, in a VM in half of its --memory":
            "让它少写一些：它写入根目录的内容放在内存里，在虚拟机中至多占 --memory 的一半",
        "{}, or give --output another directory": "{}，或用 --output 换一个目录",
        "give --output another directory": "用 --output 换一个目录",
        "the command wrote more than {}": "命令的输出超过了 {}",
        "what came before that is kept, and no more": "只保留此前的输出",
        "let it write less: -- sh -c 'COMMAND > /dev/null'": "让它少写一些：-- sh -c 'COMMAND > /dev/null'",
        "{} says of no figure where it is in the output": "{} 没有说明数值在输出的哪里",
        "write NAME=PATTERN, with its unit NAME:ms=PATTERN, and NAME:more=PATTERN where more is better":
            "写成 NAME=PATTERN；带单位时写 NAME:ms=PATTERN；越大越好时写 NAME:more=PATTERN",
        "{} is no name for a figure of the output": "{} 不能作为输出数值的名字",
        "it must have 1 to 40 letters a–z, digits and hyphens, and be none of {}":
            "必须由 1 到 40 个小写字母 a–z、数字和连字符组成，且不能是 {}",
        "{} is no unit{}": "{} 不是单位{}",
        "use one of {}, or leave it out for a plain number": "使用以下之一：{}；若是不带单位的数，则不写",
        "the pattern of {} is empty, too long or holds a zero byte": "{} 的模式为空、太长或含有零字节",
        "it may have {} bytes": "最多 {} 字节",
        "{} is no number in the command's output": "命令输出中的 {} 不是数",
        "let the pattern's group hold digits alone: ([0-9.]+)": "让模式的分组只匹配数字：([0-9.]+)",
        "the command's output holds no {}": "命令的输出里没有 {}",
        "no line matches {}": "没有一行匹配 {}",
        "look at the output beside the samples, and change the pattern": "查看样本旁保存的输出，再修改模式",
        "it is no JSON with a number at {}": "它不是在 {} 处有数值的 JSON",
        "look at the output beside the samples, and change the pointer": "查看样本旁保存的输出，再修改指针",
        "{} is no regular expression": "{} 不是正则表达式",
        "write it as for grep -E: 'requests per second: ([0-9.]+)'":
            "按 grep -E 的写法：'requests per second: ([0-9.]+)'",
        "{} has {} groups": "{} 有 {} 个分组",
        "the number is what one group in parentheses matches": "数值由唯一的一个括号分组匹配",
        "{} can't start from {}": "{} 无法从 {} 启动",
        "it takes one directory, and this image has {} layers": "它只接受一个目录，而该镜像有 {} 层",
        "unpack the image into a directory and name that: --image rootfs:DIR":
            "把镜像解包到一个目录，再指定该目录：--image rootfs:DIR",
        "{} names no image": "{} 不是镜像", "cannot look into {}": "无法查看 {} 里的内容",

        "unpack it, and name the directory": "先解包，再指定解包出的目录", "it is empty": "它是空的",
        "name a directory that holds the program and what it needs: --image rootfs:DIR":
            "指定一个含有该程序及其所需文件的目录：--image rootfs:DIR",
        "the {} layers of the image, unpacked": "镜像的 {} 个层，已解开",
        "the layers of the image, unpacked and merged into one directory":
            "镜像的各层，已解开并合并成一个目录",
        "the image {} has no files": "镜像 {} 里没有文件",
        "name one that holds the program and what it needs": "指定一个含有该程序及其所需文件的镜像",
        "{} names no text of a line": "{} 没有给出行里的文字",
        "it must have 1 to {} bytes and no end of line": "必须是 1 到 {} 字节，且不含换行",
        "write it like `line=Ready to accept connections`": "写成 `line=Ready to accept connections` 的形式",
        "{} is no port": "{} 不是端口",
        "it must be a whole number from 1 to 65535": "必须是 1 到 65535 的整数",
        "write it like `port=6379`": "写成 `port=6379` 的形式",
        "{} does not say how a command is known to be ready": "{} 没有说明怎样算命令就绪",
        "use exit, first-output, line=TEXT, port=N or command=WORDS":
            "使用 exit、first-output、line=TEXT、port=N 或 command=WORDS",
        "{} can't run a command beside another": "{} 无法在命令旁边再运行一个命令",
        "{} can't run a command beside another without root": "没有 root 权限，{} 无法在命令旁边再运行一个命令",
        "lab enters no container of another program's": "lab 不进入其他程序的容器",
        "a process with threads enters no user namespace": "有多个线程的进程无法进入用户命名空间",
        "say --ready line=TEXT or port=N, or name other engines":
            "改用 --ready line=TEXT 或 port=N，或换用其他引擎",
        "run as root, or say --ready line=TEXT": "以 root 运行，或改用 --ready line=TEXT",
        "cannot enter the instance of a command": "无法进入命令的实例",
        "{} names no command": "{} 没有给出命令",
        "it must be words as for a shell, in 1 to {} bytes, and nothing in them is expanded":
            "必须是按 shell 写法的词，共 1 到 {} 字节，其中不做任何展开",
        "write it like `command=pg_isready -q`": "写成 `command=pg_isready -q` 的形式",
        "waited for {}, whose exit status was {} the last time": "等待的是 {1}，它最近一次的退出状态是 {2}",
        "there is no user {} in the image": "镜像里没有用户 {}",
        "there is no group {} in the image": "镜像里没有用户组 {}",
        "give a number: --user 1000:1000": "改用数字：--user 1000:1000",
        "give a number, or one of {}": "改用数字，或以下之一：{}",
        "{} can't start a command of an image": "{} 无法启动镜像里的命令",
        "{} can't start a command of an image so": "{} 不能这样启动镜像里的命令",
        "a complete system, and a VM that is restored, start lab-guest and nothing else":
            "完整系统和由保存状态恢复的虚拟机只启动 lab-guest",
        "leave the condition payload=system, and start=restore, out": "去掉条件 payload=system 和 start=restore",
        "the host's own root can't be the disk of a VM": "宿主机自己的根目录不能作为虚拟机的磁盘",
        "it changes while it is read, and no copy of it is the same": "它在读取期间会变化，没有两份副本相同",
        "name a directory with what the command needs: --image rootfs:DIR":
            "指定一个含有该命令所需文件的目录：--image rootfs:DIR",
        "unmount what is mounted in the tree, then try again": "先卸载挂载在该目录树里的文件系统，再试一次",
        "there is no room for the disk of {}": "没有空间存放 {} 的磁盘",
        "it takes {} MiB, and {} MiB are free in {}": "需要 {1} MiB，而 {3} 只剩 {2} MiB",
        "free space there, or let LAB_HOME name a directory on a larger file system":
            "在那里腾出空间，或用 LAB_HOME 指定更大的文件系统上的目录",
        "cannot make the disk of {}": "无法制作 {} 的磁盘",
        "free space in {}, and see that all files of the tree can be read":
            "在 {} 腾出空间，并确认目录树里的文件都可读",
        "there is no {} to make a disk with": "没有用来制作磁盘的 {}",
        "no file system is known for the disk of a command": "没有可用于命令磁盘的文件系统",
        "a command can't be started in a VM that is restored": "由保存状态恢复的虚拟机不能启动命令",
        "what differs from start to start is told to it on its console": "每次启动的不同之处是在控制台上告诉它的",
        "its files need a disk and its output a port, and lab gives a paravirtual guest of Xen neither: both are virtio's":
            "它的文件需要磁盘，输出需要端口，而 lab 没有给 Xen 的半虚拟化客户机这两样：它们都是 virtio 的",
        "its output needs a port of its own, and libvirt carries the console alone from there":
            "它的输出需要一个专用端口，而 libvirt 从那里只传来控制台",
        "a complete system starts no command of an image": "完整系统不启动镜像里的命令",
        "leave the condition payload=system out": "去掉条件 payload=system",
        "output channel": "输出通道", "command runs as": "命令的身份",
        "{} on a disk that the guest only reads, an overlay in memory above it":
            "只读磁盘上的 {}，上面是内存里的 overlay",
        "a port of virtio-serial": "virtio-serial 端口",
        "a child of lab-guest; no filter is put on it and no capability taken":
            "lab-guest 的子进程；不加过滤器，也不去掉任何能力",
        "lab-guest and what it is told of the command, packed as an initramfs":
            "lab-guest 和交给它的命令，打包成 initramfs",
        "the files of the command, as a disk ({}) where QEMU can read it": "命令的文件，做成 QEMU 能读的磁盘（{}）",
        "the guest sent what is no frame: {}": "客户机发来的不是帧：{}",
        "the guest of a command broke the protocol": "运行命令的客户机违反了协议",
        "the command could not be started in the VM": "命令无法在虚拟机里启动",
        "use an image for amd64: what this host has to execute others (binfmt_misc), the guest's kernel has not":
            "使用 amd64 的镜像：宿主机用来执行其他架构程序的机制（binfmt_misc），客户机内核没有",
        "see that it starts in a container: --engine container": "先确认它能在容器里启动：--engine container",
        "a command ended that was to live on": "本应继续运行的命令结束了",
        "cannot copy {} to where QEMU can read it": "无法把 {} 复制到 QEMU 能读的地方",
        "the command failed": "命令失败",
        "where it wanted more memory than it may have, raise --memory; see its output beside the samples":
            "如果是内存超过了限额，就调大 --memory；它的输出保存在样本旁边",
        "see its output beside the samples; try it with: --entrypoint '' -- sh -c 'COMMAND'":
            "查看样本旁保存的输出；可以这样试：--entrypoint '' -- sh -c 'COMMAND'",
        "bare processes that live at the same time share this host's ports: let it take a free one, or leave several at once out with --series":
            "同时存在的裸进程共用本机的端口：让它自己取一个空闲端口，或用 --series 去掉同时启动多个的部分",
        "the command says {} a second time": "命令里重复写了 {}",
        "the image's entrypoint is {}, behind which it comes": "镜像的入口程序是 {}，命令的词接在它后面",
        "leave the word out, or the image's entrypoint: --entrypoint ''":
            "去掉这个词，或去掉镜像的入口程序：--entrypoint ''",
        "of the image": "（镜像自带）",
        "Each trial starts one instance with the command {}, waits for its end and removes everything of it.":
            "每次试验启动一个实例，运行命令 {}，等待结束，并清除其全部痕迹。",
        "Each trial starts one instance with the command {}, waits until it is ready ({}), asks it to end and removes everything of it.":
            "每次试验启动一个实例，运行命令 {}，等到它就绪（{}），请求它结束，并清除其全部痕迹。",
        "mend what it says of itself: all of its output is beside the samples":
            "按它自己的报错来修正：全部输出保存在样本旁边",
        "the command was killed for want of memory": "命令因内存不足而被杀死",
        "it wanted more than its {}": "它需要的内存超过了 {} 的限额",
        "raise --memory, or `memory` in the lab.yaml": "调大 --memory，或 lab.yaml 里的 `memory`",
        "it had written nothing when it was asked to end, a second after it was ready ({})":
            "就绪（{}）一秒后要求它结束时，它还什么都没有输出",
        "let it write at once what it prints, as python3 -u does, or say what shows later that it is ready: --ready line=TEXT":
            "让它的输出不经缓冲立即写出，例如 python3 -u；或换一个更晚的就绪标志：--ready line=TEXT",
        "several at once are not measured: bare processes have no network of their own, and only one of them can listen on port {}":
            "不测量同时运行多个的情形：裸进程没有自己的网络，只有一个能监听端口 {}",
        "port {} can't show that the command is ready": "端口 {} 不能表明命令已就绪",
        "another process of this host listens on it already, and a bare process has no network of its own":
            "本机的另一个进程已在监听它，而裸进程没有自己的网络",
        "stop that one, or let the command listen on another port":
            "停掉那个进程，或让命令监听另一个端口",
        "there is a command, and no --image says where its files are":
            "给出了命令，却没有用 --image 说明它的文件在哪里",
        "name an image, or this host's own root: --image rootfs:/":
            "指定一个镜像，或本机自己的根：--image rootfs:/",
        "--value names {} twice": "--value 两次用了名字 {}",
        "give each figure a name of its own": "给每个数值起不同的名字",
        "a value": "value 项", "image": "镜像", "entrypoint": "入口（entrypoint）", "command": "命令",
        "environment": "环境变量", "ready": "就绪标志", "figure of the output": "输出中的数值",
    ]
}
