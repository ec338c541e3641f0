extension Chinese {
    /// Networks of commands.
    static let network: Table = [
        "ip(8) is not installed": "没有安装 ip(8)",
        "apt-get install iproute2": "运行 apt-get install iproute2 安装",
        "ip: {}": "ip 报告：{}",
        "cannot remove the interface {}": "无法删除网络接口 {}",
        "cannot make the interface {}": "无法创建网络接口 {}",
        "no bridge can be made for instances": "无法为实例创建网桥",
        "that needs CAP_NET_ADMIN": "这需要 CAP_NET_ADMIN",
        "run as root, or say --network none": "以 root 运行，或使用 --network none",
        "cannot read the routes of this host": "无法读取本机的路由",
        "there are no addresses for a bridge": "没有可用于网桥的地址",
        "routes of this host lead to all private ones": "所有私有地址都已有本机的路由",
        "narrow a route to 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, or say --network none":
            "收窄通向 10.0.0.0/8、172.16.0.0/12 或 192.168.0.0/16 的路由，或使用 --network none",
        "an interface is called {} already": "已有名为 {} 的网络接口",
        "lab did not make it": "它不是 lab 创建的",
        "at most {} instances can be linked at the same time": "最多只能同时接入 {} 个实例",
        "start fewer at once": "减少同时启动的个数",
        "run again: the next run has another name for its own": "重新运行：下一次运行会用另一个名字",
        "cannot make a network namespace": "无法创建网络命名空间",
        "cannot give an instance its address": "无法为实例设置地址",
        "an instance was to have a network, and its run has none": "实例应有网络，而这次运行没有",
        "{} is no network of a command{}": "{} 不是命令的网络{}",
        "use none or bridge": "请用 none 或 bridge",
        "the bridge, to which each start makes its own link by ip(8)": "网桥；每次启动都用 ip(8) 建立自己的连接",
        "the client {} has nothing to connect to": "客户端 {} 没有可连接的对象",
        "the command has no network": "命令没有网络",
        "it is ready only when it has ended": "它要到结束时才算就绪",
        "say --network bridge, and --ready port=N or another word for a server":
            "使用 --network bridge，并用 --ready port=N 或其他适合服务的说法",
        "{} names no client": "{} 没有指明客户端",
        "An interface on a bridge of the run's own, and a command of this host that drives the command over it: LAB_ADDRESS in its environment.":
            "一个接口，接在这次运行自己的网桥上；以及宿主机上经它驱动该命令的命令：环境变量 LAB_ADDRESS 给出地址。",
        "write it like `redis-benchmark -t get -q`, or `sh -c '…'`":
            "写成 `redis-benchmark -t get -q` 或 `sh -c '…'` 的形式",
        "the client of the command failed": "命令的客户端失败了",
        "see that this host has it, and that it ends by itself": "确认本机有这个客户端，并且它会自行结束",
        "{} without a network of its own can't be linked to another": "{} 没有自己的网络，无法接入其他网络",
        "leave --network bridge out, or the condition isolation": "去掉 --network bridge，或去掉条件 isolation",
        "enter the network": "进入网络命名空间", "link to the bridge": "接入网桥", "remove the link": "断开网桥连接",
        "process has this host's network and no other: it is reached at 127.0.0.1, over no wire":
            "process 只有本机的网络：经 127.0.0.1 访问，不经过网线",
        "{} can't be linked to lab's bridge": "{} 无法接入 lab 的网桥",
        "it takes no network namespace that is there already, or makes its network otherwise":
            "它不接受现成的网络命名空间，或以别的方式建立网络",
        "name the engines container, runc, crun, or one that is a VM":
            "改用引擎 container、runc、crun，或虚拟机引擎",
        "Each trial starts one instance with the command {} and the word that the row names. From when it is {} a client drives it, whose whole life is the time, over the operations that the client says it did. Host CPU time covers everything the host does for the instance, VMM threads included, and nothing of what the client does.":
            "每次试验启动一个实例，运行命令 {} 并附上该行所写的词。从它到达 {} 起由客户端驱动；客户端从开始到结束的时间除以它自己报告的操作次数即为结果。宿主机 CPU 时间包括宿主机为该实例所做的一切，含 VMM 线程，但不含客户端所做的。",
        "The client {} runs on this host, outside the instances and their limits, and begins when the command is {}; the figures are read from what it writes, and the command is asked to end when it has ended. On a bridge of this host it reaches a container over a veth pair and a VM over a tap; {} it reaches over this host's loopback interface.":
            "客户端 {} 在本机上运行，在各实例之外，不受实例的限制，命令到达 {} 后才开始；数值取自客户端的输出；客户端结束后即请求命令结束。它经本机的网桥访问实例：容器经一对 veth，虚拟机经一个 tap；{} 则经本机的回环接口访问。",
        "network": "网络", "client": "客户端",
        "virtio-net on a tap of this host, whose packets QEMU carries: no vhost":
            "virtio-net，接在本机的 tap 上，数据包由 QEMU 转送：不用 vhost",
        "there can be no tap for a VM": "无法为虚拟机创建 tap", "modprobe tun": "运行 modprobe tun",
        "cannot open the tap {} for QEMU": "无法为 QEMU 打开 tap {}",
        "a VM of another host can't be linked to a bridge of this one": "另一台主机上的虚拟机无法接入本机的网桥",
        "leave --connect out, or say --network none": "去掉 --connect，或使用 --network none",
    ]
}
