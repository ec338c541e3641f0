import LabCore

extension Language {
    /// Returns the name of the mechanism between a workload and something of the host's.
    func name(_ mechanism: Mechanism) -> Phrase {
        switch mechanism {
        case .none: say("nothing stood in the way")
        case .pidNamespace: say("PID namespace")
        case .mountNamespace: say("mount namespace")
        case .networkNamespace: say("network namespace")
        case .ipcNamespace: say("IPC namespace")
        case .utsNamespace: say("UTS namespace")
        case .cgroupNamespace: say("cgroup namespace")
        case .userNamespace: say("user namespace")
        case .capability: say("missing capability")
        case .seccomp: say("seccomp filter")
        case .cgroup: say("cgroup controller")
        case .maskedPath: say("masked path")
        case .readOnlyMount: say("read-only mount")
        case .noDevice: say("no such device")
        case .absent: say("absent from the image")
        case .guestKernel: say("the VM's own kernel")
        case .hostKernel: say("the host's kernel, for everybody")
        }
    }

    /// The same in a word or two, for a cell of a plot.
    func shortName(_ mechanism: Mechanism) -> String {
        switch mechanism {
        case .none: isReached
        case .pidNamespace: say("PID ns")
        case .mountNamespace: say("mount ns")
        case .networkNamespace: say("network ns")
        case .ipcNamespace: say("IPC ns")
        case .utsNamespace: say("UTS ns")
        case .cgroupNamespace: say("cgroup ns")
        case .userNamespace: say("user ns")
        case .capability: say("capability")
        case .seccomp: say("seccomp")
        case .cgroup: say("cgroup")
        case .maskedPath: say("masked")
        case .readOnlyMount: say("read-only")
        case .noDevice: say("no device")
        case .absent: say("absent")
        case .guestKernel: say("guest kernel")
        case .hostKernel: say("host kernel")
        }
    }
}
