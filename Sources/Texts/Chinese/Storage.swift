extension Chinese {
    /// Disks that instances write to.
    static let storage: Table = [
        "block-io knows no setting {}": "block-io 没有设置 {}", "direct or cached": "direct 或 cached",
        "{} can give an instance no room on a disk": "{} 不能在磁盘上给实例一块地方",
        "{} is told of no directory of the host's to write to": "没有告诉 {} 可以写宿主机的哪个目录",
        "name the engines container, runc, crun or podman": "请指定引擎 container、runc、crun 或 podman",
        "podman would write to another disk than the others": "podman 会写到与其他引擎不同的磁盘上",
        "its store is in {}, and theirs in {}": "它的存储在 {}，其他引擎的在 {}",
        "let LAB_HOME name a directory on the disk of {}": "请让 LAB_HOME 指向 {} 所在磁盘上的目录",
        "nothing: a directory of the host's": "什么也没有：宿主机的一个目录",
        "an overlay whose writable layer is a directory of the host's": "overlay，可写层是宿主机的一个目录",
        "a volume: a directory of the host's, bound; no overlay": "卷：绑定挂载宿主机的一个目录；没有 overlay",
        "podman's own overlay, in a store on the same disk; --rm mounts it volatile, so that fsync does nothing":
            "podman 自己的 overlay，存储在同一块磁盘上；--rm 使它以 volatile 挂载，fsync 因而什么也不做",
        "{} in the guest, on virtio-blk, on a raw file; cache={}":
            "客户机里的 {}，在 virtio-blk 上，再下面是 raw 文件；cache={}",
        "the guest did not do its reads and writes": "客户机没有完成它的读写",
        "the guest did not say how often it did {}": "客户机没有说它做了多少次 {}",
        "no disk answers, but {}": "回答的不是磁盘，而是{}", "the disk answers": "由磁盘回答",
        "{}, no faster than the disk": "{}，不比磁盘快",
        "a random read takes {} ns inside and {} ns for the host past its page cache":
            "里面的随机读用时 {} ns，宿主机绕过页缓存用时 {} ns",
        "nothing reaches the disk": "什么也没有到达磁盘", "it reaches the disk": "到达磁盘",
        "a write with fsync takes {} ns inside and {} ns for the host past its page cache":
            "里面的写加 fsync 用时 {} ns，宿主机绕过页缓存用时 {} ns",
        "the guest's page cache, with the host's below it": "客户机的页缓存，其下还有宿主机的",
        "the guest's page cache": "客户机的页缓存", "the host's page cache": "宿主机的页缓存",
        "the host's page cache, below the guest's O_DIRECT": "宿主机的页缓存，在客户机的 O_DIRECT 之下",
        "a cache below the host's kernel": "宿主机内核之下的缓存",
        "there is no disk to read and to write": "没有可以读写的磁盘",
        "{} is in memory: tmpfs": "{} 在内存里：tmpfs", "let a disk hold {}": "请把 {} 放到磁盘上",
        "there is no room for the files of this lab": "没有空间存放本实验的文件",
        "they take {} MiB, and {} MiB are free in {}": "需要 {} MiB，而 {3} 中只剩 {2} MiB",
        "{} on {}, {} MiB free": "{2} 上的 {1}，剩余 {3} MiB",
        "the disk can't be read past the page cache": "无法绕过页缓存读这块磁盘",
        "O_DIRECT on {}: {}": "在 {} 上使用 O_DIRECT：{}", "let another disk hold {}": "请把 {} 放到另一块磁盘上",
        "a VM with the variant disk-cache needs something to write to its disk":
            "方式为 disk-cache 的虚拟机需要有东西写到它的磁盘",
        "say it for the lab block-io": "只在实验 block-io 中使用它",
        "the disk of a VM needs a cache mode": "虚拟机的磁盘需要指明缓存方式",
        "add the variant disk-cache=none or writeback": "加上方式 disk-cache=none 或 disk-cache=writeback",
        "cannot make the disk {}": "无法制作磁盘 {}", "cannot make a file system on {}": "无法在 {} 上建立文件系统",
        "{} can't have a disk of this host's": "{} 不能使用本机的磁盘",
        "a paravirtual guest of Xen has no virtio": "Xen 的半虚拟化客户机没有 virtio",
        "its QEMU is somebody else's, who may not open lab's files": "它的 QEMU 属于别人，打不开 lab 的文件",
        "name the engines qemu, kvm or qemu-direct, and leave --connect out":
            "请指定引擎 qemu、kvm 或 qemu-direct，并去掉 --connect",
        "bind the writable layer": "绑定可写层",
    ]
}
