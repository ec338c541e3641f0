extension Chinese {
    /// Complete systems, in a VM and in a container.
    static let systems: Table = [
        "a complete system is made of Debian's packages, and this is not Debian":
            "完整系统由 Debian 的软件包构建，而本机不是 Debian",
        "leave the series out (--series), or run on Debian": "用 --series 去掉这一组，或在 Debian 上运行",
        "a complete system answers a nonce, and can't be told to do {}": "完整系统只回答随机数，不能让它做 {}",
        "use the workload hello": "使用工作负载 hello",
        "there is no complete system in the cache": "缓存中没有完整系统",
        "it is made of the distribution's packages, and lab uses the network only when told to":
            "它由发行版的软件包构建，而 lab 未经允许不使用网络",
        "add --fetch: lab then makes it, once": "加上 --fetch：lab 会构建它，只需一次",
        "the complete system in {} is not what it was made to be": "{} 中的完整系统与构建时不符",
        "a complete system": "完整系统", "{} can't be made without root": "没有 root 无法构建{}",
        "its files have owners that this user may not give": "其中文件的属主是本用户无权设置的",
        "{} can't be made without {}": "缺少 {2}，无法构建{1}",
        "{} can't be made: {} failed with status {}": "无法构建{}：{} 失败，状态为 {}",
        "no complete system was asked for": "没有要求启动完整系统",
        "{} does not start a complete system": "{} 不启动完整系统",
        "name the engine container, or one that is a VM": "指定引擎 container，或某个虚拟机引擎",
        "a complete system in this VM has no way to answer": "此虚拟机中的完整系统无法作答",
        "libvirt carries its records on the console, which the system uses for its logins":
            "libvirt 通过控制台传送记录，而系统要用控制台供用户登录",
        "a complete system can't be restored from a saved VM": "完整系统不能从保存的虚拟机恢复",
        "leave start=restore out": "去掉 start=restore",
        "an init in a container has no cgroups of its own": "容器中的 init 没有自己的 cgroup",
        "cgroup v2 is not mounted": "没有挂载 cgroup v2",
        "a container with an init of its own needs all layers of isolation, and root":
            "带有自己的 init 的容器需要全部隔离层，并需要 root",
        "bind the channel": "绑定通道",
        "looking for a complete system; to make one takes two minutes …":
            "正在查找完整系统；构建一个需要两分钟 …",
        "complete system": "完整系统",
        "Debian {}, minbase with {}": "Debian {}，minbase 加 {}",
        "In the series {} it is at most {}.": "在 {} 这一组中，就绪最多用 {}。",
    ]
}
