extension Chinese {
    /// Images that are run for the first time.
    static let firstRun: Table = [
        "first-run needs a number of MiB as its setting": "first-run 的设置必须是 MiB 数",
        "{} starts no image that has just arrived": "{} 不启动刚刚到达的镜像",
        "cannot listen on the loopback": "无法在回环地址上监听", "while it is pulled": "边拉取边解包",
        "after it was pulled": "拉取之后", "cannot move {}": "无法移动 {}", "{} starts no tree": "{} 不启动目录树",
        "the start of an image was not seen": "没有看到镜像的启动",
        "{} was given no disk to start from": "没有给 {} 用来启动的磁盘",
        "{} pulls no image from a registry of lab's": "{} 不从 lab 的镜像仓库拉取镜像",
        "name the engines container, podman, or one that is a VM":
            "请指定引擎 container、podman，或者虚拟机类的引擎",
        "pull {} by podman": "用 podman 拉取 {}", "inspect {} by podman": "用 podman 查看 {}",
        "start {} by podman": "用 podman 启动 {}", "run a program beside {} by podman": "用 podman 在 {} 中运行程序",
        "podman does not say how large {} is": "podman 没有说明 {} 有多大",
        "there is no port for {}": "没有可供 {} 使用的端口",
    ]
}
