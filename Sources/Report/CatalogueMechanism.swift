import LabCore

extension Catalogue {
    /// What stood between a workload and something of the host's.
    func name(_ mechanism: Mechanism) -> Phrase {
        switch mechanism {
        case .none: pick("nothing stood in the way", "没有阻拦")
        case .pidNamespace: pick("PID namespace", "PID 命名空间")
        case .mountNamespace: pick("mount namespace", "挂载命名空间")
        case .networkNamespace: pick("network namespace", "网络命名空间")
        case .ipcNamespace: pick("IPC namespace", "IPC 命名空间")
        case .utsNamespace: pick("UTS namespace", "UTS 命名空间")
        case .cgroupNamespace: pick("cgroup namespace", "cgroup 命名空间")
        case .userNamespace: pick("user namespace", "用户命名空间")
        case .capability: pick("missing capability", "缺少能力（capability）")
        case .seccomp: pick("seccomp filter", "seccomp 过滤器")
        case .cgroup: pick("cgroup controller", "cgroup 控制器")
        case .maskedPath: pick("masked path", "被屏蔽的路径")
        case .readOnlyMount: pick("read-only mount", "只读挂载")
        case .noDevice: pick("no such device", "没有该设备")
        case .absent: pick("absent from the image", "镜像中没有")
        case .guestKernel: pick("the VM's own kernel", "虚拟机自己的内核")
        case .hostKernel: pick("the host's kernel, for everybody", "宿主机内核（对谁都如此）")
        }
    }

    /// The same in a word or two, for a cell of a plot.
    func shortName(_ mechanism: Mechanism) -> String {
        switch mechanism {
        case .none: isReached
        case .pidNamespace: pick("PID ns", "PID ns")
        case .mountNamespace: pick("mount ns", "挂载 ns")
        case .networkNamespace: pick("network ns", "网络 ns")
        case .ipcNamespace: pick("IPC ns", "IPC ns")
        case .utsNamespace: pick("UTS ns", "UTS ns")
        case .cgroupNamespace: pick("cgroup ns", "cgroup ns")
        case .userNamespace: pick("user ns", "用户 ns")
        case .capability: pick("capability", "能力")
        case .seccomp: pick("seccomp", "seccomp")
        case .cgroup: pick("cgroup", "cgroup")
        case .maskedPath: pick("masked", "屏蔽")
        case .readOnlyMount: pick("read-only", "只读")
        case .noDevice: pick("no device", "无设备")
        case .absent: pick("absent", "没有")
        case .guestKernel: pick("guest kernel", "客户机内核")
        case .hostKernel: pick("host kernel", "宿主机内核")
        }
    }
}
