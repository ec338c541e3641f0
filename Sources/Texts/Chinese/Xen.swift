extension Chinese {
    /// Xen.
    static let xen: Table = [
        "the variant {} needs hardware, and a paravirtual guest of Xen has none":
            "变体 {} 需要硬件，而 Xen 的半虚拟化客户机没有硬件",
        "name only engines that run on QEMU": "只指定运行在 QEMU 上的引擎",
        "Xen PV, unpacked on the host": "Xen PV，在宿主机上解包",
        "Xen PV, unpacked by Xen's tools": "Xen PV，由 Xen 的工具解包",
        "Xen, nested in emulation ({})": "Xen，嵌套在软件模拟（{}）之中",
        "no connection to a Xen host was named, and this machine is none": "没有指定到 Xen 主机的连接，本机也不是 Xen 主机",
        "in a Xen host's dom0 --connect xen:///system, from elsewhere --connect xen+ssh://HOST/system":
            "在 Xen 主机的 dom0 里用 --connect xen:///system，从别处用 --connect xen+ssh://HOST/system",
        "in dom0, install libvirt-daemon-driver-xen and start libvirtd; or {}":
            "在 dom0 里安装 libvirt-daemon-driver-xen 并启动 libvirtd；或者{}",
        "a libvirt domain on Xen, paravirtualised: the hypervisor below the host itself; --connect xen:///system":
            "Xen 上的 libvirt 虚拟机，半虚拟化：虚拟机监控程序在宿主机自身之下；--connect xen:///system",
    ]
}
