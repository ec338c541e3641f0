extension Chinese {
    /// The container tools that are compared with.
    static let peers: Table = [
        "{}pid, mnt, net, ipc, uts, cgroup; the workload is pid 1":
            "{}pid、mnt、net、ipc、uts、cgroup；工作负载是 1 号进程",
        "the shared root, read-only": "共用的根文件系统，只读",
        "the filter of container, by descriptor": "与 container 相同的过滤器，通过描述符传入",
        "no cgroup: no limit of memory, CPU or processes holds":
            "没有控制组（cgroup）：内存、CPU、进程数的限额都不生效",
        "no overlay: the shared root is read-only, /tmp is a tmpfs of its own":
            "没有 overlay：共用的根是只读的，/tmp 是自己的 tmpfs",
        "/sys is the host's, read-only: it can't mount a new one": "/sys 是宿主机的，只读：它不能另挂一个",
        "the bounding set of capabilities is left whole": "能力（capability）边界集保持完整",
        "it shares these namespaces of the host: {}": "它与宿主机共用这些命名空间：{}",
        "nothing is mounted on {}": "{} 上没有挂载",
        "it is not told to hide {}": "没有让它遮蔽 {}",
        "it is not told to make read-only {}": "没有让它把 {} 设为只读",
        "its resource limits (setrlimit(2)) are those of lab": "它的资源限制（setrlimit(2)）就是 lab 的",
        "it is not told the limits {}": "没有告诉它这些限制：{}",
        "it has other capabilities": "它的能力不同",
        "it may gain privileges": "它可以获得新特权",
        "no filter of system calls": "没有系统调用过滤器",
        "docker's daemon is elsewhere": "docker 的守护进程在别处",
        "its address is {}": "它的地址是 {}",
        "unset DOCKER_HOST and DOCKER_CONTEXT, and start a daemon on this machine":
            "取消 DOCKER_HOST 和 DOCKER_CONTEXT，并在本机启动守护进程",
        "import the root file system into {}": "把根文件系统导入 {}",
        "find docker's daemon": "找到 docker 的守护进程",
        "docker's daemon does not answer": "docker 的守护进程没有应答",
        "start it: systemctl start docker, or dockerd; or name another with DOCKER_HOST":
            "启动它：systemctl start docker 或 dockerd；或用 DOCKER_HOST 指定另一个",
        "cannot remove the docker container {}": "无法删除 docker 容器 {}",
        "list the docker containers of {}": "列出 {} 的 docker 容器",
        "cannot remove the docker image {}": "无法删除 docker 镜像 {}",
        "run --rm, attached: the daemon carries the output to the command":
            "run --rm，附着：守护进程把输出转交给命令",
        "the filter of container": "与 container 相同的过滤器",
        "the image was imported from the shared root; its writable layer is on disk, that of container in memory":
            "镜像由共用的根导入；它的可写层在磁盘上，而 container 的在内存中",
        "what the daemon itself takes of memory and CPU time is not counted":
            "守护进程自身的内存和 CPU 时间没有计入",
        "make an image of the root file system": "把根文件系统做成镜像",
        "run, on a bundle with a config.json of OCI runtime specification 1.0.2":
            "run，所用 bundle 的 config.json 遵循 OCI 运行时规范 1.0.2",
        "the filter of container, in config.json": "与 container 相同的过滤器，写在 config.json 里",
        "{} did not run the guest that was to prove it": "{} 没有运行用来验证它的客户程序",
        "{}: created is when its command runs, not when the container exists":
            "{}：created 指它的命令开始运行的时刻，而不是容器建成的时刻",
        "{} makes its containers in one way only": "{} 的容器只有一种制作方式",
        "the directory of the runtime's state": "运行时存放状态的目录",
        "in each hierarchy the empty cgroup in which each start makes its own; the first start made it":
            "每个层级里的一个空控制组（cgroup），每次启动在其中建立自己的；它由第一次启动建立",
        "the image, imported from the root file system into a store of the run's":
            "镜像，由根文件系统导入本次运行自己的存储",
        "the image, imported from the root file system into the daemon's store":
            "镜像，由根文件系统导入守护进程的存储",
        "the daemon": "守护进程", "the seccomp filter, as JSON": "JSON 形式的 seccomp 过滤器",
        "{} did not start the workload": "{} 没有启动工作负载", "something is left of {}": "{} 有残留",
        "it was still there after it was removed": "删除之后它仍然存在",
        "the processes of {} are unknown": "{} 的进程未知", "its workload is not running": "它的工作负载没有在运行",
        "the memory of {} is unknown": "{} 的内存用量未知",
        "the CPU time of {} is not known after its end": "{} 结束之后，它的 CPU 时间无从得知",
        "not all of its processes descend from the command {}": "它的进程并非都是命令 {} 的后代",
        "ask while it lives": "在它存活时查询",
        "the journal names a peer that lab doesn't know": "日志里写着 lab 不认识的同类工具",
        "the run's id is no name for a container: {}": "运行的 id 不能用作容器名：{}",
        "a journal names docker's daemon at {}": "日志里写的 docker 守护进程在 {}",
        "lab uses no daemon elsewhere": "lab 不使用别处的守护进程",
        "it must be 1 to 64 letters, digits, hyphens and underscores, the first no hyphen":
            "它必须由 1 到 64 个字母、数字、连字符和下划线组成，且不以连字符开头",
        "{} is not installed": "{} 没有安装", "it is not in PATH": "它不在 PATH 里",
        "{} can't set the same limits without root": "非 root 时 {} 不能设置同样的限额",
        "a peer's command is empty": "同类工具的命令是空的", "cannot {}": "无法{}", "exit status {}: {}": "退出状态 {}：{}",
        "boot with cgroup version 2 alone: systemd.unified_cgroup_hierarchy=1":
            "只用 cgroup 第 2 版启动：systemd.unified_cgroup_hierarchy=1",
        "remove the podman containers in {}": "删除 {} 里的 podman 容器",
        "a process of podman still works there": "还有一个 podman 进程在那里工作",
        "run --rm in the foreground, the pipe passed through": "run --rm 前台运行，管道直接传入",
        "made by podman itself, not through systemd": "由 podman 自己建立，不经 systemd",
        "remove the podman container {}": "删除 podman 容器 {}",
    ]
}
