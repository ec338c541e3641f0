extension Chinese {
    /// Names and answers of one word.
    static let words: Table = [
        "none": "无", "unknown": "未知", "answered": "已应答",
        // Words that fill the holes of what experiments say.
        "set": "已设", "changed": "已改变", "gone": "已消失", "free": "空闲", "taken": "已占用", "reached": "触及",
        "others": "其他", "own": "自己的", "shared": "共享",
        // Words that the report lists of an engine.
        "runtime": "运行时", "namespaces": "命名空间", "root": "根文件系统", "cgroups": "控制组（cgroup）",
        "capabilities": "能力（capability）", "start": "启动方式", "version": "版本", "daemon": "守护进程",
        "machine": "机型", "connection": "连接", "accelerator": "加速方式",
        "kernel": "内核", "workload": "工作负载", "pipes": "管道",
    ]

    /// Names that no sentence of the sources is, looked up as they come: of digests, kinds of leftovers.
    static let names: Table = [
        "root-filesystem": "根文件系统", "initramfs": "initramfs 内存盘", "unnamed hypervisor": "未具名的虚拟机监控程序",
        "domain": "虚拟机", "storage-pool": "存储池", "qemu": "QEMU 进程", "cgroup": "cgroup", "directory": "目录",
        "file": "文件", "peer": "容器引擎的存储", "setting": "设置", "shared-memory": "共享内存段", "interface": "网络接口",
    ]
}
